//! The ranking formula.

use tantivy::fieldnorm::FieldNormReader;

/// How quickly repetition stops counting.
const K1: f64 = 1.2;
/// How much the length of a text counts.
const B: f64 = 0.75;

/// The Okapi BM25 score of one word in one record, with k1 = 1.2 and b = 0.75.
///
/// `frequency` is how often the word stands in the record's text and `length` that text's
/// [quantised](quantised_length) length; `matching` of the `docs` live records have the word, and
/// `total_length` is the sum of all live records' quantised lengths.
///
/// The inverse frequency is ln(1 + (docs - matching + 0.5) / (matching + 0.5)); all is computed in
/// 64 bits and rounded once, so a score depends on nothing but these five numbers.
///
/// ```
/// use filedex_index::bm25;
/// assert!(bm25(2, 10, 5, 100, 1_000) > bm25(1, 10, 5, 100, 1_000));
/// assert!(bm25(1, 10, 5, 100, 1_000) > bm25(1, 10, 50, 100, 1_000));
/// ```
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
#[expect(clippy::cast_possible_truncation, reason = "rounded once, on purpose")]
pub fn bm25(frequency: u32, length: u32, matching: u64, docs: u64, total_length: u64) -> f32 {
    let (matching, docs) = (matching as f64, docs as f64);
    let inverse = (1.0 + (docs - matching + 0.5) / (matching + 0.5)).ln();
    let average = (total_length as f64 / docs).max(f64::MIN_POSITIVE);
    let frequency = f64::from(frequency);
    let norm = K1 * (1.0 - B + B * f64::from(length) / average);
    (inverse * frequency * (K1 + 1.0) / (frequency + norm)) as f32
}

/// The length that the index remembers of a text of so many words: one byte's worth, exact up to
/// 40 words, never more than there are.
///
/// ```
/// use filedex_index::quantised_length;
/// assert_eq!((quantised_length(12), quantised_length(300)), (12, 280));
/// ```
#[must_use]
pub fn quantised_length(words: u32) -> u32 {
    FieldNormReader::id_to_fieldnorm(FieldNormReader::fieldnorm_to_id(words))
}
