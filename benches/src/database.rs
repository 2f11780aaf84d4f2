//! A database that holds the corpus.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use filedex::import::ImportOptions;
use filedex::{Database, NewFile, VersionRef};
use tempfile::TempDir;

use crate::corpus::Corpus;

const FILE_NAME: &str = "bench.filedex";

/// A database built from a corpus, in a folder that goes with it.
#[derive(Debug)]
pub struct Bench {
    /// The database.
    pub database: Database,
    /// The version that holds the records.
    pub version: VersionRef,
    /// How many records it holds.
    pub records: u64,
    folder: TempDir,
}

impl Bench {
    /// Imports a corpus, as `filedex import` does.
    ///
    /// # Errors
    /// When the corpus cannot be read, a line is refused, or the file cannot be written.
    pub fn import(corpus: &Corpus) -> Result<Self, Box<dyn Error>> {
        let mut bench = Self::empty()?;
        let mut refused = None;
        let report = bench.database.import_lines(
            &bench.version,
            corpus.lines()?,
            &ImportOptions::default(),
            |_| {},
            |error| {
                refused.get_or_insert(error);
            },
        )?;
        if let Some(error) = refused {
            return Err(format!("{corpus}: line {}: {}", error.line, error.reason).into());
        }
        bench.records = report.created;
        Ok(bench)
    }

    /// Puts records into a new database, in batches of `batch_items`.
    ///
    /// # Errors
    /// When a record is refused or the file cannot be written.
    pub fn of(files: &[NewFile], batch_items: usize) -> Result<Self, Box<dyn Error>> {
        let mut bench = Self::empty()?;
        for part in files.chunks(batch_items) {
            let mut batch = bench.database.batch(&bench.version);
            for file in part {
                batch.create(file.clone());
            }
            let report = batch.commit()?;
            if let Some((outcome, why)) = report.failed().next() {
                return Err(format!("{:?}: {why}", outcome.uri).into());
            }
            bench.records += part.len() as u64;
        }
        Ok(bench)
    }

    /// A new database without records.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn empty() -> Result<Self, Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let database = Database::create(folder.path().join(FILE_NAME))?;
        let version = database.default_version()?;
        Ok(Self { database, version, records: 0, folder })
    }

    /// Closes the database and keeps its file for as long as the folder is held.
    ///
    /// # Errors
    /// When the file is not where it was.
    pub fn close(self) -> io::Result<(TempDir, PathBuf)> {
        let path = self.folder.path().join(FILE_NAME);
        drop(self.database);
        path.metadata()?;
        Ok((self.folder, path))
    }

    /// The folder the file is in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_bring_the_same_records() {
        let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/files.jsonl");
        let corpus = Corpus::at(fixtures).unwrap();
        let files = corpus.files(None).unwrap();
        let imported = Bench::import(&corpus).unwrap();
        let created = Bench::of(&files, 1_000).unwrap();
        assert_eq!(imported.records, files.len() as u64);
        assert_eq!(created.records, imported.records);
        let everything = filedex::Query::parse("").unwrap();
        for bench in [imported, created] {
            let reader = bench.database.reader().unwrap();
            assert_eq!(reader.count(&bench.version, &everything).unwrap(), bench.records);
        }
    }
}
