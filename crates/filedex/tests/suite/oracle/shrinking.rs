//! Shrinking: an oracle that is wrong on purpose is found out by a script of a few lines.

use filedex::{Filter, Predicate, Property, Test, Value};
use filedex_testkit::Seed;
use filedex_testkit::script::{Item, Listing, Question, Scribe, Step};

use super::{play, shrunk};

/// Believes of everything that is asked about stars that it is asked about hiding.
fn mistaken(listing: &Listing) -> Listing {
    Listing { filter: hidden_for_starred(&listing.filter), ..listing.clone() }
}

fn hidden_for_starred(filter: &Filter) -> Filter {
    let all = |parts: &[Filter]| parts.iter().map(hidden_for_starred).collect();
    match filter {
        Filter::Test(Predicate { property: Property::Starred, test }) => {
            Filter::test(Property::Hidden, test.clone())
        }
        Filter::And(parts) => Filter::And(all(parts)),
        Filter::Or(parts) => Filter::Or(all(parts)),
        Filter::Not(inner) => Filter::Not(Box::new(hidden_for_starred(inner))),
        other => other.clone(),
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "what a shrunk script looks like")]
fn a_wrong_oracle_is_shrunk_to_its_mistake() {
    let seeds = Seed::of_run(5_000).origin()..;
    let (seed, script) = seeds
        .map(|seed| (seed, Scribe::new(Seed::new(seed)).script(25)))
        .find(|(_, script)| play(script, mistaken).is_err())
        .expect("seeds do not end");
    let (least, failure) = shrunk(&script, mistaken);
    println!("seed {seed}: {} steps became\n{least}{}", script.0.len(), failure.what);
    assert!(script.0.len() > 50, "there was something to shrink");
    // A dataset, a version, one file that is starred or hidden, one question.
    let [Step::CreateDataset { .. }, Step::CreateVersion(..), Step::Batch { items, .. }, asked] =
        &least.0[..]
    else {
        panic!("not minimal:\n{least}");
    };
    let [Item::Create(file, vectors)] = &items[..] else { panic!("not minimal:\n{least}") };
    assert_eq!(vectors.len(), 0);
    assert_ne!(file.starred.unwrap_or(false), file.hidden.unwrap_or(false));
    let plain = filedex::NewFile {
        starred: file.starred,
        hidden: file.hidden,
        ..filedex::NewFile::at(&file.uri)
    };
    assert_eq!(*file, plain, "nothing of the file is left but its mark");
    let Step::Ask { held: false, question, .. } = asked else { panic!("not a question") };
    let filter = &question.listing().expect("a question by filter").filter;
    let Filter::Test(Predicate { property: Property::Starred, test }) = filter else {
        panic!("not minimal: {filter:?}");
    };
    assert!(matches!(test, Test::Equals(Value::Bool(_)) | Test::Has), "{test:?}");
    assert!(!matches!(question, Question::Near(_)), "no space is left to be near in");
    // What was printed is the script.
    let printed = least.to_string().parse().expect("a script");
    assert_eq!(least, printed);
    assert!(play(&printed, mistaken).is_err());
    assert!(play(&printed, super::truth).is_ok());
}
