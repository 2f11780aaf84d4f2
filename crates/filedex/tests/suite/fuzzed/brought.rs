//! Bytes as what is brought in: lines of an import, and NumPy files.

use std::path::Path;

use filedex::import::{ImportOptions, VectorRows};
use filedex::{ImportMode, MemoryDevice, NewSpace, NpyRows, Query};

use super::template::{DIMENSION, empty, open};

/// An empty file that lines are imported into.
pub struct Lines {
    empty: Vec<u8>,
}

impl Lines {
    pub fn new() -> Self {
        Self { empty: empty() }
    }

    /// Bytes as lines: each is imported or refused, and the file is sound after.
    pub fn import(&self, bytes: &[u8]) {
        let database = open(MemoryDevice::from_bytes(self.empty.clone())).expect("a file");
        let version = database.default_version().expect("a version");
        let space = NewSpace::new("s", "model", DIMENSION);
        database.create_space(&version, &space).expect("a space");
        let replace = bytes.first().is_some_and(|first| *first == b' ');
        let options = ImportOptions {
            mode: if replace { ImportMode::Replace } else { ImportMode::Merge },
            batch_items: 3,
            ..ImportOptions::default()
        };
        let mut refused = 0;
        let done = database.import_lines(&version, bytes, &options, |_| (), |_| refused += 1);
        if let Ok(report) = done {
            assert_eq!(report.failed, refused);
            let reader = database.reader().expect("a reader");
            let stored = reader.count(&version, &Query::parse("").expect("all")).expect("a count");
            assert!(stored <= report.imported(), "{stored} files of {report:?}");
        }
        let findings = database.check(|_, _| ()).expect("a check").findings;
        assert!(findings.is_empty(), "{findings:?}");
    }
}

/// Rows of a NumPy file that are read at most: its header may tell of any number.
const ROWS: usize = 1_000;

/// Bytes as a NumPy file: an error, or rows of the length it says.
pub fn npy(folder: &Path, bytes: &[u8]) {
    let path = folder.join("fuzzed.npy");
    std::fs::write(&path, bytes).expect("a file");
    let Ok(mut rows) = NpyRows::open(&path) else { return };
    for _ in 0..ROWS {
        match rows.next_row() {
            Ok(Some(row)) => assert_eq!(row.len() as u64, rows.dimension()),
            Ok(None) | Err(_) => break,
        }
    }
}
