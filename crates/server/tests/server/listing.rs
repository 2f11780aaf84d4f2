//! ListDatasetFileMetas over generated records, against a plain list of them: which files, in which
//! order, in pages that part the answer.

use filedex::{
    FileRecord, Filter, NewDataset, Order, Property, Query, SortBy, Status, StatusFilter, Timestamp,
};
use filedex_testkit::{Generator, Oracle, Seed};
use serde_json::Value;

use crate::running::{Running, escaped};

const FILES: usize = 300;
/// The id of the dataset, which is a drive too.
pub const DATASET: &str = "d-1";

/// A server, and what its only dataset should hold.
pub struct Served {
    pub server: Running,
    pub oracle: Oracle,
    pub generator: Generator,
    /// Repeats the run.
    pub seed: u64,
}

impl Served {
    pub fn new(default_seed: u64) -> Self {
        let seed = Seed::of_run(default_seed);
        let origin = seed.origin();
        let server = Running::new();
        let dataset = NewDataset { id: Some(DATASET.to_owned()), ..NewDataset::named("photos") };
        server.database.create_dataset(dataset).unwrap();
        let version = server.database.create_version(DATASET, "v1").unwrap();
        let mut generator = Generator::new(seed, DATASET);
        let mut oracle = Oracle::new(DATASET);
        let mut files = generator.distinct_files(FILES);
        while !files.is_empty() {
            let now = generator.tick();
            let mut batch = server.database.batch(&version);
            batch.at(now);
            for file in files.drain(..files.len().min(40)) {
                oracle.create(file.clone(), now);
                batch.create(file);
            }
            assert!(batch.commit().unwrap().all_succeeded());
        }
        let now = generator.tick();
        let mut batch = server.database.batch(&version);
        batch.at(now);
        for _ in 0..FILES / 10 {
            let id = oracle.records()[generator.seed().below(FILES)].id;
            oracle.delete(id, now);
            batch.delete(id);
        }
        batch.commit().unwrap();
        Self { server, oracle, generator, seed: origin }
    }

    /// A record to take values from, so that what is asked for is there.
    pub fn some_record(&mut self) -> FileRecord {
        let at = self.generator.seed().below(FILES);
        self.oracle.records()[at].clone()
    }

    /// Asks for all pages; answers the ids, and the total that every page has told.
    fn list(&self, parameters: &str, limit: usize) -> (Vec<String>, u64) {
        let base = format!(
            "GET /api/v1/datasets/{DATASET}/datasetfilemetas?DatasetVersion=v1&WorkspaceId=w&MaxResults={limit}&{parameters}"
        );
        let (mut ids, mut total, mut token) = (Vec::new(), None, String::new());
        loop {
            let answer = self.server.send(&format!("{base}{token}"), "");
            let page = answer.json();
            assert_eq!(answer.status, 200, "{base} {page}, seed {}", self.seed);
            let metas = page["DatasetFileMetas"].as_array().unwrap();
            let told = page["TotalCount"].as_u64().unwrap();
            assert_eq!(*total.get_or_insert(told), told, "{base}, seed {}", self.seed);
            assert_eq!(page["PageSize"], metas.len(), "{base}");
            assert_eq!(page["MaxResults"], limit, "{base}");
            ids.extend(
                metas.iter().map(|meta| meta["DatasetFileMetaId"].as_str().unwrap().to_owned()),
            );
            match page.get("NextToken").and_then(Value::as_str) {
                Some(next) => {
                    // A page that another follows is full.
                    assert_eq!(metas.len(), limit, "{base}, seed {}", self.seed);
                    token = format!("&NextToken={}", escaped(next));
                }
                None => return (ids, told),
            }
        }
    }

