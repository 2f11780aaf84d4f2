//! Scores: the formula, and that nothing but the live records moves them.

use filedex_index::{Condition, Hit, Ordering, RankText};
use filedex_model::{Predicate, Property, Test};

use crate::naive;
use crate::orders::{paged, search};
use crate::records::{Random, WORDS, records, words};
use crate::store::Fixture;

#[test]
fn scores_are_the_formula_and_a_merge_changes_none() {
    let mut random = Random::seeded(21);
    for segments in [1, 2, 5] {
        let all = records(&mut random, 300);
        let fixture = Fixture::new(&mut random, all, segments);
        let merged = fixture.merged();
        assert_eq!(fixture.index.live_text_length(), merged.index.live_text_length());
        for round in 0..30 {
            let asked: Vec<String> = match round % 3 {
                0 => vec![(random.one(&WORDS)).to_owned()],
                1 => vec![words(&mut random, 4)],
                _ => vec![words(&mut random, 3), words(&mut random, 2)],
            };
            let texts: Vec<RankText> = asked.iter().cloned().map(RankText).collect();
            let scores = naive::scores(&fixture.live, &asked);
            let condition = match round % 2 {
                0 => Condition::Everything,
                _ => {
                    Condition::Test(Predicate::new(Property::Text, Test::AnyWord(asked[0].clone())))
                }
            };
            let order = Ordering::Relevance(&texts);
            let (total, hits) = paged(&fixture, &condition, order, 13);
            assert_eq!(total, hits.len() as u64);
            for hit in &hits {
                assert_eq!(hit.score, Some(scores[&hit.row]), "{asked:?} {}", hit.row);
            }
            let place = |hit: &Hit| (hit.score.unwrap(), fixture.record(hit.row).id);
            assert!(hits.is_sorted_by(|a, b| {
                let (a, b) = (place(a), place(b));
                a.0 > b.0 || (a.0 == b.0 && a.1 < b.1)
            }));
            assert_eq!(paged(&merged, &condition, order, 1_000).1, hits);
            assert_eq!(search(&merged, &condition, order, 5, None).hits, hits[..5.min(hits.len())]);
        }
    }
}
