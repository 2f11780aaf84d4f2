//! Sets of documents of one segment.

use std::ops::Range;

/// A set of documents: a sorted list while it is small, a bit for every document else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Docs {
    /// Ascending, each once.
    Few(Vec<u32>),
    Many(Bits),
}

/// A bit for every document of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bits {
    words: Vec<u64>,
    docs: u32,
}

/// The most documents that are handed on at a time; a multiple of 64.
pub(crate) const BLOCK: usize = 512;

/// The ends of a set of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    First,
    Last,
}

/// The most documents a list should hold in a segment of `docs`; beyond, bits are smaller.
pub(crate) fn few(docs: u32) -> usize {
    docs as usize / 32 + 16
}

impl Bits {
    pub(crate) fn none(docs: u32) -> Self {
        Self { words: vec![0; docs.div_ceil(64) as usize], docs }
    }

    pub(crate) fn all(docs: u32) -> Self {
        let mut bits = Self { words: vec![u64::MAX; docs.div_ceil(64) as usize], docs };
        bits.trim();
        bits
    }

    /// Clears the bits past the last document.
    fn trim(&mut self) {
        if let (Some(last), rest @ 1..) = (self.words.last_mut(), self.docs % 64) {
            *last &= (1 << rest) - 1;
        }
    }

    pub(crate) fn insert(&mut self, doc: u32) {
        self.words[doc as usize / 64] |= 1 << (doc % 64);
    }

    pub(crate) fn remove(&mut self, doc: u32) {
        self.words[doc as usize / 64] &= !(1 << (doc % 64));
    }

    pub(crate) fn contains(&self, doc: u32) -> bool {
        self.words[doc as usize / 64] >> (doc % 64) & 1 == 1
    }

    pub(crate) fn count(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    fn combine(&mut self, other: &Self, with: impl Fn(u64, u64) -> u64) {
        for (mine, theirs) in self.words.iter_mut().zip(&other.words) {
            *mine = with(*mine, *theirs);
        }
    }

    /// The documents of the segment in stretches of [`BLOCK`], from one end on.
    pub(crate) fn stretches(&self, end: End) -> impl Iterator<Item = Range<u32>> + use<> {
        let docs = self.docs;
        let count = docs.div_ceil(BLOCK as u32);
        (0..count).map(move |turn| {
            let stretch = if end == End::First { turn } else { count - 1 - turn };
            stretch * BLOCK as u32..docs.min((stretch + 1) * BLOCK as u32)
        })
    }

    /// The documents of one of the stretches.
    pub(crate) fn read(&self, stretch: Range<u32>, block: &mut Vec<u32>) {
        block.clear();
        let words = stretch.start as usize / 64..stretch.end.div_ceil(64) as usize;
        for (word, at) in self.words[words].iter().zip(stretch.start / 64..) {
            let mut rest = *word;
            while rest != 0 {
                block.push(at * 64 + rest.trailing_zeros());
                rest &= rest - 1;
            }
        }
    }

    fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.words.iter().zip(0_u32..).flat_map(|(word, at)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = (rest != 0).then(|| rest.trailing_zeros())?;
                rest &= rest - 1;
                Some(at * 64 + bit)
            })
        })
    }
}

impl Docs {
    pub(crate) fn none() -> Self {
        Self::Few(Vec::new())
    }

    pub(crate) fn all(docs: u32) -> Self {
        Self::Many(Bits::all(docs))
    }

    pub(crate) fn count(&self) -> u64 {
        match self {
            Self::Few(list) => list.len() as u64,
            Self::Many(bits) => bits.count(),
        }
    }

    pub(crate) fn contains(&self, doc: u32) -> bool {
        match self {
            Self::Few(list) => list.binary_search(&doc).is_ok(),
            Self::Many(bits) => bits.contains(doc),
        }
    }

