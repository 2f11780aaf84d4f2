//! Scripts: what a test does to a database and asks of it, as data.
//!
//! A [`Script`] is a list of [`Step`]s. [`Scribe`] makes one from a seed, a test applies it to the
//! engine and to the [`World`](crate::oracle::World) alike, and where the two differ [`shrink`]
//! makes it small. `Display` prints a step a line, and the lines parse back, so that what a failure
//! printed is a regression test once it is pasted into one.
//!
//! ```
//! use filedex_testkit::Seed;
//! use filedex_testkit::script::{Scribe, Script};
//! let script = Scribe::new(Seed::new(1)).script(20);
//! assert_eq!(script.to_string().parse::<Script>()?, script);
//! # Ok::<(), String>(())
//! ```

mod inquiry;
mod notation;
mod question;
mod scribe;
mod shrink;
mod simpler;
mod step;
mod typed;

use std::fmt;
use std::str::FromStr;

pub use question::{CursorFault, Joined, Listing, Nearby, Question, Toward};
pub use scribe::Scribe;
pub use shrink::{least, shrink};
pub use simpler::simpler;
pub use step::{Item, Place, SpaceShape, Step, VectorItem, VersionChange};
pub use typed::Typed;

/// Steps, one after the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script(pub Vec<Step>);

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.0 {
            writeln!(f, "{}", serde_json::to_string(step).map_err(|_| fmt::Error)?)?;
        }
        Ok(())
    }
}

impl FromStr for Script {
    type Err = String;

    /// Reads a step a line; blank lines are skipped.
    fn from_str(text: &str) -> Result<Self, String> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let steps = lines.map(|line| {
            serde_json::from_str(line).map_err(|error| format!("{error} in the step {line}"))
        });
        steps.collect::<Result<_, _>>().map(Self)
    }
}
