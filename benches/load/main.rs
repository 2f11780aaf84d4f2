//! Load on the HTTP server: how many filter queries and single creates a second it answers, how long
//! they take, and what memory it takes.
//!
//! ```text
//! cargo run --release -p filedex-benches --bin load -- --records 100000 --seconds 5
//! ```
//!
//! The server is a process of its own; the clients are threads of this one, on the same machine, so
//! both share its processors. Each connection sends its next request when it has the whole answer to
//! the one before. Filter queries are five in turn (see [`QUERIES`]), each a page of ten records with
//! its exact total, checked against the library's own answer first. Creates are durable when they are
//! answered. Only the loopback address is used, and the run ends by itself.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program that prints a table")]

mod client;
mod figures;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use filedex::{Database, ListOptions, Query, TagMatch};
use filedex_benches::Corpus;
use filedex_server::{Config, Server};

use client::{Load, Request};
use figures::Figures;

type Failure = Box<dyn std::error::Error>;

/// The queries: parameters of ListDatasetFileMetas, and the same question in the query language.
const QUERIES: [(&str, &str); 5] = [
    (
        "QueryTagsIncludeAll=hill&QueryFileTypeIncludeAny=image",
        "Tags.all='hill' AND FileType='image'",
    ),
    (
        "QueryExpression=Tags.all%3D%27Scotland%27+AND+FileType%3D%27image%27",
        "Tags.all='Scotland' AND FileType='image'",
    ),
    (
        "QueryTagsIncludeAny=castle%2Criver&SortBy=FileUpdateTime",
        "Tags.all IN ('castle','river') AND SortBy='FileUpdateTime'",
    ),
    (
        "QueryExpression=FileName%3A%27portrait%27+AND+NOT+Tags.all%3D%27castle%27",
        "FileName:'portrait' AND NOT Tags.all='castle'",
    ),
    (
        "QueryTagsIncludeAll=computer&StartFileUpdateTime=2014-06-01T00%3A00%3A00Z\
         &EndFileUpdateTime=2018-01-01T00%3A00%3A00Z",
        "Tags.all='computer' AND FileUpdateTime >= '2014-06-01' AND FileUpdateTime <= '2018-01-01'",
    ),
];

const CONNECTIONS: [usize; 3] = [1, 8, 64];

struct Options {
    records: usize,
    seconds: u64,
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let done = match args.split_first() {
        Some((first, rest)) if first == "serve" => serve(rest),
        _ => options(&args).and_then(|options| run(&options)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("load: {error}");
            ExitCode::FAILURE
        }
    }
}

fn options(args: &[String]) -> Result<Options, Failure> {
    let mut options = Options { records: 100_000, seconds: 5 };
    let mut args = args.iter();
    while let Some(name) = args.next() {
        let value = args.next().ok_or_else(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--records" => options.records = value.parse()?,
            "--seconds" => options.seconds = value.parse::<u64>()?.clamp(1, 60),
            other => return Err(format!("{other}: there are --records and --seconds").into()),
        }
    }
    Ok(options)
}

/// The server's process: serves the file until its standard input ends.
fn serve(args: &[String]) -> Result<(), Failure> {
    let [path] = args else { return Err("serve needs a file".into()) };
    let config = Config { listen: ([127, 0, 0, 1], 0).into(), ..Config::default() };
    let server = Server::bind(Database::open(path)?, config)?;
    println!("{}", server.address());
    let stop = server.stop_handle();
    std::thread::spawn(move || {
        let mut line = String::new();
        let _ = std::io::stdin().read_line(&mut line);
        stop.stop();
    });
    Ok(server.run()?)
}

/// A server of its own process; it ends when this is dropped.
struct Served {
    process: Child,
    address: String,
}

impl Served {
    fn start(path: &Path) -> Result<Self, Failure> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg("serve")
            .arg(path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut address = String::new();
        if let Some(stdout) = process.stdout.take() {
            BufReader::new(stdout).read_line(&mut address)?;
        }
        Ok(Self { process, address: address.trim().to_owned() })
    }

