//! The generators: repeatable, legal, and varied enough to be worth their time.

use std::collections::BTreeMap;

use filedex_model::change::Done;
use filedex_model::{Filter, ItemError, Property, StatusFilter, Test};
use filedex_testkit::{Generator, Oracle, Seed};

fn generator(seed: u64) -> Generator {
    Generator::new(Seed::new(seed), "d-1")
}

/// An oracle after `count` operations, and how often each outcome came.
fn worked(count: usize) -> (Oracle, BTreeMap<String, usize>) {
    let mut generator = generator(11);
    let mut oracle = Oracle::new("d-1");
    let mut outcomes = BTreeMap::new();
    for _ in 0..count {
        let (operation, now) = (generator.operation(), generator.tick());
        let outcome = match oracle.apply(operation, now).result {
            Ok(Done::NameTaken(_)) => "NameTaken".to_owned(),
            Ok(done) => format!("{done:?}"),
            Err(ItemError::Invalid { .. }) => "Invalid".to_owned(),
            Err(error) => format!("{error:?}"),
        };
        *outcomes.entry(outcome).or_default() += 1;
    }
    (oracle, outcomes)
}

#[test]
fn splitmix64_gives_its_published_numbers() {
    let mut seed = Seed::new(1_234_567);
    let bits: Vec<u64> = (0..3).map(|_| seed.bits()).collect();
    assert_eq!(
        bits,
        [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
    );
}

#[test]
fn the_same_seed_makes_the_same_things() {
    let make = || {
        let mut generator = generator(3);
        let operations: Vec<_> = (0..50).map(|_| generator.operation()).collect();
        let filters: Vec<_> = (0..50).map(|_| generator.filter(4)).collect();
        (operations, filters, generator.sort(), generator.page_size(), generator.tick())
    };
    assert_eq!(make(), make());
}

#[test]
fn every_outcome_comes_up() {
    let (oracle, outcomes) = worked(3_000);
    let expected = [
        "AlreadyExists",
        "Created",
        "Deleted",
        "Invalid",
        "NameTaken",
        "NotFound",
        "Purged",
        "Revived",
        "Unchanged",
        "Updated",
    ];
    assert_eq!(outcomes.keys().map(String::as_str).collect::<Vec<_>>(), expected, "{outcomes:?}");
    assert!(oracle.total(&Filter::All, StatusFilter::Active) > 200);
    assert!(oracle.total(&Filter::All, StatusFilter::Deleted) > 20);
}

#[test]
fn generated_files_are_legal_and_distinct_ones_are_distinct() {
    let mut generator = generator(5);
    for _ in 0..500 {
        let file = generator.file();
        assert_eq!(file.validate(), Ok(()), "{file:?}");
    }
    let mut uris: Vec<String> =
        generator.distinct_files(500).into_iter().map(|file| file.uri).collect();
    uris.sort();
    uris.dedup();
    assert_eq!(uris.len(), 500);
}

#[test]
fn generated_filters_tell_records_apart() {
    let (oracle, _) = worked(1_500);
    let mut generator = generator(17);
    let all = oracle.total(&Filter::All, StatusFilter::All);
    let mut telling = 0;
    for _ in 0..400 {
        let filter = generator.filter(3).at(generator.now());
        let total = oracle.total(&filter, StatusFilter::All);
        let rest = oracle.total(&Filter::not(filter.clone()), StatusFilter::All);
        assert_eq!(total + rest, all, "{filter:?}");
        let (sort, order) = generator.sort();
        assert_eq!(oracle.list(&filter, StatusFilter::All, &sort, order).len(), total);
        telling += usize::from(total > 0 && rest > 0);
    }
    assert!(telling > 150, "only {telling} of 400 filters match some and not all");
}

#[test]
fn every_test_of_every_property_comes_up_and_matches_something() {
    let (oracle, _) = worked(1_500);
    let mut generator = generator(23);
    let mut seen: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for _ in 0..12_000 {
        let predicate = generator.predicate();
        let property = match &predicate.property {
            Property::Attribute(_) => "Attributes".to_owned(),
            named => named.to_string(),
        };
        let kind = kind_of(&predicate.test);
        let filter = Filter::Test(predicate).at(generator.now());
        let matched = seen.entry((property, kind)).or_default();
        // Once a kind of test has found something, there is no need to ask again.
        if *matched == 0 {
            *matched = oracle.total(&filter, StatusFilter::All);
        }
    }
    let barren: Vec<_> = seen.iter().filter(|(_, matched)| **matched == 0).collect();
    assert!(barren.is_empty(), "never matched: {barren:?}");
    assert_eq!(seen.len(), 139, "{:?}", seen.keys());
}

fn kind_of(test: &Test) -> &'static str {
    match test {
        Test::Has => "HAS",
        Test::Equals(_) => "=",
        Test::In(_) => "IN",
        Test::StartsWith(_) => "= *",
        Test::Near(..) => "= ~",
        Test::Phrase(_) => ":",
        Test::PhrasePrefix(_) => ": *",
        Test::WordNear(..) => ": ~",
        Test::AllWords(_) => ": ALL",
        Test::AnyWord(_) => "Text :",
        Test::Contains(_) => "CONTAINS",
        Test::Glob(_) => "GLOB",
        Test::InRange(_) => "<>",
    }
}
