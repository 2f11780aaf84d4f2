//! What is done with the bytes that a fuzzer makes. `fuzz/` calls these too: this folder is a part of
//! both, so it names nothing of either.

mod asked;
mod brought;
mod stored;
mod template;

pub use asked::Asked;
pub use brought::{Lines, npy};
pub use stored::Stored;

/// Bytes, taken from the front; where they have ended they are zeros.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn number(&mut self) -> u32 {
        u32::from_le_bytes([self.byte(), self.byte(), self.byte(), self.byte()])
    }

    /// A place among so many.
    fn below(&mut self, end: usize) -> usize {
        self.number() as usize % end.max(1)
    }

    fn rest(self) -> &'a [u8] {
        self.0
    }
}
