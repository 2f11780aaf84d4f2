//! The fields of a text segment.
//!
//! The engine's index has few fields, because each costs a dictionary in every segment, and most
//! segments of a busy dataset hold a handful of records: three fields of terms and a column for
//! every number that is sorted or ranged by. What a query sees as a field is a letter before each
//! term of one of the three.

use std::sync::LazyLock;

use filedex_model::Property;
use tantivy::schema::{
    BytesOptions, Field, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::TokenizerManager;

use super::frame::FramedTokenizer;

/// The engine's fields of terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    /// Whole values, and nothing about them but who has them.
    Values,
    /// Words, with their places.
    Words,
    /// Words to rank by, with how often they stand, and the length of the text.
    Ranking,
}

/// A field of terms. Its letter is its place in this list: never change the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextField {
    Row,
    Uri,
    FileName,
    FileDir,
    FileType,
    ContentType,
    FingerPrint,
    SemanticIndexJobId,
    TagsAi,
    TagsUser,
    TagsUserDeleteAi,
    TagsAll,
    Labels,
    Comment,
    Description,
    Flag,
    Has,
    Attribute,
    NameWords,
    DirWords,
    CommentWords,
    DescriptionWords,
    AttributeWords,
    Text,
}

/// A column. Its place in the schema is its place in this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    Row,
    IdPrefix,
    FileCreateTime,
    FileUpdateTime,
    SyncTime,
    TagUpdateTime,
    SemanticIndexUpdateTime,
    RecordCreateTime,
    DataSize,
}

/// The flags of [`TextField::Flag`].
pub(crate) mod flag {
    pub(crate) const STARRED: &str = "starred";
    pub(crate) const HIDDEN: &str = "hidden";
    pub(crate) const DELETED: &str = "deleted";
}

impl Home {
    pub(crate) const EVERY: [Self; 3] = [Self::Values, Self::Words, Self::Ranking];

    pub(crate) fn field(self) -> Field {
        Field::from_field_id((Column::NUMBERED.len() + 2 + self as usize) as u32)
    }

    pub(crate) fn name(self) -> &'static str {
        ["values", "words", "ranking"][self as usize]
    }
}

impl TextField {
    /// How many there are.
    pub(crate) const COUNT: usize = Self::Text as usize + 1;

    pub(crate) fn ordinal(self) -> usize {
        self as usize
    }

    /// Where the terms are.
    pub(crate) fn home(self) -> Home {
        match self {
            Self::NameWords
            | Self::DirWords
            | Self::CommentWords
            | Self::DescriptionWords
            | Self::AttributeWords => Home::Words,
            Self::Text => Home::Ranking,
            _ => Home::Values,
        }
    }

    /// What stands before each term.
    pub(crate) fn letter(self) -> &'static str {
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        &letters[self.ordinal()..=self.ordinal()]
    }

    /// A term of the field.
    pub(crate) fn term(self, value: &[u8]) -> Vec<u8> {
        [self.letter().as_bytes(), value].concat()
    }

    /// The field of whole values of a property.
    pub(crate) fn exact_of(property: &Property) -> Option<Self> {
        Some(match property {
            Property::Uri => Self::Uri,
            Property::FileName => Self::FileName,
            Property::FileDir => Self::FileDir,
            Property::FileType => Self::FileType,
            Property::ContentType => Self::ContentType,
            Property::FileFingerPrint => Self::FingerPrint,
            Property::SemanticIndexJobId => Self::SemanticIndexJobId,
            Property::TagsAi => Self::TagsAi,
            Property::TagsUser => Self::TagsUser,
            Property::TagsUserDeleteAi => Self::TagsUserDeleteAi,
            Property::TagsAll => Self::TagsAll,
            Property::Labels => Self::Labels,
            Property::Comment => Self::Comment,
            Property::Description => Self::Description,
            _ => return None,
        })
    }

    /// The field of words of a property.
    pub(crate) fn words_of(property: &Property) -> Option<Self> {
        Some(match property {
            Property::FileName => Self::NameWords,
            Property::FileDir => Self::DirWords,
            Property::Comment => Self::CommentWords,
            Property::Description => Self::DescriptionWords,
            Property::Attribute(_) => Self::AttributeWords,
            _ => return None,
        })
    }
}

