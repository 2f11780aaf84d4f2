//! The end of every search: the last candidates, scored in double precision.

use filedex_model::Row;

use crate::error::IndexError;
use crate::vector::index::{Neighbour, VectorView};
use crate::vector::prepared::Prepared;

/// A vector that may be among the nearest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate {
    /// At least its closeness.
    pub(crate) upper: f32,
    /// Its segment's place.
    pub(crate) view: u32,
    pub(crate) slot: u32,
}

/// The best `k` of the candidates that score above `above`, with all that tie with the last of
/// them; best first, ties by row.
///
/// A candidate is scored only if its bound reaches the k-th score so far, so the answer is exact for
/// any candidates whose bounds are.
pub(crate) fn finish(
    query: &Prepared,
    views: &[VectorView],
    mut candidates: Vec<Candidate>,
    k: usize,
    above: Option<f32>,
) -> Result<Vec<Neighbour>, IndexError> {
    candidates.sort_unstable_by(|a, b| b.upper.total_cmp(&a.upper));
    let mut found: Vec<Neighbour> = Vec::new();
    let mut least = f32::NEG_INFINITY;
    // Settling now and then is enough: a low bar costs only work. The first time is at the k-th,
    // and a long tie must not settle at every hit.
    let mut settle_at = k;
    let mut vector = Vec::new();
    for candidate in candidates {
        let reach = query.score_of(candidate.upper);
        if reach < least || above.is_some_and(|above| reach <= above) {
            break;
        }
        let segment = &views[candidate.view as usize].segment;
        segment.read_vector(candidate.slot, &mut vector)?;
        let score = query.score(&vector);
        if score < least || above.is_some_and(|above| score <= above) {
            continue;
        }
        found.push(Neighbour { row: segment.rows()?.at(candidate.slot), score });
        if found.len() >= settle_at {
            least = settle(&mut found, k);
            settle_at = found.len().saturating_mul(2).max(found.len() + 16);
        }
    }
    settle(&mut found, k);
    Ok(found)
}

/// Sorts, and drops all below the k-th score; answers that score.
fn settle(found: &mut Vec<Neighbour>, k: usize) -> f32 {
    sort(found);
    if found.len() < k || k == 0 {
        found.truncate(if k == 0 { 0 } else { found.len() });
        return f32::NEG_INFINITY;
    }
    let least = found[k - 1].score;
    found.retain(|neighbour| neighbour.score >= least);
    least
}

/// Best first, ties by row.
pub(crate) fn sort(found: &mut [Neighbour]) {
    let row = |n: &Neighbour| -> Row { n.row };
    found.sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then(row(a).cmp(&row(b))));
}
