//! Addresses of files in answers, followed to the bytes.

use std::io::Cursor;
use std::path::Path;

use filedex::{Database, NewDataset, NewFile, VersionRef};
use filedex_server::Config;
use filedex_server::auth::{AccessKey, Keys};
use filedex_server::files::OssAccount;
use image::{ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};

use crate::running::Running;

fn picture() -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let image = RgbImage::from_fn(60, 30, |x, y| Rgb([x as u8 * 4, y as u8 * 8, 9]));
    image.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// A server whose file names a picture and a text below its root, files beside it, and files elsewhere.
fn served(config: Config) -> (Running, VersionRef) {
    let server = Running::with(|folder| {
        let root = folder.join("root");
        std::fs::create_dir_all(root.join("in ö")).unwrap();
        std::fs::write(root.join("in ö/a b.png"), picture()).unwrap();
        std::fs::write(root.join("t.txt"), "0123456789").unwrap();
        std::fs::write(folder.join("outside.png"), picture()).unwrap();
        Config { files_roots: vec![root], ..config }
    });
    let version = stored(&server.database, server.path().parent().unwrap());
    (server, version)
}

fn stored(database: &Database, folder: &Path) -> VersionRef {
    let new = NewDataset { id: Some("d 1/ö".to_owned()), ..NewDataset::named("photos") };
    database.create_dataset(new).unwrap();
    let version = database.create_version("photos", "v1").unwrap();
    let folder = folder.display();
    let mut batch = database.batch(&version);
    for uri in [
        format!("file://{folder}/root/in ö/a b.png"),
        format!("file://{folder}/root/t.txt"),
        format!("file://{folder}/outside.png"),
        format!("file://{folder}/root/../outside.png"),
        "oss://b/a.png".to_owned(),
    ] {
        batch.create(NewFile::at(uri));
    }
    assert!(batch.commit().unwrap().all_succeeded());
    version
}

fn listed(server: &Running) -> Vec<Value> {
    let path = "GET /api/v1/datasets/photos/datasetfilemetas?WorkspaceId=w&DatasetVersion=v1&ThumbnailMode=w_20";
    let answer = server.ok(path, &Value::Null);
    answer["DatasetFileMetas"].as_array().unwrap().clone()
}

fn at<'a>(metas: &'a [Value], end: &str) -> &'a Value {
    metas.iter().find(|meta| meta["Uri"].as_str().unwrap().ends_with(end)).unwrap()
}

/// The path and query of an address of this server.
fn path(server: &Running, url: &Value) -> String {
    let url = url.as_str().unwrap();
    let start = format!("http://{}", server.address);
    url.strip_prefix("http://localhost")
        .or(url.strip_prefix(&start))
        .unwrap_or_else(|| panic!("{url}"))
        .to_owned()
}

#[test]
fn files_are_fetched() {
    let (server, version) = served(Config::default());
    let metas = listed(&server);
    let picture_meta = at(&metas, "/a b.png");
    let download = path(&server, &picture_meta["DownloadUrl"]);
    let whole = server.send(&format!("GET {download}"), "");
    assert_eq!((whole.status, whole.body.as_slice()), (200, picture().as_slice()));
    assert_eq!(whole.header("content-type"), Some("image/png"));
    let head = server.send(&format!("HEAD {download}"), "");
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), Some(&*picture().len().to_string()));

    let text = path(&server, &at(&metas, "t.txt")["DownloadUrl"]);
    for (range, status, bytes) in [
        ("bytes=2-4", 206, "234"),
        ("bytes=-3", 206, "789"),
        ("bytes=8-", 206, "89"),
        ("bytes=8-99", 206, "89"),
        ("bytes=0-0", 206, "0"),
    ] {
        let part = server.send_with(&format!("GET {text}"), &[("range", range)], b"");
        assert_eq!((part.status, part.body.as_slice()), (status, bytes.as_bytes()), "{range}");
        assert!(part.header("content-range").unwrap().ends_with("/10"), "{part:?}");
    }
    assert_eq!(
        server.send_with(&format!("GET {text}"), &[("range", "bytes=10-")], b"").status,
        416
    );

    let thumbnail = path(&server, &picture_meta["ThumbnailUrl"]);
    let small = server.send(&format!("GET {thumbnail}"), "");
    assert_eq!(small.status, 200, "{small:?}");
    let small = image::load_from_memory(&small.body).unwrap();
    assert_eq!((small.width(), small.height()), (20, 10));
    assert!(at(&metas, "t.txt").get("ThumbnailUrl").is_none());

    for end in ["/outside.png", "oss://b/a.png"] {
        for meta in metas.iter().filter(|meta| meta["Uri"].as_str().unwrap().ends_with(end)) {
            assert!(
                meta.get("DownloadUrl").is_none() && meta.get("ThumbnailUrl").is_none(),
                "{meta}"
            );
        }
    }
    // The signature is all that leads in.
    for (from, to) in [("/v1/", "/v2/"), ("expires=", "expires=1"), ("signature=", "signature=A")] {
        let forged = download.replacen(from, to, 1);
        if forged != download {
            assert_eq!(server.send(&format!("GET {forged}"), "").status, 403, "{forged}");
        }
    }
    assert_eq!(server.send(&format!("POST {download}"), "").status, 405);

    let id = version.file_id(at(&metas, "/a b.png")["Uri"].as_str().unwrap());
    let body = json!({
        "drive_id": "photos", "file_id": id, "url_expire_sec": 60,
        "thumbnail_processes": { "tiny": { "image_thumbnail_process": "image/resize,w_10" } },
    });
    let file = server.ok("POST /v2/file/get", &body);
    let fetched = server.send(&format!("GET {}", path(&server, &file["download_url"])), "");
    assert_eq!(fetched.body, picture());
    for (url, width) in [(&file["thumbnail"], 128), (&file["thumbnail_urls"]["tiny"], 10)] {
        let small = server.send(&format!("GET {}", path(&server, url)), "");
        assert_eq!(image::load_from_memory(&small.body).unwrap().width(), width, "{url}");
    }

    // A file that is gone, then a record that is.
    let file = server.path().parent().unwrap().join("root/t.txt");
    std::fs::remove_file(file).unwrap();
    assert_eq!(server.send(&format!("GET {text}"), "").status, 404);
    let mut batch = server.database.batch(&version);
    batch.purge(id);
    batch.commit().unwrap();
    assert_eq!(server.send(&format!("GET {download}"), "").status, 404);
}

