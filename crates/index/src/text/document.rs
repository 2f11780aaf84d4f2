//! A record as a document of the engine.

use filedex_model::analysis::{Unit, units};
use filedex_model::attribute::{self, AttributeValue};
use filedex_model::{FileRecord, Property, Row, Status, Timestamp};
use tantivy::TantivyDocument;

use super::frame::{Frame, has_own_whole};
use super::schema::{Column, Home, TextField, flag};
use super::term;

/// A document, and how many words its ranking text has.
pub(crate) struct Indexed {
    pub(crate) document: TantivyDocument,
    pub(crate) words: u32,
}

/// The words of a record that `Text` matches and ranks by, repeated as often as they stand there:
/// of every unit of the name, the folder, each tag of `Tags.all`, the comment and the description,
/// its parts, and its whole where that is another word.
///
/// ```
/// use filedex_model::{FileRecord, Timestamp};
/// let record = FileRecord::new("d-1", "oss://b/cars/IMG1.png", Timestamp::now());
/// let words = filedex_index::ranking_words(&record);
/// assert_eq!(words, ["img", "1", "img1", "png", "cars"]);
/// ```
#[must_use]
pub fn ranking_words(record: &FileRecord) -> Vec<String> {
    let mut words = Vec::new();
    for unit in ranking_texts(record).flat_map(units) {
        let own_whole = has_own_whole(&unit);
        words.extend(unit.parts);
        if own_whole {
            words.push(unit.whole);
        }
    }
    words
}

fn ranking_texts(record: &FileRecord) -> impl Iterator<Item = &str> {
    let texts = [record.file_name.as_str(), record.file_dir.as_str()];
    let more = [record.comment.as_deref(), record.description.as_deref()];
    texts.into_iter().chain(record.tags.all()).chain(more.into_iter().flatten())
}

/// The document of a record.
pub(crate) fn of_record(row: Row, record: &FileRecord) -> Indexed {
    let mut writer = Writer::default();
    writer.numbers(row, record);
    writer.values(record);
    writer.tags(record);
    writer.texts(record);
    writer.flags(record);
    writer.attributes(record);
    writer.finish()
}

#[derive(Default)]
struct Writer {
    document: TantivyDocument,
    words: Frame,
    ranking: Frame,
    term: Vec<u8>,
}

impl Writer {
    fn numbers(&mut self, row: Row, record: &FileRecord) {
        self.document.add_u64(Column::Row.field(), u64::from(row));
        self.document.add_u64(Column::IdPrefix.field(), record.id.prefix());
        self.value(TextField::Row, &row.to_be_bytes());
        let times = [
            (Property::FileCreateTime, record.file_create_time),
            (Property::FileUpdateTime, record.file_update_time),
            (Property::SyncTime, Some(record.sync_time)),
            (Property::TagUpdateTime, record.tag_update_time),
            (Property::SemanticIndexUpdateTime, record.semantic_index_update_time),
            (Property::RecordCreateTime, Some(record.record_create_time)),
        ];
        for (property, time) in times {
            self.number(&property, time.map(Timestamp::millis));
        }
        // The model's limit on sizes is the largest signed number.
        let size = record.data_size.map(|size| i64::try_from(size).unwrap_or(i64::MAX));
        self.number(&Property::DataSize, size);
    }

    fn number(&mut self, property: &Property, value: Option<i64>) {
        if let (Some(column), Some(value)) = (Column::of(property), value) {
            self.document.add_i64(column.field(), value);
            self.has(property);
        }
    }

    fn values(&mut self, record: &FileRecord) {
        self.whole(&Property::Uri, Some(record.uri.as_str()));
        self.whole(&Property::FileName, Some(record.file_name.as_str()));
        self.whole(&Property::FileDir, Some(record.file_dir.as_str()));
        self.whole(&Property::FileType, record.file_type.as_deref());
        self.whole(&Property::ContentType, record.content_type.as_deref());
        self.whole(&Property::FileFingerPrint, record.file_fingerprint.as_deref());
        self.whole(&Property::SemanticIndexJobId, record.semantic_index_job_id.as_deref());
        self.whole(&Property::Comment, record.comment.as_deref());
        self.whole(&Property::Description, record.description.as_deref());
        self.whole(&Property::Labels, record.labels.iter().map(String::as_str));
    }

