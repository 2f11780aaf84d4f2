//! What memory each kind of work takes at its peak, beside the bound that the options set.
//!
//! ```text
//! cargo run --release -p filedex-benches --bin memory -- --records 175849
//! ```
//!
//! Each phase is a process of its own, with the default options, on one file: its peak is what the
//! system says of it when it ends (`VmHWM`, so this runs on Linux). The bound is 512 MB beside the
//! vectors that are in use (their codes are held whole); building graphs has a bound of its own.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program that prints a table")]

use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use filedex::import::ImportOptions;
use filedex::{
    Aggregate, Database, EmbedOptions, Embedder, NewSpace, Order, Query, Reader, SortBy, VersionRef,
};
use filedex_benches::Corpus;
use filedex_embed::static_model::StaticModel;

type Failure = Box<dyn std::error::Error>;

/// Beside the vectors in use.
const BOUND_BYTES: u64 = 512_000_000;
const QUERIES: [&str; 6] = [
    "Text:'red car'",
    "Tags.all = 'hill' AND FileType = 'image'",
    "Attributes.year_start >= 1800 AND Attributes.year_start < 1900",
    "FileName CONTAINS '00' AND NOT HAS Tags.user",
    "Comment:'portrait'~1 OR Comment:'castle'",
    "",
];

type Phase = fn(&Path) -> Result<(), Failure>;

const PHASES: [(&str, Phase); 11] = [
    ("import", import),
    ("open", |path| open(path).map(drop)),
    ("text queries", text_queries),
    ("every page, sorted", sorted),
    ("statistics", statistics),
    ("embed", embed),
    ("queries by meaning", meaning),
    ("merge and graph", |path| Ok(Database::open(path)?.optimize()?)),
    ("check", check),
    ("backup", backup),
    ("compact", |path| Ok(Database::open(path)?.compact().map(drop)?)),
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let done = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--phase", name, path] => phase(name, Path::new(path)),
        [] => all(None),
        ["--records", records] => records.parse().map_err(Failure::from).and_then(|n| all(Some(n))),
        _ => Err("--records N is known".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn all(records: Option<usize>) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("memory.filedex");
    unpack(&lines_beside(&path), records.unwrap_or(usize::MAX))?;
    println!("{} records of {}", records.map_or("all".into(), |n| n.to_string()), Corpus::find()?);
    println!("{:<20} {:>9} {:>9}", "phase", "peak MB", "bound MB");
    let mut over = Vec::new();
    for (name, _) in PHASES {
        let output =
            Command::new(std::env::current_exe()?).args(["--phase", name]).arg(&path).output()?;
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut numbers = told.split_whitespace().map(str::parse::<u64>);
        let (Some(Ok(peak)), Some(Ok(codes))) = (numbers.next(), numbers.next()) else {
            return Err(format!("{name}: {}", String::from_utf8_lossy(&output.stderr)).into());
        };
        let bound = BOUND_BYTES + codes;
        println!("{name:<20} {:>9.0} {:>9.0}", peak as f64 / 1e6, bound as f64 / 1e6);
        if peak > bound && name != "merge and graph" {
            over.push(name);
        }
    }
    if over.is_empty() {
        Ok(())
    } else {
        Err(format!("over the bound: {}", over.join(", ")).into())
    }
}

/// Does a phase; prints the peak of this process and the bytes of the vectors' codes.
fn phase(name: &str, path: &Path) -> Result<(), Failure> {
    let (_, work) = PHASES.iter().find(|(of, _)| *of == name).ok_or("no such phase")?;
    work(path)?;
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    let peak: u64 = line.trim().trim_end_matches(" kB").parse()?;
    let db = Database::open(path)?;
    let spaces = db.reader()?.spaces(&db.default_version()?)?;
    let codes = spaces.iter().map(|s| s.vectors * u64::from(s.space.dimension) * 6 / 5);
    println!("{} {}", peak * 1_024, codes.sum::<u64>());
    Ok(())
}

fn open(path: &Path) -> Result<(Database, Reader, VersionRef), Failure> {
    let db = Database::builder().embedder(StaticModel::default_model()).open(path)?;
    let reader = db.reader()?;
    let version = reader.version(None, None)?;
    Ok((db, reader, version))
}

fn import(path: &Path) -> Result<(), Failure> {
    let db = Database::create(path)?;
    let version = db.default_version()?;
    let lines = std::io::BufReader::new(std::fs::File::open(lines_beside(path))?);
    db.import_lines(&version, lines, &ImportOptions::default(), |_| {}, |_| {})?;
    Ok(())
}

fn lines_beside(path: &Path) -> PathBuf {
    path.with_extension("jsonl")
}

/// The lines of the corpus as they are, so that what unpacks them is no part of any phase.
fn unpack(to: &Path, records: usize) -> Result<(), Failure> {
    let mut lines = Corpus::find()?.lines()?;
    let mut file = std::io::BufWriter::new(std::fs::File::create(to)?);
    let mut line = Vec::new();
    for _ in 0..records {
        line.clear();
        if lines.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        file.write_all(&line)?;
    }
    Ok(file.flush()?)
}

fn text_queries(path: &Path) -> Result<(), Failure> {
    let (_db, reader, version) = open(path)?;
    for _ in 0..20 {
        for text in QUERIES {
            reader.list(&version, &Query::parse(text)?.limit(100))?;
        }
    }
    Ok(())
}

fn sorted(path: &Path) -> Result<(), Failure> {
    let (_db, reader, version) = open(path)?;
    for by in [SortBy::FileName, SortBy::DataSize, SortBy::FileUpdateTime] {
        let mut query = Query::parse("")?.sort(by, Order::Asc).limit(1_000);
        while let Some(next) = reader.list(&version, &query)?.next {
            query = query.after(next);
        }
    }
    Ok(())
}

fn statistics(path: &Path) -> Result<(), Failure> {
    let (_db, reader, version) = open(path)?;
    for (_, by) in Aggregate::NAMES {
        reader.statistics(&version, by, &Query::parse("")?)?;
    }
    Ok(())
}

fn embed(path: &Path) -> Result<(), Failure> {
    let model = StaticModel::default_model();
    let (db, _, version) = open(path)?;
    let dimension = u32::try_from(model.dimension())?;
    db.create_space(&version, &NewSpace::new("meaning", model.model(), dimension))?;
    db.embed(&version, &model, &EmbedOptions::default(), |_| {}, |_| {})?;
    Ok(())
}

fn meaning(path: &Path) -> Result<(), Failure> {
    let (_db, reader, version) = open(path)?;
    for round in 0..20 {
        for text in ["a red car on a road", "a castle by the sea", "portrait of a woman"] {
            let query = format!("Content:'{text}' AND TopK = 100 AND Exact = {}", round % 2 == 0);
            reader.list(&version, &Query::parse(&query)?)?;
        }
    }
    Ok(())
}

fn check(path: &Path) -> Result<(), Failure> {
    let report = Database::open(path)?.check(|_, _| ())?;
    if report.is_sound() { Ok(()) } else { Err(format!("{:?}", report.findings).into()) }
}

fn backup(path: &Path) -> Result<(), Failure> {
    let copy: PathBuf = path.with_extension("copy");
    let _ = std::fs::remove_file(&copy);
    Database::open(path)?.backup_to(&copy, |_| true)?;
    Ok(())
}
