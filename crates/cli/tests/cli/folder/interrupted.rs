//! Runs that are killed, stopped, or not let in.

use super::*;
use crate::interrupt::interrupt_after_a_batch;

fn many(folder: &Folder, files: usize) {
    fs::create_dir(folder.path("p")).unwrap();
    for number in 0..files {
        folder.write(&format!("p/{number:04}.md"), format!("File {number}\n"));
    }
}

#[test]
fn a_sync_that_is_killed_is_resumed() {
    let folder = Folder::new();
    many(&folder, 600);
    let mut most = 0;
    // Killed after the second commit of each run, until one gets to the end.
    for round in 0.. {
        let mut child =
            folder.spawn(["sync", "a.filedex", "p", "--batch", "50", "--acknowledge", "--json"]);
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let (mut line, mut lines) = (String::new(), 0);
        while lines < 2 && stdout.read_line(&mut line).unwrap() > 0 {
            lines += 1;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let acknowledged = line
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok()?["acknowledged"].as_u64());
        let acknowledged = most + acknowledged.max().unwrap_or(0);
        let total = folder.total("ALL");
        assert!(total >= acknowledged && total.is_multiple_of(50), "{total} of {acknowledged}");
        most = total;
        if total == 600 || round == 2 {
            break;
        }
    }
    assert_eq!(folder.json(["check", "a.filedex"])["sound"], true);
    let report = sync(&folder, &[]);
    assert_eq!(report["created"], 600 - most);
    assert_eq!(report["unchanged"], most);
    assert_eq!(folder.total("ALL"), 600);
}

#[test]
fn ctrl_c_stops_after_the_batch_under_way() {
    let folder = Folder::new();
    many(&folder, 4_000);
    let text = interrupt_after_a_batch(folder.spawn([
        "sync",
        "a.filedex",
        "p",
        "--batch",
        "20",
        "--acknowledge",
    ]));
    let acknowledged = text.lines().filter_map(|line| line.parse::<u64>().ok()).max().unwrap();
    assert_eq!(folder.total("ALL"), acknowledged);
    assert!(acknowledged < 4_000);
    assert_counts(
        &sync(&folder, &[]),
        &json!({"created": 4_000 - acknowledged, "unchanged": acknowledged}),
    );
}

#[test]
fn a_second_sync_at_once_is_told_that_the_file_is_busy() {
    let folder = prepared();
    let mut first = folder.spawn(["import", "a.filedex", "-", "--batch", "1", "--acknowledge"]);
    let mut stdin = first.stdin.take().unwrap();
    writeln!(stdin, "{{\"uri\":\"a://1.png\"}}").unwrap();
    let mut stdout = BufReader::new(first.stdout.take().unwrap());
    stdout.read_line(&mut String::new()).unwrap();
    for command in ["sync", "import"] {
        let why = folder.run([command, "a.filedex", "p"]).fails(1);
        assert!(
            why.contains("is open elsewhere") && why.contains("hint: one process writes"),
            "{why}"
        );
    }
    drop(stdin);
    std::io::copy(&mut stdout, &mut std::io::sink()).unwrap();
    Ran::of(first.wait_with_output().unwrap()).ok();
    assert_counts(&sync(&folder, &[]), &json!({"created": 5}));
}
