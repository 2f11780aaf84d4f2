//! From a text to the ids of its tokens.

use serde::Deserialize;
use tokenizers::Tokenizer;
use tokenizers::models::ModelWrapper;

use super::word_piece::WordPiece;

/// A tokenizer and how much of a text it reads.
pub(super) struct Tokens {
    splitter: Splitter,
    /// The token for what is not known; it says nothing and is left out.
    unknown: Option<u32>,
    /// Every id is below this.
    count: usize,
    limit: Option<Limit>,
}

enum Splitter {
    Any(Box<Tokenizer>),
    Bert(WordPiece),
}

/// A text is cut to `letters` before and to `tokens` after it is split, as `model2vec` does.
struct Limit {
    tokens: usize,
    letters: usize,
}

/// The part of tokenizer.json that the crate `tokenizers` keeps to itself.
#[derive(Deserialize)]
struct Outline {
    model: OutlineOfModel,
}

#[derive(Deserialize)]
struct OutlineOfModel {
    unk_id: Option<u32>,
}

impl Tokens {
    /// From the content of a tokenizer.json. The error says what is wrong with it.
    pub(super) fn from_json(json: &[u8], max_tokens: Option<usize>) -> Result<Self, String> {
        let mut tokenizer = Tokenizer::from_bytes(json).map_err(|error| error.to_string())?;
        tokenizer.with_padding(None);
        tokenizer.with_truncation(None).map_err(|error| error.to_string())?;
        let unknown = match tokenizer.get_model() {
            ModelWrapper::BPE(model) => {
                model.unk_token.as_ref().and_then(|token| tokenizer.token_to_id(token))
            }
            ModelWrapper::WordPiece(model) => tokenizer.token_to_id(&model.unk_token),
            ModelWrapper::WordLevel(model) => tokenizer.token_to_id(&model.unk_token),
            ModelWrapper::Unigram(_) => {
                let outline = serde_json::from_slice::<Outline>(json);
                outline.map_err(|error| error.to_string())?.model.unk_id
            }
        };
        let vocabulary = tokenizer.get_vocab(true);
        let count = vocabulary.len();
        let Some(highest) = vocabulary.values().max() else {
            return Err("it has no tokens".to_owned());
        };
        if *highest as usize >= count {
            return Err(format!("it has {count} tokens, but one has the id {highest}"));
        }
        let letters = vocabulary.keys().map(|token| token.chars().count()).collect();
        Ok(Self::new(Splitter::Any(Box::new(tokenizer)), unknown, max_tokens, letters))
    }

    /// BERT's tokenizer without case, from its tokens in the order of their ids, one a line.
    pub(super) fn bert(vocabulary: &'static str, max_tokens: usize) -> Result<Self, String> {
        let words = WordPiece::new(vocabulary)?;
        let unknown = Some(words.unknown());
        let letters = vocabulary.lines().map(|token| token.chars().count()).collect();
        Ok(Self::new(Splitter::Bert(words), unknown, Some(max_tokens), letters))
    }

    /// `letters` has the length of every token.
    fn new(
        splitter: Splitter,
        unknown: Option<u32>,
        max_tokens: Option<usize>,
        letters: Vec<usize>,
    ) -> Self {
        let count = letters.len();
        let limit = max_tokens.map(|tokens| {
            let letters = tokens.saturating_mul(median(letters));
            Limit { tokens, letters }
        });
        Self { splitter, unknown, count, limit }
    }

    /// How many tokens there are; the ids are the numbers below it.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The ids of the known tokens of a text.
    pub(super) fn of(&self, text: &str) -> Result<Vec<u32>, String> {
        let cut = self.limit.as_ref().and_then(|limit| text.char_indices().nth(limit.letters));
        let text = cut.map_or(text, |(end, _)| &text[..end]);
        let most = self.limit.as_ref().map_or(usize::MAX, |limit| limit.tokens);
        let mut ids = match &self.splitter {
            Splitter::Bert(words) => words.split(text, most),
            Splitter::Any(tokenizer) => {
                let found =
                    tokenizer.encode_fast(text, false).map_err(|error| error.to_string())?;
                found.get_ids().iter().copied().take(most).collect()
            }
        };
        ids.retain(|&id| Some(id) != self.unknown);
        Ok(ids)
    }
}

