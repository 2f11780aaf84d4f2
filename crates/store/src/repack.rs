//! Compaction of the records: each large layer gets a dictionary made of its own records, and the
//! table of records is written anew, compressed with it and packed page by page.
//!
//! The new table grows beside the old one in several commits, and takes its place in the last one:
//! until then everybody reads the old one, and what a crash leaves of the new one goes away when
//! the file is next opened for writing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use redb::{Database, ReadableTable, TableHandle};

use crate::dictionary::{self, Dictionaries};
use crate::error::{StoreError, Translate};
use crate::key;
use crate::open::Store;
use crate::options::Durability;
use crate::pack::{self, Dictionary};
use crate::stored::dictionary::{self as stored_dictionary, DictionaryBytes};
use crate::stored::{record as stored, version as stored_version};
use crate::tables::{DICTIONARIES, RECORDS, RECORDS_NEW, VERSIONS};
use crate::write::WriteBatch;

/// Layers with fewer records get no dictionary.
const RECORDS_FROM: u64 = 1_000;
/// A dictionary is made anew when the layer has grown this many times over.
const GROWTH: u64 = 4;
/// The longest dictionary; it fits a page of 128 KiB.
const DICTIONARY_BYTES: usize = 112 * 1024;
/// The dictionary is at most this part of the bodies of its layer.
const DICTIONARY_SHARE: u64 = 16;
/// How many records a dictionary is made of, and how many bytes of each.
const SAMPLES: u64 = 16_384;
const SAMPLE_BYTES: usize = 4_096;
/// What one commit moves at most.
const BATCH_RECORDS: usize = 20_000;
const BATCH_BYTES: usize = 32 * 1024 * 1024;

/// Removes what a crash in [`run`] left.
pub(crate) fn sweep(store: &Store) -> Result<(), StoreError> {
    let left = |name: &str| name == RECORDS_NEW.name();
    if store.read()?.txn().list_tables().translate()?.any(|table| left(table.name())) {
        let batch = store.write()?;
        batch.txn().delete_table(RECORDS_NEW).translate()?;
        batch.commit_same_generation()?;
    }
    Ok(())
}

/// Does what this module is for, where it is worth the work. Nobody else may be in a transaction.
pub(crate) fn run(store: &Store, database: &Database) -> Result<(), StoreError> {
    let begin = || {
        let mut batch = WriteBatch::new(store.clone(), database.begin_write().translate()?)?;
        batch.set_durability(Durability::Durable);
        Ok::<_, StoreError>(batch)
    };
    let batch = begin()?;
    // What a run before this one left when the disk was full.
    let left = batch.txn().delete_table(RECORDS_NEW).translate()?;
    let mut trained = false;
    for (layer, records) in layers(&batch)? {
        trained |= train(&batch, layer, records)?;
    }
    let newest = newest_of_all(&batch)?;
    if !trained && (newest.is_empty() || !is_worth_it(&batch, &newest)?) {
        return if left { batch.commit_same_generation() } else { Ok(()) };
    }
    batch.commit_same_generation()?;

    let (mut from, mut needed) = (Some(0), BTreeSet::new());
    while let Some(next) = from {
        let batch = begin()?;
        from = copy(&batch, next, &newest, &mut needed)?;
        batch.commit_same_generation()?;
    }

    let batch = begin()?;
    batch.txn().delete_table(RECORDS).translate()?;
    batch.txn().rename_table(RECORDS_NEW, RECORDS).translate()?;
    let stays = |layer: u32, number: u32| {
        newest.get(&layer) == Some(&number) || needed.contains(&(layer, number))
    };
    let mut dictionaries = batch.txn().open_table(DICTIONARIES).translate()?;
    dictionaries.retain(|(layer, number), _| stays(layer, number)).translate()?;
    drop(dictionaries);
    batch.commit_same_generation()?;
    store.dictionaries().forget(|layer, number| !stays(layer, number));
    Ok(())
}