    /// Resident memory now and at its peak, in MiB, where the system tells.
    fn memory(&self) -> Option<(u64, u64)> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let field = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name))?;
            line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib / 1_024)
        };
        Some((field("VmRSS:")?, field("VmHWM:")?))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

fn run(options: &Options) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("load.filedex");
    let corpus = Corpus::find()?;
    eprintln!("importing {} records of {corpus}", options.records);
    let (dataset, expected) = fill(&path, &corpus, options.records)?;
    let served = Served::start(&path)?;
    let base = format!("/api/v1/datasets/{dataset}/datasetfilemetas");
    let lists: Vec<Request> = QUERIES
        .iter()
        .map(|(query, _)| Request::get(&format!("{base}?WorkspaceId=1&DatasetVersion=v1&{query}")))
        .collect();
    for (request, (total, query)) in lists.iter().zip(expected.iter().zip(QUERIES)) {
        let body = client::once(&served.address, request)?;
        let answer: serde_json::Value = serde_json::from_slice(&body)?;
        if answer["TotalCount"] != *total {
            return Err(format!("{}: {} found, not {total}", query.1, answer["TotalCount"]).into());
        }
    }
    println!("| request | connections | a second | median | p99 | memory | peak |");
    println!("|---|---|---|---|---|---|---|");
    let time = Duration::from_secs(options.seconds);
    for connections in CONNECTIONS {
        let load = Load { address: &served.address, connections, time };
        let figures = load.run(|_, turn| lists[turn % lists.len()].clone())?;
        print(&served, "filter query", connections, &figures);
    }
    for connections in CONNECTIONS {
        let load = Load { address: &served.address, connections, time };
        let figures = load.run(|connection, turn| create(&base, connections, connection, turn))?;
        print(&served, "create", connections, &figures);
    }
    Ok(())
}

fn print(served: &Served, request: &str, connections: usize, figures: &Figures) {
    let (memory, peak) = served.memory().unwrap_or_default();
    println!(
        "| {request} | {connections} | {:.0} | {} | {} | {memory} MiB | {peak} MiB |",
        figures.rate(),
        figures.at(0.5),
        figures.at(0.99),
    );
}

/// One new record.
fn create(base: &str, connections: usize, connection: usize, turn: usize) -> Request {
    let uri = format!("oss://load/{connections}/{connection}/{turn}.png");
    let body = serde_json::json!({
        "WorkspaceId": "1",
        "DatasetVersion": "v1",
        "DatasetFileMetas": [{
            "Uri": uri,
            "FileType": "image",
            "ContentType": "image/png",
            "FileFingerPrint": "0",
            "FileUpdateTime": "2025-01-12T14:36:01Z",
            "Tags": "{\"user\":{\"add\":[\"load\"]}}",
        }],
    });
    Request::post(base, &body.to_string())
}

/// Imports the records; answers the dataset and what each query finds.
fn fill(path: &Path, corpus: &Corpus, records: usize) -> Result<(String, Vec<u64>), Failure> {
    let database = Database::create(path)?;
    let version = database.default_version()?;
    for part in corpus.files(Some(records))?.chunks(20_000) {
        let mut batch = database.batch(&version);
        for file in part {
            batch.create(file.clone());
        }
        batch.commit()?;
    }
    database.optimize()?;
    let reader = database.reader()?;
    let expected = QUERIES
        .iter()
        .map(|(_, text)| Ok(reader.count(&version, &Query::parse(text)?)?))
        .collect::<Result<Vec<u64>, Failure>>()?;
    // The typed form of one of them has to say the same.
    let typed = ListOptions {
        tags: TagMatch { all: vec!["hill".into()], ..TagMatch::default() },
        file_types: vec!["image".into()],
        ..ListOptions::default()
    };
    assert_eq!(reader.count(&version, &Query::from_options(&typed)?)?, expected[0]);
    Ok((version.dataset_id.clone(), expected))
}
