#![allow(missing_docs, clippy::all, clippy::unwrap_used, clippy::print_stdout)]
use filedex_index::*;
use filedex_model::*;
use std::time::Instant;
fn main() {
    let now = Timestamp::from_millis(1_700_000_000_000).unwrap();
    let mut r = FileRecord::new("d", "oss://bucket/cars/red/beachSunset_1234.jpg", now);
    r.comment = Some("Portrait of Tony Scotchell wearing dark zippered corduroy jacket with light colored collar".into());
    r.attributes = serde_json::json!({"accession":"2001.35.56674.2","classification":"Photographic Negative","medium":"black and white: Kodak Safety Film","department":"Fine Arts","created_earliest":"1961-12-01","width_in":2.25}).as_object().unwrap().clone();
    let n = 500;
    let (mut a, mut b, mut c) = (0.0, 0.0, 0.0);
    for _ in 0..n {
        let t = Instant::now();
        let mut s = SegmentBuilder::new().unwrap();
        a += t.elapsed().as_secs_f64();
        let t = Instant::now();
        s.add(1, &r).unwrap();
        b += t.elapsed().as_secs_f64();
        let t = Instant::now();
        s.finish().unwrap();
        c += t.elapsed().as_secs_f64();
    }
    println!(
        "new {:.0} us, add {:.0} us, finish {:.0} us",
        a / n as f64 * 1e6,
        b / n as f64 * 1e6,
        c / n as f64 * 1e6
    );
}
