//! Random queries: every form the language can say, from a seed.

use filedex_model::predicate::When;
use filedex_model::{
    AttributePath, Bound, Filter, Kind, Number, Order, Property, Range, SortBy, StatusFilter, Test,
    Timestamp, Value,
};
use filedex_query::{Controls, Fusion, Query, QueryType, SignMode, ThumbnailMode};

/// The splitmix64 generator.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("below a usize")
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())].clone()
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.one_in(4).then(|| make(self))
    }

    fn some<T>(&mut self, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..=self.below(3)).map(|_| make(self)).collect()
    }
}

/// The seed of a run: `FILEDEX_SEED`, or a fixed one.
pub fn seed() -> u64 {
    std::env::var("FILEDEX_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(0x00f1_1ede)
}

pub fn query(dice: &mut Dice) -> Query {
    Query { filter: filter(dice, 5), controls: controls(dice) }
}

fn filter(dice: &mut Dice, depth: usize) -> Filter {
    match dice.below(if depth == 0 { 2 } else { 8 }) {
        0 if dice.one_in(10) => dice.pick(&[Filter::All, Filter::Nothing]),
        0..=3 => predicate(dice),
        4 => Filter::not(filter(dice, depth - 1)),
        5 | 6 => {
            Filter::and((0..=dice.below(4)).map(|_| filter(dice, depth - 1)).collect::<Vec<_>>())
        }
        _ => Filter::or((0..=dice.below(4)).map(|_| filter(dice, depth - 1)).collect::<Vec<_>>()),
    }
}

fn predicate(dice: &mut Dice) -> Filter {
    let property = if dice.one_in(5) {
        Property::Attribute(attribute_path(dice))
    } else {
        dice.pick(&Property::NAMED)
    };
    let test = test(dice, &property);
    Filter::test(property, test)
}

fn test(dice: &mut Dice, property: &Property) -> Test {
    let kind = property.kind();
    if kind == Kind::Ranked {
        return if dice.one_in(2) {
            Test::AnyWord(words(dice))
        } else {
            Test::AllWords(dice.some(words))
        };
    }
    if dice.one_in(6) {
        return Test::Has;
    }
    match kind {
        Kind::Date => range(dice, moment),
        Kind::Number if dice.one_in(2) => range(dice, number),
        Kind::Number => equality(dice, number),
        Kind::Bool => equality(dice, |dice| Value::Bool(dice.one_in(2))),
        Kind::Attribute => match dice.below(4) {
            0 => range(dice, |dice| if dice.one_in(2) { number(dice) } else { moment(dice) }),
            1 => equality(dice, any_value),
            2 => whole(dice),
            _ => wordy(dice),
        },
        Kind::Keyword => keyword(dice, property),
        Kind::Text | Kind::Ranked => {
            if dice.one_in(2) {
                wordy(dice)
            } else {
                keyword(dice, property)
            }
        }
    }
}

fn keyword(dice: &mut Dice, property: &Property) -> Test {
    match dice.below(4) {
        // Ids take no `~`.
        0 if *property == Property::Id => Test::StartsWith(filled(dice)),
        0 => whole(dice),
        1 if matches!(property, Property::FileName | Property::FileDir | Property::Uri) => {
            let part = filled(dice);
            if dice.one_in(2) { Test::Glob(part) } else { Test::Contains(part) }
        }
        _ => equality(dice, |dice| Value::Text(text(dice))),
    }
}

fn equality(dice: &mut Dice, mut value: impl FnMut(&mut Dice) -> Value) -> Test {
    if dice.one_in(3) { Test::In(dice.some(value)) } else { Test::Equals(value(dice)) }
}

fn whole(dice: &mut Dice) -> Test {
    let text = filled(dice);
    if dice.one_in(2) { Test::StartsWith(text) } else { Test::Near(text, dice.pick(&[1, 2])) }
}

fn wordy(dice: &mut Dice) -> Test {
    match dice.below(4) {
        0 => Test::Phrase(words(dice)),
        1 => Test::PhrasePrefix(words(dice)),
        2 => Test::WordNear(dice.pick(&["car", "IMG20", "é", "车"]).into(), dice.pick(&[1, 2])),
        _ => Test::AllWords(dice.some(words)),
    }
}

fn range(dice: &mut Dice, mut value: impl FnMut(&mut Dice) -> Value) -> Test {
    let bound = if dice.one_in(2) { Bound::Included } else { Bound::Excluded };
    let bound = bound(value(dice));
    Test::InRange(if dice.one_in(2) {
        Range { from: bound, to: Bound::Open }
    } else {
        Range { from: Bound::Open, to: bound }
    })
}

fn any_value(dice: &mut Dice) -> Value {
    match dice.below(3) {
        0 => number(dice),
        1 => Value::Bool(dice.one_in(2)),
        _ => Value::Text(text(dice)),
    }
}

fn number(dice: &mut Dice) -> Value {
    Value::Number(match dice.below(4) {
        0 => Number::from(dice.next()),
        1 => Number::from(dice.next().cast_signed()),
        2 => Number::from(dice.next() % 1_000),
        _ => Number::float(f64::from_bits(dice.next())).unwrap_or(Number::Float(0.5)),
    })
}

fn moment(dice: &mut Dice) -> Value {
    const YEAR: i64 = 365 * 86_400_000;
    let years = |dice: &mut Dice, n: i64| dice.next().cast_signed() % (n * YEAR);
    Value::Date(match dice.below(3) {
        0 => When::Ago(dice.next().cast_signed()),
        1 => When::Ago(years(dice, 2) / 3_600_000 * 3_600_000),
        _ => {
            let millis = years(dice, 7_000);
            When::At(Timestamp::from_millis(millis).expect("within years -5030 to 8970"))
        }
    })
}

/// Any text, the awkward ones often.
fn text(dice: &mut Dice) -> String {
    const PARTS: [&str; 20] = [
        "car",
        "Lane line",
        " ",
        "'",
        "\"",
        "\\",
        "\\'",
        "*",
        "~1",
        "(",
        ")",
        "NOT",
        " AND ",
        "\n",
        "\0",
        "车道线",
        "é",
        "e\u{301}",
        "😀",
        "\u{1}",
    ];
    (0..dice.below(5)).map(|_| dice.pick(&PARTS)).collect()
}

fn filled(dice: &mut Dice) -> String {
    format!("{}{}", text(dice), dice.pick(&["x", "'", "\\", " "]))
}

fn words(dice: &mut Dice) -> String {
    format!("{}{}{}", text(dice), dice.pick(&["a", "9", "线"]), text(dice))
}

fn attribute_path(dice: &mut Dice) -> AttributePath {
    const NAMES: [&str; 14] = [
        "width",
        "exif",
        "focal length",
        "not",
        "2d",
        "a-b",
        "_",
        "it's",
        "",
        "作者",
        ".",
        "all",
        "Attributes",
        "a\\b",
    ];
    AttributePath::new(dice.some(|dice| dice.pick(&NAMES)))
}

fn controls(dice: &mut Dice) -> Controls {
    if dice.one_in(2) {
        return Controls::default();
    }
    let below = |dice: &mut Dice, end| u32::try_from(1 + dice.below(end)).expect("small");
    // A query has one thing to be similar to.
    let similar = dice.one_in(2);
    Controls {
        status: dice
            .maybe(|d| d.pick(&[StatusFilter::Active, StatusFilter::Deleted, StatusFilter::All])),
        query_type: dice.maybe(|d| d.pick(&[QueryType::Tag, QueryType::Vector, QueryType::Mix])),
        content: dice.maybe(words).filter(|_| !similar),
        similar_to: dice.maybe(words).filter(|_| similar),
        top_k: dice.maybe(|d| below(d, 5_000)),
        score_threshold: dice.maybe(|d| {
            let bits = u32::try_from(d.next() >> 32).expect("32 bits are left");
            Some(f32::from_bits(bits)).filter(|f| f.is_finite()).unwrap_or(0.6)
        }),
        exact: dice.maybe(|d| d.one_in(2)),
        space: dice.maybe(words),
        fusion: dice.maybe(|d| d.pick(&[Fusion::Convex, Fusion::Rrf])),
        vector_weight: dice.maybe(weight),
        sign_mode: dice.maybe(|_| SignMode::Public),
        thumbnail_mode: dice.maybe(thumbnail_mode),
        sort_by: dice.maybe(|d| match d.below(3) {
            0 => SortBy::Relevance,
            1 => SortBy::Attribute(attribute_path(d)),
            _ => d.pick(&[SortBy::FileName, SortBy::SyncTime, SortBy::RecordCreateTime]),
        }),
        order: dice.maybe(|d| d.pick(&[Order::Asc, Order::Desc])),
        next_token: dice.maybe(words),
        max_results: dice.maybe(|d| below(d, 100)),
        ..Controls::default()
    }
}

/// From 0 to 1, the ends often.
fn weight(dice: &mut Dice) -> f32 {
    let bits = u32::try_from(dice.next() >> 32).expect("32 bits are left");
    let any = f32::from_bits(bits % (1.0_f32.to_bits() + 1));
    dice.pick(&[0.0, 1.0, 0.6, any, any])
}

fn thumbnail_mode(dice: &mut Dice) -> ThumbnailMode {
    let pixels = |dice: &mut Dice| u16::try_from(1 + dice.below(16_384)).expect("small");
    let (width, height) = (pixels(dice), pixels(dice));
    let color = dice.maybe(|d| {
        let [red, green, blue, ..] = d.next().to_be_bytes();
        [red, green, blue]
    });
    dice.pick(&[
        ThumbnailMode::Percent(u8::try_from(1 + width % 100).expect("at most 100")),
        ThumbnailMode::Width(width),
        ThumbnailMode::Height(height),
        ThumbnailMode::Pad { width, height, color },
        ThumbnailMode::Fill { width, height },
        ThumbnailMode::Fixed { width, height },
    ])
}
