#![allow(missing_docs, clippy::all, clippy::unwrap_used, clippy::print_stdout)]
use filedex_index::*;
use filedex_model::*;
use std::sync::{Arc, Mutex};
use std::time::Instant;

#[derive(Debug)]
struct Blobs(Mutex<Vec<Arc<Vec<u8>>>>);
impl BlobSource for Blobs {
    fn chunk_bytes(&self) -> usize {
        262_124
    }
    fn len(&self, b: u64) -> std::io::Result<u64> {
        Ok(self.0.lock().unwrap()[b as usize].len() as u64)
    }
    fn read_chunk(&self, b: u64, c: u32) -> std::io::Result<Vec<u8>> {
        let bytes = self.0.lock().unwrap()[b as usize].clone();
        let s = c as usize * 262_124;
        Ok(bytes[s..bytes.len().min(s + 262_124)].to_vec())
    }
}
fn record(v: serde_json::Value, now: Timestamp, i: i64) -> FileRecord {
    let s = |k: &str| v[k].as_str().map(str::to_owned);
    let t = |k: &str| v[k].as_str().and_then(|t| t.parse().ok());
    let mut r = FileRecord::new("d", v["uri"].as_str().unwrap(), now.shifted(i));
    if let Some(n) = s("file_name") {
        r.file_name = n;
    }
    if let Some(n) = s("file_dir") {
        r.file_dir = n;
    }
    r.file_type = s("file_type");
    r.content_type = s("content_type");
    r.data_size = v["data_size"].as_u64();
    r.file_create_time = t("file_create_time");
    r.file_update_time = t("file_update_time");
    r.comment = s("caption");
    r.description = s("description");
    r.attributes = v["attributes"].as_object().cloned().unwrap_or_default();
    if let Some(a) = v["tags_user"].as_array() {
        r.tags.user = a.iter().filter_map(|x| x.as_str()).map(str::to_owned).collect();
    }
    r
}
fn time<T>(name: &str, n: usize, mut f: impl FnMut() -> T) -> T {
    let cold = Instant::now();
    let mut out = f();
    let cold = cold.elapsed();
    let mut times: Vec<_> = (0..n)
        .map(|_| {
            let t = Instant::now();
            out = f();
            t.elapsed()
        })
        .collect();
    times.sort();
    println!("{name:55} first {cold:>10.1?}  median {:>10.1?}", times[n / 2]);
    out
}
fn main() {
    let path = std::env::args().nth(1).unwrap();
    let now = Timestamp::from_millis(1_700_000_000_000).unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    let records: Vec<_> = text
        .lines()
        .enumerate()
        .map(|(i, l)| record(serde_json::from_str(l).unwrap(), now, i as i64))
        .collect();
    drop(text);
    println!("{} records", records.len());
    let start = Instant::now();
    let mut b = SegmentBuilder::new().unwrap();
    for (i, r) in records.iter().enumerate() {
        b.add(i as u32, r).unwrap();
    }
    let added = start.elapsed();
    let mem = b.memory_bytes();
    let built = b.finish().unwrap();
    std::fs::write("/tmp/seg.bin", &built.bytes).unwrap();
    let all = start.elapsed();
    println!(
        "build: add {added:.2?}, all {all:.2?}: {:.0} records/s; {} bytes a record; mem {} MB",
        records.len() as f64 / all.as_secs_f64(),
        built.bytes.len() / records.len(),
        mem >> 20
    );
    if std::env::args().nth(2).is_some() {
        return;
    }
    let names = ["fast", "fieldnorm", "term", "idx", "pos", "store"];
    for (i, n) in names.iter().enumerate() {
        let at = 32 + 16 * i + 8;
        println!(
            "  .{n}: {} B/record",
            u64::from_le_bytes(built.bytes[at..at + 8].try_into().unwrap()) as f64
                / records.len() as f64
        );
    }
    let one = time("one-doc build", 200, || {
        let mut b = SegmentBuilder::new().unwrap();
        b.add(5, &records[5]).unwrap();
        b.finish().unwrap()
    });
    println!("one-doc segment: {} bytes", one.bytes.len());
    let blobs =
        Arc::new(Blobs(Mutex::new(vec![Arc::new(built.bytes.clone()), Arc::new(one.bytes)])));
    let cache = Arc::new(ByteCache::new(256 << 20));
    time("open one-doc", 500, || {
        TextSegment::open(blobs.clone(), 1, Arc::new(ByteCache::new(1 << 20))).unwrap()
    });
    time("open large, cold cache", 50, || {
        TextSegment::open(blobs.clone(), 0, Arc::new(ByteCache::new(256 << 20))).unwrap()
    });
    let seg = Arc::new(time("open large, warm cache", 50, || {
        TextSegment::open(blobs.clone(), 0, cache.clone()).unwrap()
    }));
    let view = SegmentView { segment: seg, dead: Arc::default() };
    let index = TextIndex::new(vec![view.clone()], built.text_length);
    let mut tags =
        index.facets(&Condition::Everything, StatusFilter::Active, Facet::TagsUser).unwrap();
    tags.sort_by_key(|t| std::cmp::Reverse(t.1));
    println!("{:?}", &tags[..3.min(tags.len())]);
    let test = |p: Property, t: Test| Condition::Test(Predicate::new(p, t));
    let search = |index: &TextIndex, c: &Condition, order: Ordering<'_>| {
        index
            .search(&Search {
                condition: c,
                status: StatusFilter::Active,
                order,
                limit: 10,
                after: None,
                id_of: &|_| Ok(FileId::from_bytes([0; 32])),
            })
            .unwrap()
    };
    let by = |by, order| (by, order);
    let tag = test(Property::TagsUser, Test::Equals(Value::Text(tags[0].0.clone())));
    let many = test(Property::FileType, Test::Equals(Value::Text("image".into())));
    let newest = by(SortBy::FileCreateTime, Order::Desc);
    let record_new = by(SortBy::RecordCreateTime, Order::Desc);
    let name = by(SortBy::FileName, Order::Asc);
    let mut go = |n: &str, c: &Condition, o: &(SortBy, Order)| {
        let f = time(n, 50, || search(&index, c, Ordering::Field { by: &o.0, order: o.1 }));
        println!("      total {}", f.total);
    };
    let attr = by(SortBy::Attribute(AttributePath::new(["created_earliest"])), Order::Asc);
    go("everything, newest record", &Condition::Everything, &record_new);
    go("top tag, newest record", &tag, &record_new);
    go("top tag, newest file", &tag, &newest);
    go("image, newest record", &many, &record_new);
    go("image, newest file (optional column)", &many, &newest);
    go("image by name", &many, &name);
    go("image by attribute", &many, &attr);
    let contains = test(Property::FileName, Test::Contains("a12".into()));
    go("CONTAINS a12", &contains, &record_new);
    go("CONTAINS jpg", &test(Property::FileName, Test::Contains("jpg".into())), &record_new);
    go("GLOB **/*1.jpg on Uri", &test(Property::Uri, Test::Glob("**/*1.jpg".into())), &record_new);
    go("comment phrase", &test(Property::Comment, Test::Phrase("portrait of".into())), &record_new);
    go(
        "comment phrase prefix",
        &test(Property::Comment, Test::PhrasePrefix("portrait of w".into())),
        &record_new,
    );
    go("comment prefix s*", &test(Property::Comment, Test::PhrasePrefix("s".into())), &record_new);
    go("word near", &test(Property::Comment, Test::WordNear("portriat".into(), 2)), &record_new);
    go("name near", &test(Property::FileName, Test::Near("A00467_8.jpg".into(), 2)), &record_new);
    go(
        "date range",
        &test(
            Property::FileCreateTime,
            Test::InRange(Range {
                from: Bound::Included(Value::Date(When::At("2016-01-01".parse().unwrap()))),
                to: Bound::Open,
            }),
        ),
        &record_new,
    );
    go(
        "attr range",
        &test(
            Property::Attribute(AttributePath::new(["created_earliest"])),
            Test::InRange(Range {
                from: Bound::Included(Value::Date(When::At("1950-01-01".parse().unwrap()))),
                to: Bound::Open,
            }),
        ),
        &record_new,
    );
    go(
        "tag and image and not",
        &Condition::And(vec![
            tag.clone(),
            many.clone(),
            Condition::Not(Box::new(contains.clone())),
        ]),
        &record_new,
    );
    let texts = [RankText("portrait woman street car".into())];
    let text = test(Property::Text, Test::AnyWord("portrait woman street car".into()));
    let f = time("ranked", 50, || search(&index, &text, Ordering::Relevance(&texts)));
    println!("      total {}", f.total);
    time("facets all", 20, || {
        index.facets(&Condition::Everything, StatusFilter::Active, Facet::TagsUser).unwrap()
    });
    time("facets tag", 20, || index.facets(&tag, StatusFilter::Active, Facet::TagsUser).unwrap());
    time("facets dir of tag", 20, || {
        index.facets(&tag, StatusFilter::Active, Facet::FileDir).unwrap()
    });
    time("count tag", 20, || index.count(&tag, StatusFilter::Active).unwrap());
    time("rows tag", 20, || index.rows(&tag, StatusFilter::Active).unwrap());
    time("locate 100", 20, || index.locate(&(500..600).collect::<Vec<_>>()).unwrap());
    time("locate 10000", 20, || index.locate(&(500..10500).collect::<Vec<_>>()).unwrap());
    time("estimate", 20, || {
        index.estimate(&Predicate::new(Property::Comment, Test::PhrasePrefix("s".into()))).unwrap()
    });
    let dead: DeadDocs = (0..1000).map(|d| d * 7).collect();
    let merged = time("merge (1000 dead)", 1, || {
        merge(&[SegmentView { segment: view.segment.clone(), dead: Arc::new(dead.clone()) }])
            .unwrap()
    });
    println!("merged {} docs {} bytes", merged.docs, merged.bytes.len());
    time("differences", 1, || differences(&index, &index, 10).unwrap().len());
}
