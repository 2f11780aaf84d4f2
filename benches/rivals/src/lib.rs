//! Filedex beside its rivals: three engines, the same records, the same questions, one process.
//!
//! - [`engine`]: what each engine is given and how it is asked. Each is set up as its own
//!   documentation recommends for this work, with the same memory, and each is durable.
//! - [`question`]: the questions, in the three languages.
//! - [`section`]: what is measured.
//! - [`timing`] and [`report`]: medians of interleaved rounds, tables.

use std::error::Error;

use filedex_benches::Corpus;

pub mod engine;
pub mod options;
pub mod question;
pub mod record;
pub mod report;
pub mod section;
pub mod timing;
pub mod workshop;

use options::{Options, Section};
use report::Report;
use workshop::Workshop;

/// What can fail for many reasons, all of which end the run.
pub type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Runs the sections that the options ask for.
///
/// # Errors
/// When an engine refuses its work or disagrees with what was asked of it.
pub fn run(options: &Options, report: &mut Report) -> Outcome {
    let corpus = match &options.data {
        Some(path) => Corpus::at(path)?,
        None => Corpus::find()?,
    };
    if options.only == Some(Section::ImportFiledex) {
        return section::import_filedex::run(&corpus, options.limit, report);
    }
    if options.only == Some(Section::Vectors) {
        return section::vectors::run(&corpus, options, report);
    }
    let files = corpus.files(options.limit)?;
    report.line(&format!(
        "{} records of {corpus}; SQLite {}; tantivy {}; {} CPUs.",
        files.len(),
        engine::Sqlite::version(),
        tantivy::version_string(),
        std::thread::available_parallelism()?,
    ));
    let workshop = if options.runs(Section::Import) {
        section::import::run(&files, options, report)?
    } else {
        Workshop::build(&files)?
    };
    if options.runs(Section::Size) {
        section::size::run(&workshop, &files, report)?;
    }
    if options.runs(Section::Queries) {
        section::queries::run(&workshop, options, report)?;
    }
    if options.runs(Section::Update) {
        section::update::run(&workshop, &files, options, report)?;
    }
    if options.runs(Section::Open) {
        section::open::run(&workshop, &files, report)?;
    }
    if options.runs(Section::Churn) {
        section::churn::run(&workshop, &files, report)?;
    }
    Ok(())
}
