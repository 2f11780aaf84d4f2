//! A day of mixed updates on a database of 100,000 records, as fast as it runs: what becomes of the
//! file.
//!
//! ```text
//! cargo run --release -p filedex-benches --bin churn -- --records 100000 --hours 24
//! ```
//!
//! One durable commit for each second of the day: edits of tags and comments, new vectors, new files,
//! deletions, revivals and purges; each hour a larger import, and as many purges. Each hour it prints
//! the bytes that are live, the length of the file, what is free in it and the segments. At the end
//! it waits for the file to be cut by itself, and checks it.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program that prints a table")]

use std::collections::VecDeque;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use filedex::{Batch, Database, FileUpdate, NewFile, NewSpace, NewVector, TagEdit, VersionRef};
use filedex_benches::Corpus;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

type Failure = Box<dyn std::error::Error>;

const DIMENSION: u32 = 64;
/// One record of so many has a vector.
const EMBEDDED: u64 = 5;
/// Files that come and go each hour beside the small commits.
const HOURLY: usize = 500;
const SEED: u64 = 24;
const TAGS: [&str; 8] = ["keep", "blurry", "night", "portrait", "todo", "beach", "draft", "best"];

struct Options {
    records: u64,
    hours: u32,
}

fn main() -> ExitCode {
    match options().and_then(|options| run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn options() -> Result<Options, Failure> {
    let mut options = Options { records: 100_000, hours: 24 };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let number = words.next().ok_or_else(|| format!("{word} needs a number"))?;
        match word.as_str() {
            "--records" => options.records = number.parse()?,
            "--hours" => options.hours = number.parse()?,
            _ => return Err(format!("{word:?}: --records N and --hours N are known").into()),
        }
    }
    Ok(options)
}

/// The files that are there, and those that are deleted.
struct Day {
    random: StdRng,
    sources: Vec<NewFile>,
    live: VecDeque<String>,
    deleted: VecDeque<String>,
    made: u64,
}

impl Day {
    fn file(&mut self) -> NewFile {
        let source = self.sources[self.random.random_range(0..self.sources.len())].clone();
        self.made += 1;
        let uri = format!("{}?copy={}", source.uri, self.made);
        self.live.push_back(uri.clone());
        NewFile { uri, ..source }
    }

    fn vector(&mut self) -> NewVector {
        NewVector::of((0..DIMENSION).map(|_| self.random.random_range(-1.0..1.0)).collect())
    }

    fn any(&mut self) -> String {
        self.live[self.random.random_range(0..self.live.len())].clone()
    }

    fn create(&mut self, batch: &mut Batch<'_>) {
        let file = self.file();
        let embedded = self.made.is_multiple_of(EMBEDDED);
        let vectors = if embedded { vec![self.vector()] } else { Vec::new() };
        batch.create_embedded(file, vectors);
    }

    /// What happens in a second.
    fn second(&mut self, version: &VersionRef, batch: &mut Batch<'_>) {
        match self.random.random_range(0..100) {
            0..60 => {
                for _ in 0..self.random.random_range(1..4) {
                    let uri = self.any();
                    let (add, remove) = (self.tag(), self.tag());
                    let tags_user = TagEdit { add: vec![add], remove: vec![remove] };
                    let update = FileUpdate { tags_user, ..FileUpdate::default() };
                    batch.update(version.file_id(&uri), update);
                }
            }
            60..75 => {
                let uri = self.any();
                let comment =
                    Some(format!("seen again, {}", self.random.random_range(0..1_000_000)));
                let update = FileUpdate { comment, ..FileUpdate::default() };
                batch.update(version.file_id(&uri), update);
            }
            75..80 => {
                let uri = self.any();
                let vector = self.vector();
                batch.set_vector(version.file_id(&uri), vector);
            }
            80..88 => self.create(batch),
            88..96 => {
                if let Some(uri) = self.live.pop_front() {
                    batch.delete(version.file_id(&uri));
                    self.deleted.push_back(uri);
                }
            }
            96..98 => {
                if let Some(uri) = self.deleted.pop_back() {
                    batch.create(NewFile::at(uri.clone()));
                    self.live.push_back(uri);
                }
            }
            _ => {
                for uri in self.deleted.drain(..self.deleted.len().min(4)) {
                    batch.purge(version.file_id(&uri));
                }
            }
        }
    }

    fn tag(&mut self) -> String {
        TAGS[self.random.random_range(0..TAGS.len())].to_owned()
    }
}

fn run(options: &Options) -> Result<(), Failure> {
    let corpus = Corpus::find()?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("churn.filedex");
    let db = Database::create(&path)?;
    let version = db.default_version()?;
    db.create_space(&version, &NewSpace::new("s", "model", DIMENSION))?;
    let sources = corpus.files(usize::try_from(options.records).ok())?;
    let mut day = Day {
        random: StdRng::seed_from_u64(SEED),
        sources,
        live: VecDeque::new(),
        deleted: VecDeque::new(),
        made: 0,
    };
    println!("{} records of {corpus}, {} hours, seed {SEED}", options.records, options.hours);
    for from in (0..options.records).step_by(10_000) {
        let mut batch = db.batch(&version);
        for _ in from..options.records.min(from + 10_000) {
            day.create(&mut batch);
        }
        commit(batch)?;
    }
    db.optimize()?;
    println!(
        "{:>5} {:>9} {:>10} {:>10} {:>7} {:>9}",
        "hour", "records", "live MB", "file MB", "free %", "segments"
    );
    let first = report(&db, 0)?;
    let started = Instant::now();
    let (mut most_live, mut most_file) = first;
    for hour in 1..=options.hours {
        for _ in 0..3_600 {
            let mut batch = db.batch(&version);
            day.second(&version, &mut batch);
            if !batch.is_empty() {
                commit(batch)?;
            }
        }
        let mut batch = db.batch(&version);
        for _ in 0..HOURLY {
            day.create(&mut batch);
        }
        for _ in 0..HOURLY {
            let Some(uri) = day.live.pop_front() else { break };
            batch.purge(version.file_id(&uri));
        }
        commit(batch)?;
        let (live, file) = report(&db, hour)?;
        (most_live, most_file) = (most_live.max(live), most_file.max(file));
    }
    let took = started.elapsed();
    let commits = u64::from(options.hours) * 3_601;
    println!(
        "{commits} commits in {took:.0?}, {:.0} a second",
        commits as f64 / took.as_secs_f64()
    );
    println!(
        "live bytes at most {:.2} times those at first, the file {:.2} times the live bytes at most",
        most_live as f64 / first.0 as f64,
        most_file as f64 / most_live as f64
    );
    // The background has two seconds of quiet, and time to work.
    std::thread::sleep(Duration::from_secs(8));
    println!("after some seconds of quiet: {:.1} MB", megabytes(path.metadata()?.len()));
    let findings = db.check(|_, _| ())?.findings;
    println!("check: {findings:?}");
    let done = db.compact()?;
    println!("after compact: {:.1} MB", megabytes(done.after));
    if findings.is_empty() { Ok(()) } else { Err("the file is not sound".into()) }
}

fn commit(batch: Batch<'_>) -> Result<(), Failure> {
    let report = batch.commit()?;
    match report.failed().next() {
        // A day has moments in which nothing is left to revive.
        Some((outcome, why)) => Err(format!("{:?}: {why}", outcome.uri).into()),
        None => Ok(()),
    }
}

/// Prints a line; answers the live bytes and the file's length.
fn report(db: &Database, hour: u32) -> Result<(u64, u64), Failure> {
    let info = db.info()?;
    let version = &info.versions[0];
    println!(
        "{hour:>5} {:>9} {:>10.1} {:>10.1} {:>7.0} {:>9}",
        version.active + version.deleted,
        megabytes(info.live_bytes),
        megabytes(info.file_bytes),
        100.0 - 100.0 * info.live_bytes as f64 / info.file_bytes as f64,
        version.segments
    );
    Ok((info.live_bytes, info.file_bytes))
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
