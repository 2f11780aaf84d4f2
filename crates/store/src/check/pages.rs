//! The check of the pages, and what those that are damaged held.

use std::collections::HashMap;
use std::path::Path;

use redb::TableHandle;

use super::{About, Finding, Remedy};
use crate::blob::BlobKind;
use crate::error::StoreError;
use crate::key;
use crate::open::Store;
use crate::pages::{Damage, Image, Of, Others, Verified, Why};
use crate::stored::{blob as stored_blob, version as stored_version};
use crate::tables;

/// What [`Store::check_pages`] and [`check_file`] looked at and found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PagesChecked {
    /// Pages that are what was written.
    pub pages: u64,
    /// Those that are not, each with what it held; empty for a sound file.
    pub findings: Vec<Finding>,
}

impl Store {
    /// Reads every page of the newest durable commit from the disk and compares it with its checksum.
    /// Nothing is changed. Readers go on; who writes waits, for about as long as reading the file
    /// takes.
    ///
    /// ```
    /// use filedex_store::{MemoryDevice, Options, Store};
    /// let store = Store::with_device(Box::new(MemoryDevice::default()), &Options::default())?;
    /// let checked = store.check_pages()?;
    /// assert!(checked.pages > 0 && checked.findings.is_empty());
    /// # Ok::<(), filedex_store::StoreError>(())
    /// ```
    ///
    /// # Errors
    /// Where the file cannot be opened; [`StoreError::Poisoned`]. What is damaged is a finding.
    pub fn check_pages(&self) -> Result<PagesChecked, StoreError> {
        self.image(checked)
    }
}

/// Reads every page of a file and compares it with its checksum, also where [`Store::open`] refuses
/// the file. Nothing is changed.
///
/// # Errors
/// [`StoreError::NotFound`]; [`StoreError::Locked`] while a process writes to it;
/// [`StoreError::NotFiledex`] for what is no file; [`StoreError::Damaged`] where not even a commit can
/// be found in it.
pub fn check_file(path: impl AsRef<Path>) -> Result<PagesChecked, StoreError> {
    checked(&Image::of_file(path.as_ref(), Others::Read)?)
}

fn checked(image: &Image) -> Result<PagesChecked, StoreError> {
    let verified = image.verify()?;
    Ok(PagesChecked { pages: verified.pages, findings: findings(image, &verified)? })
}

/// What is damaged, and what it held.
pub(crate) fn findings(image: &Image, verified: &Verified) -> Result<Vec<Finding>, StoreError> {
    let mut findings: Vec<Finding> = verified
        .header
        .iter()
        .map(|what| Finding {
            about: About::Page,
            remedy: Remedy::Rebuild,
            what: format!("the header is damaged: {what}"),
        })
        .collect();
    if verified.damages.is_empty() {
        return Ok(findings);
    }
    let known = Known::read(image, verified)?;
    findings.extend(verified.damages.iter().map(|(of, damage)| known.finding(of, damage)));
    Ok(findings)
}

/// What the numbers in keys stand for.
#[derive(Default)]
struct Known {
    /// The version of each layer.
    versions: HashMap<u32, u32>,
    blobs: HashMap<u64, BlobKind>,
}

impl Known {
    fn read(image: &Image, verified: &Verified) -> Result<Self, StoreError> {
        let mut known = Self::default();
        image.read(verified, tables::VERSIONS, |number, row, _| {
            if let (Some(number), Ok(row)) = (key::le_u32(number), stored_version::decode(row)) {
                known.versions.extend(row.layers.iter().map(|layer| (*layer, number)));
            }
            Ok(())
        })?;
        image.read(verified, tables::BLOBS, |number, head, _| {
            if let (Some(number), Ok(head)) = (key::le_u64(number), stored_blob::decode(head)) {
                known.blobs.insert(number, head.kind);
            }
            Ok(())
        })?;
        Ok(known)
    }

