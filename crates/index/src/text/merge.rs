//! Several segments into one.

use tantivy::BitSet;
use tantivy::fastfield::AliveBitSet;
use tantivy::indexer::merge_filtered_segments;

use super::builder::{BuiltSegment, SegmentBuilder, settings};
use super::bundle;
use super::index::SegmentView;
use super::made::MadeFiles;
use crate::error::IndexError;
use crate::spill::Spill;

/// One segment of the live documents of several: those of the first in their order, then those of
/// the second, and so on. What is made goes to `spill` beyond some megabytes.
///
/// ```
/// # use std::sync::Arc;
/// let merged = filedex_index::merge(&[], &filedex_index::Spill::default())?;
/// assert_eq!(merged.docs, 0);
/// # Ok::<(), filedex_index::IndexError>(())
/// ```
///
/// # Errors
/// If a segment cannot be read, or what is made cannot be written.
pub fn merge(views: &[SegmentView], spill: &Spill) -> Result<BuiltSegment, IndexError> {
    let living: Vec<&SegmentView> = views.iter().filter(|view| view.live_docs() > 0).collect();
    if living.is_empty() {
        return SegmentBuilder::new()?.finish();
    }
    let (mut docs, mut text_length) = (0, 0);
    let (mut segments, mut alive) = (Vec::new(), Vec::new());
    for view in living {
        let segment = &view.segment;
        docs += view.live_docs();
        text_length += segment.text_length();
        let lengths = segment.lengths()?;
        for dead in view.dead.iter().filter(|dead| *dead < segment.docs()) {
            text_length -= u64::from(lengths.fieldnorm(dead));
        }
        segments.push(segment.segment().clone());
        alive.push((!view.dead.is_empty()).then(|| alive_docs(view)).transpose()?);
    }
    let directory = MadeFiles::new(spill);
    let index = merge_filtered_segments(&segments, settings(), alive, directory.clone())?;
    let docs = u32::try_from(docs).map_err(std::io::Error::other)?;
    let bytes = bundle::pack(&index, &directory, docs, text_length)?;
    Ok(BuiltSegment { bytes, docs, text_length })
}

fn alive_docs(view: &SegmentView) -> Result<AliveBitSet, IndexError> {
    let mut alive = BitSet::with_max_value_and_full(view.segment.docs());
    for dead in view.dead.iter().filter(|dead| *dead < view.segment.docs()) {
        alive.remove(dead);
    }
    let mut bytes = Vec::new();
    tantivy::fastfield::write_alive_bitset(&alive, &mut bytes)?;
    Ok(AliveBitSet::open(tantivy::directory::OwnedBytes::new(bytes)))
}
