//! The generator: chance, a dataset and a clock.

use filedex_model::{AttributePath, Order, SortBy, Timestamp};

use super::seed::Seed;
use super::vocabulary;

/// 2025-01-31T12:00:00Z.
const START: i64 = 1_738_324_800_000;

/// Makes what tests feed to the oracle and to the engine, out of one source of chance.
#[derive(Debug)]
pub struct Generator {
    pub(super) seed: Seed,
    pub(super) dataset_id: String,
    now: i64,
}

impl Generator {
    /// A generator for the files of one dataset. Its clock starts on 2025-01-31 at noon.
    #[must_use]
    pub fn new(seed: Seed, dataset_id: impl Into<String>) -> Self {
        Self { seed, dataset_id: dataset_id.into(), now: START }
    }

    /// Makes the ids of another dataset from here on.
    pub fn turn_to(&mut self, dataset_id: &str) {
        dataset_id.clone_into(&mut self.dataset_id);
    }

    /// The source of chance, for choices of the test itself.
    pub fn seed(&mut self) -> &mut Seed {
        &mut self.seed
    }

    /// The generator's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now).expect("the clock stays in this century")
    }

    /// The clock after a step of 0, 1 or 1,000 milliseconds: times of writes tie often.
    pub fn tick(&mut self) -> Timestamp {
        self.now += *self.seed.pick(&[0, 0, 1, 1_000]);
        self.now()
    }

    /// An order to list by. Never relevance, which only a text has.
    pub fn sort(&mut self) -> (SortBy, Order) {
        let sort = match self.seed.below(11) {
            0 => SortBy::FileCreateTime,
            1 => SortBy::FileUpdateTime,
            2 => SortBy::TagUpdateTime,
            3 => SortBy::SyncTime,
            4 => SortBy::SemanticIndexUpdateTime,
            5 => SortBy::RecordCreateTime,
            6 => SortBy::FileName,
            7 => SortBy::DataSize,
            _ => SortBy::Attribute(self.attribute_path()),
        };
        (sort, *self.seed.pick(&[Order::Asc, Order::Desc]))
    }

    /// How many hits a page has.
    pub fn page_size(&mut self) -> u32 {
        *self.seed.pick(&[1, 2, 3, 7, 10, 100])
    }

    /// The path of an attribute; most are ones that generated files have.
    pub fn attribute_path(&mut self) -> AttributePath {
        AttributePath::new(self.seed.pick(vocabulary::PATHS).iter().copied())
    }

    pub(super) fn word(&mut self, choices: &[&str]) -> String {
        (*self.seed.pick(choices)).to_owned()
    }

    pub(super) fn words(&mut self, choices: &[&str], most: usize) -> Vec<String> {
        self.seed.some(choices, most).into_iter().map(str::to_owned).collect()
    }

    pub(super) fn maybe<T>(
        &mut self,
        percent: usize,
        make: impl FnOnce(&mut Self) -> T,
    ) -> Option<T> {
        self.seed.chance(percent).then(|| make(self))
    }

    /// A time of a file, from far before to far after the generator's clock.
    pub(super) fn time(&mut self) -> Timestamp {
        let text = *self.seed.pick(vocabulary::TIMES);
        text.parse().expect("the times of the vocabulary exist")
    }
}
