//! The three engines hold the same records and mean the same by each question: on the fixtures,
//! every first page by date has the same ids in Filedex and SQLite and the same dates in tantivy,
//! and every total agrees.

use filedex_benches::Corpus;
use filedex_rivals::engine::{Filedex, Sqlite, Tantivy};
use filedex_rivals::question::{QUESTIONS, Want};
use filedex_rivals::workshop::Workshop;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/files.jsonl");

#[test]
fn the_engines_agree() {
    let files = Corpus::at(FIXTURES).unwrap().files(None).unwrap();
    let workshop = Workshop::build(&files).unwrap();
    let filedex = Filedex::open(&workshop.filedex()).unwrap();
    let sqlite = Sqlite::open(&workshop.sqlite()).unwrap();
    let tantivy = Tantivy::open(&workshop.tantivy()).unwrap();
    let mut found = 0;
    for question in QUESTIONS {
        let ours = filedex.ask(&Filedex::query(question).unwrap(), question.want).unwrap();
        let ours = ours.outline();
        let theirs = sqlite.ask(&Sqlite::statements(question), question.want).unwrap().outline();
        let query = tantivy.query(&question.tantivy).unwrap();
        let others = tantivy.ask(query.as_ref(), question.want, 0).unwrap().outline();
        if question.same_meaning {
            assert_eq!(ours.total, theirs.total, "{}", question.name);
            assert_eq!(ours.total, others.total, "{}", question.name);
        }
        if matches!(question.want, Want::Dated { .. }) {
            assert_eq!(ours.ids, theirs.ids, "{}", question.name);
            assert_eq!(ours.dates, others.dates, "{}", question.name);
        }
        found += ours.total.unwrap_or(0);
    }
    assert!(found > 0, "the fixtures answer no question");
}

#[test]
fn updates_are_seen() {
    let files = Corpus::at(FIXTURES).unwrap().files(Some(100)).unwrap();
    let workshop = Workshop::build(&files).unwrap();
    let filedex = Filedex::open(&workshop.filedex()).unwrap();
    let mut sqlite = Sqlite::open(&workshop.sqlite()).unwrap();
    let id = filedex.version.file_id(&files[7].uri);
    filedex.update(id, "a zebra crossing", "street").unwrap();
    sqlite.update(id, "a zebra crossing", "street").unwrap();
    assert_eq!(filedex.comment(id).unwrap(), sqlite.comment(id).unwrap());
    let ranked = filedex_rivals::question::Question {
        name: "updated",
        want: Want::Ranked,
        filedex: "Text:'zebra' AND Tags.all = 'street'",
        sqlite: filedex_rivals::question::Sql {
            count: "FROM words WHERE words MATCH 'zebra AND street'",
            page: "FROM words WHERE words MATCH 'zebra AND street'",
        },
        ..QUESTIONS[0]
    };
    let ours = filedex.ask(&Filedex::query(&ranked).unwrap(), ranked.want).unwrap().outline();
    let theirs = sqlite.ask(&Sqlite::statements(&ranked), ranked.want).unwrap().outline();
    assert_eq!((ours.total, &ours.ids), (Some(1), &vec![id]));
    assert_eq!((theirs.total, &theirs.ids), (Some(1), &vec![id]));
}
