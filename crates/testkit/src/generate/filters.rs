//! Filters: every property with every test the language has for it, nested.

use filedex_model::{
    Bound, Filter, Kind, Number, Predicate, Property, Range, Test, Timestamp, Value, When, limits,
};

use super::generator::Generator;
use super::vocabulary as v;

impl Generator {
    /// A filter with ANDs, ORs and NOTs nested at most `depth` deep. Some of its times are relative:
    /// [`Filter::at`] fixes them.
    pub fn filter(&mut self, depth: usize) -> Filter {
        if depth == 0 || self.seed.chance(20) {
            let predicate = self.predicate();
            return Filter::Test(predicate);
        }
        let parts = 2 + self.seed.below(2);
        match self.seed.below(20) {
            0..8 => Filter::and((0..parts).map(|_| self.filter(depth - 1)).collect::<Vec<_>>()),
            8..15 => Filter::or((0..parts).map(|_| self.filter(depth - 1)).collect::<Vec<_>>()),
            15..19 => Filter::not(self.filter(depth - 1)),
            _ => Filter::All,
        }
    }

    /// A test on a property, as the language can say it.
    pub fn predicate(&mut self) -> Predicate {
        let property = self.property();
        let test = self.test_of(&property);
        Predicate::new(property, test)
    }

    /// A property; every fourth is an attribute.
    pub fn property(&mut self) -> Property {
        if self.seed.chance(25) {
            Property::Attribute(self.attribute_path())
        } else {
            self.seed.pick(&Property::NAMED).clone()
        }
    }

    /// One of the tests that the language has for `property`.
    pub fn test_of(&mut self, property: &Property) -> Test {
        match property.kind() {
            Kind::Ranked if self.seed.chance(70) => Test::AnyWord(self.word(v::PHRASES)),
            Kind::Ranked => Test::AllWords(self.phrases()),
            _ if self.seed.chance(15) => Test::Has,
            Kind::Text => self.test_of_text(property),
            Kind::Keyword => self.test_of_keyword(property),
            Kind::Number => self.test_of_number(),
            Kind::Date => {
                let end = Value::Date(self.when());
                self.range_to(end)
            }
            Kind::Bool if self.seed.chance(20) => Test::In(vec![Value::Bool(true)]),
            Kind::Bool => Test::Equals(Value::Bool(self.seed.chance(50))),
            Kind::Attribute => self.test_of_attribute(),
        }
    }

    /// Up to three tags, in `percent` of 100 cases.
    pub fn tags(&mut self, percent: usize) -> Vec<String> {
        self.maybe(percent, |g| g.words(v::TAGS, 3)).unwrap_or_default()
    }

    /// Up to three file types, in `percent` of 100 cases.
    pub fn types(&mut self, percent: usize) -> Vec<String> {
        self.maybe(percent, |g| g.words(v::TYPES, 3)).unwrap_or_default()
    }

    /// Up to three content types, in `percent` of 100 cases.
    pub fn content_types(&mut self, percent: usize) -> Vec<String> {
        self.maybe(percent, |g| g.words(v::CONTENT_TYPES, 3)).unwrap_or_default()
    }

    /// A part of a name or a folder.
    pub fn part(&mut self) -> String {
        let choices = if self.seed.chance(50) { v::PIECES } else { v::DIRS };
        self.word(choices)
    }

    /// A time to begin and one to end, each in `percent` of 100 cases.
    pub fn period(&mut self, percent: usize) -> (Option<Timestamp>, Option<Timestamp>) {
        let mut end =
            || self.maybe(percent, |g| if g.seed.chance(30) { g.now() } else { g.time() });
        (end(), end())
    }

    /// Words to look for.
    pub fn phrase(&mut self) -> String {
        self.word(v::PHRASES)
    }

    fn test_of_text(&mut self, property: &Property) -> Test {
        let named = matches!(property, Property::FileName | Property::FileDir);
        match self.seed.below(if named { 10 } else { 8 }) {
            0..4 => self.test_of_words(),
            4..8 => self.test_of_whole(property),
            8 => Test::Contains(self.piece(property)),
            _ if *property == Property::FileName => Test::Glob(self.word(v::NAME_GLOBS)),
            _ => Test::Glob(self.word(v::PATH_GLOBS)),
        }
    }

    fn test_of_keyword(&mut self, property: &Property) -> Test {
        match self.seed.below(10) {
            0 | 1 if *property != Property::Id => Test::Contains(self.piece(property)),
            2 | 3 if *property == Property::Uri => Test::Glob(self.word(v::PATH_GLOBS)),
            _ => self.test_of_whole(property),
        }
    }

