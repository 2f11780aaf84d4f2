//! Damaged files: the check names what is damaged, and the repair gives a sound file with all that was
//! not, and says exactly what is lost.

mod harm;
mod sample;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::OnceLock;

use filedex::{
    CheckReport, Database, ErrorKind, Loss, LossKind, Remedy, RepairReport, RepairTo, repair,
};

use harm::{Bytes, Change, change};
use sample::Content;

/// The bytes of the sample, and what is in it.
fn whole() -> &'static (Vec<u8>, Content) {
    static WHOLE: OnceLock<(Vec<u8>, Content)> = OnceLock::new();
    WHOLE.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.filedex");
        sample::make(&path, 0);
        (std::fs::read(&path).unwrap(), Content::of(&path))
    })
}

/// The check as the program does it: of the pages alone where the file cannot be opened.
fn checked(path: &Path) -> CheckReport {
    match Database::open_read_only(path).and_then(|db| db.check(|_, _| {})) {
        Ok(report) => report,
        Err(_) => filedex::check_pages(path).unwrap(),
    }
}

fn count(losses: &[Loss], kind: LossKind) -> u64 {
    losses.iter().filter(|loss| loss.kind == kind).map(|loss| loss.count).sum()
}

fn names(losses: &[Loss], kind: LossKind) -> BTreeSet<String> {
    let of_kind = losses.iter().filter(|loss| loss.kind == kind);
    of_kind.flat_map(|loss| loss.names.iter().cloned()).collect()
}

/// How many things of one are not in the other as they were.
fn missing<K: Ord, V: PartialEq>(from: &BTreeMap<K, V>, found: &BTreeMap<K, V>) -> u64 {
    from.iter().filter(|(key, value)| found.get(key) != Some(value)).count() as u64
}

/// Repairs a damaged file, and holds the report against what is in the repaired one.
fn repaired(what: &str, path: &Path, before: &Content) -> RepairReport {
    let bytes = std::fs::read(path).unwrap();
    let report = repair(path, &RepairTo::Beside, |_, _, _| true)
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(std::fs::read(path).unwrap() == bytes, "{what}: the damaged file was changed");
    let found = Content::of(&report.path);
    let again = Database::open(&report.path).unwrap().check(|_, _| {}).unwrap();
    assert_eq!(again.findings, [], "{what}");
    std::fs::remove_file(&report.path).unwrap();
    let says = format!("{what}: {report:#?}");
    assert_eq!(report.records, found.records.len() as u64, "{says}");
    assert_eq!(report.vectors, found.vectors.len() as u64, "{says}");
    assert_eq!(report.notes, found.notes.len() as u64, "{says}");
    if report.is_complete() {
        assert_eq!(&found, before, "{what}");
    }
    if count(&report.losses, LossKind::Commit) > 0 {
        return report;
    }
    // Whatever is not as it was is said to be lost or doubtful, and nothing else is.
    let (losses, doubts) = (&report.losses, &report.doubts);
    let lost = names(losses, LossKind::Record);
    let doubtful = names(doubts, LossKind::Record);
    let known_versions = count(losses, LossKind::Dataset) + count(losses, LossKind::Version) == 0;
    for (at, record) in before.records.iter().filter(|_| known_versions) {
        let is_same = found.records.get(at) == Some(record);
        let name = at.1.trim_start_matches('/');
        let is_said = lost.contains(name) || doubtful.contains(name) || lost.len() == 64;
        let by_id = lost.iter().any(|name| name.len() == 64);
        assert!(is_same || is_said || by_id, "{at:?}: {says}");
    }
    if known_versions {
        let gone = before.records.keys().filter(|at| !found.records.contains_key(at)).count();
        assert_eq!(count(losses, LossKind::Record), gone as u64, "{says}");
        let gone = missing(&before.vectors, &found.vectors);
        let said = count(losses, LossKind::Vector) + count(losses, LossKind::Deletion);
        assert!(gone <= said || count(losses, LossKind::Space) > 0, "{gone} vectors: {says}");
    }
    let gone = missing(&before.notes, &found.notes);
    let said = count(losses, LossKind::Note) + count(doubts, LossKind::Note);
    assert!(gone <= said, "{gone} notes: {says}");
    report
}

