//! The first of an order out of a set of documents.

use filedex_model::{FileId, Row};

use super::evaluate::Values;
use super::order::Position;
use super::rank::Ranks;
use super::segment::TextSegment;
use super::set::{BLOCK, Docs, End};
use crate::error::IndexError;

/// One of the first documents of a segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) rank: u64,
    pub(crate) id_prefix: u64,
    pub(crate) doc: u32,
}

impl Entry {
    fn place(&self) -> (u64, u64) {
        (self.rank, self.id_prefix)
    }
}

/// The best entries so far. Entries that only a full id could tell from the last one are kept too.
struct Best {
    entries: Vec<Entry>,
    limit: usize,
    /// The place of the last entry that can still be among the first.
    last: (u64, u64),
}

impl Best {
    fn new(limit: usize) -> Self {
        Self { entries: Vec::new(), limit, last: (u64::MAX, u64::MAX) }
    }

    fn push(&mut self, entry: Entry) {
        if entry.place() > self.last {
            return;
        }
        self.entries.push(entry);
        if self.entries.len() >= self.limit * 2 + BLOCK {
            self.cut();
        }
    }

    fn cut(&mut self) {
        if self.limit == 0 || self.entries.len() <= self.limit {
            return;
        }
        let (_, last, _) = self.entries.select_nth_unstable_by_key(self.limit - 1, Entry::place);
        self.last = last.place();
        let last = self.last;
        self.entries.retain(|entry| entry.place() <= last);
    }
}

/// Ids of rows, asked for only where the first eight bytes of two ids are equal.
pub(crate) type IdOf<'a> = &'a dyn Fn(Row) -> std::io::Result<FileId>;

/// The row of a document.
pub(crate) fn row_of(segment: &TextSegment, doc: u32) -> Result<Row, IndexError> {
    let row = segment.rows()?.first(doc).and_then(|row| Row::try_from(row).ok());
    row.ok_or_else(|| IndexError::Damaged {
        blob: segment.blob(),
        what: format!("document {doc} has no row"),
    })
}

/// So many values of a column are filtered in the time that one is read and compared.
const FILTERED_PER_READ: u64 = 3;

/// The end of the documents that seems to hold the first of the order. Records arrive in the order of
/// time: from the wrong end every one would beat all before it.
fn better_end(docs: &Docs, ranks: &Ranks<'_>, values: &mut Values) -> End {
    let mut of_ends = Vec::new();
    if let Some((first, last)) = docs.ends().filter(|(first, last)| first < last) {
        ranks.read(&[first, last], values, &mut of_ends);
    }
    match of_ends.as_slice() {
        [(first, _), (last, _)] if last < first => End::Last,
        _ => End::First,
    }
}

/// The first documents of `docs` after a position: at least `limit` of them if there are, more
/// where ids tie.
pub(crate) fn first(
    segment: &TextSegment,
    docs: &Docs,
    ranks: &Ranks<'_>,
    limit: usize,
    after: Option<&Position>,
    id_of: IdOf<'_>,
) -> Result<Vec<Entry>, IndexError> {
    let ids = segment.id_prefixes()?;
    let start = match after {
        Some(position) => Some((ranks.rank(&position.key)?, position.id)),
        None => None,
    };
    let mut best = Best::new(limit);
    let (mut values, mut block_ranks) = (Values::default(), Vec::with_capacity(BLOCK));
    let end = better_end(docs, ranks, &mut values);
    let mut visit = |block: &[u32], best: &mut Best| {
        ranks.read(block, &mut values, &mut block_ranks);
        for (rank, doc) in block_ranks.iter().copied() {
            if rank > best.last.0 || start.is_some_and(|(start, _)| rank < start) {
                continue;
            }
            let id_prefix = ids.first(doc).unwrap_or(0);
            if let Some((_, id)) = start.filter(|(start, _)| *start == rank) {
                let before = match id_prefix.cmp(&id.prefix()) {
                    std::cmp::Ordering::Less => true,
                    std::cmp::Ordering::Equal => id_of(row_of(segment, doc)?)? <= id,
                    std::cmp::Ordering::Greater => false,
                };
                if before {
                    continue;
                }
            }
            best.push(Entry { rank, id_prefix, doc });
        }
        Ok::<_, IndexError>(())
    };
    match docs {
        Docs::Many(bits) if bits.count() * FILTERED_PER_READ > u64::from(segment.docs()) => {
            let mut block = Vec::with_capacity(BLOCK);
            for stretch in bits.stretches(end) {
                // Once there are enough entries, the column itself tells the documents that can
                // still be among the first from the many that cannot.
                if let Some((column, reach)) = ranks.reach(best.last.0) {
                    block.clear();
                    column.get_docids_for_value_range(reach, stretch, &mut block);
                    block.retain(|doc| bits.contains(*doc));
                } else {
                    bits.read(stretch, &mut block);
                }
                visit(&block, &mut best)?;
            }
        }
        docs => docs.for_each_block_from(end, |block| visit(block, &mut best))?,
    }
    best.cut();
    Ok(best.entries)
}
