//! tantivy on disk, used directly: a memory-mapped directory, two indexing threads, a commit for
//! every batch, its own merge policy.
//!
//! Indexed are id, URI, name, folder, types and tags as whole values; name, folder, comment and
//! description as words with positions; attributes as whole values and as words, by path; name,
//! folder, tags, comment and description in one ranking field without positions; dates and size as
//! columns. The record itself is stored as JSON, the only field its document store holds.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::Path;
use std::time::Duration;

use filedex::{FileRecord, NewFile, Timestamp};
use tantivy::collector::{Count, TopDocs};
use tantivy::query::{
    AllQuery, BooleanQuery, ConstScoreQuery, EmptyQuery, InvertedIndexRangeQuery, Occur, Query,
    RangeQuery, RegexQuery, TermQuery,
};
use tantivy::schema::{
    BytesOptions, DateOptions, DateTimePrecision, Field, IndexRecordOption, JsonObjectOptions,
    NumericOptions, OwnedValue, STORED, Schema, TextFieldIndexing, TextOptions, Value,
};
use tantivy::tokenizer::{
    AsciiFoldingFilter, LowerCaser, RawTokenizer, RemoveLongFilter, SimpleTokenizer, TextAnalyzer,
    TokenizerManager,
};
use tantivy::{
    DateTime, DocAddress, Index, IndexReader, IndexWriter, Order, ReloadPolicy, Searcher,
    TantivyDocument, Term,
};

use super::{BATCH, MEMORY_BYTES, PAGE};
use crate::Outcome;
use crate::question::{Clause, Column, Want};
use crate::record::{Found, Record};
use crate::timing::timed;

const WORDS: &str = "words";
const WHOLE: &str = "whole";
const DATE: &str = "file_update_time";
const INDEXING_THREADS: usize = 2;

/// The fields of the index.
#[derive(Clone, Copy, Debug)]
struct Fields {
    id: Field,
    uri: Field,
    name: Field,
    dir: Field,
    file_type: Field,
    content_type: Field,
    tag: Field,
    name_words: Field,
    dir_words: Field,
    comment_words: Field,
    description_words: Field,
    attributes: Field,
    attribute_words: Field,
    text: Field,
    created: Field,
    updated: Field,
    size: Field,
    record: Field,
}

/// An open tantivy index.
pub struct Tantivy {
    index: Index,
    fields: Fields,
    reader: IndexReader,
}

impl Tantivy {
    /// Makes an index in an empty folder.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(folder: &Path) -> Outcome<Self> {
        std::fs::create_dir(folder)?;
        let mut schema = Schema::builder();
        add_fields(&mut schema);
        Self::of(Index::create_in_dir(folder, schema.build())?)
    }

    /// Opens an index.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(folder: &Path) -> Outcome<Self> {
        Self::of(Index::open_in_dir(folder)?)
    }

    fn of(mut index: Index) -> Outcome<Self> {
        index.set_tokenizers(tokenizers());
        // The fields are numbered in the order they are added in.
        let fields = add_fields(&mut Schema::builder());
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Self { index, fields, reader })
    }

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

    /// How many segments there are.
    #[must_use]
    pub fn segments(&self) -> usize {
        self.reader.searcher().segment_readers().len()
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

    /// The query of a clause.
    ///
    /// # Errors
    /// When a date or a pattern in it is none.
    pub fn query(&self, clause: &Clause) -> Outcome<Box<dyn Query>> {
        let fields = &self.fields;
        let term = |term| Box::new(TermQuery::new(term, IndexRecordOption::Basic));
        let path = |name| Term::from_field_json_path(fields.attributes, name, false);
        Ok(match *clause {
            Clause::Is(column, value) => {
                let field = match column {
                    Column::Dir => fields.dir,
                    Column::Type => fields.file_type,
                    Column::Tag => fields.tag,
                };
                // It filters, and adds nothing to a score.
                Box::new(ConstScoreQuery::new(term(Term::from_field_text(field, value)), 0.0))
            }
            Clause::Word(word) => Box::new(TermQuery::new(
                Term::from_field_text(fields.text, word),
                IndexRecordOption::WithFreqs,
            )),
            Clause::UpdatedBetween(from, to) => {
                let bound = |text: &str| -> Outcome<Term> {
                    Ok(Term::from_field_date(fields.updated, date(text.parse()?)))
                };
                Box::new(RangeQuery::new(
                    Bound::Included(bound(from)?),
                    Bound::Excluded(bound(to)?),
                ))
            }
            Clause::NameMatches(pattern) => {
                Box::new(RegexQuery::from_pattern(pattern, fields.name)?)
            }
            Clause::Attribute(name, value) => {
                let mut key = path(name);
                key.append_type_and_str(value);
                term(key)
            }
            Clause::AttributeBetween(name, from, to) => {
                let integer = |value| {
                    let mut key = path(name);
                    key.append_type_and_fast_value::<i64>(value);
                    key
                };
                #[expect(clippy::cast_precision_loss, reason = "the bounds are small")]
                let float = |value: i64| {
                    let mut key = path(name);
                    key.append_type_and_fast_value::<f64>(value as f64);
                    key
                };
                Box::new(BooleanQuery::union(vec![
                    between(integer(from), integer(to)),
                    between(float(from), float(to)),
                ]))
            }
            Clause::All(parts) => self.boolean(parts, Occur::Must)?,
            Clause::Any(parts) => self.boolean(parts, Occur::Should)?,
            Clause::Not(part) => Box::new(BooleanQuery::new(vec![
                (Occur::Must, Box::new(AllQuery)),
                (Occur::MustNot, self.query(part)?),
            ])),
        })
    }

    fn boolean(&self, parts: &[Clause], occur: Occur) -> Outcome<Box<dyn Query>> {
        let mut clauses = Vec::with_capacity(parts.len());
        for part in parts {
            clauses.push(match part {
                Clause::Not(part) if occur == Occur::Must => (Occur::MustNot, self.query(part)?),
                _ => (occur, self.query(part)?),
            });
        }
        if clauses.is_empty() {
            return Ok(Box::new(EmptyQuery));
        }
        Ok(Box::new(BooleanQuery::new(clauses)))
    }

    /// Asks for the total and a page after `skipped` records; a later page has no total, as the
    /// first told it.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn ask(&self, query: &dyn Query, want: Want, skipped: usize) -> Outcome<Found<Record>> {
        let searcher = self.reader.searcher();
        let top = TopDocs::with_limit(PAGE).and_offset(skipped);
        let (total, hits) = match want {
            Want::Count => (Some(query.count(&searcher)?), Vec::new()),
            // Two searches: counting alone is quick, and ranking alone can pass over blocks.
            Want::Ranked => {
                let total = query.count(&searcher)?;
                (Some(total), addresses(searcher.search(query, &top.order_by_score())?))
            }
            Want::Dated { .. } => {
                let newest = top.order_by_fast_field::<DateTime>(DATE, Order::Desc);
                if skipped > 0 {
                    (None, addresses(searcher.search(query, &newest)?))
                } else {
                    let (hits, total) = searcher.search(query, &(newest, Count))?;
                    (Some(total), addresses(hits))
                }
            }
        };
        let records = hits.into_iter().map(|hit| self.record(&searcher, hit));
        let records = records.collect::<Outcome<_>>()?;
        Ok(Found { total: total.map(u64::try_from).transpose()?, records })
    }

    fn record(&self, searcher: &Searcher, hit: DocAddress) -> Outcome<Record> {
        let document: TantivyDocument = searcher.doc(hit)?;
        let record = document.get_first(self.fields.record).and_then(|value| value.as_str());
        Ok(serde_json::from_str(record.ok_or("a document without its record")?)?)
    }
}

