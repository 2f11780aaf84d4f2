//! The images that a power cut could leave.
//!
//! A sync that returned has made all before it durable. Of what came after it, any part may be
//! there: any writes, any sectors of them, in any order. Changes of length are the file system's
//! own journal, which keeps their order: of them a first part is there.

use super::recording::Step;
use crate::generate::Seed;

/// What becomes of the writes that no sync made safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Loss {
    /// None of them is there.
    Lost,
    /// All of them are there.
    Kept,
    /// A random part of them is there.
    Some,
    /// Of each, a random part of its sectors of this many bytes is there.
    Torn(usize),
    /// They reached the disk in a random order, which the cut ended somewhere; the one that was
    /// being written is there up to a sector of 512 bytes.
    Reordered,
}

impl Loss {
    /// The losses in the order that tests try them: those without chance first.
    #[must_use]
    pub fn numbered(number: u64) -> Self {
        match number {
            0 => Self::Lost,
            1 => Self::Kept,
            n => match n % 4 {
                0 => Self::Some,
                1 => Self::Torn(512),
                2 => Self::Torn(4_096),
                _ => Self::Reordered,
            },
        }
    }
}

/// What a disk could hold after a power cut.
#[derive(Clone, Debug)]
pub struct Image {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The state that must not be lost.
    pub acknowledged: usize,
    /// The newest state that may be there: the one that was being written.
    pub in_flight: usize,
}

/// Everything that was done to a disk, to cut the power in.
#[derive(Clone, Debug)]
pub struct PowerCuts {
    before: Vec<u8>,
    log: Vec<Step>,
}

/// What was done between two syncs, on what was safe before.
#[derive(Debug)]
pub struct Stretch<'log> {
    /// Its place among all.
    pub number: usize,
    disk: Vec<u8>,
    steps: &'log [Step],
    acknowledged: usize,
    in_flight: usize,
}

impl PowerCuts {
    pub(super) fn new(before: Vec<u8>, log: Vec<Step>) -> Self {
        Self { before, log }
    }

    /// How many stretches there are: one for each sync, and what came after the last.
    #[must_use]
    pub fn len(&self) -> usize {
        self.log.split_inclusive(|step| matches!(step, Step::Sync)).count()
    }

    /// Whether nothing was done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.log.is_empty()
    }

    /// Each stretch between syncs since the first acknowledged state.
    pub fn stretches(&self) -> impl Iterator<Item = Stretch<'_>> {
        let mut disk = self.before.clone();
        let mut acknowledged = None;
        let stretches = self.log.split_inclusive(|step| matches!(step, Step::Sync));
        stretches.enumerate().filter_map(move |(number, steps)| {
            // What was acknowledged in the stretch was made safe by the sync that began it.
            for step in steps {
                if let Step::Acknowledged(state) = step {
                    acknowledged = Some(*state);
                }
            }
            let safe = disk.clone();
            steps.iter().for_each(|step| apply(&mut disk, step));
            acknowledged.map(|state| Stretch {
                number,
                disk: safe,
                steps,
                acknowledged: state,
                in_flight: state + 1,
            })
        })
    }
}

