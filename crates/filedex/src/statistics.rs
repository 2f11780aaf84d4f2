//! Statistics: how many files each folder, type or tag has.

use filedex_index::Facet;

use crate::database::VersionRef;
use crate::error::{Error, ErrorKind, Result};
use crate::list::Query;
use crate::reader::{Matching, Reader};

/// What files are counted by (PAI's AggregateBy).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Aggregate {
    /// The folder.
    FileDir,
    /// The main MIME type.
    FileType,
    /// User tags.
    TagsUser,
    /// Machine tags, those taken back included.
    TagsAi,
    /// ai and user, less user-delete-ai-tags.
    TagsAll,
    /// Machine tags a person took back.
    TagsUserDeleteAi,
}

impl Aggregate {
    /// All of them, with PAI's names.
    pub const NAMES: [(&'static str, Self); 6] = [
        ("filedir", Self::FileDir),
        ("filetype", Self::FileType),
        ("tags.user", Self::TagsUser),
        ("tags.ai", Self::TagsAi),
        ("tags.all", Self::TagsAll),
        ("tags.user-delete-ai-tags", Self::TagsUserDeleteAi),
    ];
}

impl std::str::FromStr for Aggregate {
    type Err = Error;

    /// Reads PAI's names, in any case.
    fn from_str(text: &str) -> Result<Self> {
        let lower = text.to_lowercase();
        let lower = if lower == "file_type" { "filetype" } else { &lower };
        Self::NAMES.iter().find(|(name, _)| *name == lower).map(|(_, a)| *a).ok_or_else(|| {
            let names: Vec<_> = Self::NAMES.iter().map(|(name, _)| *name).collect();
            Error::new(
                ErrorKind::BadInput,
                format!("{text:?} is nothing to count by; one of {}", names.join(", ")),
            )
        })
    }
}

/// One group of a statistic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupCount {
    /// The folder, type or tag.
    pub key: String,
    /// How many files have it.
    pub count: u64,
}

impl Reader {
    /// Counts the files that a question finds by folder, type or tag: exact, by count descending,
    /// then by key. A file counts once for each of its tags; files without the property are in no
    /// group.
    ///
    /// ```
    /// use filedex::{Aggregate, Database, NewFile, Query};
    /// # let dir = tempfile::tempdir()?;
    /// # let db = Database::create(dir.path().join("a.filedex"))?;
    /// let version = db.default_version()?;
    /// let mut batch = db.batch(&version);
    /// batch.create(NewFile::at("oss://b/cars/1.png")).create(NewFile::at("oss://b/cars/2.mp4"));
    /// batch.commit()?;
    /// let types = db.reader()?.statistics(&version, Aggregate::FileType, &Query::parse("")?)?;
    /// assert_eq!(types.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Reader::list`].
    pub fn statistics(
        &self,
        version: &VersionRef,
        by: Aggregate,
        query: &Query,
    ) -> Result<Vec<GroupCount>> {
        let Matching { source, condition, status } = self.matching(version, query)?;
        let facet = match by {
            Aggregate::FileDir => Facet::FileDir,
            Aggregate::FileType => Facet::FileType,
            Aggregate::TagsUser => Facet::TagsUser,
            Aggregate::TagsAi => Facet::TagsAi,
            Aggregate::TagsAll => Facet::TagsAll,
            Aggregate::TagsUserDeleteAi => Facet::TagsUserDeleteAi,
        };
        let counts = source.text.facets(&condition, status, facet)?;
        let mut groups: Vec<GroupCount> =
            counts.into_iter().map(|(key, count)| GroupCount { key, count }).collect();
        groups.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.key.cmp(&b.key)));
        Ok(groups)
    }
}
