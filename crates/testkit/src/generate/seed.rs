//! Chance that can be repeated: splitmix64.

/// The environment variable that takes the place of a test's own seed.
const VARIABLE: &str = "FILEDEX_SEED";

/// A source of chance. The same seed gives the same numbers, on every machine.
///
/// ```
/// use filedex_testkit::Seed;
/// let draws = |mut seed: Seed| (0..3).map(|_| seed.below(1_000)).collect::<Vec<_>>();
/// assert_eq!(draws(Seed::new(7)), draws(Seed::new(7)));
/// ```
#[derive(Debug)]
pub struct Seed {
    origin: u64,
    state: u64,
    announced: bool,
}

impl Seed {
    /// A source of chance that starts at `origin`.
    #[must_use]
    pub fn new(origin: u64) -> Self {
        Self { origin, state: origin, announced: false }
    }

    /// The seed of a test run: `FILEDEX_SEED` where it is set, else `default`. When the test
    /// panics, the seed is printed, so that the run can be repeated.
    ///
    /// # Panics
    /// When `FILEDEX_SEED` is not a number.
    #[must_use]
    pub fn of_run(default: u64) -> Self {
        let origin = match std::env::var(VARIABLE) {
            Ok(text) => match text.parse() {
                Ok(origin) => origin,
                Err(_) => panic!("{VARIABLE} is {text:?}; it takes a number from 0 to 2^64 - 1"),
            },
            Err(_) => default,
        };
        Self { announced: true, ..Self::new(origin) }
    }

    /// The number this source started at.
    #[must_use]
    pub fn origin(&self) -> u64 {
        self.origin
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number from 0 to `end` - 1; 0 where `end` is 0.
    #[expect(clippy::cast_possible_truncation, reason = "the remainder is below a usize")]
    pub fn below(&mut self, end: usize) -> usize {
        (self.bits() % end.max(1) as u64) as usize
    }

    /// True in `percent` of 100 cases.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of `choices`.
    ///
    /// # Panics
    /// When there is none.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    /// A few of `choices`, at most `most`, with repetitions.
    pub fn some<T: Clone>(&mut self, choices: &[T], most: usize) -> Vec<T> {
        (0..self.below(most + 1)).map(|_| self.pick(choices).clone()).collect()
    }
}

impl Drop for Seed {
    #[expect(clippy::print_stderr, reason = "the seed is what repeats a failed test")]
    fn drop(&mut self) {
        if self.announced && std::thread::panicking() {
            eprintln!("to repeat this run: {VARIABLE}={}", self.origin);
        }
    }
}