/// Every layer, and how many records it has.
fn layers(batch: &WriteBatch) -> Result<Vec<(u32, u64)>, StoreError> {
    let mut layers = Vec::new();
    for entry in batch.txn().open_table(VERSIONS).translate()?.iter().translate()? {
        let (number, bytes) = entry.translate()?;
        let layer = stored_version::decode(bytes.value())
            .and_then(|row| Ok((row.layer()?, row.active.saturating_add(row.deleted))))
            .map_err(|why| why.at(format_args!("version number {}", number.value())))?;
        layers.push(layer);
    }
    Ok(layers)
}

/// The number of the newest dictionary of each layer that has one.
fn newest_of_all(batch: &WriteBatch) -> Result<BTreeMap<u32, u32>, StoreError> {
    let mut newest = BTreeMap::new();
    for entry in batch.txn().open_table(DICTIONARIES).translate()?.iter().translate()? {
        let (layer, number) = entry.translate()?.0.value();
        newest.insert(layer, number);
    }
    Ok(newest)
}

/// Makes a dictionary for a layer that is large enough and has none, or has one made when it was
/// much smaller. Answers whether one was made: it is not where it would bring less than an eighth.
fn train(batch: &WriteBatch, layer: u32, records: u64) -> Result<bool, StoreError> {
    let newest = dictionary::newest_number(batch, layer)?;
    if records < RECORDS_FROM || newest.is_some_and(|number| number == u32::MAX) {
        return Ok(false);
    }
    if let Some(number) = newest {
        let dictionaries = batch.txn().open_table(DICTIONARIES).translate()?;
        let made_of = dictionaries.get((layer, number)).translate()?;
        let made_of = made_of.and_then(|bytes| stored_dictionary::decode(bytes.value()).ok());
        if made_of.is_some_and(|made_of| records / GROWTH < made_of.records) {
            return Ok(false);
        }
    }
    let sample = sample(batch, layer, records)?;
    let count = sample.lengths.len() as u64;
    let bodies = sample.bytes.len() as u64 * records / count.max(1);
    let size = usize::try_from(bodies / DICTIONARY_SHARE).unwrap_or(usize::MAX);
    let size = size.min(DICTIONARY_BYTES);
    let Some(bytes) = pack::train(&sample.bytes, &sample.lengths, size) else { return Ok(false) };
    let overhead = bytes.len() as u64 * count / records;
    let dictionary = DictionaryBytes { records, bytes };
    let encoded = stored_dictionary::encode(&dictionary)?;
    let Ok(dictionary) = Dictionary::new(dictionary.bytes) else { return Ok(false) };
    let (mut packed, mut start) = (Vec::new(), 0);
    for length in sample.lengths {
        dictionary.pack(&sample.bytes[start..start + length], &mut packed);
        start += length;
    }
    if packed.len() as u64 + overhead > sample.stored - sample.stored / 8 {
        return Ok(false);
    }
    let mut dictionaries = batch.txn().open_table(DICTIONARIES).translate()?;
    let number = newest.map_or(1, |newest| newest + 1);
    dictionaries.insert((layer, number), encoded.as_slice()).translate()?;
    Ok(true)
}

/// Bodies of a layer.
#[derive(Default)]
struct Sample {
    /// The beginnings of the bodies, one after the other.
    bytes: Vec<u8>,
    lengths: Vec<usize>,
    /// How many bytes they take in the file, as they are stored now.
    stored: u64,
}

/// Bodies from all over a layer.
fn sample(batch: &WriteBatch, layer: u32, records: u64) -> Result<Sample, StoreError> {
    let table = batch.txn().open_table(RECORDS).translate()?;
    let rows = key::record(layer, 0)..=key::record(layer, u32::MAX);
    let step = usize::try_from(records.div_ceil(SAMPLES)).unwrap_or(usize::MAX);
    let mut sample = Sample::default();
    for entry in table.range(rows).translate()?.step_by(step) {
        let (_, bytes) = entry.translate()?;
        let bytes = bytes.value();
        let Some(old) = old_dictionary(batch, layer, bytes)? else { continue };
        // An undecodable record is for the check to find.
        let Ok(body) = stored::checked_body(bytes, old.as_deref()) else { continue };
        let length = body.len().min(SAMPLE_BYTES);
        sample.bytes.extend_from_slice(&body[..length]);
        sample.lengths.push(length);
        sample.stored += (bytes.len().min(length)) as u64;
    }
    Ok(sample)
}

