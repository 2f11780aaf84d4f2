//! Writing records, and merging them.

use std::collections::BTreeMap;
use std::time::Duration;

use filedex::{FileRecord, NewFile, Timestamp};
use tantivy::schema::OwnedValue;
use tantivy::{IndexWriter, TantivyDocument};

use super::{Tantivy, date};
use crate::Outcome;
use crate::engine::{BATCH, MEMORY_BYTES};
use crate::record::Record;
use crate::timing::timed;

const INDEXING_THREADS: usize = 2;

impl Tantivy {
    /// Writes records, a commit to a batch; tells how long that took, the copies made for it not
    /// counted, and how long the merges went on after the last commit.
    ///
    /// # Errors
    /// When the index cannot be written.
    pub fn load(&self, files: &[NewFile], dataset_id: &str) -> Outcome<(Duration, Duration)> {
        let (writer, mut taken) =
            timed(|| self.index.writer_with_num_threads(INDEXING_THREADS, MEMORY_BYTES));
        let mut writer: IndexWriter = writer?;
        for part in files.chunks(BATCH) {
            let now = Timestamp::now();
            let records: Vec<FileRecord> =
                part.iter().map(|new| new.clone().into_record(dataset_id, now)).collect();
            let (done, time) = timed(|| -> Outcome {
                for record in &records {
                    writer.add_document(self.document(record)?)?;
                }
                writer.commit()?;
                Ok(())
            });
            done?;
            taken += time;
        }
        let (done, merging) = timed(|| writer.wait_merging_threads());
        done?;
        self.reader.reload()?;
        Ok((taken, merging))
    }

    /// Merges everything into one segment.
    ///
    /// # Errors
    /// When the index cannot be written.
    pub fn merge_all(&self) -> Outcome {
        let mut writer: IndexWriter = self.index.writer_with_num_threads(1, MEMORY_BYTES)?;
        let segments = self.index.searchable_segment_ids()?;
        if segments.len() > 1 {
            writer.merge(&segments).wait()?;
        }
        writer.garbage_collect_files().wait()?;
        writer.wait_merging_threads()?;
        Ok(self.reader.reload()?)
    }

    fn document(&self, record: &FileRecord) -> Outcome<TantivyDocument> {
        let fields = &self.fields;
        let mut document = TantivyDocument::new();
        document.add_bytes(fields.id, record.id.as_bytes());
        document.add_text(fields.uri, &record.uri);
        for field in [fields.name, fields.name_words, fields.text] {
            document.add_text(field, &record.file_name);
        }
        for field in [fields.dir, fields.dir_words, fields.text] {
            document.add_text(field, &record.file_dir);
        }
        for (field, value) in
            [(fields.file_type, &record.file_type), (fields.content_type, &record.content_type)]
        {
            value.iter().for_each(|value| document.add_text(field, value));
        }
        for tag in record.tags.all() {
            document.add_text(fields.tag, tag);
            document.add_text(fields.text, tag);
        }
        for (field, value) in [
            (fields.comment_words, &record.comment),
            (fields.description_words, &record.description),
        ] {
            if let Some(value) = value {
                document.add_text(field, value);
                document.add_text(fields.text, value);
            }
        }
        let attributes: BTreeMap<String, OwnedValue> = record
            .attributes
            .iter()
            .map(|(name, value)| (name.clone(), OwnedValue::from(value.clone())))
            .collect();
        document.add_object(fields.attributes, attributes.clone());
        document.add_object(fields.attribute_words, attributes);
        for (field, time) in
            [(fields.created, record.file_create_time), (fields.updated, record.file_update_time)]
        {
            time.iter().for_each(|time| document.add_date(field, date(*time)));
        }
        record.data_size.iter().for_each(|size| document.add_u64(fields.size, *size));
        document.add_text(fields.record, serde_json::to_string(&Record::from(record))?);
        Ok(document)
    }
}
