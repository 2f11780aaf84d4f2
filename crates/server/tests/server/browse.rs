//! The page, as a browser asks for it.

use std::collections::BTreeMap;

use filedex::{
    Aggregate, AiTags, FileUpdate, NewFile, Order, Query, SortBy, TagEdit, VersionRef, parse_sort,
};
use filedex_server::{Browse, Config};
use image::{DynamicImage, ImageFormat};
use serde_json::{Value, json};

use crate::running::{Answer, Running};

const FILES: u64 = 1_234;

/// A page, the cookie of a browser that was let in, and its files.
struct Page {
    running: Running,
    cookie: String,
    version: VersionRef,
}

impl Page {
    fn new(edit: bool) -> Self {
        Self::with(edit, FILES)
    }

    fn with(edit: bool, files: u64) -> Self {
        let running = Running::with(|folder| {
            let picture = DynamicImage::new_rgb8(640, 320);
            picture.save_with_format(folder.join("a.png"), ImageFormat::Png).unwrap();
            std::fs::write(folder.join("broken.png"), b"\x89PNG\r\n\x1a\nno more").unwrap();
            Config {
                files_roots: vec![folder.to_owned()],
                browse: Some(Browse { edit, thumbnails: Some(folder.join("thumbnails")) }),
                ..Config::default()
            }
        });
        let version = running.database.default_version().unwrap();
        let mut batch = running.database.batch(&version);
        for n in 0..files {
            batch.create(NewFile {
                data_size: (n % 10 != 3).then_some(n * n % 7_919),
                tags_user: vec![format!("t{}", n % 5)],
                ..NewFile::at(format!("oss://b/dir{}/{n}.png", n % 7))
            });
        }
        assert!(batch.commit().unwrap().all_succeeded());
        let entrance = running.entrance.clone().unwrap();
        let path = entrance.split_once("127.0.0.1").unwrap().1.split_once('/').unwrap().1;
        let answer = running.send(&format!("GET /{path}"), "");
        assert_eq!(answer.status, 303, "{answer:?}");
        let line = answer.head.lines().find(|line| line.to_lowercase().starts_with("set-cookie:"));
        let cookie = line.unwrap().split_once(':').unwrap().1.trim();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
        let cookie = cookie.split(';').next().unwrap().to_owned();
        Self { running, cookie, version }
    }

    fn get(&self, path: &str) -> Answer {
        self.running.send_with(&format!("GET {path}"), &[("cookie", &self.cookie)], b"")
    }

    fn json(&self, path: &str) -> Value {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()
    }

    fn change(&self, headers: &[(&str, &str)], body: &Value) -> Answer {
        let mut all = vec![("cookie", self.cookie.as_str()), ("content-type", "application/json")];
        all.extend(headers);
        self.running.send_with("POST /browse/edit", &all, body.to_string().as_bytes())
    }

    /// The URIs of an answer, walked by cursor.
    fn walked(&self, query: &Query) -> Vec<String> {
        let reader = self.running.database.reader().unwrap();
        let (mut query, mut uris) = (query.clone().limit(10_000), Vec::new());
        loop {
            let page = reader.list(&self.version, &query).unwrap();
            uris.extend(page.hits.into_iter().map(|hit| hit.record.uri));
            match page.next {
                Some(next) => query = query.after(next),
                None => return uris,
            }
        }
    }
}

#[test]
fn only_the_browser_that_was_let_in_is_answered() {
    let page = Page::new(false);
    for path in ["/", "/page/main.js", "/browse/database", "/browse/items"] {
        assert_eq!(page.running.send(&format!("GET {path}"), "").status, 403, "{path}");
        let answer = page.get(path);
        assert_eq!(answer.status, 200, "{path}");
    }
    assert_eq!(page.running.send("GET /?token=0123", "").status, 403);
    let foreign = [("cookie", page.cookie.as_str()), ("origin", "https://evil.example")];
    assert_eq!(page.running.send_with("GET /browse/items", &foreign, b"").status, 403);
    for path in ["/v1/datasets", "/metrics", "/page/nothing.js", "/browse/nothing"] {
        assert_eq!(page.get(path).status, 404, "{path}");
    }
    let index = page.get("/");
    assert!(index.head.contains("content-security-policy: default-src 'none'"), "{}", index.head);
    let database = page.json("/browse/database");
    assert_eq!(database["name"], "served.filedex");
    assert_eq!(database["edit"], false);
    assert_eq!(database["datasets"][0]["versions"][0]["name"], "v1");
}

