//! The fields of the index.

use tantivy::schema::{
    BytesOptions, DateOptions, DateTimePrecision, Field, IndexRecordOption, JsonObjectOptions,
    NumericOptions, STORED, SchemaBuilder, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{
    AsciiFoldingFilter, LowerCaser, RemoveLongFilter, SimpleTokenizer, TextAnalyzer,
    TokenizerManager,
};

/// The column that questions are ordered by.
pub(super) const DATE: &str = "file_update_time";
const WORDS: &str = "words";
const WHOLE: &str = "raw";

/// The fields of the index.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields {
    pub(super) id: Field,
    pub(super) uri: Field,
    pub(super) name: Field,
    pub(super) dir: Field,
    pub(super) file_type: Field,
    pub(super) content_type: Field,
    pub(super) tag: Field,
    pub(super) name_words: Field,
    pub(super) dir_words: Field,
    pub(super) comment_words: Field,
    pub(super) description_words: Field,
    pub(super) attributes: Field,
    pub(super) attribute_words: Field,
    pub(super) text: Field,
    pub(super) created: Field,
    pub(super) updated: Field,
    pub(super) size: Field,
    pub(super) record: Field,
}

/// Adds the fields to a schema; they are numbered in this order.
pub(super) fn add_fields(schema: &mut SchemaBuilder) -> Fields {
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

/// The tokenizers that the fields name.
pub(super) fn tokenizers() -> TokenizerManager {
    // Its own are needed too: also a field of bytes asks for one.
    let tokenizers = TokenizerManager::default();
    let words = TextAnalyzer::builder(SimpleTokenizer::default())
        .filter(RemoveLongFilter::limit(255))
        .filter(LowerCaser)
        .filter(AsciiFoldingFilter)
        .build();
    tokenizers.register(WORDS, words);
    tokenizers
}
