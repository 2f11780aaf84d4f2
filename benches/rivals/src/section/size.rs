//! The files' sizes.

use std::io::Write;

use filedex::{Database, NewFile};

use crate::Outcome;
use crate::engine::{Filedex, Sqlite, Tantivy};
use crate::record::Record;
use crate::report::{Report, Table, bytes_ratio, megabytes, times, verdict};
use crate::workshop::{Workshop, bytes_of};

const LEVEL: i32 = 3;
/// Records compressed this many bytes at a time can be read one by one, as a store has to.
const BLOCK_BYTES: usize = 16 << 10;
const LIMIT: f64 = 1.5;

/// Compacts copies of the databases and measures them.
///
/// # Errors
/// When a database cannot be rewritten.
pub fn run(workshop: &Workshop, files: &[NewFile], report: &mut Report) -> Outcome {
    report.section(
        "Size",
        "Bytes after the import, and rewritten: `compact`; FTS5's `optimize` and `VACUUM`; one \
         segment. The yardstick is tantivy's index in one segment without its document store, plus \
         the records as JSON in one zstd stream (level 3): the strictest reading of the target.",
        "Filedex compacted at most 1.5 times tantivy's index plus the compressed records.",
    );
    let filedex_before = bytes_of(&workshop.filedex(), "")?;
    let compacted = workshop.copy(&workshop.filedex(), "compacted.filedex")?;
    let database = Database::open(&compacted)?;
    database.compact()?;
    let info = database.info()?;
    drop(database);
    let filedex_after = bytes_of(&compacted, "")?;

    let sqlite_before = bytes_of(&workshop.sqlite(), "")?;
    let vacuumed = workshop.copy(&workshop.sqlite(), "vacuumed.sqlite")?;
    Sqlite::open(&vacuumed)?.vacuum()?;
    let sqlite_after = bytes_of(&vacuumed, "")?;

    let tantivy_before = bytes_of(&workshop.tantivy(), "")?;
    let merged = workshop.copy(&workshop.tantivy(), "merged.tantivy")?;
    Tantivy::open(&merged)?.merge_all()?;
    let (tantivy_after, store) = (bytes_of(&merged, "")?, bytes_of(&merged, ".store")?);

    let (stream, blocks) = compressed(files)?;
    let yardstick = tantivy_after - store + stream;
    let mut table = Table::new(&["what", "MB"]);
    for (what, bytes) in [
        ("Filedex, after the import", filedex_before),
        ("Filedex, compacted", filedex_after),
        ("Filedex, live bytes when compacted", info.live_bytes),
        ("SQLite, after the import", sqlite_before),
        ("SQLite, optimized and vacuumed", sqlite_after),
        ("tantivy, after the import, with records", tantivy_before),
        ("tantivy, one segment, with records", tantivy_after),
        ("tantivy, one segment, without its document store", tantivy_after - store),
        ("records, zstd 3, one stream", stream),
        ("records, zstd 3, blocks of 16 KiB", blocks),
        ("yardstick: index without store, and stream", yardstick),
    ] {
        table.row([what.to_owned(), megabytes(bytes)]);
    }
    report.table(&table);
    let ratio = bytes_ratio(filedex_after, yardstick);
    report.line(&format!(
        "Filedex compacted / yardstick: {} ({}). With blocks of 16 KiB for the stream: {}. \
         Against SQLite vacuumed: {}.\n",
        times(ratio),
        verdict(ratio <= LIMIT),
        times(bytes_ratio(filedex_after, tantivy_after - store + blocks)),
        times(bytes_ratio(filedex_after, sqlite_after)),
    ));
    let mut parts = Table::new(&["part of Filedex, compacted", "stored MB", "overhead MB"]);
    for part in info.parts {
        parts.row([part.part, megabytes(part.stored_bytes), megabytes(part.overhead_bytes)]);
    }
    report.table(&parts);
    Ok(())
}

/// The records as JSON lines under zstd: bytes of one stream, and of many blocks.
fn compressed(files: &[NewFile]) -> Outcome<(u64, u64)> {
    let dataset = Filedex::dataset_id()?;
    let now = filedex::Timestamp::now();
    let mut stream = zstd::Encoder::new(Vec::new(), LEVEL)?;
    let (mut block, mut blocks) = (Vec::with_capacity(2 * BLOCK_BYTES), 0);
    for file in files {
        let record = Record::from(&file.clone().into_record(&dataset, now));
        let mut line = serde_json::to_vec(&record)?;
        line.push(b'\n');
        stream.write_all(&line)?;
        block.extend_from_slice(&line);
        if block.len() >= BLOCK_BYTES {
            blocks += zstd::bulk::compress(&block, LEVEL)?.len() as u64;
            block.clear();
        }
    }
    blocks += zstd::bulk::compress(&block, LEVEL)?.len() as u64;
    Ok((stream.finish()?.len() as u64, blocks))
}
