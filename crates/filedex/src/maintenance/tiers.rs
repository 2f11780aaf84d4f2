//! Which segments are merged, by their sizes; and what becomes of what dies meanwhile.

use std::collections::HashMap;

use filedex_index::DeadDocs;

/// Segments of about one size are merged once there are this many.
const MERGE_FACTOR: usize = 8;
/// The smallest tier: segments below this many live records count as one size.
const FIRST_TIER: u64 = 64;

/// The segments to merge next, by their places; `segments` are (live, all) counts.
///
/// A tier holds segments within a factor of eight; the fullest tier of the smallest size goes
/// first, to a segment of at most about `largest`. A segment that is mostly dead is rewritten alone.
pub(super) fn due(segments: &[(u64, u64)], largest: u64) -> Option<Vec<usize>> {
    let mut tiers: HashMap<u32, Vec<usize>> = HashMap::new();
    for (place, (live, _)) in segments.iter().enumerate() {
        tiers.entry(tier_of(*live)).or_default().push(place);
    }
    let mut full: Vec<_> =
        tiers.into_iter().filter(|(_, group)| group.len() >= MERGE_FACTOR).collect();
    full.sort_unstable();
    for (_, group) in full {
        let mut sum = 0;
        let fitting: Vec<usize> = group
            .into_iter()
            .take_while(|place| {
                sum += segments[*place].0;
                sum <= largest
            })
            .collect();
        if fitting.len() > 1 {
            return Some(fitting);
        }
    }
    let mostly_dead =
        |(_, (live, all)): &(usize, &(u64, u64))| *all > FIRST_TIER && live * 2 < *all;
    segments.iter().enumerate().find(mostly_dead).map(|(place, _)| vec![place])
}

fn tier_of(live: u64) -> u32 {
    (live / FIRST_TIER).max(1).ilog2() / 3
}

/// All segments that fit one merged segment of `largest` together, smallest first; none where one segment
/// without dead records is all there is.
pub(super) fn worth_merging(segments: &[(u64, u64)], largest: u64) -> Option<Vec<usize>> {
    let mut places: Vec<usize> = (0..segments.len()).collect();
    places.sort_by_key(|place| segments[*place].0);
    let mut sum = 0;
    places.retain(|place| {
        sum += segments[*place].0;
        sum <= largest
    });
    match places.as_slice() {
        [] => None,
        [only] => (segments[*only].0 < segments[*only].1).then_some(places),
        _ => Some(places),
    }
}

/// The documents of a source that died since the merge began, ascending.
pub(super) fn died_since(then: &DeadDocs, now: &DeadDocs) -> Vec<u32> {
    if then.len() == now.len() {
        return Vec::new();
    }
    now.iter().filter(|doc| !then.contains(*doc)).collect()
}

/// Adds documents of one source to `died` by their numbers in the merged segment: a merge puts the
/// live documents of its sources one after the other, and this source's begin at `offset`.
pub(super) fn renumber(then: &DeadDocs, docs: &[u32], offset: u32, died: &mut DeadDocs) {
    let mut dead_before = then.iter().peekable();
    let mut skipped = 0;
    for doc in docs {
        while dead_before.next_if(|gone| gone < doc).is_some() {
            skipped += 1;
        }
        died.insert(offset + doc - skipped);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LARGEST: u64 = 500_000;

    #[test]
    fn tiers() {
        assert_eq!(due(&[], LARGEST), None);
        assert_eq!(due(&[(1, 1); 7], LARGEST), None);
        assert_eq!(due(&[(1, 1); 8], LARGEST), Some((0..8).collect()));
        let mut mixed = vec![(16_000, 16_000); 7];
        mixed.extend([(1, 1); 3]);
        assert_eq!(due(&mixed, LARGEST), None);
        mixed.push((20_000, 20_000));
        assert_eq!(due(&mixed, LARGEST), Some(vec![0, 1, 2, 3, 4, 5, 6, 10]));
        assert_eq!(due(&[(40, 100)], LARGEST), Some(vec![0]));
        assert_eq!(due(&[(400_000, 400_000); 8], LARGEST), None);
    }

    #[test]
    fn optimising_ends() {
        assert_eq!(worth_merging(&[(5, 5)], LARGEST), None);
        assert_eq!(worth_merging(&[(5, 6)], LARGEST), Some(vec![0]));
        assert_eq!(worth_merging(&[(5, 5), (1, 1)], LARGEST), Some(vec![1, 0]));
        assert_eq!(worth_merging(&[(499_999, 499_999), (499_998, 499_998)], LARGEST), None);
    }
}