    /// The whole values of a property. Empty ones are not there.
    fn whole<'a>(&mut self, property: &Property, values: impl IntoIterator<Item = &'a str>) {
        let Some(field) = TextField::exact_of(property) else { return };
        let mut present = false;
        for value in values.into_iter().filter(|value| !value.is_empty()) {
            self.value(field, term::exact(value).as_bytes());
            present = true;
        }
        if present {
            self.has(property);
        }
    }

    fn tags(&mut self, record: &FileRecord) {
        let tags = &record.tags;
        self.whole(&Property::TagsAi, tags.ai_union());
        self.whole(&Property::TagsUser, tags.user.iter().map(String::as_str));
        self.whole(&Property::TagsUserDeleteAi, tags.user_delete_ai.iter().map(String::as_str));
        let all = tags.all();
        for tag in &all {
            self.rank(&units(tag));
        }
        self.whole(&Property::TagsAll, all);
    }

    fn texts(&mut self, record: &FileRecord) {
        let texts = [
            (TextField::NameWords, Some(record.file_name.as_str())),
            (TextField::DirWords, Some(record.file_dir.as_str())),
            (TextField::CommentWords, record.comment.as_deref()),
            (TextField::DescriptionWords, record.description.as_deref()),
        ];
        for (field, text) in texts {
            let Some(text) = text else { continue };
            let units = units(text);
            self.words.push_streams(&units, field.letter());
            self.words.restart();
            self.rank(&units);
        }
    }

    fn rank(&mut self, units: &[Unit]) {
        let letter = TextField::Text.letter();
        for unit in units {
            unit.parts.iter().for_each(|part| self.ranking.push(letter, part));
            if has_own_whole(unit) {
                self.ranking.push(letter, &unit.whole);
            }
        }
    }

    fn flags(&mut self, record: &FileRecord) {
        let flags = [
            (flag::STARRED, record.starred),
            (flag::HIDDEN, record.hidden),
            (flag::DELETED, record.status == Status::Deleted),
        ];
        for (flag, _) in flags.into_iter().filter(|(_, set)| *set) {
            self.value(TextField::Flag, flag.as_bytes());
        }
    }

    fn attributes(&mut self, record: &FileRecord) {
        let (mut paths, mut values) = (Vec::new(), Vec::new());
        attribute::walk(
            &record.attributes,
            &mut |path| paths.push(term::has_attribute(&term::attribute_key(path))),
            &mut |path, value| values.push((term::attribute_key(path), value)),
        );
        for path in paths {
            self.value(TextField::Has, path.as_bytes());
        }
        // A path may be reported several times; its words keep apart only if they stand together.
        values.sort_by(|(a, _), (b, _)| a.cmp(b));
        for same in values.chunk_by(|(a, _), (b, _)| a == b) {
            let prefix =
                format!("{}{}", TextField::AttributeWords.letter(), term::word_prefix(&same[0].0));
            for (key, value) in same {
                self.value(TextField::Attribute, &term::attribute_value(key, *value));
                if let Some(date) = value.date() {
                    self.value(TextField::Attribute, &term::date_value(key, date));
                }
                if let AttributeValue::Text(text) = value {
                    self.words.push_streams(&units(text), &prefix);
                }
            }
            self.words.restart();
        }
    }

    /// Adds a term of whole values.
    fn value(&mut self, field: TextField, value: &[u8]) {
        self.term.clear();
        self.term.extend_from_slice(field.letter().as_bytes());
        self.term.extend_from_slice(value);
        self.document.add_bytes(field.home().field(), &self.term);
    }

    fn has(&mut self, property: &Property) {
        if let Some(name) = property.name() {
            self.value(TextField::Has, name.as_bytes());
        }
    }

    fn finish(mut self) -> Indexed {
        let words = self.ranking.words();
        if words > 0 {
            self.has(&Property::Text);
            self.document.add_text(Home::Ranking.field(), self.ranking.text());
        }
        if self.words.words() > 0 {
            self.document.add_text(Home::Words.field(), self.words.text());
        }
        Indexed { document: self.document, words }
    }
}
