//! PDS over generated records: its search language against a plain reading of it, and walks through
//! every folder.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use filedex::{FileRecord, Filter, Property, Test, Timestamp, path};
use filedex_testkit::Seed;
use serde_json::{Value, json};

use crate::listing::{DATASET, Served};

/// A question as PDS writes it, and what it asks of a file.
struct Asked {
    text: String,
    holds: Box<dyn Fn(&FileRecord) -> bool>,
}

impl Asked {
    fn new(text: String, holds: impl Fn(&FileRecord) -> bool + 'static) -> Self {
        Self { text, holds: Box::new(holds) }
    }
}

fn quoted(seed: &mut Seed, text: &str) -> String {
    let quote = *seed.pick(&['"', '\'']);
    let escaped = text.chars().flat_map(|c| {
        let escape = (c == quote || c == '\\').then_some('\\');
        escape.into_iter().chain([c])
    });
    let escaped: String = escaped.collect();
    format!("{quote}{escaped}{quote}")
}

/// An operator, and what a value beside another has to be.
type Comparison = (&'static str, fn(Ordering) -> bool);

const COMPARISONS: [Comparison; 5] = [
    ("=", Ordering::is_eq),
    ("<", Ordering::is_lt),
    ("<=", Ordering::is_le),
    (">", Ordering::is_gt),
    (">=", Ordering::is_ge),
];

/// The folders above and around: those whose files a search in a folder finds.
fn is_in(dir: &str, folder: &str, recursive: bool) -> bool {
    dir == folder || (recursive && (folder.is_empty() || dir.starts_with(&format!("{folder}/"))))
}

fn condition(served: &mut Served, recursive: bool) -> Asked {
    let record = served.some_record();
    let other = served.some_record();
    let seed = served.generator.seed();
    match seed.below(14) {
        0 => {
            let name = record.file_name;
            Asked::new(format!("name = {}", quoted(seed, &name)), move |r| r.file_name == name)
        }
        1 => {
            let words: Vec<&str> = record.file_name.split(['.', '_', ' ']).collect();
            let word = (*seed.pick(&words)).to_owned();
            if !word.chars().any(char::is_alphanumeric) {
                return Asked::new("type = \"file\"".to_owned(), |_| true);
            }
            let text = format!("name {} {}", seed.pick(&["match", "MATCH"]), quoted(seed, &word));
            let filter = Filter::test(Property::FileName, Test::Phrase(word));
            Asked::new(text, move |r| filedex_testkit::oracle::matches(&filter, r))
        }
        2 => {
            let folder = record.file_dir;
            let id = path::folder_id(DATASET, &folder);
            Asked::new(format!("parent_file_id = {}", quoted(seed, &id)), move |r| {
                is_in(&r.file_dir, &folder, recursive)
            })
        }
        3 => {
            let extension = record.file_extension().unwrap_or_else(|| "none".to_owned());
            let text = format!("file_extension = {}", quoted(seed, &extension));
            Asked::new(text, move |r| r.file_extension().as_deref() == Some(&*extension))
        }
        4 => {
            let category = *seed.pick(&["image", "video", "audio", "doc", "zip", "others"]);
            Asked::new(format!("category = \"{category}\""), move |r| r.category() == category)
        }
        5 => {
            let hash = record.file_fingerprint.unwrap_or_else(|| "none".to_owned());
            Asked::new(format!("content_hash = {}", quoted(seed, &hash)), move |r| {
                r.file_fingerprint.as_deref() == Some(&*hash)
            })
        }
        6 | 7 => {
            let size = record.data_size.unwrap_or(7);
            let (operator, right) = *seed.pick(&COMPARISONS);
            Asked::new(format!("size {operator} {size}"), move |r| {
                r.data_size.is_some_and(|has| right(has.cmp(&size)))
            })
        }
        8 => {
            let (operator, right) = *seed.pick(&COMPARISONS);
            let time = record.record_create_time;
            Asked::new(format!("created_at {operator} \"{time}\""), move |r| {
                right(r.record_create_time.cmp(&time))
            })
        }
        9 => {
            let (operator, right) = *seed.pick(&COMPARISONS);
            let time = Timestamp::from_millis(record.sync_time.millis() + 1).unwrap();
            Asked::new(format!("updated_at {operator} \"{time}\""), move |r| {
                right(r.sync_time.cmp(&time))
            })
        }
        10 => {
            let flag = seed.chance(50);
            if seed.chance(50) {
                Asked::new(format!("hidden = {flag}"), move |r| r.hidden == flag)
            } else {
                Asked::new(format!("starred = {}", flag.to_string().to_uppercase()), move |r| {
                    r.starred == flag
                })
            }
        }
        11 => {
            let mut labels: Vec<String> = record.labels.into_iter().chain(other.labels).collect();
            labels.push("never".to_owned());
            let list: Vec<String> = labels.iter().map(|label| quoted(seed, label)).collect();
            Asked::new(format!("labels in [{}]", list.join(", ")), move |r| {
                r.labels.iter().any(|has| labels.contains(has))
            })
        }
        12 => {
            let whole = record.content_type.unwrap_or_else(|| "x".to_owned());
            let start: String = whole.chars().take(1 + seed.below(7)).collect();
            Asked::new(format!("mime_type prefix {}", quoted(seed, &start)), move |r| {
                r.content_type.as_ref().is_some_and(|has| has.starts_with(&start))
            })
        }
        _ => {
            let (field, value, holds) = *seed.pick(&[
                ("type", "file", true),
                ("type", "folder", false),
                ("status", "available", true),
                ("status", "uploading", false),
            ]);
            Asked::new(format!("{field} = '{value}'"), move |_| holds)
        }
    }
}

/// A question of conditions nested `depth` deep. Parentheses stand where the binding needs them, and
/// at times where it does not.
fn question(served: &mut Served, depth: usize, recursive: bool) -> Asked {
    if depth == 0 || served.generator.seed().chance(20) {
        return condition(served, recursive);
    }
    let left = question(served, depth - 1, recursive);
    if served.generator.seed().chance(25) {
        let not = *served.generator.seed().pick(&["not", "NOT"]);
        return Asked::new(format!("{not} ({})", left.text), move |r| !(left.holds)(r));
    }
    let right = question(served, depth - 1, recursive);
    let or = served.generator.seed().chance(50);
    let word = *served.generator.seed().pick(if or { &["or", "OR"] } else { &["and", "And"] });
    let text = format!("({} {word} {})", left.text, right.text);
    Asked::new(text, move |r| {
        if or { (left.holds)(r) || (right.holds)(r) } else { (left.holds)(r) && (right.holds)(r) }
    })
}

/// Which key, and whether the largest comes first.
type Key = (&'static str, bool);

fn compared(keys: &[Key], a: &FileRecord, b: &FileRecord) -> Ordering {
    for (key, descending) in keys {
        let ordering = match *key {
            "created_at" => a.record_create_time.cmp(&b.record_create_time),
            "updated_at" => a.sync_time.cmp(&b.sync_time),
            "name" => a.file_name.as_bytes().cmp(b.file_name.as_bytes()),
            // Those without a size come last in both directions.
            _ => match (a.data_size, b.data_size) {
                (Some(a), Some(b)) => a.cmp(&b),
                (None, None) => Ordering::Equal,
                (None, Some(_)) => return Ordering::Greater,
                (Some(_), None) => return Ordering::Less,
            },
        };
        let ordering = if *descending { ordering.reverse() } else { ordering };
        if ordering.is_ne() {
            return ordering;
        }
    }
    a.id.cmp(&b.id)
}

impl Served {
    /// All pages of a POST whose answers go on after a marker.
    fn pages(&self, path: &str, mut body: Value) -> Vec<Vec<Value>> {
        let mut pages = Vec::new();
        loop {
            let answer = self.server.send(&format!("POST {path}"), &body.to_string());
            assert_eq!(answer.status, 200, "{body}: {answer:?}, seed {}", self.seed);
            let page = answer.json();
            pages.push(page["items"].as_array().unwrap().clone());
            let marker = page["next_marker"].as_str().unwrap();
            if marker.is_empty() {
                return pages;
            }
            assert!(pages.len() < 1_000, "{body} has no end, seed {}", self.seed);
            body["marker"] = marker.into();
        }
    }

    /// The live files for which `holds`, in order.
    fn ordered(&self, keys: &[Key], holds: impl Fn(&FileRecord) -> bool) -> Vec<String> {
        let live = self.oracle.records().iter().filter(|record| record.is_active());
        let mut found: Vec<&FileRecord> = live.filter(|record| holds(record)).collect();
        found.sort_by(|a, b| compared(keys, a, b));
        found.into_iter().map(|record| record.id.to_string()).collect()
    }
}

fn ids(pages: &[Vec<Value>]) -> Vec<String> {
    pages.iter().flatten().map(|item| item["file_id"].as_str().unwrap().to_owned()).collect()
}

/// The order of keys, and how it is written.
fn order(seed: &mut Seed) -> (Vec<Key>, String) {
    let mut keys = Vec::new();
    let mut text = Vec::new();
    for _ in 0..seed.below(4) {
        let key = *seed.pick(&["created_at", "updated_at", "size", "name"]);
        let (word, descending) =
            *seed.pick(&[("", false), (" ASC", false), (" DESC", true), (" desc", true)]);
        keys.push((key, descending));
        text.push(format!("{key}{word}"));
    }
    if keys.is_empty() {
        keys.push(("created_at", true));
    }
    (keys, text.join(","))
}

#[test]
fn searches() {
    let mut served = Served::new(31);
    for _ in 0..100 {
        let recursive = served.generator.seed().chance(50);
        let asked = question(&mut served, 3, recursive);
        let (keys, order) = order(served.generator.seed());
        let limit = *served.generator.seed().pick(&[20, 50, 99, 100]);
        let body = json!({
            "drive_id": DATASET, "query": asked.text, "recursive": recursive, "order_by": order,
            "limit": limit, "return_total_count": true,
        });
        let expected = served.ordered(&keys, |record| (asked.holds)(record));
        let pages = served.pages("/v2/file/search", body.clone());
        assert_eq!(ids(&pages), expected, "{body}, seed {}", served.seed);
        let whole = pages.iter().rev().skip(1).all(|page| page.len() == limit);
        assert!(whole, "{body}: a page before the last is not full, seed {}", served.seed);
        let total = served.server.ok("POST /v2/file/search", &body)["total_count"].clone();
        assert_eq!(total, expected.len(), "{body}, seed {}", served.seed);
    }
}

/// `not` binds tighter than `and`, and `and` tighter than `or`.
#[test]
fn binding() {
    let served = Served::new(32);
    let found = |query: &str| {
        let body = json!({ "drive_id": DATASET, "query": query, "limit": 100 });
        ids(&served.pages("/v2/file/search", body))
    };
    for (written, meant) in [
        (
            "hidden = true or starred = true and size > 999",
            "hidden = true or (starred = true and size > 999)",
        ),
        (
            "starred = true and size > 999 or hidden = true",
            "(starred = true and size > 999) or hidden = true",
        ),
        ("not hidden = true and starred = true", "(not hidden = true) and starred = true"),
        ("not hidden = true or starred = true", "(not hidden = true) or starred = true"),
        ("not not hidden = true", "hidden = true"),
    ] {
        assert_eq!(found(written), found(meant), "{written}, seed {}", served.seed);
    }
}

/// Every folder is walked with every limit: its folders by name, then its files, each once.
#[test]
fn folders() {
    let mut served = Served::new(33);
    // Folders that no file is in, one of them inside of another.
    for (parent, name) in [("", "made"), ("made", "inside"), ("cars", "empty")] {
        let body = json!({
            "drive_id": DATASET, "parent_file_id": path::folder_id(DATASET, parent), "name": name, "type": "folder",
        });
        served.server.ok("POST /v2/file/create", &body);
    }
    let live = served.oracle.records().iter().filter(|record| record.is_active());
    let dirs = live
        .map(|record| record.file_dir.clone())
        .chain(["made/inside", "cars/empty"].map(str::to_owned));
    let mut children: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for dir in dirs {
        let mut above = "";
        for folder in path::ancestors(&dir) {
            children.entry(above.to_owned()).or_default().insert(folder.to_owned());
            children.entry(folder.to_owned()).or_default();
            above = folder;
        }
    }
    assert!(children.len() > 12, "{children:?}");
    for (dir, below) in &children {
        for limit in [1, 2, 3, 7, 50, 100] {
            // Pages of one are many; the largest folders show enough with two.
            if limit == 1 && served.ordered(&[], |record| record.file_dir == *dir).len() > 40 {
                continue;
            }
            let seed = served.generator.seed();
            let key = *seed.pick(&["created_at", "updated_at", "size", "name"]);
            let descending = seed.chance(50);
            let kind = *seed.pick(&["", "", "file", "folder"]);
            let body = json!({
                "drive_id": DATASET, "parent_file_id": path::folder_id(DATASET, dir), "limit": limit,
                "order_by": key, "order_direction": if descending { "DESC" } else { "ASC" }, "type": kind,
            });
            let folders =
                below.iter().map(|dir| path::folder_id(DATASET, dir)).filter(|_| kind != "file");
            let files = served.ordered(&[(key, descending)], |record| record.file_dir == *dir);
            let files = files.into_iter().filter(|_| kind != "folder");
            let expected: Vec<String> = folders.chain(files).collect();
            let pages = served.pages("/v2/file/list", body.clone());
            assert_eq!(ids(&pages), expected, "{dir:?} {body}, seed {}", served.seed);
            let whole = pages.iter().rev().skip(1).all(|page| page.len() == limit);
            assert!(
                whole,
                "{dir:?} {body}: a page before the last is not full, seed {}",
                served.seed
            );
        }
    }
}