/// The pages of each table.
fn pages() -> BTreeMap<String, Vec<usize>> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.filedex");
    let mut pages: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let bytes = &whole().0;
    for at in (4_096..bytes.len()).step_by(4_096) {
        std::fs::write(&path, Bytes::Bit(at).of(bytes.clone())).unwrap();
        let report = filedex::check_pages(&path).unwrap();
        for finding in report.findings {
            let named = finding.what.strip_prefix("the page of ");
            if let Some((table, place)) = named.and_then(|what| what.split_once(" at byte "))
                && place.starts_with(&format!("{at} "))
            {
                pages.entry(table.to_owned()).or_default().push(at);
            }
        }
    }
    pages
}

/// Tables whose loss loses something.
const PRIMARY: [&str; 8] =
    ["datasets", "versions", "records", "notes", "spaces", "vector_segments", "chunks", "dead"];

#[test]
fn a_page_of_each_table() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.filedex");
    let (bytes, before) = whole();
    let pages = pages();
    assert!(pages.len() > 15, "{:?}", pages.keys());
    for (table, pages) in &pages {
        let name = table.strip_prefix("table ").unwrap_or(table);
        let is_primary = PRIMARY.contains(&name);
        let mut damages: Vec<Bytes> = vec![Bytes::Wiped(pages[pages.len() / 2], 4_096)];
        if is_primary || table == "the list of tables" {
            damages.push(Bytes::Bit(pages[0] + 300));
            damages.push(Bytes::Wiped(pages[pages.len() - 1], 4_096));
        }
        for damage in damages {
            let what = format!("{table}, {damage:?}");
            std::fs::write(&path, damage.of(bytes.clone())).unwrap();
            let found = checked(&path);
            let named = found.findings.iter().any(|finding| finding.what.contains(table.as_str()));
            let unused = matches!(damage, Bytes::Bit(_)) && found.is_sound();
            assert!(named || unused || table == "the list of tables", "{what}: {found:?}");
            let report = repaired(&what, &path, before);
            let may_lose = is_primary || table == "the list of tables" || name == "jobs";
            assert!(report.is_complete() || may_lose || name == "filedex", "{what}: {report:#?}");
        }
    }
}

#[test]
fn what_no_checksum_shows() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.filedex");
    let (bytes, before) = whole();
    // The damage, the part that the check names, the remedy, and what is lost.
    let all: [(Change, &str, Remedy, &[LossKind]); 13] = [
        (Change::RecordBytes, "records", Remedy::Salvage, &[LossKind::Record, LossKind::Vector]),
        (Change::RecordGone, "records", Remedy::Salvage, &[LossKind::Record, LossKind::Vector]),
        (Change::IdGone, "records", Remedy::Rebuild, &[]),
        (Change::NameGone, "records", Remedy::Rebuild, &[]),
        (Change::FolderCount, "records", Remedy::Rebuild, &[]),
        (Change::Counter, "records", Remedy::Salvage, &[]),
        (Change::Number, "records", Remedy::Rebuild, &[]),
        (Change::DatasetName, "records", Remedy::Rebuild, &[]),
        (Change::Link, "records", Remedy::Rebuild, &[]),
        (Change::Blob(1), "records", Remedy::Rebuild, &[]),
        (Change::Blob(2), "records", Remedy::Salvage, &[LossKind::Vector]),
        (Change::Blob(3), "records", Remedy::Rebuild, &[]),
        (Change::DeadVectors, "vectors of", Remedy::Rebuild, &[LossKind::Deletion]),
    ];
    for (damage, part, remedy, lost) in all {
        let what = format!("{damage:?}");
        std::fs::write(&path, bytes).unwrap();
        change(&path, damage);
        let found = checked(&path);
        let named = found.findings.iter().any(|f| f.part.starts_with(part) && f.remedy == remedy);
        assert!(named, "{what}: {found:?}");
        let report = repaired(&what, &path, before);
        let kinds: BTreeSet<LossKind> = report.losses.iter().map(|loss| loss.kind).collect();
        assert_eq!(kinds, lost.iter().copied().collect(), "{what}: {report:#?}");
        assert_eq!((&report.doubts, &report.unproved), (&vec![], &vec![]), "{what}");
    }
}

