//! Filters of about 34, 10, 1 and 0.1 %: real ones, and drawn ones as tags of the records.
//!
//! Real filters go with what the records are about, so that what passes lies together; drawn ones
//! are spread evenly. Filedex is asked an expression; the rivals are given the rows that pass.

use filedex::NewFile;
use serde_json::Value;

/// What a record has to have.
#[derive(Clone, Copy, Debug)]
enum Test {
    Attribute(&'static str, &'static str),
    Tag(&'static str),
    /// A tag that so many of a thousand records are given.
    Drawn(u64),
}

const TESTS: [Test; 8] = [
    Test::Attribute("source", "teenie"),
    Test::Attribute("classification", "on paper, print"),
    Test::Tag("Scotland"),
    Test::Tag("park"),
    Test::Drawn(340),
    Test::Drawn(100),
    Test::Drawn(10),
    Test::Drawn(1),
];

/// A filter, and the rows that pass.
#[derive(Clone, Debug)]
pub struct Filter {
    /// In Filedex's query language.
    pub expression: String,
    /// Whether each row passes.
    pub passes: Vec<bool>,
}

impl Filter {
    /// How many rows pass.
    #[must_use]
    pub fn count(&self) -> usize {
        self.passes.iter().filter(|passes| **passes).count()
    }

    /// The expression and the share of the rows.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
    pub fn name(&self) -> String {
        let share = 100.0 * self.count() as f64 / self.passes.len() as f64;
        let digits = if share < 2.0 { 2 } else { 0 };
        format!("{share:.digits$} %: `{}`", self.expression)
    }
}

/// All filters; gives the records the tags that are drawn.
pub fn draw(files: &mut [NewFile]) -> Vec<Filter> {
    TESTS.iter().map(|test| test.filter(files)).collect()
}

impl Test {
    fn filter(self, files: &mut [NewFile]) -> Filter {
        let (expression, passes) = match self {
            Self::Attribute(name, value) => {
                let has = |file: &NewFile| {
                    let held = file.attributes.as_ref().and_then(|all| all.get(name));
                    held.and_then(Value::as_str) == Some(value)
                };
                (format!("Attributes.{name} = '{value}'"), files.iter().map(has).collect())
            }
            Self::Tag(tag) => {
                let has = |file: &NewFile| file.tags_user.iter().any(|held| held == tag);
                (format!("Tags.all = '{tag}'"), files.iter().map(has).collect())
            }
            Self::Drawn(share) => {
                let tag = format!("drawn {share}");
                let passes: Vec<bool> = (0..files.len() as u64)
                    .map(|row| mixed(row ^ share << 32) % 1_000 < share)
                    .collect();
                let tagged = files.iter_mut().zip(&passes).filter(|(_, passes)| **passes);
                tagged.for_each(|(file, _)| file.tags_user.push(tag.clone()));
                (format!("Tags.all = '{tag}'"), passes)
            }
        };
        Filter { expression, passes }
    }
}

/// Mixes the bits of a number (the finish of SplitMix64).
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ mixed >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_and_tags() {
        let at = |row: u32| NewFile::at(format!("file:///{row}.png"));
        let mut files: Vec<NewFile> = (0..10_000).map(at).collect();
        files[7].tags_user.push("park".to_owned());
        let filters = draw(&mut files);
        assert_eq!((filters[0].count(), filters[3].count()), (0, 1));
        for (filter, share) in filters[4..].iter().zip([3_400_usize, 1_000, 100, 10]) {
            let off = filter.count().abs_diff(share);
            assert!(off * off <= 16 * share, "{}", filter.name());
        }
        let tagged = files.iter().filter(|file| file.tags_user.contains(&"drawn 340".to_owned()));
        assert_eq!(tagged.count(), filters[4].count());
    }
}
