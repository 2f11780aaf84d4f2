//! `filedex serve`: how it begins and ends, and what other commands find while it holds the file.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use filedex::Database;
use serde_json::Value;

use crate::program::{Folder, Ran};

const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// A server that is killed with the test, if it has not ended before.
pub struct Serving {
    child: Child,
    /// Host and port.
    address: String,
}

impl Serving {
    /// Serves `a.filedex` of a folder, and waits until it listens.
    pub fn start(folder: &Folder, more: &[&str]) -> Self {
        let args = ["serve", "a.filedex", "--listen", "127.0.0.1:0"];
        let mut child = held(folder, args.into_iter().chain(more.iter().copied()))
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (said, listening) = channel();
        // Read to its end, so that the log never waits for a reader.
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if let Some((_, address)) = line.split_once("http://") {
                    let _ = said.send(address.trim_end_matches(['"', '}']).to_owned());
                }
            }
        });
        let address = listening.recv_timeout(LONGEST_WAIT).unwrap();
        Self { child, address }
    }

    /// Sends a request on a connection of its own; `None` where the server is gone before it answers.
    pub fn ask(&self, line: &str, body: &str) -> Option<(u16, String)> {
        ask(&self.address, line, body)
    }

    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    pub fn ended(mut self) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(started.elapsed() < LONGEST_WAIT, "it does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ask(address: &str, line: &str, body: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(LONGEST_WAIT)).unwrap();
    let head = format!(
        "{line} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + body).as_bytes()).ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}

/// A command that finds servers where those of this folder write down that they are there.
fn held<'a>(folder: &Folder, args: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = folder.command(args);
    command.env("XDG_RUNTIME_DIR", folder.path("run"));
    command
}

fn run(folder: &Folder, args: &[&str]) -> Ran {
    Ran::of(held(folder, args.iter().copied()).output().unwrap())
}

/// A copy made by hand, and one that the server makes.
#[test]
fn copies() {
    let folder = Folder::with_fixtures();
    let files = |name: &str| folder.json(["query", name, "", "--limit", "1"])["total"].clone();
    let all = files("a.filedex");
    let told = folder.json(["backup", "a.filedex", "by hand.filedex"]);
    assert_eq!(told["bytes"], std::fs::metadata(folder.path("by hand.filedex")).unwrap().len());
    let server = Serving::start(&folder, &[]);
    let made = run(&folder, &["backup", "a.filedex", "served.filedex"]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    assert!(made.stdout.contains("verified"), "{}", made.stdout);
    let again = run(&folder, &["backup", "a.filedex", "served.filedex"]);
    assert_eq!(again.code, Some(1));
    assert!(again.stderr.contains("already exists"), "{}", again.stderr);
    for name in ["by hand.filedex", "served.filedex"] {
        assert_eq!(files(name), all, "{name}");
        assert_eq!(folder.json(["check", name])["sound"], true, "{name}");
    }
    server.signal("-TERM");
    assert_eq!(server.ended().code(), Some(0));
}

#[test]
fn it_begins_and_ends() {
    for signal in ["-TERM", "-INT"] {
        let folder = Folder::new();
        // A file that is not there is made.
        let server = Serving::start(&folder, &[]);
        assert!(server.address.starts_with("127.0.0.1:"), "{}", server.address);
        assert_eq!(server.ask("GET /healthz", ""), Some((200, "ok\n".to_owned())));
        let (status, made) = server.ask("POST /v1/datasets", r#"{"name":"cars"}"#).unwrap();
        assert_eq!(status, 200, "{made}");
        server.signal(signal);
        assert_eq!(server.ended().code(), Some(0), "{signal}");
        let names = folder.json(["dataset", "list", "a.filedex"]).to_string();
        assert!(names.contains("cars"), "{names}");
        assert_eq!(folder.json(["check", "a.filedex"])["sound"], true);
        // Nothing is left that leads to it.
        let left = std::fs::read_dir(folder.path("run/filedex")).unwrap().count();
        assert_eq!(left, 0);
    }
}

#[test]
fn what_it_says() {
    let folder = Folder::new();
    let start = |more: &[&str]| {
        let mut child = held(
            &folder,
            ["serve", "a.filedex", "--listen", "127.0.0.1:0"]
                .into_iter()
                .chain(more.iter().copied()),
        )
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut first = String::new();
        stderr.read_line(&mut first).unwrap();
        let address =
            first.split_once("http://").unwrap().1.trim().trim_end_matches(['"', '}']).to_owned();
        assert_eq!(ask(&address, "GET /v1/datasets/none", "").unwrap().0, 404);
        let server = Serving { child, address };
        server.signal("-TERM");
        let mut rest = String::new();
        stderr.read_to_string(&mut rest).unwrap();
        (first, rest, server)
    };
    let (first, rest, server) = start(&[]);
    assert_eq!(first.trim_end(), format!("listening on http://{}", server.address));
    assert!(rest.contains("/v1/datasets/none") && rest.contains("404"), "{rest}");
    let (first, rest, server) = start(&["--json"]);
    let said: Value = serde_json::from_str(&first).unwrap();
    assert_eq!(said["listening"], format!("http://{}", server.address));
    for line in rest.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "{line}");
    }
    assert!(rest.contains("\"status\":404"), "{rest}");
    let (_, rest, _) = start(&["--log", "off"]);
    assert_eq!(rest, "");
    let (_, rest, mut server) = start(&["--log", "json"]);
    assert!(rest.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{rest}");
    // Standard output is for answers, of which there are none.
    let mut out = String::new();
    server.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert_eq!(out, "");
}

/// Runs what should not serve; it is killed if it does.
fn ended_by_itself(mut command: Command) -> Ran {
    let pipe = || std::process::Stdio::piped();
    let child = command.stdout(pipe()).stderr(pipe()).spawn().unwrap();
    let mut child = Serving { child, address: String::new() };
    let started = Instant::now();
    while child.child.try_wait().unwrap().is_none() {
        assert!(started.elapsed() < LONGEST_WAIT, "it serves: {command:?}");
        std::thread::sleep(Duration::from_millis(2));
    }
    let (mut stdout, mut stderr) = (String::new(), String::new());
    child.child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    child.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    Ran { code: child.child.wait().unwrap().code(), stdout, stderr }
}

#[test]
fn what_cannot_be_served() {
    let folder = Folder::with_fixtures();
    folder.write("not.filedex", "this is no database");
    folder.write("keys.toml", "access_key = 5");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (args, code, says) in [
        (vec!["--listen", "0.0.0.0:0"], 2, "--auth"),
        (vec!["--listen", "[::]:0"], 2, "--auth"),
        (vec!["--listen", "localhost"], 2, "--listen"),
        (vec!["--listen", "127.0.0.1:99999"], 2, "--listen"),
        (vec!["--listen", &taken], 1, "listening on"),
        (vec!["--auth", "none.toml"], 2, "none.toml"),
        (vec!["--auth", "keys.toml"], 2, "keys.toml"),
        (vec!["--auth", "env"], 2, "FILEDEX_"),
        (vec!["--files-root", "none"], 2, "none"),
        (vec!["--oss-region", "cn-hangzhou"], 2, "OSS_ACCESS_KEY_ID"),
        (vec!["--oss-endpoint", "example.com"], 2, "--oss-region"),
        (vec!["--timeout", "0"], 2, "--timeout"),
        (vec!["--body-limit", "much"], 2, "--body-limit"),
        (vec!["--log", "loud"], 2, "--log"),
        (vec!["--model", "none"], 1, "none"),
    ] {
        let args: Vec<&str> = ["serve", "a.filedex"].into_iter().chain(args).collect();
        let mut command = held(&folder, args.iter().copied());
        for variable in
            ["OSS_ACCESS_KEY_ID", "OSS_REGION", "FILEDEX_ACCESS_KEY_ID", "FILEDEX_BEARER_TOKEN"]
        {
            command.env_remove(variable);
        }
        let ran = ended_by_itself(command);
        let why = ran.fails(code);
        assert!(why.contains(says), "{args:?}: {why}");
    }
    let listen = ["--listen", "127.0.0.1:0"];
    let serve = |path| ended_by_itself(held(&folder, ["serve", path, listen[0], listen[1]]));
    let why = serve("not.filedex").fails(1);
    assert!(why.contains("not.filedex"), "{why}");
    serve("no/folder/a.filedex").fails(1);
    // None of them has harmed the file.
    assert_eq!(folder.total("ALL"), 2350);
}

#[test]
fn a_file_is_served_once() {
    let folder = Folder::with_fixtures();
    let server = Serving::start(&folder, &["--log", "off"]);
    let second = held(&folder, ["serve", "a.filedex", "--listen", "127.0.0.1:0"]);
    let why = ended_by_itself(second).fails(1);
    assert!(why.contains(&server.child.id().to_string()), "{why}");
}

/// The same but for what every run has anew: times of day, how long something took, ids of datasets and
/// versions, and cursors, which tell of commits.
fn timeless(text: &str) -> String {
    let is_time = |word: &str| word.len() > 16 && word.starts_with("20") && word.contains('T');
    let words: Vec<&str> = text
        .split_inclusive(|c: char| !(c.is_ascii_alphanumeric() || "-_:.".contains(c)))
        .collect();
    let masked = words.iter().enumerate().map(|(at, word)| {
        let bare = word.trim_end_matches(|c: char| !c.is_alphanumeric());
        let took = bare.parse::<f64>().is_ok()
            && words
                .get(at + 1)
                .is_some_and(|unit| unit.starts_with("ms") || unit.starts_with('s'));
        let measured = at > 1 && words[at - 2..at].concat().contains("elapsed");
        let hex = bare.strip_prefix("d-").unwrap_or(bare);
        let made = hex.len() >= 20 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        if made || is_time(bare) || took || measured || bare.len() >= 40 { "#" } else { *word }
    });
    masked.collect()
}

/// The same commands on a file that is closed and on one that is served: the same output.
#[test]
fn commands_on_a_file_that_is_held() {
    let commands = [
        vec!["query", "a.filedex", "FileName:'a'", "--limit", "5"],
        vec!["query", "a.filedex", "FileName:'a'", "--limit", "5", "--json"],
        vec!["query", "a.filedex", "Text:'red car'", "--limit", "3", "--json"],
        vec!["query", "a.filedex", "FileName:'a' AND"],
        vec!["query", "a.filedex", "Nothing = 'a'", "--json"],
        vec!["why", "a.filedex", "FileName:'a' AND NOT HAS Comment"],
        vec!["dataset", "create", "a.filedex", "second"],
        vec!["dataset", "create", "a.filedex", "second"],
        vec!["dataset", "list", "a.filedex"],
        vec!["dataset", "show", "a.filedex", "none"],
        vec!["version", "create", "a.filedex", "v9", "--dataset", "second"],
        vec!["version", "list", "a.filedex", "--dataset", "second", "--json"],
        vec!["tag", "add", "a.filedex", "seen", "--where", "FileName:'a'", "--yes"],
        vec!["tag", "add", "a.filedex", "asked", "--where", "FileName:'a'"],
        vec![
            "tag",
            "remove",
            "a.filedex",
            "seen",
            "--where",
            "FileName:'a' AND DataSize < 50000",
            "--yes",
            "--json",
        ],
        vec!["query", "a.filedex", "Tags.user = 'seen'", "--limit", "3", "--json"],
        vec!["get", "a.filedex", "none://at/all"],
        vec!["stats", "a.filedex", "--by", "tags.user", "--limit", "5"],
        vec!["stats", "a.filedex", "--by", "filetype", "--json"],
        vec!["delete", "a.filedex", "--where", "Tags.user = 'seen'", "--yes"],
        vec!["delete", "a.filedex", "none://at/all", "--yes"],
        vec!["export", "a.filedex", "--where", "DataSize < 20000"],
        vec!["export", "a.filedex", "--where", "Nothing = 1"],
        vec!["query", "a.filedex", "Status = 'DELETED'", "--limit", "4"],
        vec!["space", "list", "a.filedex"],
    ];
    let (closed, served) = (Folder::with_fixtures(), Folder::with_fixtures());
    let server = Serving::start(&served, &["--log", "off"]);
    let uri = closed.json(["query", "a.filedex", "FileName:'a'", "--limit", "1"]);
    let uri =
        uri.to_string().split("\"uri\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let more = [
        vec!["get", "a.filedex", &uri],
        vec!["get", "a.filedex", &uri, "--json"],
        vec!["update", "a.filedex", &uri, "--name", "renamed.png"],
        vec!["update", "a.filedex", &uri, "--name", "a/b"],
        vec!["get", "a.filedex", &uri],
    ];
    for args in more.iter().chain(&commands) {
        let (there, here) = (run(&served, args), run(&closed, args));
        assert_eq!(timeless(&there.stdout), timeless(&here.stdout), "{args:?}\n{}", there.stderr);
        assert_eq!(there.code, here.code, "{args:?}: {} {}", there.stderr, here.stderr);
        assert_eq!(timeless(&there.stderr), timeless(&here.stderr), "{args:?}");
    }
    // What is told of the file itself: sizes depend on when what was written is laid down.
    let info = |folder: &Folder| {
        Ran::of(held(folder, ["info", "a.filedex", "--json"]).output().unwrap()).ok().json()
    };
    let (there, here) = (info(&served), info(&closed));
    assert_eq!(
        there["versions"].as_array().map(Vec::len),
        here["versions"].as_array().map(Vec::len)
    );
    assert_eq!(
        timeless(&run(&served, &["info", "a.filedex"]).ok().stdout).lines().count(),
        timeless(&run(&closed, &["info", "a.filedex"]).ok().stdout).lines().count()
    );

    // What needs the file to itself finds it locked, and so does what is of another user's place.
    for args in [
        vec!["compact", "a.filedex"],
        vec!["check", "a.filedex"],
        vec!["import", "a.filedex", "-"],
        vec!["export", "a.filedex", "-o", "out.jsonl"],
    ] {
        let why = run(&served, &args).fails(1);
        assert!(why.contains("open elsewhere"), "{args:?}: {why}");
    }
    let why = served
        .command(["query", "a.filedex", "ALL"])
        .env("XDG_RUNTIME_DIR", served.path("other"))
        .output();
    assert!(Ran::of(why.unwrap()).fails(1).contains("open elsewhere"));
    server.signal("-TERM");
    assert_eq!(server.ended().code(), Some(0));
    assert_eq!(served.json(["check", "a.filedex"])["sound"], true);
    assert_eq!(served.total("Tags.user = 'seen'"), closed.total("Tags.user = 'seen'"));
}

/// What a server wrote down before it was killed misleads nobody.
#[test]
fn a_server_that_was_killed() {
    let folder = Folder::with_fixtures();
    let server = Serving::start(&folder, &["--log", "off"]);
    server.signal("-KILL");
    assert!(!server.ended().success());
    assert_eq!(std::fs::read_dir(folder.path("run/filedex")).unwrap().count(), 1);
    let ran =
        Ran::of(held(&folder, ["query", "a.filedex", "ALL", "--json"]).output().unwrap()).ok();
    assert_eq!(ran.json()["total"], 2350);
    // Someone else has it open: the one that is gone is not the one to ask.
    let database = Database::open(folder.path("a.filedex")).unwrap();
    assert!(run(&folder, &["query", "a.filedex", "ALL"]).fails(1).contains("open elsewhere"));
    drop(database);
    let again = Serving::start(&folder, &["--log", "off"]);
    assert_eq!(run(&folder, &["query", "a.filedex", "ALL", "--json"]).ok().json()["total"], 2350);
    drop(again);
}

/// A command's reader that goes away ends the command, and nothing else.
#[test]
fn a_reader_that_goes_away() {
    let folder = Folder::with_fixtures();
    let server = Serving::start(&folder, &["--log", "off"]);
    for _ in 0..5 {
        let mut child = held(&folder, ["export", "a.filedex"])
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        assert!(first.starts_with('{'), "{first}");
        let mut child = Serving { child, address: String::new() };
        let started = Instant::now();
        while child.child.try_wait().unwrap().is_none() {
            assert!(started.elapsed() < LONGEST_WAIT, "it does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    assert_eq!(server.ask("GET /healthz", "").unwrap().0, 200);
    server.signal("-TERM");
    assert_eq!(server.ended().code(), Some(0));
}