/// Addresses are good without keys, begin as it is configured, and are of the server that made them.
#[test]
fn addresses() {
    let keys = Keys::new(vec![AccessKey::new("key", "thesecret")], Vec::new()).unwrap();
    let (server, _) = served(Config {
        public_url: Some("https://files.example/base/".to_owned()),
        ..Config::default()
    });
    let metas = listed(&server);
    let url = at(&metas, "t.txt")["DownloadUrl"].as_str().unwrap();
    let signed = url.strip_prefix("https://files.example/base").unwrap();
    assert_eq!(server.send(&format!("GET {signed}"), "").body, b"0123456789");
    let (other, _) = served(Config { keys: Some(keys), ..Config::default() });
    let refused = other.send(&format!("GET {signed}"), "");
    assert_eq!((refused.status, &refused.json()["Code"]), (403, &"SignatureDoesNotMatch".into()));
}

/// An address ends.
#[test]
fn addresses_end() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::{Duration, UNIX_EPOCH};
    let now = Arc::new(AtomicU64::new(1_800_000_000));
    let clock = {
        let now = Arc::clone(&now);
        Arc::new(move || UNIX_EPOCH + Duration::from_secs(now.load(Ordering::Relaxed)))
    };
    let (server, _) = served(Config { clock: Some(clock), ..Config::default() });
    let download = path(&server, &at(&listed(&server), "t.txt")["DownloadUrl"]);
    now.fetch_add(3_599, Ordering::Relaxed);
    assert_eq!(server.send(&format!("GET {download}"), "").status, 200);
    now.fetch_add(1, Ordering::Relaxed);
    let ended = server.send(&format!("GET {download}"), "");
    assert_eq!((ended.status, &ended.json()["Code"]), (403, &"AccessDenied".into()));
}

/// Records of OSS get presigned addresses, where there is an account to sign with.
#[test]
fn addresses_of_objects() {
    let account = OssAccount {
        region: "cn-shanghai".to_owned(),
        access_key_id: "id".to_owned(),
        access_key_secret: "secret".to_owned(),
        security_token: None,
        endpoint: None,
    };
    for (oss, links) in [(Some(account), 2), (None, 0)] {
        let server = Running::with(|_| Config { oss, ..Config::default() });
        server.database.create_dataset(NewDataset::named("photos")).unwrap();
        let version = server.database.create_version("photos", "v1").unwrap();
        let mut batch = server.database.batch(&version);
        batch.create(NewFile::at("oss://pictures/a b.png")).create(NewFile::at("nas://fs/c.png"));
        batch.commit().unwrap();
        let metas = listed(&server);
        let found = |name: &str| {
            let links = metas.iter().filter_map(|meta| meta[name].as_str());
            links.map(str::to_owned).collect::<Vec<_>>()
        };
        let all = [found("DownloadUrl"), found("ThumbnailUrl")].concat();
        assert_eq!(all.len(), links);
        for link in all {
            let host = "https://pictures.oss-cn-shanghai.aliyuncs.com/a%20b.png?";
            assert!(link.starts_with(host) && link.contains("x-oss-signature="), "{link}");
            assert!(!link.contains("secret"), "{link}");
        }
    }
}