/// Every asset that the page names is there.
#[test]
fn the_page_is_whole() {
    let page = Page::new(false);
    let mut wanted = vec!["/".to_owned()];
    let mut seen = Vec::new();
    while let Some(path) = wanted.pop() {
        let answer = page.get(&path);
        assert_eq!(answer.status, 200, "{path}");
        let text = String::from_utf8(answer.body).unwrap();
        for piece in text.split(['"', '\'']) {
            let asset = piece.strip_prefix("./").map(|name| format!("/page/{name}"));
            let asset = asset.or_else(|| piece.starts_with("/page/").then(|| piece.to_owned()));
            wanted.extend(asset.filter(|asset| !seen.contains(asset)));
        }
        seen.push(path);
    }
    assert!(seen.iter().filter(|path| path.ends_with(".js")).count() >= 8, "{seen:?}");
}

#[test]
fn any_stretch_of_an_answer_is_that_of_a_walk() {
    let page = Page::new(false);
    for (q, sort, order) in [
        ("", "", ""),
        ("", "DataSize", "asc"),
        ("Tags.all = 't1'", "FileName", "desc"),
        ("NOT ALL", "", ""),
    ] {
        let mut query = Query::parse(q).unwrap();
        if !sort.is_empty() {
            let order = if order == "asc" { Order::Asc } else { Order::Desc };
            query = query.sort(parse_sort(sort).unwrap(), order);
        }
        let all = page.walked(&query);
        let q = q.replace(' ', "%20").replace('\'', "%27").replace('=', "%3D");
        // Far ones first, so that the way there is walked, and then kept.
        for (from, count) in [(1_100, 200), (0, 10), (490, 30), (999, 1), (500, 500), (5_000, 5)] {
            let path =
                format!("/browse/items?q={q}&sort={sort}&order={order}&from={from}&count={count}");
            let answer = page.json(&path);
            let items = answer["items"].as_array().unwrap().iter();
            let uris: Vec<_> = items.map(|item| item["uri"].as_str().unwrap()).collect();
            let right: Vec<_> = all.iter().skip(from).take(count).collect();
            assert_eq!(uris, right, "{path}");
            assert_eq!(answer["total"], all.len(), "{path}");
        }
    }
}

#[test]
fn facets_and_histograms_count_what_is_there() {
    // Fewer than are read for a histogram, and more.
    for files in [FILES, 6_000] {
        let page = Page::with(false, files);
        let reader = page.running.database.reader().unwrap();
        let facets = page.json("/browse/facets?q=HAS%20DataSize");
        let query = Query::parse("HAS DataSize").unwrap();
        let tags = reader.statistics(&page.version, Aggregate::TagsAll, &query).unwrap();
        let shown: BTreeMap<_, _> = facets[1]["groups"]
            .as_array()
            .unwrap()
            .iter()
            .map(|group| (group["key"].as_str().unwrap(), group["count"].as_u64().unwrap()))
            .collect();
        assert_eq!(shown, tags.iter().map(|group| (group.key.as_str(), group.count)).collect());
        let histogram = page.json("/browse/histogram?property=DataSize");
        let sizes: Vec<f64> = reader
            .scan(&page.version, &Query::parse("").unwrap())
            .unwrap()
            .filter_map(|record| record.unwrap().data_size.map(|size| size as f64))
            .collect();
        let bars = histogram["bars"].as_array().unwrap();
        let mut counted = 0;
        for bar in bars {
            let (from, to) = (bar["from"].as_f64().unwrap(), bar["to"].as_f64().unwrap());
            let last = bar["last"].as_bool().unwrap();
            let has = |size: &&f64| **size >= from && (**size < to || (last && **size <= to));
            let right = sizes.iter().filter(has).count() as u64;
            assert_eq!(bar["count"], right, "{files}: {bar}");
            counted += right;
        }
        assert_eq!(counted, sizes.len() as u64);
        assert_eq!(histogram["total"], files);
        assert_eq!(page.get("/browse/histogram?property=FileName").status, 400);
    }
}

#[test]
fn a_mistake_has_its_place_and_completions_have_counts() {
    let page = Page::new(false);
    let answer = page.get("/browse/items?q=%E5%8C%97%20%3D%201");
    assert_eq!(answer.status, 400);
    assert!(answer.json()["error"]["message"].as_str().unwrap().contains('^'));
    let answer = page.get("/browse/items?q=HAS%20Tags.al");
    assert_eq!(answer.json()["error"]["place"], json!([4, 11]));
    let names = page.json("/browse/completions?before=NOT%20Tag");
    assert!(names.as_array().unwrap().iter().any(|one| one["text"] == "Tags.all"), "{names}");
    let values = page.json("/browse/completions?before=Tags.all%20%3D%20%27t");
    assert_eq!(values.as_array().unwrap().len(), 5);
    assert_eq!(values[0], json!({ "text": "t0", "insert": "t0'", "replaces": 1, "count": 247 }));
    for path in ["items?count=0", "items?count=1001", "items?status=gone", "record?id=1"] {
        assert_eq!(page.get(&format!("/browse/{path}")).status, 400, "{path}");
    }
}