    fn test_of_number(&mut self) -> Test {
        match self.seed.below(4) {
            0 => Test::Equals(Value::Number(self.number())),
            1 => Test::In((0..3).map(|_| Value::Number(self.number())).collect()),
            _ => {
                let end = Value::Number(self.number());
                self.range_to(end)
            }
        }
    }

    fn test_of_attribute(&mut self) -> Test {
        match self.seed.below(6) {
            0 => self.test_of_words(),
            1 => self.test_of_whole(&Property::Comment),
            2 => Test::Equals(Value::Bool(self.seed.chance(50))),
            3 => {
                let end = Value::Date(self.when());
                self.range_to(end)
            }
            4 => Test::In(vec![
                Value::Number(self.number()),
                Value::Text(self.whole(&Property::Comment)),
                Value::Bool(true),
            ]),
            _ => self.test_of_number(),
        }
    }

    /// Tests on words.
    fn test_of_words(&mut self) -> Test {
        match self.seed.below(5) {
            0 | 1 => Test::Phrase(self.word(v::PHRASES)),
            2 => Test::PhrasePrefix(self.word(v::PREFIXES)),
            3 => Test::WordNear(self.word(v::NEAR_WORDS), self.edits()),
            _ => Test::AllWords(self.phrases()),
        }
    }

    /// Tests on the whole value.
    fn test_of_whole(&mut self, property: &Property) -> Test {
        let whole = self.whole(property);
        match self.seed.below(4) {
            2 if !whole.is_empty() => {
                let kept = self.seed.below(whole.chars().count()) + 1;
                Test::StartsWith(whole.chars().take(kept).collect())
            }
            3 if !whole.is_empty() && *property != Property::Id => {
                let gap = 1 + self.seed.below(whole.chars().count());
                let near = whole.chars().enumerate().filter(|(at, _)| *at != gap);
                Test::Near(near.map(|(_, c)| c).collect(), self.edits())
            }
            0 | 2 => Test::Equals(Value::Text(whole)),
            _ => Test::In(vec![Value::Text(whole), Value::Text(self.whole(property))]),
        }
    }

    /// A whole value that some record may have.
    fn whole(&mut self, property: &Property) -> String {
        if self.seed.chance(3) {
            return String::new();
        }
        match property {
            Property::Id => self.file_id().to_string(),
            Property::Uri => self.uri(),
            Property::FileName => self.word(v::NAMES),
            Property::FileDir => self.word(v::DIRS),
            Property::FileType => self.word(v::TYPES),
            Property::ContentType => self.word(v::CONTENT_TYPES),
            Property::FileFingerPrint => self.word(v::FINGERPRINTS),
            Property::SemanticIndexJobId => self.word(v::JOBS),
            Property::Labels => self.word(v::LABELS),
            Property::Comment | Property::Description => {
                let choices = if self.seed.chance(50) { v::TEXTS } else { v::VALUES };
                self.word(choices)
            }
            _ => self.word(v::TAGS),
        }
    }

    /// What CONTAINS looks for: an awkward piece, or the capitals of one that some value has.
    fn piece(&mut self, property: &Property) -> String {
        let whole = self.whole(property);
        if whole.is_empty() || self.seed.chance(50) {
            return self.word(v::PIECES);
        }
        let start = self.seed.below(whole.chars().count());
        whole.chars().skip(start).take(3).flat_map(char::to_uppercase).collect()
    }

    fn phrases(&mut self) -> Vec<String> {
        (0..=self.seed.below(3)).map(|_| self.word(v::PHRASES)).collect()
    }

    #[expect(clippy::cast_possible_truncation, reason = "the distance is a u8 already")]
    fn edits(&mut self) -> u8 {
        1 + self.seed.below(usize::from(limits::FUZZY_DISTANCE)) as u8
    }

    fn number(&mut self) -> Number {
        let text = *self.seed.pick(v::NUMBERS);
        let number = serde_json::from_str(text).expect("the numbers of the vocabulary are JSON");
        Number::from_json(&number).expect("the numbers of the vocabulary fit 64 bits")
    }

    fn when(&mut self) -> When {
        const AGO: [i64; 5] = [0, -1, -1_000, -7 * 86_400_000, 3_600_000];
        if self.seed.chance(15) {
            When::Ago(*self.seed.pick(&AGO))
        } else if self.seed.chance(25) {
            When::At(self.now())
        } else {
            When::At(self.time())
        }
    }

    /// A range with one end, as the language writes it.
    fn range_to(&mut self, end: Value) -> Test {
        let (from, to) = match self.seed.below(4) {
            0 => (Bound::Open, Bound::Excluded(end)),
            1 => (Bound::Open, Bound::Included(end)),
            2 => (Bound::Excluded(end), Bound::Open),
            _ => (Bound::Included(end), Bound::Open),
        };
        Test::InRange(Range { from, to })
    }
}
