//! Ctrl-C.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::program::{Folder, Ran};

pub fn interrupt(child: &Child) {
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

/// Presses Ctrl-C once a program has acknowledged a batch; what it wrote to the end, which has to
/// say that it stopped.
pub fn interrupt_after_a_batch(mut child: Child) -> String {
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    stdout.read_line(&mut text).unwrap();
    interrupt(&child);
    std::io::Read::read_to_string(&mut stdout, &mut text).unwrap();
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(text.contains("stopped before the end"), "{text}");
    text
}

fn line(number: u64) -> String {
    format!("{{\"uri\":\"a://b/{number}.png\",\"caption\":\"Number {number}\"}}\n")
}

#[test]
fn an_import_of_a_large_input_stops_after_the_batch_under_way() {
    let folder = Folder::new();
    let args = ["import", "a.filedex", "-", "--batch", "100", "--acknowledge"];
    let mut child = folder.spawn(args);
    let mut stdin = child.stdin.take().unwrap();
    // Ends with a broken pipe, once the program has ended.
    let feeder = std::thread::spawn(move || {
        let mut number = 0;
        while stdin.write_all(line(number).as_bytes()).is_ok() {
            number += 1;
        }
    });
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    for _ in 0..3 {
        stdout.read_line(&mut text).unwrap();
    }
    interrupt(&child);
    std::io::Read::read_to_string(&mut stdout, &mut text).unwrap();
    let ran = Ran::of(child.wait_with_output().unwrap());
    feeder.join().unwrap();
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(text.contains("stopped before the end"), "{text}");
    let acknowledged = text.lines().filter_map(|line| line.parse::<u64>().ok()).max().unwrap();
    assert_eq!(folder.total("ALL"), acknowledged);
    assert!(acknowledged.is_multiple_of(100));
    assert_eq!(folder.json(["check", "a.filedex"])["sound"], true);
    let rest: String = (0..acknowledged + 50).map(line).collect();
    let resumed =
        folder.run_with(["import", "a.filedex", "-", "--json"], rest.as_bytes()).ok().json();
    assert_eq!((&resumed["created"], &resumed["unchanged"]), (&50.into(), &acknowledged.into()));
}

#[test]
fn an_import_that_waits_for_its_input_stops_too() {
    let folder = Folder::new();
    let mut child = folder.spawn(["import", "a.filedex", "-", "--batch", "2", "--acknowledge"]);
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdin.write_all([line(1), line(2), line(3)].concat().as_bytes()).unwrap();
    let mut text = String::new();
    stdout.read_line(&mut text).unwrap();
    let started = Instant::now();
    interrupt(&child);
    std::io::Read::read_to_string(&mut stdout, &mut text).unwrap();
    assert!(started.elapsed() < Duration::from_secs(5));
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(text.starts_with("2\n") && text.contains("stopped before the end"), "{text}");
    drop(stdin);
    assert_eq!(folder.total("ALL"), 2);
}
