//! One number for all that a snapshot holds.

use redb::{Key, ReadableTable, TableDefinition, TableError, TableHandle, Value};
use xxhash_rust::xxh3::Xxh3Default;

use crate::error::{StoreError, Translate};
use crate::guard::guarded;
use crate::read::ReadSnapshot;
use crate::tables::{self, Visit};

impl ReadSnapshot {
    /// A hash (XXH3, 128 bits) of every key and value of every table, the generation included.
    /// Snapshots of equal fingerprints hold the same, wherever it stands in their files. It reads all
    /// of the file.
    ///
    /// ```
    /// use filedex_store::{MemoryDevice, Options, Store};
    /// let store = Store::with_device(Box::new(MemoryDevice::default()), &Options::default())?;
    /// let before = store.read()?.fingerprint()?;
    /// assert_eq!(store.read()?.fingerprint()?, before);
    /// store.write()?.commit()?;
    /// assert_ne!(store.read()?.fingerprint()?, before);
    /// # Ok::<(), filedex_store::StoreError>(())
    /// ```
    ///
    /// # Errors
    /// See [`ReadSnapshot`].
    pub fn fingerprint(&self) -> Result<u128, StoreError> {
        guarded(|| {
            let mut hashing = Hashing { snapshot: self, hash: Xxh3Default::new() };
            tables::visit(&mut hashing)?;
            Ok(hashing.hash.digest128())
        })
    }
}

struct Hashing<'a> {
    snapshot: &'a ReadSnapshot,
    hash: Xxh3Default,
}

impl Hashing<'_> {
    /// With its length before it, so that no two rows of parts are hashed alike.
    fn add(&mut self, bytes: &[u8]) {
        self.hash.update(&(bytes.len() as u64).to_le_bytes());
        self.hash.update(bytes);
    }
}

impl Visit for Hashing<'_> {
    fn table<K: Key + 'static, V: Value + 'static>(
        &mut self,
        definition: TableDefinition<'static, K, V>,
    ) -> Result<(), StoreError> {
        self.add(definition.name().as_bytes());
        let table = match self.snapshot.txn().open_table(definition) {
            // Files of earlier formats lack those that came later.
            Err(TableError::TableDoesNotExist(_)) => return Ok(()),
            opened => opened.translate()?,
        };
        for entry in table.iter().translate()? {
            let (key, value) = entry.translate()?;
            self.add(K::as_bytes(&key.value()).as_ref());
            self.add(V::as_bytes(&value.value()).as_ref());
        }
        Ok(())
    }
}
