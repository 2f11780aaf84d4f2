//! `check` and `repair` of a damaged file, from one end to the other.

use serde_json::json;

use crate::program::Folder;

/// Where the first page with records stands whose loss can be seen.
fn page_of_records(folder: &Folder, bytes: &[u8]) -> usize {
    for at in (4_096..bytes.len()).step_by(4_096) {
        let mut damaged = bytes.to_vec();
        damaged[at] ^= 1;
        folder.write("b.filedex", &damaged);
        let report = filedex::check_pages(folder.path("b.filedex")).unwrap();
        let named = |what: &str| what.contains("table records") && what.contains("rows");
        if report.findings.iter().any(|finding| named(&finding.what)) {
            return at;
        }
    }
    panic!("no page has records");
}

#[test]
fn a_damaged_file_is_checked_and_repaired() {
    let folder = Folder::embedded();
    let records = folder.total("");
    let whole = std::fs::read(folder.path("a.filedex")).unwrap();
    let mut bytes = whole.clone();
    let at = page_of_records(&folder, &bytes);
    bytes[at..at + 4_096].fill(0);
    folder.write("a.filedex", &bytes);

    let ran = folder.run(["check", "a.filedex"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stdout.contains("table records"), "{}", ran.stdout);
    assert!(ran.stdout.contains("`filedex repair FILE` saves the rest"), "{}", ran.stdout);

    let ran = folder.run(["repair", "a.filedex", "--json"]);
    assert_eq!(ran.code, Some(3), "{}\n{}", ran.stdout, ran.stderr);
    let report = ran.json();
    assert_eq!(report["complete"], json!(false));
    let lost: u64 = report["losses"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|loss| loss["kind"] == "record")
        .map(|loss| {
            assert_eq!(loss["names"].as_array().unwrap().len() as u64, loss["count"]);
            loss["count"].as_u64().unwrap()
        })
        .sum();
    assert!(lost > 0, "{report}");
    assert_eq!(report["records"].as_u64().unwrap() + lost, records);
    assert!(std::fs::read(folder.path("a.filedex")).unwrap() == bytes, "it was changed");
    folder.run(["check", "a.repaired.filedex"]).ok();

    // Nothing is overwritten.
    let why = folder.run(["repair", "a.filedex"]).fails(1);
    assert!(why.contains("a.repaired.filedex already exists"), "{why}");
    let ran = folder.run(["repair", "a.filedex", "--output", "c.filedex"]);
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert!(ran.stdout.contains("repaired, not all was saved: c.filedex"), "{}", ran.stdout);
    let ran = folder.run(["repair", "a.filedex", "--in-place"]);
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert_eq!(folder.total(""), records - lost);
    assert!(std::fs::read(folder.path("a.filedex.damaged")).unwrap() == bytes, "it is not kept");

    // A file that only its header damages cannot be opened, and loses nothing.
    let mut bytes = whole;
    bytes[3] ^= 1;
    folder.write("d.filedex", &bytes);
    let ran = folder.run(["check", "d.filedex"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stdout.contains("the header is damaged"), "{}", ran.stdout);
    let shown = folder.run(["repair", "d.filedex"]).ok().stdout;
    assert!(shown.starts_with("repaired, nothing lost: d.repaired.filedex"), "{shown}");

    folder.write("e.filedex", "not a database");
    folder.run(["repair", "e.filedex"]).fails(1);
    folder.run(["repair", "absent.filedex"]).fails(1);
    let ran = folder.run(["repair", "a.filedex", "--in-place", "--output", "f"]);
    assert_eq!(ran.code, Some(2));
}