    pub(crate) fn and(self, other: &Self) -> Self {
        match (self, other) {
            (Self::Many(mut mine), Self::Many(theirs)) => {
                mine.combine(theirs, |a, b| a & b);
                Self::Many(mine)
            }
            (Self::Few(mut list), other) => {
                list.retain(|doc| other.contains(*doc));
                Self::Few(list)
            }
            (Self::Many(mine), Self::Few(theirs)) => {
                Self::Few(theirs.iter().copied().filter(|doc| mine.contains(*doc)).collect())
            }
        }
    }

    pub(crate) fn without(self, other: &Self) -> Self {
        match (self, other) {
            (Self::Many(mut mine), Self::Many(theirs)) => {
                mine.combine(theirs, |a, b| a & !b);
                Self::Many(mine)
            }
            (Self::Few(mut list), other) => {
                list.retain(|doc| !other.contains(*doc));
                Self::Few(list)
            }
            (Self::Many(mut mine), Self::Few(theirs)) => {
                theirs.iter().for_each(|doc| mine.remove(*doc));
                Self::Many(mine)
            }
        }
    }

    /// Every document, ascending.
    pub(crate) fn to_vec(&self) -> Vec<u32> {
        match self {
            Self::Few(list) => list.clone(),
            Self::Many(bits) => {
                let mut list = Vec::with_capacity(bits.count() as usize);
                list.extend(bits.iter());
                list
            }
        }
    }

    /// Hands every document on, up to [`BLOCK`] at a time.
    pub(crate) fn for_each_block<E>(
        &self,
        visit: impl FnMut(&[u32]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.for_each_block_from(End::First, visit)
    }

    /// The same from one end on. The documents of a block ascend in either case.
    pub(crate) fn for_each_block_from<E>(
        &self,
        end: End,
        mut visit: impl FnMut(&[u32]) -> Result<(), E>,
    ) -> Result<(), E> {
        match (self, end) {
            (Self::Few(list), End::First) => list.chunks(BLOCK).try_for_each(visit),
            (Self::Few(list), End::Last) => list.rchunks(BLOCK).try_for_each(visit),
            (Self::Many(bits), end) => {
                let mut block = Vec::with_capacity(BLOCK);
                bits.stretches(end).try_for_each(|stretch| {
                    bits.read(stretch, &mut block);
                    if block.is_empty() { Ok(()) } else { visit(&block) }
                })
            }
        }
    }

    /// The first and the last document.
    pub(crate) fn ends(&self) -> Option<(u32, u32)> {
        match self {
            Self::Few(list) => Some((*list.first()?, *list.last()?)),
            Self::Many(bits) => {
                let first = bits.words.iter().position(|word| *word != 0)?;
                let last = bits.words.iter().rposition(|word| *word != 0)?;
                let at = |word: usize, bit: u32| word as u32 * 64 + bit;
                Some((
                    at(first, bits.words[first].trailing_zeros()),
                    at(last, 63 - bits.words[last].leading_zeros()),
                ))
            }
        }
    }
}

/// The first place from `from` on where `before` no longer holds, which holds up to there: quick if
/// that is near.
pub(crate) fn gallop<T>(sorted: &[T], from: usize, before: impl Fn(&T) -> bool) -> usize {
    let (mut low, mut step) = (from, 1);
    while low + step < sorted.len() && before(&sorted[low + step]) {
        low += step;
        step *= 2;
    }
    let high = sorted.len().min(low + step);
    low + sorted[low..high].partition_point(before)
}

/// A set in the making; documents come in any order, any number of times.
pub(crate) struct Gather {
    list: Vec<u32>,
    bits: Option<Bits>,
    docs: u32,
}

impl Gather {
    pub(crate) fn new(docs: u32) -> Self {
        Self { list: Vec::new(), bits: None, docs }
    }

    /// A set that will get about `expected` documents.
    pub(crate) fn expecting(docs: u32, expected: u64) -> Self {
        let bits = (expected > few(docs) as u64).then(|| Bits::none(docs));
        Self { list: Vec::new(), bits, docs }
    }