    /// Compares an answer with the records for which `holds`, in order.
    fn check(
        &mut self,
        parameters: &str,
        status: StatusFilter,
        sort: Option<(SortBy, Order)>,
        holds: &dyn Fn(&FileRecord) -> bool,
    ) {
        let limit = *self.generator.seed().pick(&[1, 2, 7, 10, 99, 100]);
        // One file on a page is enough to see once that pages of one go on.
        let limit = if limit == 1 && self.generator.seed().chance(80) { 50 } else { limit };
        let all = match sort {
            Some((sort, order)) => self.oracle.list(&Filter::All, status, &sort, order),
            None => self.oracle.newest_first(&Filter::All, status),
        };
        let held = |id: &filedex::FileId| self.oracle.get(*id).is_some_and(holds);
        let expected: Vec<String> = all.into_iter().filter(held).map(|id| id.to_string()).collect();
        let (ids, total) = self.list(parameters, limit);
        assert_eq!(ids, expected, "{parameters}, pages of {limit}, seed {}", self.seed);
        assert_eq!(total, expected.len() as u64, "{parameters}, seed {}", self.seed);
    }
}

/// A parameter and what it asks of a record.
struct Asked {
    text: String,
    holds: Box<dyn Fn(&FileRecord) -> bool>,
}

impl Asked {
    fn new(name: &str, value: &str, holds: impl Fn(&FileRecord) -> bool + 'static) -> Self {
        Self { text: format!("{name}={}", escaped(value)), holds: Box::new(holds) }
    }
}

fn has_tag(record: &FileRecord, tag: &str) -> bool {
    let mut have = record.tags.user.iter().chain(record.tags.ai.values().flatten());
    have.any(|has| has == tag) && !record.tags.user_delete_ai.iter().any(|gone| gone == tag)
}

fn has_part(text: &str, part: &str) -> bool {
    text.to_lowercase().contains(&part.to_lowercase())
}

/// Some characters out of the middle, in capitals at times.
fn piece(seed: &mut Seed, text: &str) -> String {
    let length = text.chars().count();
    let from = seed.below(length);
    let piece: String = text.chars().skip(from).take(1 + seed.below(4)).collect();
    if seed.chance(30) { piece.to_uppercase() } else { piece }
}

/// A parameter whose value is one that some record has, or is near to it.
fn parameter(served: &mut Served, kind: usize) -> Option<Asked> {
    let records = [served.some_record(), served.some_record(), served.some_record()];
    let seed = served.generator.seed();
    let first = &records[0];
    // Commas part the items of a list, so that no item can have one.
    let tags: Vec<String> = records
        .iter()
        .filter_map(|record| Some((*record.tags.all().first()?).to_owned()))
        .filter(|tag| !tag.contains(','))
        .collect();
    let joined = tags.join(",");
    let shift = *seed.pick(&[-1, 0, 0, 1]);
    let moved = |time: Option<Timestamp>| {
        time.and_then(|time| Timestamp::from_millis(time.millis() + shift))
    };
    Some(match kind {
        0 => {
            let ids: Vec<String> = records.iter().map(|record| record.id.to_string()).collect();
            let joined = ids.join(",");
            Asked::new("DatasetFileMetaIds", &joined, move |r| ids.contains(&r.id.to_string()))
        }
        1 => {
            let part = piece(seed, &first.file_name);
            Asked::new("QueryFileName", &part.clone(), move |r| has_part(&r.file_name, &part))
        }
        2 if !first.file_dir.is_empty() => {
            let part = piece(seed, &first.file_dir);
            let stripped = part.trim_end_matches('/').to_owned();
            if stripped.is_empty() {
                return None;
            }
            Asked::new("QueryFileDir", &part, move |r| has_part(&r.file_dir, &stripped))
        }
        3 => {
            let types: Vec<String> = records.iter().filter_map(|r| r.file_type.clone()).collect();
            let joined = types.join(",");
            Asked::new("QueryFileTypeIncludeAny", &joined, move |r| {
                types.is_empty() || r.file_type.as_ref().is_some_and(|has| types.contains(has))
            })
        }
        4 => {
            let types: Vec<String> =
                records.iter().filter_map(|r| r.content_type.clone()).collect();
            let joined = types.join(",");
            Asked::new("QueryContentTypeIncludeAny", &joined, move |r| {
                types.is_empty() || r.content_type.as_ref().is_some_and(|has| types.contains(has))
            })
        }
        5 => Asked::new("QueryTagsIncludeAll", &joined, move |r| {
            tags.iter().all(|tag| has_tag(r, tag))
        }),
        6 => Asked::new("QueryTagsIncludeAny", &joined, move |r| {
            tags.is_empty() || tags.iter().any(|tag| has_tag(r, tag))
        }),
        7 => Asked::new("QueryTagsExclude", &joined, move |r| {
            !tags.iter().any(|tag| has_tag(r, tag))
        }),
        8 => {
            let from = moved(first.file_update_time)?;
            Asked::new("StartFileUpdateTime", &from.to_string(), move |r| {
                r.file_update_time >= Some(from)
            })
        }
        9 => {
            let to = moved(first.file_update_time)?;
            Asked::new("EndFileUpdateTime", &to.to_string(), move |r| {
                r.file_update_time.is_some_and(|time| time <= to)
            })
        }
        10 => {
            let from = moved(first.tag_update_time)?;
            Asked::new("StartTagUpdateTime", &from.to_string(), move |r| {
                r.tag_update_time >= Some(from)
            })
        }
        11 => {
            let to = moved(first.tag_update_time)?;
            Asked::new("EndTagUpdateTime", &to.to_string(), move |r| {
                r.tag_update_time.is_some_and(|time| time <= to)
            })
        }
        _ => return None,
    })
}

