//! The dictionaries of the layers: finding them, and keeping the prepared ones.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use redb::{ReadOnlyTable, ReadableTable};

use crate::error::{StoreError, Translate};
use crate::pack::Dictionary;
use crate::stored::dictionary as stored;
use crate::tables::DICTIONARIES;
use crate::write::WriteBatch;

/// The prepared dictionaries of an open database. A dictionary never changes and its number is
/// never given out again, so one cache serves every snapshot.
#[derive(Default)]
pub(crate) struct Cache {
    prepared: RwLock<HashMap<(u32, u32), Arc<Dictionary>>>,
}

impl Cache {
    fn get(&self, layer: u32, number: u32) -> Option<Arc<Dictionary>> {
        let prepared = self.prepared.read().unwrap_or_else(PoisonError::into_inner);
        prepared.get(&(layer, number)).cloned()
    }

    fn keep(&self, layer: u32, number: u32, dictionary: &Arc<Dictionary>) {
        let mut prepared = self.prepared.write().unwrap_or_else(PoisonError::into_inner);
        prepared.insert((layer, number), dictionary.clone());
    }

    /// Frees what nothing is likely to ask for again.
    pub(crate) fn forget(&self, gone: impl Fn(u32, u32) -> bool) {
        let mut prepared = self.prepared.write().unwrap_or_else(PoisonError::into_inner);
        prepared.retain(|(layer, number), _| !gone(*layer, *number));
    }
}

/// Where the dictionaries of one commit, or of a batch, are found.
pub(crate) trait Dictionaries {
    /// Those that are prepared.
    fn cache(&self) -> &Cache;

    /// Prepares one from the file.
    fn load(&self, layer: u32, number: u32) -> Result<Dictionary, StoreError>;

    /// A dictionary of a layer.
    fn dictionary(&self, layer: u32, number: u32) -> Result<Arc<Dictionary>, StoreError> {
        if let Some(dictionary) = self.cache().get(layer, number) {
            return Ok(dictionary);
        }
        let dictionary = Arc::new(self.load(layer, number)?);
        self.cache().keep(layer, number, &dictionary);
        Ok(dictionary)
    }
}

/// The dictionaries for an iterator that outlives its snapshot.
pub(crate) struct OwnDictionaries {
    pub(crate) table: ReadOnlyTable<(u32, u32), &'static [u8]>,
    pub(crate) cache: Arc<Cache>,
}

impl Dictionaries for OwnDictionaries {
    fn cache(&self) -> &Cache {
        &self.cache
    }

    fn load(&self, layer: u32, number: u32) -> Result<Dictionary, StoreError> {
        load(&self.table, layer, number)
    }
}

impl Dictionaries for WriteBatch {
    fn cache(&self) -> &Cache {
        self.store().dictionaries()
    }

    fn load(&self, layer: u32, number: u32) -> Result<Dictionary, StoreError> {
        load(&self.txn().open_table(DICTIONARIES).translate()?, layer, number)
    }
}

pub(crate) fn load(
    dictionaries: &impl ReadableTable<(u32, u32), &'static [u8]>,
    layer: u32,
    number: u32,
) -> Result<Dictionary, StoreError> {
    let place = || format!("dictionary {number} of layer {layer}");
    let Some(bytes) = dictionaries.get((layer, number)).translate()? else {
        return Err(StoreError::damaged(format!("{} is missing", place())));
    };
    stored::decode(bytes.value())
        .and_then(|stored| Dictionary::new(stored.bytes))
        .map_err(|why| why.at(place()))
}

/// The number of the newest dictionary of a layer: the one that new records are packed with.
pub(crate) fn newest_number(batch: &WriteBatch, layer: u32) -> Result<Option<u32>, StoreError> {
    let dictionaries = batch.txn().open_table(DICTIONARIES).translate()?;
    let mut numbers = dictionaries.range((layer, 0)..=(layer, u32::MAX)).translate()?;
    let newest = numbers.next_back().transpose().translate()?;
    Ok(newest.map(|(key, _)| key.value().1))
}

/// The newest dictionary of a layer and its number.
pub(crate) fn newest(
    batch: &WriteBatch,
    layer: u32,
) -> Result<Option<(u32, Arc<Dictionary>)>, StoreError> {
    let number = newest_number(batch, layer)?;
    number.map(|number| Ok((number, batch.dictionary(layer, number)?))).transpose()
}
