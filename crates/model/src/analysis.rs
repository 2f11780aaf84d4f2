//! Text into words.
//!
//! A text is cut into *units*: runs of letters and digits; inside scripts that write without
//! spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese), the words that ICU's dictionary
//! segmenter finds. Each unit has a *whole* form and the *parts* it falls into: a run is parted at
//! letter/digit and camelCase borders, a word of an unspaced script into its characters. All forms
//! are folded: lower case, no accents, compatibility forms unified (NFKD without combining
//! diacritics, recomposed).
//!
//! | text | whole forms | parts |
//! |---|---|---|
//! | `beachSunset_IMG1234.JPG` | beachsunset, img1234, jpg | beach, sunset, img, 1234, jpg |
//! | `Café` | cafe | cafe |
//! | `人工智能` | 人工智能 | 人, 工, 智, 能 |
//!
//! A phrase matches a text when its parts stand next to each other among the text's parts, or its
//! wholes among the text's wholes: a name is found by its pieces, by its unsplit form, and a run of
//! Chinese by any piece of it.

use std::ops::Range;
use std::sync::LazyLock;

use icu_segmenter::{WordSegmenter, WordSegmenterBorrowed, options::WordBreakInvariantOptions};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Longest run kept as one unit, in bytes; a longer one is cut into several, so that no index
/// drops it for its length.
const UNIT_BYTES: usize = 512;

/// One word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// The folded word.
    pub whole: String,
    /// Its folded parts; one equal to `whole` where the word has no borders inside.
    pub parts: Vec<String>,
    /// Where the word stands in the text, in bytes.
    pub span: Range<usize>,
}

impl Unit {
    /// Whether the word falls into more than itself.
    #[must_use]
    pub fn is_split(&self) -> bool {
        self.parts.len() > 1
    }
}

/// The units of a text, in order.
///
/// ```
/// use filedex_model::analysis::units;
/// let words: Vec<_> = units("IMG1234_Café").into_iter().map(|u| (u.whole, u.parts.len())).collect();
/// assert_eq!(words, [("img1234".to_owned(), 2), ("cafe".to_owned(), 1)]);
/// ```
#[must_use]
pub fn units(text: &str) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut rest = 0;
    while let Some(start) = text[rest..].find(is_word_char).map(|at| rest + at) {
        let unspaced = first_char(&text[start..]).is_some_and(is_unspaced);
        let length = text[start..]
            .find(|c| !is_word_char(c) || (!is_combining_mark(c) && is_unspaced(c) != unspaced))
            .unwrap_or(text.len() - start);
        let end = start + length;
        if unspaced {
            segment_words(text, start..end, &mut units);
        } else {
            cut_run(text, start..end, &mut units);
        }
        rest = end;
    }
    units
}

/// The two token streams of a text: its parts, and its wholes where they differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Streams {
    /// Every unit's parts, in order.
    pub parts: Vec<String>,
    /// Every unit's whole form, in order; empty where it would equal `parts`.
    pub wholes: Vec<String>,
}

impl Streams {
    /// The streams of a text.
    ///
    /// ```
    /// use filedex_model::analysis::Streams;
    /// let streams = Streams::of("beachSunset.jpg");
    /// assert_eq!(streams.parts, ["beach", "sunset", "jpg"]);
    /// assert_eq!(streams.wholes, ["beachsunset", "jpg"]);
    /// ```
    #[must_use]
    pub fn of(text: &str) -> Self {
        let units = units(text);
        let differ = units.iter().any(|u| u.is_split() || u.parts[0] != u.whole);
        let wholes =
            if differ { units.iter().map(|u| u.whole.clone()).collect() } else { Vec::new() };
        Self { parts: units.into_iter().flat_map(|u| u.parts).collect(), wholes }
    }

    /// The wholes, whether or not they equal the parts.
    #[must_use]
    pub fn wholes(&self) -> &[String] {
        if self.wholes.is_empty() { &self.parts } else { &self.wholes }
    }
}

/// Lower case without accents, compatibility forms unified.
///
/// ```
/// assert_eq!(filedex_model::analysis::fold("ÀÉÎ Ｆｕｌｌ"), "aei full");
/// ```
#[must_use]
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let bare: String = text.nfkd().filter(|c| !is_diacritic(*c)).collect();
    bare.nfc().flat_map(char::to_lowercase).collect::<String>().nfc().collect()
}

/// Diacritics of alphabetic scripts. Marks of other scripts (Japanese voicing, Indic vowels) carry
/// the word and stay.
fn is_diacritic(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}')
}

fn is_word_char(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric()
    } else {
        c.is_alphanumeric() || is_combining_mark(c)
    }
}

/// Letters of scripts that do not put spaces between words.
fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{ff66}'..='\u{ff9d}' | '\u{20000}'..='\u{323af}')
}

fn first_char(text: &str) -> Option<char> {
    text.chars().next()
}

fn segmenter() -> WordSegmenterBorrowed<'static> {
    static SEGMENTER: LazyLock<WordSegmenterBorrowed<'static>> =
        LazyLock::new(|| WordSegmenter::new_dictionary(WordBreakInvariantOptions::default()));
    *SEGMENTER
}