const STATUSES: [(&str, StatusFilter); 4] = [
    ("", StatusFilter::Active),
    ("ACTIVE", StatusFilter::Active),
    ("DELETED", StatusFilter::Deleted),
    ("ALL", StatusFilter::All),
];

#[test]
fn parameters_alone_and_together() {
    let mut served = Served::new(21);
    for round in 0..120 {
        let kinds = if round < 48 {
            vec![round % 12]
        } else {
            let seed = served.generator.seed();
            let mut kinds: Vec<usize> = (0..12).filter(|_| seed.chance(25)).collect();
            kinds.dedup();
            kinds
        };
        let asked: Vec<Asked> =
            kinds.into_iter().filter_map(|kind| parameter(&mut served, kind)).collect();
        let seed = served.generator.seed();
        let (name, status) = *seed.pick(&STATUSES);
        let order = *seed.pick(&[("", Order::Desc), ("ASC", Order::Asc), ("DESC", Order::Desc)]);
        let sort = *seed.pick(&["", "FileCreateTime", "FileUpdateTime"]);
        let sorted = match sort {
            "FileCreateTime" => Some((SortBy::FileCreateTime, order.1)),
            "FileUpdateTime" => Some((SortBy::FileUpdateTime, order.1)),
            _ => None,
        };
        let mut text: Vec<String> = asked.iter().map(|asked| asked.text.clone()).collect();
        text.extend([format!("Status={name}"), format!("SortBy={sort}")]);
        if sorted.is_some() {
            text.push(format!("Order={}", order.0));
        }
        served.check(&text.join("&"), status, sorted, &|record| {
            asked.iter().all(|asked| (asked.holds)(record))
        });
    }
}

/// Under TAG, the text is one more tag that has to be there, and what belongs to a search is ignored.
#[test]
fn query_types() {
    let mut served = Served::new(22);
    for _ in 0..20 {
        let record = served.some_record();
        let Some(tag) = record.tags.all().first().map(|tag| (*tag).to_owned()) else { continue };
        let text = escaped(&tag);
        served.check(
            &format!("QueryType=TAG&QueryText={text}&TopK=1&ScoreThreshold=0.9"),
            StatusFilter::Active,
            None,
            &|r| has_tag(r, &tag),
        );
    }
}

/// The whole query language over HTTP, as the oracle reads it.
#[test]
fn expressions() {
    let mut served = Served::new(23);
    for _ in 0..80 {
        let filter = served.generator.filter(3);
        // The server asks at its own time of day, which the oracle does not know.
        let fixed = filter.clone().at(served.generator.now());
        if filter != fixed {
            continue;
        }
        let mut text = Query::filter(filter.clone()).to_string();
        let mut sort = None;
        // Words rank an answer, and the oracle does not.
        if !text.is_empty() && (text.contains("Text") || served.generator.seed().chance(20)) {
            text = format!("({text}) AND SortBy = 'FileUpdateTime' AND Order = 'ASC'");
            sort = Some((SortBy::FileUpdateTime, Order::Asc));
        }
        let text = format!("QueryExpression={}", escaped(&text));
        served.check(&text, StatusFilter::Active, sort, &|r| {
            filedex_testkit::oracle::matches(&filter, r)
        });
    }
}

