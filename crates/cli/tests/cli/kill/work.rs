//! The kinds of work that are killed.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::Child;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde_json::json;

use super::known::{Known, MODEL, line};
use crate::program::Folder;
use crate::serve::Serving;

/// Records to a commit of an import.
const BATCH: usize = 50;
/// Files of an import.
const IMPORTED: u32 = 600;
const CLIENTS: u64 = 4;
/// A program that does nothing for so long hangs.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    Import,
    Optimize,
    Update,
    Compact,
    Serve,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ended {
    Killed,
    ByItself,
}

/// What a program did until it was killed, as far as anybody knows.
pub struct Done {
    pub ended: Ended,
    /// Files that it acknowledged.
    pub certain: Vec<String>,
    /// Files that it may have written beside these, in any number.
    pub possible: Vec<String>,
    /// The files in the order they were written, and how many to a commit, where there is one.
    pub order: Option<(Vec<String>, usize)>,
}

impl Done {
    pub fn acknowledged(&self) -> usize {
        self.certain.len()
    }
}

/// How long after its start, or its first acknowledgement, a work is killed: at any moment of the
/// time it takes, of which each round tells a little more.
#[derive(Default)]
pub struct Moments(BTreeMap<Work, f64>);

/// Microseconds that a work is taken to last before anything is known.
const FIRST_GUESS: f64 = 60_000.0;

#[derive(Clone, Copy, Debug)]
pub enum Moment {
    AfterStart(Duration),
    AfterFirstCommit(Duration),
}

impl Moments {
    pub fn pick(&self, work: Work, random: &mut StdRng) -> Moment {
        let longest = self.0.get(&work).copied().unwrap_or(FIRST_GUESS);
        let delay = Duration::from_micros(random.random_range(0.0..longest) as u64);
        let acknowledges = matches!(work, Work::Import | Work::Update | Work::Serve);
        // Half of the rounds reach the start, and the recovery of the file the last round left.
        if acknowledges && random.random_bool(0.5) {
            Moment::AfterFirstCommit(delay)
        } else {
            Moment::AfterStart(delay)
        }
    }

    pub fn learn(&mut self, work: Work, ended: Ended) {
        let longest = self.0.entry(work).or_insert(FIRST_GUESS);
        *longest *= match ended {
            Ended::Killed => 1.1,
            Ended::ByItself => 0.8,
        };
        *longest = longest.clamp(2_000.0, 500_000.0);
    }
}

impl Work {
    pub const ALL: [Self; 5] =
        [Self::Import, Self::Optimize, Self::Update, Self::Compact, Self::Serve];

    /// Does the work until the moment comes.
    pub fn run_and_kill(
        self,
        folder: &Folder,
        known: &Known,
        round: u32,
        moment: Moment,
        random: &mut StdRng,
    ) -> Done {
        match self {
            Self::Import => {
                let uris = (0..IMPORTED).map(|n| format!("k://{round}/{n}.png")).collect();
                import(folder, uris, round, moment)
            }
            Self::Update => {
                let mut uris = known.uris();
                uris.shuffle(random);
                import(folder, uris, round, moment)
            }
            Self::Optimize => rearrange(folder, "optimize", moment),
            Self::Compact => rearrange(folder, "compact", moment),
            Self::Serve => serve(folder, round, moment),
        }
    }
}

/// Kills it, if it has not ended; it must not have failed.
fn kill(child: &mut Child) -> Ended {
    let status = child.try_wait().unwrap();
    child.kill().unwrap();
    let status = status.unwrap_or_else(|| child.wait().unwrap());
    match status.code() {
        None => Ended::Killed,
        Some(0) => Ended::ByItself,
        Some(code) => {
            let mut said = String::new();
            child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            panic!("it failed with {code}: {said}")
        }
    }
}

/// Work that acknowledges nothing and changes nothing that can be read.
fn rearrange(folder: &Folder, command: &str, moment: Moment) -> Done {
    let mut child = folder.spawn([command, "a.filedex", "--quiet"]);
    let (Moment::AfterStart(delay) | Moment::AfterFirstCommit(delay)) = moment;
    std::thread::sleep(delay);
    let ended = kill(&mut child);
    Done { ended, certain: Vec::new(), possible: Vec::new(), order: None }
}

