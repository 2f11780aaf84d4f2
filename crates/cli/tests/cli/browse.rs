//! `filedex browse`: the address that lets a browser in, and its end.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Command;

use serde_json::Value;

use crate::program::Folder;

fn get(address: &str, path: &str, cookie: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let cookie = if cookie.is_empty() { String::new() } else { format!("cookie: {cookie}\r\n") };
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\n{cookie}connection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_page_for_the_browser_that_has_the_address() {
    let folder = Folder::with_fixtures();
    let mut child = folder.spawn(["browse", "a.filedex", "--port", "0", "--json"]);
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let said: Value = serde_json::from_str(&line).unwrap();
    let url = said["address"].as_str().unwrap().strip_prefix("http://").unwrap();
    let (address, path) = url.split_once('/').unwrap();
    let entered = get(address, &format!("/{path}"), "");
    assert!(entered.starts_with("HTTP/1.1 303"), "{entered}");
    let cookie = entered.split("filedex-").nth(1).unwrap().split(';').next().unwrap();
    let cookie = format!("filedex-{cookie}");
    assert!(get(address, "/", "").starts_with("HTTP/1.1 403"));
    assert!(get(address, "/", &cookie).contains("<title>Filedex</title>"));
    let items = get(address, "/browse/items?count=1", &cookie);
    assert!(items.contains("\"total\":2350"), "{items}");
    // Other commands on the file are run by it.
    assert_eq!(folder.json(["query", "a.filedex", "-n", "1"])["total"], 2350);
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
    assert!(child.wait().unwrap().success());
    folder.run(["browse", "absent.filedex"]).fails(1);
    assert!(!folder.path("absent.filedex").exists());
}