/// What a record is, it is in the answers of both services.
#[test]
fn records_as_they_are_told() {
    let served = Served::new(24);
    for record in served.oracle.records().iter().take(60) {
        let path = format!("GET /api/v1/datasets/{DATASET}/datasetfilemetas/{}", record.id);
        let meta = &served.server.ok(&path, &Value::Null)["DatasetFileMeta"];
        let time =
            |time: Option<Timestamp>| time.map_or(Value::Null, |time| time.to_string().into());
        let text = |text: &Option<String>| text.clone().map_or(Value::Null, Value::from);
        assert_eq!(meta["Uri"], record.uri);
        assert_eq!(meta["FileName"], record.file_name);
        assert_eq!(meta["FileDir"], record.file_dir);
        assert_eq!(meta["FileType"], text(&record.file_type));
        assert_eq!(meta["ContentType"], text(&record.content_type));
        assert_eq!(meta["Comment"], text(&record.comment));
        assert_eq!(meta["DataSize"].as_u64(), record.data_size);
        assert_eq!(meta["FileCreateTime"], time(record.file_create_time));
        assert_eq!(meta["FileUpdateTime"], time(record.file_update_time));
        assert_eq!(meta["TagUpdateTime"], time(record.tag_update_time));
        assert_eq!(meta["SyncTime"], record.sync_time.to_string());
        let deleted = record.status == Status::Deleted;
        assert_eq!(meta["Status"], if deleted { "DELETED" } else { "ACTIVE" });
        let tags: Value = serde_json::from_str(meta["Tags"].as_str().unwrap()).unwrap();
        assert_eq!(tags["user"], serde_json::json!(record.tags.user));
        assert_eq!(tags["ai"], serde_json::json!(record.tags.ai_union()));
        assert_eq!(tags["user-delete-ai-tags"], serde_json::json!(record.tags.user_delete_ai));
        let attributes = meta["MetaAttributes"].as_str().unwrap_or("{}");
        assert_eq!(
            serde_json::from_str::<Value>(attributes).unwrap(),
            Value::Object(record.attributes.clone())
        );
        let asked = serde_json::json!({ "drive_id": DATASET, "file_id": record.id });
        let file = served.server.ok("POST /v2/file/get", &asked);
        assert_eq!(file["name"], record.file_name);
        assert_eq!(file["labels"], serde_json::json!(record.labels));
        assert_eq!(
            (&file["hidden"], &file["starred"]),
            (&record.hidden.into(), &record.starred.into())
        );
        assert_eq!(file["created_at"], record.record_create_time.to_string());
        assert_eq!(file["updated_at"], record.sync_time.to_string());
        assert_eq!(file["trashed_at"], time(record.trashed_at));
        assert_eq!(file["size"].as_u64(), record.data_size);
        assert_eq!(file["category"], record.category());
        assert_eq!(file["description"], text(&record.description));
    }
}

#[test]
fn statistics() {
    let served = Served::new(25);
    for (by, property) in [
        ("filedir", Property::FileDir),
        ("FileType", Property::FileType),
        ("tags.user", Property::TagsUser),
        ("tags.ai", Property::TagsAi),
        ("tags.user-delete-ai-tags", Property::TagsUserDeleteAi),
        ("tags.all", Property::TagsAll),
        ("", Property::TagsAll),
    ] {
        let groups = served.oracle.facets(&property, &Filter::All, StatusFilter::Active);
        for most in [1, 3, 100] {
            let path = format!(
                "GET /api/v1/statistics/datasets/{DATASET}/datasetfilemetas?WorkspaceId=w&DatasetVersion=v1&AggregateBy={by}&MaxResults={most}"
            );
            let answer = served.server.ok(&path, &Value::Null);
            let told: Vec<(String, usize)> = answer["DatasetFileMetasStats"]
                .as_array()
                .unwrap()
                .iter()
                .map(|group| {
                    (
                        group["Key"].as_str().unwrap().to_owned(),
                        group["Count"].as_u64().unwrap() as usize,
                    )
                })
                .collect();
            let expected: Vec<_> = groups.iter().take(most).cloned().collect();
            assert_eq!(told, expected, "{by}, seed {}", served.seed);
            assert_eq!(answer["TotalCount"], groups.len(), "{by}, seed {}", served.seed);
        }
    }
}
