//! What a file is known to hold, and whether it does.

use std::collections::{BTreeMap, BTreeSet};

use filedex::{Database, FileRecord, Filter, Query, Reader, VersionRef};
use serde_json::json;

use super::work::Done;

/// The model that the vectors are said to be of.
pub const MODEL: &str = "model";

/// Of each file, the round that wrote it last.
#[derive(Default)]
pub struct Known {
    files: BTreeMap<String, Written>,
}

/// How a file was written last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Written {
    round: u32,
    /// Whether it has a vector: servers write none.
    vector: bool,
}

fn tag(round: u32) -> String {
    format!("r{round}")
}

/// A vector that no other file and no other round has.
fn vector(uri: &str, round: u32) -> [f32; 4] {
    let mix = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = uri.bytes().fold(u64::from(round) + 1, mix);
    [0, 16, 32, 48].map(|shift| f32::from((hash >> shift) as u16) + 1.0)
}

/// A line that writes a file anew.
pub fn line(uri: &str, round: u32) -> String {
    let line = json!({
        "uri": uri,
        "data_size": round,
        "caption": format!("round {round}"),
        "tags_user": [tag(round)],
        "embedding": vector(uri, round),
    });
    format!("{line}\n")
}

impl Known {
    /// The files that there are.
    pub fn uris(&self) -> Vec<String> {
        self.files.keys().cloned().collect()
    }

    /// Asserts that the file holds what it is known to, and what a killed program may have left; from
    /// now on that is known.
    pub fn settle(&mut self, database: &Database, round: u32, done: &Done) {
        assert_eq!(database.check(|_, _| ()).unwrap().findings, []);
        let reader = database.reader().unwrap();
        let version = reader.version(Some("cars"), Some("v1")).unwrap();
        let found = stored(&reader, &version);
        let written: BTreeSet<&str> =
            found.iter().filter(|(_, w)| w.round == round).map(|(uri, _)| uri.as_str()).collect();
        for uri in &done.certain {
            assert!(written.contains(uri.as_str()), "{uri} was acknowledged and is lost");
        }
        if let Some((order, batch)) = &done.order {
            let whole = written.len() == order.len() || written.len().is_multiple_of(*batch);
            assert!(whole, "{} files are no whole batches", written.len());
            let first: BTreeSet<&str> = order[..written.len()].iter().map(String::as_str).collect();
            assert_eq!(written, first, "batches of the middle are missing");
        }
        let ordered = done.order.iter().flat_map(|(order, _)| order);
        let possible: BTreeSet<&String> = done.possible.iter().chain(ordered).collect();
        for (uri, now) in &found {
            let before = self.files.get(uri);
            let new = now.round == round && possible.contains(uri);
            assert!(new || before == Some(now), "{uri} is {now:?} and was {before:?}");
        }
        assert!(self.files.keys().all(|uri| found.contains_key(uri)), "a file is gone");
        self.files = found;
        self.compare_queries(&reader, &version);
    }

    /// The index answers what the records say.
    fn compare_queries(&self, reader: &Reader, version: &VersionRef) {
        let mut rounds: BTreeMap<u32, u64> = BTreeMap::new();
        for written in self.files.values() {
            *rounds.entry(written.round).or_default() += 1;
        }
        for (round, files) in rounds {
            let query = Query::parse(&format!("Tags.user = '{}'", tag(round))).unwrap();
            assert_eq!(reader.count(version, &query).unwrap(), files, "round {round}");
        }
        let vectors = self.files.values().filter(|written| written.vector).count() as u64;
        let spaces = reader.spaces(version).unwrap();
        assert_eq!(spaces.first().map_or(0, |space| space.vectors), vectors);
    }
}

/// How every file was written, by its record, whose parts and vector all have to be of one round.
fn stored(reader: &Reader, version: &VersionRef) -> BTreeMap<String, Written> {
    let all = Query::filter(Filter::All);
    let spaces = !reader.spaces(version).unwrap().is_empty();
    let written = |record: FileRecord| {
        let round = u32::try_from(record.data_size.unwrap()).unwrap();
        assert!(record.tags.user.iter().any(|t| *t == tag(round)), "{record:?}");
        let stored = spaces.then(|| reader.vector(version, &record.id, None).unwrap()).flatten();
        if let Some(stored) = &stored {
            let wanted = vector(&record.uri, round);
            let length = wanted.iter().map(|x| x * x).sum::<f32>().sqrt();
            let near = stored.iter().zip(wanted).all(|(a, b)| (a - b / length).abs() < 1e-5);
            assert!(near, "the vector of {} is of another round", record.uri);
        }
        (record.uri, Written { round, vector: stored.is_some() })
    };
    reader.scan(version, &all).unwrap().map(|record| written(record.unwrap())).collect()
}
