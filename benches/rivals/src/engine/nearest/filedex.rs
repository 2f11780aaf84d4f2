//! Filedex through its public interface: a query with a vector, a page of ten records.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use filedex::{
    Builder, Database, FileId, NewFile, NewSpace, NewVector, Query, VectorStorage, VersionRef,
};

use super::{Answered, NEAREST, Vectors};
use crate::Outcome;
use crate::engine::BATCH;
use crate::timing::timed;

const SPACE: &str = "captions";
const MODEL: &str = "all-MiniLM-L6-v2";

/// An open Filedex database with vectors.
#[derive(Debug)]
pub struct Near {
    /// The database.
    pub database: Database,
    version: VersionRef,
    rows: HashMap<FileId, u32>,
}

impl Near {
    /// Makes a database with a space; without one where no vectors are to come.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn create(path: &Path, space: Option<(usize, VectorStorage)>) -> Outcome<Self> {
        let near = Self::with(Database::create(path)?, &[])?;
        if let Some((dimension, storage)) = space {
            let space = NewSpace::new(SPACE, MODEL, u32::try_from(dimension)?);
            near.database.create_space(&near.version, &NewSpace { storage, ..space })?;
        }
        Ok(near)
    }

    /// Opens a database. `files` are the records, by rows.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(path: &Path, builder: &Builder, files: &[NewFile]) -> Outcome<Self> {
        Self::with(builder.open(path)?, files)
    }

    /// Takes an open database.
    ///
    /// # Errors
    /// When there is no version.
    pub fn with(database: Database, files: &[NewFile]) -> Outcome<Self> {
        let version = database.default_version()?;
        let rows = files.iter().map(|file| version.file_id(&file.uri)).zip(0..).collect();
        Ok(Self { database, version, rows })
    }

    /// Writes records with their vectors, or without, in durable batches; tells how long that took,
    /// the copies made for it not counted.
    ///
    /// # Errors
    /// When a record is refused.
    pub fn load(&self, files: &[NewFile], vectors: Option<Vectors<'_>>) -> Outcome<Duration> {
        let mut taken = Duration::ZERO;
        for (part, first) in files.chunks(BATCH).zip((0..).step_by(BATCH)) {
            let of = |at: usize| vectors.map(|vectors| NewVector::of(vectors.get(at).to_vec()));
            let part: Vec<_> = part
                .iter()
                .zip(first..)
                .map(|(file, at)| (file.clone(), of(at).into_iter().collect()))
                .collect();
            let (report, time) = timed(|| {
                let mut batch = self.database.batch(&self.version);
                for (file, vectors) in part {
                    batch.create_embedded(file, vectors);
                }
                batch.commit()
            });
            taken += time;
            if let Some((outcome, why)) = report?.failed().next() {
                return Err(format!("{:?}: {why}", outcome.uri).into());
            }
        }
        Ok(taken)
    }

    /// A question for the nearest of those that satisfy an expression; blank for all.
    ///
    /// # Errors
    /// When the expression is not in the language.
    pub fn question(expression: &str, vector: &[f32], exact: bool) -> Outcome<Query> {
        let nearest = u32::try_from(NEAREST)?;
        let query = Query::parse(expression)?.vector(vector.to_vec());
        let query = query.top_k(nearest).limit(nearest);
        Ok(if exact { query.exact() } else { query })
    }

    /// Asks on the newest snapshot; timed is `Reader::list`, which reads the ten records.
    ///
    /// # Errors
    /// When the query is refused or the file cannot be read.
    pub fn ask(&self, query: &Query) -> Outcome<Answered> {
        let reader = self.database.reader()?;
        let (page, taken) = timed(|| reader.list(&self.version, query));
        let mut rows = Vec::with_capacity(NEAREST);
        for hit in page?.hits {
            rows.push(*self.rows.get(&hit.record.id).ok_or("a record that was not written")?);
        }
        Ok((rows, taken))
    }

    /// How many records satisfy an expression.
    ///
    /// # Errors
    /// When it is not in the language.
    pub fn count(&self, expression: &str) -> Outcome<u64> {
        Ok(self.database.reader()?.count(&self.version, &Query::parse(expression)?)?)
    }

    /// How long it takes to read records by their ids.
    ///
    /// # Errors
    /// When one is not there.
    pub fn read(&self, files: &[&NewFile]) -> Outcome<Duration> {
        let ids: Vec<FileId> = files.iter().map(|file| self.version.file_id(&file.uri)).collect();
        let reader = self.database.reader()?;
        let (read, taken) = timed(|| -> filedex::Result<Vec<_>> {
            ids.iter().map(|id| reader.get(&self.version, id)).collect()
        });
        read?;
        Ok(taken)
    }
}