    fn finding(&self, of: &Of, damage: &Damage) -> Finding {
        let of_what = match of {
            Of::List => "the list of tables".to_owned(),
            Of::Table(name) => format!("table {name}"),
            Of::Engine => "the account of free space".to_owned(),
        };
        let why = match damage.why {
            Why::Beyond => "is beyond the end of the file",
            Why::Unreadable => "cannot be read from the disk",
            Why::Changed => "is not what was written",
        };
        let held = match of {
            Of::Table(name) => self.held(name, damage).map(|held| format!(": {held}")),
            _ => None,
        };
        let what = match damage.offset {
            u64::MAX => format!("a page of {of_what} {why}{}", held.unwrap_or_default()),
            at => format!("the page of {of_what} at byte {at} {why}{}", held.unwrap_or_default()),
        };
        Finding { about: About::Page, remedy: self.remedy(of, damage), what }
    }

    /// What the keys of a damaged page name.
    fn held(&self, table: &str, damage: &Damage) -> Option<String> {
        match table {
            _ if table == tables::RECORDS.name() => self.rows_of(damage),
            _ if table == tables::CHUNKS.name() => {
                let blobs = self.blobs_of(damage);
                let named = blobs.iter().take(MOST_NAMED).map(|blob| match self.blobs.get(blob) {
                    Some(BlobKind::Text) => format!("{blob} (text)"),
                    Some(BlobKind::Vectors) => format!("{blob} (vectors)"),
                    Some(BlobKind::Graph) => format!("{blob} (a graph)"),
                    None => blob.to_string(),
                });
                let named: Vec<String> = named.collect();
                let more = if blobs.len() > MOST_NAMED { " and more" } else { "" };
                (!named.is_empty()).then(|| format!("chunks of blob {}{more}", named.join(", ")))
            }
            _ => None,
        }
    }

    fn rows_of(&self, damage: &Damage) -> Option<String> {
        let key = |bytes: &Option<Vec<u8>>| bytes.as_deref().and_then(key::le_u64);
        let (after, up_to) = (key(&damage.after), key(&damage.up_to));
        let layer = key::layer_of(up_to.or(after)?);
        let version = match self.versions.get(&layer) {
            Some(version) => format!("version number {version}"),
            None => format!("layer {layer}"),
        };
        let before = after.filter(|after| key::layer_of(*after) == layer);
        let first = before.map_or(0, |before| key::row_of(before).saturating_add(1));
        Some(match up_to {
            Some(last) => format!("rows {first} to {} of {version}", key::row_of(last)),
            None => format!("rows from {first} on of {version}"),
        })
    }

    /// The blobs whose chunks a damaged page can have held.
    fn blobs_of(&self, damage: &Damage) -> Vec<u64> {
        let blob = |key: &Option<Vec<u8>>| key.as_deref().and_then(key::le_u64);
        let (from, to) = (blob(&damage.after), blob(&damage.up_to));
        let within = from.unwrap_or(0)..=to.unwrap_or(u64::MAX);
        let mut blobs: Vec<u64> =
            self.blobs.keys().copied().filter(|blob| within.contains(blob)).collect();
        blobs.sort_unstable();
        blobs
    }

    fn remedy(&self, of: &Of, damage: &Damage) -> Remedy {
        let table = match of {
            Of::List => return Remedy::Salvage,
            Of::Engine => return Remedy::Rebuild,
            Of::Table(name) => name.as_str(),
        };
        let derived = [
            tables::DATASET_NAMES.name(),
            tables::VERSION_NAMES.name(),
            tables::VERSION_IDS.name(),
            tables::IDS.name(),
            tables::NAMES.name(),
            tables::FOLDERS.name(),
            tables::SEGMENTS.name(),
            tables::LINKS.name(),
            tables::GARBAGE.name(),
        ];
        let blobs = self.blobs_of(damage);
        let vectors = |blob: &u64| self.blobs.get(blob) == Some(&BlobKind::Vectors);
        let only_derived =
            table == tables::CHUNKS.name() && !blobs.is_empty() && !blobs.iter().any(vectors);
        if only_derived || derived.contains(&table) { Remedy::Rebuild } else { Remedy::Salvage }
    }
}

/// Blobs that a finding names at most.
const MOST_NAMED: usize = 8;