impl Stretch<'_> {
    /// The image that a cut in this stretch leaves. The same seed gives the same one.
    #[must_use]
    pub fn image(&self, loss: Loss, seed: u64) -> Image {
        let mut seed = Seed::new(seed ^ (self.number as u64).rotate_left(32));
        let mut bytes = self.disk.clone();
        match loss {
            Loss::Lost => {}
            Loss::Kept => self.steps.iter().for_each(|step| apply(&mut bytes, step)),
            Loss::Some | Loss::Torn(_) => self.keep_some(&mut bytes, loss, &mut seed),
            Loss::Reordered => self.reorder(&mut bytes, &mut seed),
        }
        Image { bytes, acknowledged: self.acknowledged, in_flight: self.in_flight }
    }

    fn keep_some(&self, bytes: &mut Vec<u8>, loss: Loss, seed: &mut Seed) {
        let mut resizes = self.kept_resizes(seed);
        let percent = *seed.pick(&[10, 50, 90]);
        for step in self.steps {
            match (step, loss) {
                (Step::Resize(_), _) if resizes == 0 => {}
                (Step::Resize(_), _) => {
                    resizes -= 1;
                    apply(bytes, step);
                }
                (Step::Write(offset, data), Loss::Torn(sector)) => {
                    for (at, part) in sectors(*offset, data, sector) {
                        if seed.chance(percent) {
                            write(bytes, at, part);
                        }
                    }
                }
                (Step::Write(..), _) if seed.chance(percent) => apply(bytes, step),
                _ => {}
            }
        }
    }

    fn reorder(&self, bytes: &mut Vec<u8>, seed: &mut Seed) {
        let kept = self.kept_resizes(seed);
        let is_resize = |step: &&Step| matches!(step, Step::Resize(_));
        self.steps.iter().filter(is_resize).take(kept).for_each(|step| apply(bytes, step));
        let mut writes: Vec<(u64, &[u8])> = self.steps.iter().filter_map(written).collect();
        for at in (1..writes.len()).rev() {
            writes.swap(at, seed.below(at + 1));
        }
        let whole = seed.below(writes.len() + 1);
        for (offset, data) in &writes[..whole] {
            write(bytes, *offset, data);
        }
        if let Some((offset, data)) = writes.get(whole) {
            let parts: Vec<_> = sectors(*offset, data, 512).collect();
            let reached = seed.below(parts.len() + 1);
            for (at, part) in &parts[..reached] {
                write(bytes, *at, part);
            }
        }
    }

    fn kept_resizes(&self, seed: &mut Seed) -> usize {
        let resizes = self.steps.iter().filter(|step| matches!(step, Step::Resize(_))).count();
        seed.below(resizes + 1)
    }
}

fn written(step: &Step) -> Option<(u64, &[u8])> {
    match step {
        Step::Write(offset, data) => Some((*offset, data)),
        _ => None,
    }
}

/// The parts of a write that fall into one sector each.
fn sectors(offset: u64, data: &[u8], sector: usize) -> impl Iterator<Item = (u64, &[u8])> {
    let size = sector as u64;
    let (mut at, mut left) = (offset, data);
    std::iter::from_fn(move || {
        if left.is_empty() {
            return None;
        }
        let room = usize::try_from(size - at % size).unwrap_or(left.len());
        let (part, rest) = left.split_at(room.min(left.len()));
        let start = at;
        at += part.len() as u64;
        left = rest;
        Some((start, part))
    })
}

/// Does to the bytes what a step did to the disk.
fn apply(bytes: &mut Vec<u8>, step: &Step) {
    match step {
        Step::Resize(length) => {
            bytes.resize(usize::try_from(*length).expect("it was a length in memory"), 0);
        }
        Step::Write(offset, data) => write(bytes, *offset, data),
        Step::Sync | Step::Acknowledged(_) => {}
    }
}

/// Writes what falls inside the length: what was written past it is lost with the growth.
fn write(bytes: &mut [u8], offset: u64, data: &[u8]) {
    let start = usize::try_from(offset).map_or(bytes.len(), |start| start.min(bytes.len()));
    let room = &mut bytes[start..];
    let length = room.len().min(data.len());
    room[..length].copy_from_slice(&data[..length]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sectors_end_where_the_disk_has_borders() {
        let parts: Vec<_> = sectors(510, &[7; 520], 512).map(|(at, p)| (at, p.len())).collect();
        assert_eq!(parts, [(510, 2), (512, 512), (1_024, 6)]);
        assert_eq!(sectors(0, &[], 512).count(), 0);
    }

    #[test]
    fn a_cut_keeps_what_was_synced_and_parts_of_the_rest() {
        let log = vec![
            Step::Acknowledged(0),
            Step::Write(0, vec![1; 1_024]),
            Step::Sync,
            Step::Acknowledged(1),
            Step::Resize(2_048),
            Step::Write(512, vec![2; 1_536]),
        ];
        let cuts = PowerCuts::new(vec![0; 1_024], log);
        let stretches: Vec<_> = cuts.stretches().collect();
        assert_eq!((cuts.len(), stretches.len()), (2, 2));
        let last = &stretches[1];
        for number in 0..200 {
            let image = last.image(Loss::numbered(number), number);
            assert_eq!((image.acknowledged, image.in_flight), (1, 2));
            assert!(image.bytes[..512].iter().all(|byte| *byte == 1));
            assert!([1_024, 2_048].contains(&image.bytes.len()));
            for sector in image.bytes[512..].chunks(512) {
                assert!(sector.iter().all(|byte| byte == &sector[0]));
            }
        }
        assert_eq!(last.image(Loss::Lost, 0).bytes, [1; 1_024]);
        assert_eq!(last.image(Loss::Kept, 0).bytes[512..], [2; 1_536]);
    }
}