/// The median, rounded down; there is at least one number.
fn median(mut numbers: Vec<usize>) -> usize {
    numbers.sort_unstable();
    (numbers[(numbers.len() - 1) / 2] + numbers[numbers.len() / 2]) / 2
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::Value;
    use sha2::{Digest, Sha256};
    use tokenizers::Tokenizer;
    use tokenizers::models::wordpiece::WordPiece;
    use tokenizers::normalizers::BertNormalizer;
    use tokenizers::pre_tokenizers::bert::BertPreTokenizer;

    use super::{Tokens, median};

    const ROOT: &str = env!("CARGO_MANIFEST_DIR");

    #[test]
    fn medians() {
        let cases: [(&[usize], usize); 4] =
            [(&[1], 1), (&[4, 1], 2), (&[3, 1, 2], 2), (&[0, 1], 0)];
        for (numbers, expected) in cases {
            assert_eq!(median(numbers.to_vec()), expected, "{numbers:?}");
        }
    }

    /// BERT's tokenizer; no text is cut, and the unknown token stays in.
    fn bert() -> Tokens {
        let vocabulary = include_str!("../../model/vocab.txt");
        let whole = Tokens::bert(vocabulary, 512).expect("tokens");
        assert_eq!((whole.count(), whole.unknown), (30_522, Some(100)));
        Tokens { limit: None, unknown: None, ..whole }
    }

    fn fixture(name: &str) -> String {
        let path = Path::new(ROOT).join("tests/static_model/fixtures").join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    #[test]
    fn hard_texts_split_as_in_python() {
        let tokens = bert();
        let cases: Vec<Value> = serde_json::from_str(&fixture("hard_texts.json")).expect("JSON");
        for case in cases {
            let text = case["text"].as_str().expect("a text");
            assert_eq!(serde_json::json!(tokens.of(text).expect("ids")), case["ids"], "{text:?}");
        }
    }

    /// Every character of the planes in use, among neighbours, against the crate `tokenizers`.
    #[test]
    fn every_character_splits_as_the_tokenizers_crate_has_it() {
        let tokens = bert();
        let words = WordPiece::read_bytes(include_bytes!("../../model/vocab.txt"))
            .and_then(|ids| WordPiece::builder().vocab(ids).build());
        let mut reference = Tokenizer::new(words.expect("a vocabulary"));
        reference.with_normalizer(Some(BertNormalizer::default())).expect("a tokenizer");
        reference.with_pre_tokenizer(Some(BertPreTokenizer));
        let planes = ('\0'..='\u{323ff}').chain('\u{e0000}'..='\u{e01ff}');
        let characters: Vec<char> = planes.chain('\u{ff000}'..='\u{100fff}').collect();
        for some in characters.chunks(64) {
            let text: String = some.iter().flat_map(|&c| [c, 'a']).collect();
            let expected = reference.encode_fast(text.as_str(), false).expect("ids");
            assert_eq!(tokens.of(&text).expect("ids"), expected.get_ids(), "{text:?}");
        }
    }

    /// Every string of every record in `fixtures/files.jsonl`.
    #[test]
    fn real_texts_split_as_in_python() {
        let tokens = bert();
        let records = std::fs::read_to_string(Path::new(ROOT).join("../../fixtures/files.jsonl"));
        let (records, hashes) = (records.expect("records"), fixture("record_tokens.txt"));
        let mut count = 0;
        for (line, hash) in records.lines().zip(hashes.lines()) {
            let mut texts = Vec::new();
            strings(&serde_json::from_str(line).expect("JSON"), &mut texts);
            let ids = texts.iter().map(|text| {
                let ids = tokens.of(text).expect("ids");
                ids.iter().map(u32::to_string).collect::<Vec<_>>().join(" ")
            });
            let digest = Sha256::digest(ids.collect::<Vec<_>>().join("\n"));
            let found: String = digest[..6].iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(found, hash, "{line}");
            count += texts.len();
        }
        assert_eq!(records.lines().count(), hashes.lines().count());
        assert!(count > 20_000, "only {count} texts");
    }

    /// In the order of `training/fixtures.py`: objects by their sorted keys.
    fn strings(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::String(text) => found.push(text.clone()),
            Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
            Value::Object(fields) => {
                let mut keys: Vec<&String> = fields.keys().collect();
                keys.sort();
                keys.into_iter().for_each(|key| strings(&fields[key], found));
            }
            _ => {}
        }
    }
}
