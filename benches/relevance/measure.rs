//! nDCG@10 and recall@100, as BEIR and TREC compute them.

use std::collections::HashMap;
use std::fmt;

/// Both measures: of one question, or as a sum, or as a mean.
#[derive(Clone, Copy, Debug, Default)]
pub struct Measures {
    ndcg: f64,
    recall: f64,
}

impl Measures {
    /// Adds the measures of one list of ids, best first, against the grades of what is relevant.
    ///
    /// nDCG@10 is the sum of grade / log2(rank + 1) over the first ten, by what the best order of
    /// the relevant ones gives; recall@100 the share of the relevant among the first hundred.
    pub fn add(&mut self, found: &[&str], relevant: &HashMap<String, f64>) {
        let discount = |at: usize| ((at + 2) as f64).log2();
        let gained = found.iter().take(10).enumerate();
        let gained: f64 =
            gained.map(|(at, id)| relevant.get(*id).copied().unwrap_or(0.0) / discount(at)).sum();
        let mut grades: Vec<f64> = relevant.values().copied().collect();
        grades.sort_by(|a, b| b.total_cmp(a));
        let best: f64 =
            grades.iter().take(10).enumerate().map(|(at, grade)| grade / discount(at)).sum();
        self.ndcg += gained / best;
        let hits = found.iter().take(100).filter(|id| relevant.contains_key(**id)).count();
        self.recall += hits as f64 / relevant.len() as f64;
    }

    /// The mean over so many questions.
    pub fn mean(self, questions: usize) -> Self {
        let count = questions as f64;
        Self { ndcg: self.ndcg / count, recall: self.recall / count }
    }
}

impl fmt::Display for Measures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.4} | {:.4}", self.ndcg, self.recall)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let relevant = HashMap::from([("a".to_owned(), 1.0), ("b".to_owned(), 1.0)]);
        let mut perfect = Measures::default();
        perfect.add(&["b", "a", "c"], &relevant);
        assert_eq!((perfect.ndcg, perfect.recall), (1.0, 1.0));
        let mut second = Measures::default();
        second.add(&["c", "a"], &relevant);
        let wanted = (1.0 / 3_f64.log2()) / (1.0 + 1.0 / 3_f64.log2());
        assert!((second.ndcg - wanted).abs() < 1e-12);
        assert_eq!(second.mean(2).recall, 0.25);
    }
}