#[test]
fn a_file_is_shown_where_its_folder_is() {
    let page = Page::new(false);
    let folder = page.running.path().parent().unwrap().display().to_string();
    let mut batch = page.running.database.batch(&page.version);
    let uri = |name: &str| format!("file://{folder}/{name}");
    batch.create(NewFile::at(uri("a.png"))).create(NewFile::at(uri("broken.png")));
    batch.create(NewFile::at("file:///etc/hostname"));
    batch.commit().unwrap();
    let id = |uri: &str| page.version.file_id(uri);
    let record = page.json(&format!("/browse/record?id={}", id(&uri("a.png"))));
    assert_eq!(
        (&record["record"]["file_name"], &record["served"]),
        (&json!("a.png"), &json!(true))
    );
    let path = format!("/browse/thumbnail?id={}&size=64", id(&uri("a.png")));
    for kept in [false, true] {
        let answer = page.get(&path);
        assert_eq!(answer.status, 200, "{kept}: {answer:?}");
        let small = image::load_from_memory(&answer.body).unwrap();
        assert_eq!((small.width(), small.height()), (64, 32));
    }
    assert!(page.running.path().with_file_name("thumbnails").read_dir().unwrap().count() > 0);
    let original = page.get(&format!("/browse/original?id={}", id(&uri("a.png"))));
    assert_eq!(original.body, std::fs::read(format!("{folder}/a.png")).unwrap());
    assert!(original.head.contains("content-security-policy: sandbox"), "{}", original.head);
    let broken = page.get(&format!("/browse/thumbnail?id={}", id(&uri("broken.png"))));
    assert_eq!(broken.status, 422);
    for name in ["thumbnail", "original"] {
        for uri in ["file:///etc/hostname", "oss://b/dir0/0.png"] {
            let answer = page.get(&format!("/browse/{name}?id={}", id(uri)));
            assert_eq!(answer.status, 404, "{name} {uri}");
        }
    }
    let path = format!("/browse/why?q=HAS%20Comment&id={}", id("oss://b/dir0/0.png"));
    assert_eq!(page.json(&path)["clauses"][0]["passes"], false);
}

#[test]
fn edits_are_those_of_the_page_alone() {
    let id = |page: &Page| page.version.file_id("oss://b/dir0/0.png");
    let shown = Page::new(false);
    let body = json!({ "ids": [id(&shown).to_string()], "add_tags": ["new"] });
    assert_eq!(shown.change(&[("x-filedex-change", "1")], &body).status, 403);
    let page = Page::new(true);
    let id = id(&page);
    let mut batch = page.running.database.batch(&page.version);
    let tags_ai = Some(AiTags { job_id: "j".into(), tags: vec!["cat".into(), "dog".into()] });
    batch
        .update(id, FileUpdate { tags_ai, tags_user: TagEdit::default(), ..FileUpdate::default() });
    batch.commit().unwrap();
    let body = json!({
        "ids": [id.to_string()], "add_tags": ["new"], "remove_tags": ["t0", "dog"],
        "labels": ["x"], "comment": "seen", "starred": true,
    });
    assert_eq!(page.change(&[], &body).status, 403);
    let foreign = [("x-filedex-change", "1"), ("origin", "https://evil.example")];
    assert_eq!(page.change(&foreign, &body).status, 403);
    let answer = page.change(&[("x-filedex-change", "1")], &body);
    assert_eq!(answer.json(), json!({ "changed": 2, "failed": [] }));
    let record = page.running.database.reader().unwrap().get(&page.version, &id).unwrap();
    assert_eq!(record.tags.all(), ["cat", "new"]);
    assert_eq!(record.tags.user_delete_ai, ["dog"]);
    assert_eq!((record.comment.as_deref(), record.starred), (Some("seen"), true));
    assert_eq!(record.labels, ["x"]);
    for body in [json!({ "ids": [] }), json!({ "ids": ["1"] }), json!({ "name": 1 }), json!(3)] {
        let status = page.change(&[("x-filedex-change", "1")], &body).status;
        assert_eq!(status, 400, "{body}");
    }
}

/// A change between two stretches is seen by the next.
#[test]
fn stretches_follow_the_newest_commit() {
    let page = Page::new(true);
    let path = "/browse/items?sort=FileName&order=asc&from=600&count=5";
    let before = page.json(path);
    let mut batch = page.running.database.batch(&page.version);
    batch.purge(page.version.file_id("oss://b/dir0/0.png"));
    batch.commit().unwrap();
    let after = page.json(path);
    assert_eq!(after["total"], FILES - 1);
    assert_ne!(before["items"], after["items"]);
    let query = Query::parse("").unwrap().sort(SortBy::FileName, Order::Asc);
    assert_eq!(after["items"][0]["uri"], page.walked(&query)[600]);
}
