//! What the command line asks for.

use std::path::PathBuf;
use std::str::FromStr;

use crate::Outcome;

const USAGE: &str = "options: --data PATH, --limit RECORDS, --rounds N, --out FILE.md, \
    --only import|size|queries|update|open|churn|import-filedex|vectors";

/// A section of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Records a second until durable.
    Import,
    /// The files' sizes.
    Size,
    /// Queries.
    Queries,
    /// One-record durable updates.
    Update,
    /// Opening a closed file.
    Open,
    /// The same records updated again and again.
    Churn,
    /// Filedex's import alone, with the peak of the process's memory; only when asked for.
    ImportFiledex,
    /// Search by meaning; only when asked for.
    Vectors,
}

impl FromStr for Section {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Ok(match name {
            "import" => Self::Import,
            "size" => Self::Size,
            "queries" => Self::Queries,
            "update" => Self::Update,
            "open" => Self::Open,
            "churn" => Self::Churn,
            "import-filedex" => Self::ImportFiledex,
            "vectors" => Self::Vectors,
            _ => return Err(format!("no section is named {name:?}; {USAGE}")),
        })
    }
}

/// The options of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The corpus; by default where `Corpus::find` looks.
    pub data: Option<PathBuf>,
    /// Only so many records.
    pub limit: Option<usize>,
    /// Rounds of every query, of the updates, and of vectors; by default 200, 300 and 20.
    pub rounds: Option<usize>,
    /// Only this section.
    pub only: Option<Section>,
    /// Where the report is written, as markdown.
    pub out: Option<PathBuf>,
}

impl Options {
    /// Reads arguments; `--bench`, which cargo adds, is passed over.
    ///
    /// # Errors
    /// When an argument is not known or lacks its value.
    pub fn parse(arguments: impl IntoIterator<Item = String>) -> Outcome<Self> {
        let mut options = Self::default();
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            if argument == "--bench" {
                continue;
            }
            let mut value =
                || arguments.next().ok_or_else(|| format!("{argument} needs a value; {USAGE}"));
            match argument.as_str() {
                "--data" => options.data = Some(value()?.into()),
                "--limit" => options.limit = Some(value()?.parse()?),
                "--rounds" => options.rounds = Some(value()?.parse::<usize>()?.max(1)),
                "--only" => options.only = Some(value()?.parse()?),
                "--out" => options.out = Some(value()?.into()),
                _ => return Err(format!("{argument:?} is not known; {USAGE}").into()),
            }
        }
        Ok(options)
    }

    /// Whether a section is to be run.
    #[must_use]
    pub fn runs(&self, section: Section) -> bool {
        self.only.is_none_or(|only| only == section)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Outcome<Options> {
        Options::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn arguments() {
        let options = parse("--limit 20000 --only size --bench").unwrap();
        assert_eq!((options.limit, options.only), (Some(20_000), Some(Section::Size)));
        assert!(options.runs(Section::Size) && !options.runs(Section::Import));
        assert!(parse("").unwrap().runs(Section::Churn));
        for wrong in ["--limit", "--limit x", "--only all", "fast"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