/// Writes files, new or known ones, in this order.
fn import(folder: &Folder, uris: Vec<String>, round: u32, moment: Moment) -> Done {
    let batch = BATCH.to_string();
    let mut child = folder.spawn([
        "import",
        "a.filedex",
        "-",
        "-d",
        "cars",
        "--version",
        "v1",
        "--space",
        "s",
        "--model-id",
        MODEL,
        "--batch",
        &batch,
        "--acknowledge",
        "--replace",
        "--quiet",
    ]);
    let mut stdin = child.stdin.take().unwrap();
    let lines: Vec<String> = uris.iter().map(|uri| line(uri, round)).collect();
    let feeder = std::thread::spawn(move || {
        // It is killed while it reads.
        let _ = lines.iter().try_for_each(|line| stdin.write_all(line.as_bytes()));
    });
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let (committed, first_commit) = channel();
    let listener = std::thread::spawn(move || {
        let acknowledged = stdout.lines().map_while(Result::ok);
        let numbers = acknowledged.filter_map(|line| line.parse::<usize>().ok());
        numbers.inspect(|_| committed.send(()).unwrap_or(())).last().unwrap_or(0)
    });
    let delay = match moment {
        Moment::AfterStart(delay) => delay,
        // Of nothing nothing is acknowledged.
        Moment::AfterFirstCommit(delay) if uris.is_empty() => delay,
        Moment::AfterFirstCommit(delay) => {
            first_commit.recv_timeout(LONGEST_WAIT).unwrap();
            delay
        }
    };
    std::thread::sleep(delay);
    let ended = kill(&mut child);
    feeder.join().unwrap();
    let acknowledged = listener.join().unwrap();
    let certain = uris[..acknowledged].to_vec();
    Done { ended, certain, possible: Vec::new(), order: Some((uris, BATCH)) }
}

/// Clients create files until the server is killed.
fn serve(folder: &Folder, round: u32, moment: Moment) -> Done {
    let server = Serving::start(folder, &["--log", "off"]);
    let (over, asked) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    let (first, first_answer) = channel();
    let certain = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let (server, over, asked, first) = (&server, &over, &asked, first.clone());
                scope.spawn(move || {
                    let mut told = Vec::new();
                    for n in 0.. {
                        let uri = format!("s://{round}/{client}/{n}.png");
                        asked.lock().unwrap().push(uri.clone());
                        if create(server, &uri, round) {
                            told.push(uri);
                            let _ = first.send(());
                        } else {
                            let over = over.load(Ordering::SeqCst);
                            assert!(over, "a create failed before the kill");
                        }
                        if over.load(Ordering::SeqCst) {
                            break;
                        }
                    }
                    told
                })
            })
            .collect();
        let delay = match moment {
            Moment::AfterStart(delay) => delay,
            Moment::AfterFirstCommit(delay) => {
                first_answer.recv_timeout(LONGEST_WAIT).unwrap();
                delay
            }
        };
        std::thread::sleep(delay);
        over.store(true, Ordering::SeqCst);
        server.signal("-KILL");
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(server.ended().code(), None, "it was not killed");
    let possible = asked.into_inner().unwrap();
    Done { ended: Ended::Killed, certain, possible, order: None }
}

/// Creates a file; whether that was acknowledged.
fn create(server: &Serving, uri: &str, round: u32) -> bool {
    let body = json!({
        "WorkspaceId": "w", "DatasetVersion": "v1",
        "DatasetFileMetas": [{
            "Uri": uri, "FileType": "image", "ContentType": "image/png", "FileFingerPrint": "E",
            "FileUpdateTime": "2025-01-12T14:36:01Z", "DataSize": round,
            "Tags": json!({ "user": { "add": [format!("r{round}")] } }).to_string(),
        }],
    });
    let line = "POST /api/v1/datasets/cars/datasetfilemetas";
    let answer = server.ask(line, &body.to_string());
    answer.is_some_and(|(status, body)| status == 200 && body.contains("\"Status\":true"))
}
