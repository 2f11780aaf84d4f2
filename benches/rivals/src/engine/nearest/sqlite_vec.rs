//! sqlite-vec: a scan over a `vec0` table of 32-bit numbers, in SQLite as the other sections set it.
//!
//! The distance is the table's default, L2, which orders unit vectors as the cosine does and is the
//! one that sqlite-vec has SIMD code for where it is compiled in; as the crate comes it is not.

use std::path::Path;
use std::time::Duration;

use rusqlite::auto_extension::{RawAutoExtension, register_auto_extension};
use rusqlite::{Connection, params};

use super::{Answered, NEAREST, Vectors};
use crate::Outcome;
use crate::engine::{BATCH, MEMORY_BYTES};
use crate::timing::timed;

/// An open SQLite database with a `vec0` table.
#[derive(Debug)]
pub struct SqliteVec {
    connection: Connection,
}

impl SqliteVec {
    /// Makes a database.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn create(path: &Path, dimension: usize) -> Outcome<Self> {
        let near = Self::open(path)?;
        let table = format!("CREATE VIRTUAL TABLE near USING vec0 (embedding float[{dimension}])");
        near.connection.execute_batch(&table)?;
        Ok(near)
    }

    /// Opens a database.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(path: &Path) -> Outcome<Self> {
        register()?;
        let connection = Connection::open(path)?;
        connection.execute_batch(&format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;
             PRAGMA cache_size = -{};",
            MEMORY_BYTES >> 10
        ))?;
        connection.set_prepared_statement_cache_capacity(100);
        Ok(Self { connection })
    }

    /// sqlite-vec's version, and what it was compiled with.
    ///
    /// # Errors
    /// When it is not there.
    pub fn version(&self) -> Outcome<String> {
        let version: String =
            self.connection.query_row("SELECT vec_version()", [], |row| row.get(0))?;
        let debug: String =
            self.connection.query_row("SELECT vec_debug()", [], |row| row.get(0))?;
        let flags = debug.lines().find_map(|line| line.strip_prefix("Build flags:"));
        let flags = flags.map(str::trim).filter(|flags| !flags.is_empty());
        Ok(format!("{version} ({})", flags.unwrap_or("no SIMD, as the crate comes")))
    }

    /// Writes vectors in durable batches; tells how long that took.
    ///
    /// # Errors
    /// When one is refused.
    pub fn load(&mut self, vectors: Vectors<'_>) -> Outcome<Duration> {
        let blobs: Vec<Vec<u8>> = vectors.iter().map(Self::question).collect();
        let (done, taken) = timed(|| -> Outcome {
            for (part, first) in blobs.chunks(BATCH).zip((0_i64..).step_by(BATCH)) {
                let batch = self.connection.transaction()?;
                let mut insert =
                    batch.prepare_cached("INSERT INTO near (rowid, embedding) VALUES (?1, ?2)")?;
                for (blob, row) in part.iter().zip(first..) {
                    insert.execute(params![row, blob])?;
                }
                drop(insert);
                batch.commit()?;
            }
            Ok(())
        });
        done?;
        Ok(taken)
    }

    /// Writes the rows that pass a filter into a table of their own.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn add_filter(&mut self, filter: usize, passes: &[bool]) -> Outcome {
        let batch = self.connection.transaction()?;
        batch.execute_batch(&format!("CREATE TABLE passes_{filter} (row INTEGER PRIMARY KEY)"))?;
        let mut insert = batch.prepare(&format!("INSERT INTO passes_{filter} VALUES (?1)"))?;
        for (row, _) in (0_i64..).zip(passes).filter(|(_, passes)| **passes) {
            insert.execute([row])?;
        }
        drop(insert);
        Ok(batch.commit()?)
    }

    /// Rewrites the file without gaps, its log taken in.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn vacuum(&self) -> Outcome {
        Ok(self.connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")?)
    }

    /// A vector as it is asked for.
    #[must_use]
    pub fn question(vector: &[f32]) -> Vec<u8> {
        vector.iter().flat_map(|number| number.to_le_bytes()).collect()
    }

    /// Searches, among the rows of a filter where that is given.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn ask(&self, question: &[u8], filter: Option<usize>) -> Outcome<Answered> {
        let among = filter.map_or_else(String::new, |filter| {
            format!(" AND rowid IN (SELECT row FROM passes_{filter})")
        });
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT rowid FROM near WHERE embedding MATCH ?1 AND k = {NEAREST}{among}"
        ))?;
        let (rows, taken) = timed(|| -> rusqlite::Result<Vec<u32>> {
            statement.query_map([question], |row| row.get(0))?.collect()
        });
        Ok((rows?, taken))
    }
}

/// Gives every connection that is opened from now on the `vec0` tables.
#[expect(unsafe_code, reason = "sqlite-vec is C, and its crate declares no more than its name")]
fn register() -> Outcome {
    let init: unsafe extern "C" fn() = sqlite_vec::sqlite3_vec_init;
    // SAFETY: sqlite-vec.h declares the function with the three arguments that SQLite gives to an
    // extension; the crate leaves them out. It opens and closes no database and leaves the list of
    // extensions alone. SQLite keeps an extension that is named again once.
    unsafe {
        let init = std::mem::transmute::<unsafe extern "C" fn(), RawAutoExtension>(init);
        register_auto_extension(init)?;
    }
    Ok(())
}