/// The dictionary that a record needs, if any; `None` where it is damaged, as [`check`] will tell.
///
/// [`check`]: crate::check()
fn old_dictionary(
    batch: &WriteBatch,
    layer: u32,
    bytes: &[u8],
) -> Result<Option<Option<Arc<Dictionary>>>, StoreError> {
    match stored::dictionary_of(bytes) {
        Ok(None) => Ok(Some(None)),
        Err(_) => Ok(None),
        Ok(Some(number)) => match batch.dictionary(layer, number) {
            Ok(dictionary) => Ok(Some(Some(dictionary))),
            Err(StoreError::Damaged { .. }) => Ok(None),
            Err(error) => Err(error),
        },
    }
}

/// Whether an eighth of the records that could have the newest dictionary of their layer do not.
fn is_worth_it(batch: &WriteBatch, newest: &BTreeMap<u32, u32>) -> Result<bool, StoreError> {
    let (mut all, mut others) = (0_u64, 0_u64);
    let records = batch.txn().open_table(RECORDS).translate()?;
    for (layer, number) in newest {
        let rows = key::record(*layer, 0)..=key::record(*layer, u32::MAX);
        for entry in records.range(rows).translate()? {
            let (_, bytes) = entry.translate()?;
            all += 1;
            others += u64::from(stored::dictionary_of(bytes.value()).ok() != Some(Some(*number)));
        }
    }
    Ok(others > all / 8)
}

/// Copies a batch of records to the new table, and answers where the next one begins. `needed`
/// gets the dictionaries of what could not be packed anew.
fn copy(
    batch: &WriteBatch,
    from: u64,
    newest: &BTreeMap<u32, u32>,
    needed: &mut BTreeSet<(u32, u32)>,
) -> Result<Option<u64>, StoreError> {
    let records = batch.txn().open_table(RECORDS).translate()?;
    let mut copies = batch.txn().open_table(RECORDS_NEW).translate()?;
    let (mut out, mut read) = (Vec::new(), 0);
    for (count, entry) in records.range(from..).translate()?.enumerate() {
        let (at, bytes) = entry.translate()?;
        let (at, bytes) = (at.value(), bytes.value());
        if count == BATCH_RECORDS || read >= BATCH_BYTES {
            return Ok(Some(at));
        }
        read += bytes.len();
        let layer = key::layer_of(at);
        let packed = repack(batch, layer, newest.get(&layer).copied(), bytes, &mut out)?;
        let kept = if packed { out.as_slice() } else { bytes };
        if let Ok(Some(number)) = stored::dictionary_of(kept) {
            needed.insert((layer, number));
        }
        copies.insert(at, kept).translate()?;
    }
    Ok(None)
}

/// Packs a record with dictionary `number` of its layer; `false` where it had better stay as it is.
fn repack(
    batch: &WriteBatch,
    layer: u32,
    number: Option<u32>,
    bytes: &[u8],
    out: &mut Vec<u8>,
) -> Result<bool, StoreError> {
    let Some(number) = number else { return Ok(false) };
    if stored::dictionary_of(bytes).ok() == Some(Some(number)) {
        return Ok(false);
    }
    let Some(old) = old_dictionary(batch, layer, bytes)? else { return Ok(false) };
    let new = match batch.dictionary(layer, number) {
        Ok(new) => new,
        Err(StoreError::Damaged { .. }) => return Ok(false),
        Err(error) => return Err(error),
    };
    Ok(stored::recompress(bytes, old.as_deref(), Some((number, &new)), out).is_ok())
}