fn segment_words(text: &str, run: Range<usize>, units: &mut Vec<Unit>) {
    let mut start = 0;
    for end in segmenter().segment_str(&text[run.clone()]) {
        if end > start {
            let span = run.start + start..run.start + end;
            let word = &text[span.clone()];
            let parts: Vec<String> = word
                .chars()
                .map(|c| fold(c.encode_utf8(&mut [0; 4])))
                .filter(|p| !p.is_empty())
                .collect();
            if !parts.is_empty() {
                units.push(Unit { whole: fold(word), parts, span });
            }
        }
        start = end;
    }
}

/// Cuts a run of spaced script into units of at most [`UNIT_BYTES`].
fn cut_run(text: &str, run: Range<usize>, units: &mut Vec<Unit>) {
    let mut start = run.start;
    while start < run.end {
        let mut end = run.end.min(start + UNIT_BYTES);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let word = &text[start..end];
        let parts: Vec<String> = borders(word).map(fold).filter(|p| !p.is_empty()).collect();
        if !parts.is_empty() {
            units.push(Unit { whole: fold(word), parts, span: start..end });
        }
        start = end;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Upper,
    Lower,
    Digit,
}

fn class_of(c: char) -> Class {
    if c.is_numeric() {
        Class::Digit
    } else if c.is_uppercase() {
        Class::Upper
    } else {
        Class::Lower
    }
}

/// The pieces of a run between letter/digit and camelCase borders: `HTTPServer2` is HTTP, Server, 2.
fn borders(word: &str) -> impl Iterator<Item = &str> {
    let mut cuts = vec![0];
    let mut before: Option<(Class, usize)> = None;
    let mut previous_start = 0;
    for (at, c) in word.char_indices() {
        if is_combining_mark(c) {
            continue;
        }
        let class = class_of(c);
        if let Some((last, run_length)) = before {
            let cut = match (last, class) {
                (Class::Digit, Class::Digit) => None,
                (Class::Digit, _) | (_, Class::Digit) | (Class::Lower, Class::Upper) => Some(at),
                // The last capital of several starts the next word: HTTPServer.
                (Class::Upper, Class::Lower) if run_length > 1 => Some(previous_start),
                _ => None,
            };
            cuts.extend(cut);
            before = Some((class, if last == class { run_length + 1 } else { 1 }));
        } else {
            before = Some((class, 1));
        }
        previous_start = at;
    }
    cuts.push(word.len());
    let pieces: Vec<&str> = cuts.windows(2).map(|pair| &word[pair[0]..pair[1]]).collect();
    pieces.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wholes_and_parts() {
        let cases: &[(&str, &[&str], &[&str])] = &[
            ("", &[], &[]),
            ("--- ...", &[], &[]),
            ("lane_line.PNG", &["lane", "line", "png"], &["lane", "line", "png"]),
            ("A00467_8.jpg", &["a00467", "8", "jpg"], &["a", "00467", "8", "jpg"]),
            ("HTTPServer2go", &["httpserver2go"], &["http", "server", "2", "go"]),
            ("iPhoneX", &["iphonex"], &["i", "phone", "x"]),
            ("Ünïcödé cafe\u{301}", &["unicode", "cafe"], &["unicode", "cafe"]),
            ("Straße", &["straße"], &["straße"]),
            ("abc中文字def", &["abc", "中文字", "def"], &["abc", "中", "文", "字", "def"]),
            ("ﬁle", &["file"], &["file"]),
        ];
        for (text, wholes, parts) in cases {
            let units = units(text);
            let got: Vec<_> = units.iter().map(|u| u.whole.as_str()).collect();
            if !text.contains('中') {
                assert_eq!(&got, wholes, "{text}");
            }
            let got: Vec<_> = units.iter().flat_map(|u| &u.parts).map(String::as_str).collect();
            assert_eq!(&got, parts, "{text}");
        }
    }

    #[test]
    fn chinese_is_segmented_and_never_lost() {
        let long = "研究生命起源".repeat(2_000);
        let found = units(&long);
        assert!(found.len() > 4_000);
        assert_eq!(found.iter().map(|u| u.parts.len()).sum::<usize>(), 12_000);
        let words: Vec<_> = units("我来到北京清华大学").into_iter().map(|u| u.whole).collect();
        assert!(words.contains(&"北京".to_owned()), "{words:?}");
    }

    #[test]
    fn long_runs_are_cut_not_lost() {
        let long = "é".repeat(10_000);
        let found = units(&long);
        assert_eq!(found.iter().map(|u| u.whole.chars().count()).sum::<usize>(), 10_000);
        assert!(found.iter().all(|u| u.span.len() <= UNIT_BYTES));
    }

    #[test]
    fn spans_point_into_the_text() {
        let text = "Ein Bäumchen, IMG1";
        let found: Vec<_> = units(text).into_iter().map(|u| &text[u.span]).collect();
        assert_eq!(found, ["Ein", "Bäumchen", "IMG1"]);
    }
}
