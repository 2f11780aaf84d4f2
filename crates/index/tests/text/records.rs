//! Generated records: few words, few values and many ties, so that every question has answers.

use filedex_model::{FileId, FileRecord, Status, Timestamp};
use serde_json::{Map, Value, json};

/// splitmix64.
pub struct Random(u64);

impl Random {
    /// Seeded by `FILEDEX_SEED`, if set.
    pub fn seeded(salt: u64) -> Self {
        let seed = std::env::var("FILEDEX_SEED").ok().and_then(|seed| seed.parse().ok());
        Self(seed.unwrap_or(20_260_501_u64).wrapping_add(salt.wrapping_mul(0x5851_f42d_4c95_7f2d)))
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    pub fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

pub const WORDS: [&str; 22] = [
    "beach",
    "sunset",
    "beachSunset",
    "IMG1234",
    "Café",
    "cafe\u{301}",
    "人工智能",
    "智能",
    "図書館",
    "lane",
    "line",
    "lanes",
    "HTTPServer2",
    "a00467",
    "8",
    "Straße",
    "ÀÉÎ",
    "toyota",
    "toyta",
    "x1",
    "X",
    "München",
];

pub const TAGS: [&str; 9] =
    ["car", "Car", "sunny day", "人", "a/b", "", "trap*", "beachSunset", "ÉTÉ"];

const DIRS: [&str; 7] = ["", "cars", "cars/red", "cars/red/2020", "人/图片", "a b/c-d", "Cars"];

pub fn words(random: &mut Random, most: usize) -> String {
    let count = random.below(most + 1);
    let mut text = String::new();
    for _ in 0..count {
        text.push_str(random.one(&WORDS));
        text.push_str(random.one(&[" ", "_", "-", ", ", "/"]));
    }
    text
}

pub fn time(random: &mut Random) -> Timestamp {
    let base = random.one(&[-1_000_000_000_000, 0, 1_700_000_000_000]);
    Timestamp::from_millis(base + random.below(6) as i64 * 86_400_000).unwrap()
}

fn maybe<T>(random: &mut Random, percent: usize, make: impl FnOnce(&mut Random) -> T) -> Option<T> {
    random.chance(percent).then(|| make(random))
}

fn tags(random: &mut Random) -> Vec<String> {
    let mut tags: Vec<String> =
        (0..random.below(4)).map(|_| (random.one(&TAGS)).to_owned()).collect();
    tags.sort();
    tags.dedup();
    tags
}

pub fn number(random: &mut Random) -> Value {
    random.one(&[
        json!(5),
        json!(5.0),
        json!(-3),
        json!(0.1),
        json!(9_007_199_254_740_993_u64),
        json!(9_007_199_254_740_992.0),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1e300),
    ])
}

fn attribute(random: &mut Random) -> Value {
    match random.below(10) {
        0 => Value::Null,
        1 => json!(random.chance(50)),
        2..=4 => number(random),
        5 => json!(time(random).to_string()),
        6 => json!(random.one(&["2024-02-29", "-0044-03-15", "2024-02-30", "5", "true"])),
        7 => json!(words(random, 3)),
        8 => Value::Array((0..random.below(4)).map(|_| attribute(random)).collect()),
        _ => json!({"deep": attribute(random), "a b": attribute(random)}),
    }
}

pub const PATHS: [&str; 5] = ["width", "taken", "note", "exif", "odd\0key\u{2}\u{3}"];

fn attributes(random: &mut Random) -> Map<String, Value> {
    let mut map = Map::new();
    for path in PATHS {
        if random.chance(50) {
            map.insert(path.to_owned(), attribute(random));
        }
    }
    if random.chance(4) {
        map.insert("k".repeat(3_000), attribute(random));
        map.insert("long".to_owned(), json!("é".repeat(40_000)));
    }
    map
}

/// The record of a row: its id depends on the row alone. Every eighth id shares its first bytes
/// with others, so that ties go to the full ids.
pub fn record(random: &mut Random, row: usize) -> FileRecord {
    let name = format!("{}{}", words(random, 3), random.one(&[".png", ".JPG", "", ".tar.gz"]));
    let dir = random.one(&DIRS);
    let uri = format!("oss://bucket/{dir}/{name}#{row}");
    let mut record = FileRecord::new("d-1", &uri, time(random));
    let mut id = *record.id.as_bytes();
    if row.is_multiple_of(8) {
        id[..8].copy_from_slice(&[7; 8]);
    }
    id[30..].copy_from_slice(&(row as u16).to_be_bytes());
    record.id = FileId::from_bytes(id);
    record.file_name = name;
    record.file_dir = dir.to_owned();
    record.file_type = maybe(random, 80, |r| (r.one(&["image", "video", ""])).to_owned());
    record.content_type = maybe(random, 80, |r| (r.one(&["image/png", "text/plain"])).to_owned());
    record.data_size = maybe(random, 80, |r| {
        r.one(&[0, 1, 1_000, 1_001, 9_007_199_254_740_993, i64::MAX as u64 - 1, i64::MAX as u64])
    });
    record.file_fingerprint = maybe(random, 30, |r| format!("etag-{}", r.below(5)));
    record.semantic_index_job_id = maybe(random, 30, |r| format!("job-{}", r.below(3)));
    record.file_create_time = maybe(random, 70, time);
    record.file_update_time = maybe(random, 50, time);
    record.tag_update_time = maybe(random, 30, time);
    record.semantic_index_update_time = maybe(random, 3, time);
    record.comment = maybe(random, 60, |r| words(r, 8));
    record.description = maybe(random, 30, |r| words(r, 4));
    record.revision_id = format!("{:016x}", random.next());
    if row % 100 == 50 {
        record.comment = Some("long beach ".repeat(5_900));
    }
    record.tags.user = tags(random);
    record.tags.ai.insert("job-1".into(), tags(random));
    record.tags.ai.insert("job-2".into(), tags(random));
    record.tags.user_delete_ai = tags(random);
    record.labels = tags(random);
    record.attributes = attributes(random);
    record.starred = random.chance(20);
    record.hidden = random.chance(20);
    record.status = if random.chance(20) { Status::Deleted } else { Status::Active };
    record
}

/// A record with little in it but what it is sorted by.
pub fn plain_record(random: &mut Random, row: usize) -> FileRecord {
    let uri = format!("oss://bucket/{}", random.below(700));
    let created = Timestamp::from_millis(1_700_000_000_000 + row as i64 / 3).unwrap();
    let mut record = FileRecord::new("d-1", &uri, created);
    record.id = FileId::of("d-1", &row.to_string());
    record.file_create_time = maybe(random, 50, time);
    record.data_size = Some(random.next() >> 50);
    record.sync_time = time(random);
    record.attributes.insert("width".into(), json!(random.below(900)));
    record
}

pub fn records(random: &mut Random, count: usize) -> Vec<FileRecord> {
    (0..count).map(|row| record(random, row)).collect()
}