fn addresses<K>(hits: Vec<(K, DocAddress)>) -> Vec<DocAddress> {
    hits.into_iter().map(|(_, address)| address).collect()
}

fn between(from: Term, to: Term) -> Box<dyn Query> {
    Box::new(InvertedIndexRangeQuery::new(Bound::Included(from), Bound::Excluded(to)))
}

fn date(time: Timestamp) -> DateTime {
    DateTime::from_timestamp_millis(time.millis())
}

fn add_fields(schema: &mut tantivy::schema::SchemaBuilder) -> Fields {
    let indexing = |tokenizer: &str, record, norms| {
        TextFieldIndexing::default()
            .set_tokenizer(tokenizer)
            .set_index_option(record)
            .set_fieldnorms(norms)
    };
    let text = |indexing| TextOptions::default().set_indexing_options(indexing);
    let whole = || text(indexing(WHOLE, IndexRecordOption::Basic, false));
    let words = || text(indexing(WORDS, IndexRecordOption::WithFreqsAndPositions, false));
    let json = |indexing| JsonObjectOptions::default().set_indexing_options(indexing);
    let day = || DateOptions::default().set_fast().set_precision(DateTimePrecision::Milliseconds);
    Fields {
        id: schema.add_bytes_field("id", BytesOptions::default().set_indexed()),
        uri: schema.add_text_field("uri", whole()),
        name: schema.add_text_field("name", whole()),
        dir: schema.add_text_field("dir", whole()),
        file_type: schema.add_text_field("file_type", whole()),
        content_type: schema.add_text_field("content_type", whole()),
        tag: schema.add_text_field("tag", whole()),
        name_words: schema.add_text_field("name_words", words()),
        dir_words: schema.add_text_field("dir_words", words()),
        comment_words: schema.add_text_field("comment_words", words()),
        description_words: schema.add_text_field("description_words", words()),
        attributes: schema
            .add_json_field("attributes", json(indexing(WHOLE, IndexRecordOption::Basic, false))),
        attribute_words: schema.add_json_field(
            "attribute_words",
            json(indexing(WORDS, IndexRecordOption::WithFreqsAndPositions, false)),
        ),
        text: schema
            .add_text_field("text", text(indexing(WORDS, IndexRecordOption::WithFreqs, true))),
        created: schema.add_date_field("file_create_time", day()),
        updated: schema.add_date_field(DATE, day()),
        size: schema.add_u64_field("data_size", NumericOptions::default().set_fast()),
        record: schema.add_text_field("record", STORED),
    }
}

fn tokenizers() -> TokenizerManager {
    let tokenizers = TokenizerManager::new();
    let words = TextAnalyzer::builder(SimpleTokenizer::default())
        .filter(RemoveLongFilter::limit(255))
        .filter(LowerCaser)
        .filter(AsciiFoldingFilter)
        .build();
    tokenizers.register(WORDS, words);
    tokenizers.register(WHOLE, RawTokenizer::default());
    tokenizers
}
