//! What a run comes to.

use std::time::Duration;

/// The times of all answers of a run.
#[derive(Debug)]
pub struct Figures {
    sorted: Vec<Duration>,
    whole: Duration,
}

impl Figures {
    /// Figures of the answers' times and the time of the whole run.
    pub fn new(mut times: Vec<Duration>, whole: Duration) -> Self {
        times.sort_unstable();
        Self { sorted: times, whole }
    }

    /// Answers a second.
    pub fn rate(&self) -> f64 {
        self.sorted.len() as f64 / self.whole.as_secs_f64()
    }

    /// The time that a share of the answers took at most.
    pub fn at(&self, share: f64) -> String {
        let place = (self.sorted.len() as f64 * share) as usize;
        match self.sorted.get(place.min(self.sorted.len().saturating_sub(1))) {
            Some(time) => format!("{:.2} ms", time.as_secs_f64() * 1e3),
            None => "-".to_owned(),
        }
    }
}