#[test]
fn the_header_and_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.filedex");
    let (bytes, before) = whole();
    let primary = 64 + 128 * usize::from(bytes[9] & 1);
    let other = 64 + 192 - primary + 64;
    // The damage, and whether all is there and proved.
    for (damage, complete) in [
        (Bytes::Bit(0), true),
        (Bytes::Bit(14), true),
        (Bytes::Bit(primary + 104), true),
        (Bytes::Bit(primary + 120), true),
        (Bytes::Bit(other + 120), true),
        (Bytes::Wiped(other, 128), true),
        (Bytes::Bit(primary + 9), false),
        (Bytes::Wiped(primary, 128), false),
        (Bytes::Wiped(64, 256), false),
        (Bytes::Wiped(0, 4_096), false),
        (Bytes::Cut(990), false),
        (Bytes::Cut(700), false),
    ] {
        let what = format!("{damage:?}");
        std::fs::write(&path, damage.of(bytes.clone())).unwrap();
        assert!(!checked(&path).is_sound(), "{what}");
        let report = repaired(&what, &path, before);
        assert_eq!(report.is_complete(), complete, "{what}: {report:#?}");
        if let Bytes::Wiped(0 | 64, _) = damage {
            assert_eq!((report.records, report.losses), (before.records.len() as u64, vec![]));
        }
    }
}

#[test]
fn what_is_no_database_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.filedex");
    let garbage: Vec<u8> =
        (0..90_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for bytes in [Vec::new(), b"hello\n".to_vec(), garbage, vec![0; 20_000]] {
        std::fs::write(&path, &bytes).unwrap();
        let error = repair(&path, &RepairTo::Beside, |_, _, _| true).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(filedex::check_pages(&path).is_err());
    }
    std::fs::remove_file(&path).unwrap();
    harm::is_another_program(&path);
    let error = repair(&path, &RepairTo::InPlace, |_, _, _| true).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn nothing_is_overwritten_and_nothing_left() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.filedex");
    let (bytes, before) = whole();
    std::fs::write(&path, bytes).unwrap();
    let taken = dir.path().join("taken");
    std::fs::write(&taken, "mine").unwrap();
    let error = repair(&path, &RepairTo::File(taken.clone()), |_, _, _| true).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let stopped = repair(&path, &RepairTo::Beside, |_, _, _| false).unwrap_err();
    assert_eq!(stopped.kind(), ErrorKind::Interrupted);
    let db = Database::open(&path).unwrap();
    let error = repair(&path, &RepairTo::Beside, |_, _, _| true).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked);
    drop(db);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
    let report = repair(&path, &RepairTo::InPlace, |_, _, _| true).unwrap();
    assert!(report.is_complete());
    assert_eq!(report.damaged, Some(dir.path().join("a.filedex.damaged")));
    assert_eq!(&Content::of(&path), before);
    assert_eq!(&Content::of(&report.damaged.unwrap()), before);
    assert_eq!(std::fs::read(&taken).unwrap(), b"mine");
}

/// Records that are packed with a dictionary are lost with it, each by its name.
#[test]
fn a_dictionary() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.filedex");
    sample::make(&path, 1_200);
    let before = Content::of(&path);
    let report = repaired("a whole file", &path, &before);
    assert!(report.is_complete(), "{report:#?}");
    let bytes = std::fs::read(&path).unwrap();
    let is_dictionary = |at: &usize| {
        std::fs::write(&path, Bytes::Wiped(*at, 16).of(bytes.clone())).unwrap();
        let report = filedex::check_pages(&path).unwrap();
        report.findings.iter().any(|finding| finding.what.contains("table dictionaries"))
    };
    let place = (4_096..bytes.len()).step_by(4_096).find(is_dictionary);
    assert!(place.is_some());
    let report = repaired("the dictionary", &path, &before);
    assert!(count(&report.losses, LossKind::Record) > 1_000, "{report:#?}");
}