    pub(crate) fn extend(&mut self, docs: &[u32]) {
        if let Some(bits) = &mut self.bits {
            docs.iter().for_each(|doc| bits.insert(*doc));
            return;
        }
        self.list.extend_from_slice(docs);
        if self.list.len() > few(self.docs) {
            let mut bits = Bits::none(self.docs);
            self.list.drain(..).for_each(|doc| bits.insert(doc));
            self.bits = Some(bits);
        }
    }

    /// Adds a whole set.
    pub(crate) fn add(&mut self, other: Docs) {
        match (other, &mut self.bits) {
            (Docs::Few(list), _) => self.extend(&list),
            (Docs::Many(theirs), Some(mine)) => mine.combine(&theirs, |a, b| a | b),
            (Docs::Many(mut theirs), None) => {
                self.list.drain(..).for_each(|doc| theirs.insert(doc));
                self.bits = Some(theirs);
            }
        }
    }

    pub(crate) fn finish(mut self) -> Docs {
        match self.bits {
            Some(bits) => Docs::Many(bits),
            None => {
                if !self.list.is_sorted_by(|a, b| a < b) {
                    self.list.sort_unstable();
                    self.list.dedup();
                }
                Docs::Few(self.list)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn sets(docs: u32) -> Vec<(BTreeSet<u32>, Docs)> {
        let mut sets =
            vec![((0..docs).collect(), Docs::all(docs)), (BTreeSet::new(), Docs::none())];
        for step in [1, 2, 3, 7, 64, 65, 130] {
            let set: BTreeSet<u32> = (0..docs).step_by(step).collect();
            sets.push((set.clone(), Docs::Few(set.iter().copied().collect())));
            let mut bits = Bits::none(docs);
            set.iter().for_each(|doc| bits.insert(*doc));
            sets.push((set, Docs::Many(bits)));
        }
        sets
    }

    #[test]
    fn sets_behave_as_sets() {
        for docs in [0, 1, 63, 64, 65, 300, 1_000] {
            for (a, x) in sets(docs) {
                assert_eq!(x.count(), a.len() as u64);
                let mut seen = Vec::new();
                let ok: Result<(), ()> = x.for_each_block(|block| {
                    seen.extend_from_slice(block);
                    Ok(())
                });
                assert!(ok.is_ok() && seen.iter().eq(&a) && x.to_vec().iter().eq(&a));
                let mut backward = Vec::new();
                let ok: Result<(), ()> = x.for_each_block_from(End::Last, |block| {
                    backward.splice(0..0, block.iter().copied());
                    Ok(())
                });
                assert!(ok.is_ok() && backward == seen);
                assert_eq!(x.ends(), a.first().copied().zip(a.last().copied()));
                for (b, y) in sets(docs) {
                    assert!(x.clone().and(&y).to_vec().iter().eq(a.intersection(&b)));
                    assert!(x.clone().without(&y).to_vec().iter().eq(a.difference(&b)));
                    let mut union = Gather::new(docs);
                    union.add(x.clone());
                    union.add(y);
                    assert!(union.finish().to_vec().iter().eq(a.union(&b)));
                }
            }
        }
    }

    #[test]
    fn galloping_finds_what_halving_does() {
        let sorted: Vec<u32> = (0..200).map(|n| n * n).collect();
        for from in [0, 1, 7, 150, 199, 200] {
            for wanted in [0, 1, 50, 30_000, 90_000] {
                let before = |n: &u32| *n < wanted;
                let want = from + sorted[from..].partition_point(before);
                assert_eq!(gallop(&sorted, from, before), want);
            }
        }
    }

    #[test]
    fn small_sets_are_lists_and_large_ones_bits() {
        let docs = 10_000;
        for (count, listed) in [(few(docs), true), (few(docs) + 1, false)] {
            let mut gather = Gather::new(docs);
            (0..count as u32).for_each(|doc| gather.extend(&[doc]));
            assert_eq!(matches!(gather.finish(), Docs::Few(_)), listed);
        }
    }
}