impl Column {
    /// The columns of signed numbers, missing where the record has none.
    pub(crate) const NUMBERED: [Self; 7] = [
        Self::FileCreateTime,
        Self::FileUpdateTime,
        Self::SyncTime,
        Self::TagUpdateTime,
        Self::SemanticIndexUpdateTime,
        Self::RecordCreateTime,
        Self::DataSize,
    ];
    /// How many there are of all kinds.
    pub(crate) const COUNT: usize = Self::NUMBERED.len() + 2;

    pub(crate) fn ordinal(self) -> usize {
        self as usize
    }

    pub(crate) fn field(self) -> Field {
        Field::from_field_id(self as u32)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Row => "row",
            Self::IdPrefix => "id_prefix",
            Self::FileCreateTime => "file_create_time",
            Self::FileUpdateTime => "file_update_time",
            Self::SyncTime => "sync_time",
            Self::TagUpdateTime => "tag_update_time",
            Self::SemanticIndexUpdateTime => "semantic_index_update_time",
            Self::RecordCreateTime => "record_create_time",
            Self::DataSize => "data_size",
        }
    }

    /// The column of a property.
    pub(crate) fn of(property: &Property) -> Option<Self> {
        Some(match property {
            Property::FileCreateTime => Self::FileCreateTime,
            Property::FileUpdateTime => Self::FileUpdateTime,
            Property::SyncTime => Self::SyncTime,
            Property::TagUpdateTime => Self::TagUpdateTime,
            Property::SemanticIndexUpdateTime => Self::SemanticIndexUpdateTime,
            Property::RecordCreateTime => Self::RecordCreateTime,
            Property::DataSize => Self::DataSize,
            _ => return None,
        })
    }
}

const FRAMED: &str = "framed";

/// The schema of every segment of this format.
pub(crate) fn schema() -> &'static Schema {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(build);
    &SCHEMA
}

/// The tokenizers the schema names.
pub(crate) fn tokenizers() -> TokenizerManager {
    static TOKENIZERS: LazyLock<TokenizerManager> = LazyLock::new(|| {
        // The default ones are asked for by every field, text or not.
        let tokenizers = TokenizerManager::default();
        tokenizers.register(FRAMED, FramedTokenizer::default());
        tokenizers
    });
    TOKENIZERS.clone()
}

fn build() -> Schema {
    let words = |record: IndexRecordOption, norms: bool| {
        let indexing = TextFieldIndexing::default()
            .set_tokenizer(FRAMED)
            .set_index_option(record)
            .set_fieldnorms(norms);
        TextOptions::default().set_indexing_options(indexing)
    };
    let column = NumericOptions::default().set_fast();
    let mut schema = Schema::builder();
    schema.add_u64_field(Column::Row.name(), column.clone());
    schema.add_u64_field(Column::IdPrefix.name(), column.clone());
    for numbered in Column::NUMBERED {
        schema.add_i64_field(numbered.name(), column.clone());
    }
    schema.add_bytes_field(Home::Values.name(), BytesOptions::default().set_indexed());
    let placed = IndexRecordOption::WithFreqsAndPositions;
    schema.add_text_field(Home::Words.name(), words(placed, false));
    schema.add_text_field(Home::Ranking.name(), words(IndexRecordOption::WithFreqs, true));
    schema.build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_where_it_says() {
        let columns = [Column::Row, Column::IdPrefix].into_iter().chain(Column::NUMBERED);
        for (at, column) in columns.enumerate() {
            assert_eq!(column.ordinal(), at);
            assert_eq!(schema().get_field(column.name()).unwrap(), column.field());
        }
        for home in Home::EVERY {
            assert_eq!(schema().get_field(home.name()).unwrap(), home.field());
        }
        assert_eq!((TextField::Row.letter(), TextField::Text.letter()), ("A", "X"));
    }
}
