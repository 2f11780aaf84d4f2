//! Files against their records.

use super::*;

#[test]
fn verify_finds_what_is_wrong() {
    let folder = prepared();
    fs::write(folder.path("p/whole.png"), fs::read(picture(PICTURES[1])).unwrap()).unwrap();
    sync(&folder, &[]);
    folder.run_with(["import", "a.filedex", "-"], b"{\"uri\":\"oss://b/1.png\"}\n").ok();
    let sound = folder.json(["verify", "a.filedex"]);
    assert_eq!((&sound["sound"], &sound["elsewhere"]), (&json!(6), &json!(1)));

    let time = fs::metadata(folder.path("p/hat.png")).unwrap().modified().unwrap();
    let mut rotten = fs::read(folder.path("p/hat.png")).unwrap();
    let middle = rotten.len() / 2;
    rotten[middle] ^= 1;
    folder.write("p/hat.png", rotten);
    fs::File::options()
        .append(true)
        .open(folder.path("p/hat.png"))
        .unwrap()
        .set_modified(time)
        .unwrap();
    fs::remove_file(folder.path("p/notes.md")).unwrap();
    folder.write("p/2025/november.png", "changed");
    // Cut short before it was synced: as the record says, and no picture.
    let whole = fs::read(folder.path("p/whole.png")).unwrap();
    folder.write("p/whole.png", &whole[..whole.len() / 2]);
    folder.run(["sync", "a.filedex", "p", "--missing", "keep"]);
    folder.write("p/2025/november.png", "changed again");

    let ran = folder.run(["verify", "a.filedex", "--json", "--errors", "e.jsonl"]);
    assert_eq!(ran.code, Some(1));
    let report = ran.json();
    let found: Vec<(&str, &str)> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| {
            (f["uri"].as_str().unwrap().rsplit('/').next().unwrap(), f["verdict"].as_str().unwrap())
        })
        .collect();
    let mut want = [
        ("hat.png", "damaged"),
        ("notes.md", "gone"),
        ("november.png", "changed"),
        ("whole.png", "undecodable"),
    ];
    let mut found = found;
    found.sort_unstable();
    want.sort_unstable();
    assert_eq!(found, want);
    assert_eq!((&report["sound"], &report["damaged"]), (&json!(2), &json!(1)));
    assert_eq!(fs::read_to_string(folder.path("e.jsonl")).unwrap().lines().count(), 4);
    // Size and time do not tell damage.
    let quick = folder.run(["verify", "a.filedex", "--quick", "--json"]).json();
    assert_eq!(
        (&quick["damaged"], &quick["changed"], &quick["gone"]),
        (&json!(0), &json!(1), &json!(1))
    );
    let one = folder.run(["verify", "a.filedex", "p", "--where", "FileName = 'hat.png'"]);
    assert!(one.stdout.starts_with("damaged  file://"), "{}", one.stdout);
}

/// Over a larger set of real pictures, where there is one: everything is stored and decodes.
#[test]
fn real_pictures() {
    let data = std::env::var_os("FILEDEX_DATA")
        .map(PathBuf::from)
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"));
    let pictures = data.join("pictures");
    let folder = Folder::new();
    let pictures = if pictures.is_dir() { pictures } else { picture("") };
    let report = folder.json(["sync".as_ref(), "a.filedex".as_ref(), pictures.as_os_str()]);
    let count = report["files"].as_u64().unwrap();
    assert!(count >= 3);
    assert_eq!((&report["failed"], &report["warned"]), (&json!(0), &json!(0)), "{report}");
    let pictures = folder.total("FileType = 'image' AND HAS Attributes.width");
    assert_eq!(pictures, folder.total("FileType = 'image'"));
    assert!(pictures >= 3);
    assert_eq!(folder.json(["verify", "a.filedex"])["sound"], count);
    let database = Database::open_read_only(folder.path("a.filedex")).unwrap();
    let reader = database.reader().unwrap();
    let version = reader.version(None, None).unwrap();
    let all = Query::parse("").unwrap().status(StatusFilter::All);
    for record in reader.scan(&version, &all).unwrap() {
        let record = record.unwrap();
        let format = record.content_type.as_deref().and_then(ImageFormat::from_mime_type);
        let by_name = ImageFormat::from_path(&record.file_name).ok();
        assert_eq!(format, by_name, "{}", record.uri);
    }
}
