//! Queries: the first page of ten records and the exact total, with everything in memory.
//!
//! Corpus: all records that `FILEDEX_DATA` names (by default the large set beside the repository,
//! else the fixtures), imported once in batches of 20,000 and left as the import leaves them. Each
//! answer is a new snapshot, an exact total and whole records. The questions are those of
//! `benches/rivals`, where SQLite and tantivy answer them too. `parse` is the query language alone.

use std::error::Error;
use std::hint::black_box;

use criterion::Criterion;
use filedex::{Order, Query, SortBy};
use filedex_benches::{Bench, Corpus};

const BY_DATE: &[(&str, &str)] = &[
    ("type, 44 %, by date", "FileType = 'image'"),
    ("folder, 34 %, by date", "FileDir = 'teenie'"),
    ("tag, 5.6 %, by date", "Tags.all = 'hill'"),
    ("tag, 1.1 %, by date", "Tags.all = 'Scotland'"),
    (
        "five clauses, by date",
        "(Tags.all = 'hill' OR Tags.all = 'river' OR Tags.all = 'computer') \
         AND FileType = 'image' AND NOT Tags.all = 'castle'",
    ),
    ("part of a name, by date", "FileName CONTAINS 'd149'"),
    ("attribute equals, by date", "Attributes.artist = 'George Jones'"),
    ("attribute range, by date", "Attributes.width >= 640 AND Attributes.width < 1000"),
];

const BY_RELEVANCE: &[(&str, &str)] = &[
    ("word, 17 %", "Text:'portrait'"),
    ("word, 1.3 %", "Text:'wedding'"),
    ("word and tag", "Text:'castle' AND Tags.all = 'hill'"),
];

const COUNTED: &[(&str, &str)] = &[(
    "count, date range and NOT",
    "FileUpdateTime >= '2014-06-01' AND FileUpdateTime < '2018-01-01' AND NOT FileDir = 'teenie'",
)];

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    let bench = Bench::import(&Corpus::find()?)?;

    let mut group = criterion.benchmark_group("query");
    for (name, text) in BY_DATE {
        let query = Query::parse(text)?.sort(SortBy::FileUpdateTime, Order::Desc);
        group.bench_function(*name, |b| b.iter(|| first_page(&bench, black_box(&query))));
    }
    for (name, text) in BY_RELEVANCE {
        let query = Query::parse(text)?;
        group.bench_function(*name, |b| b.iter(|| first_page(&bench, black_box(&query))));
    }
    for (name, text) in COUNTED {
        let query = Query::parse(text)?;
        group.bench_function(*name, |b| {
            b.iter(|| {
                let reader = bench.database.reader().expect("a snapshot");
                reader.count(&bench.version, black_box(&query)).expect("a count")
            });
        });
    }
    group.bench_function("parse", |b| {
        let five_clauses = BY_DATE[4].1;
        b.iter(|| Query::parse(black_box(five_clauses)).expect("a query"));
    });
    group.finish();
    criterion.final_summary();
    Ok(())
}

fn first_page(bench: &Bench, query: &Query) -> filedex::Page {
    let reader = bench.database.reader().expect("a snapshot");
    reader.list(&bench.version, query).expect("a page")
}
