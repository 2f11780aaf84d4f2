//! Every loop reads just what it is given: slices that begin where no register is aligned and end
//! where their allocation does. A tool that watches memory (AddressSanitizer, Valgrind) sees a byte
//! too many; without one, the results are compared with those of plain Rust.

use filedex_kernel::{
    BLOCK_ROWS, CodeQuery, Level, SignQuery, block_bytes, dot_rows, interleave, padded,
};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const DIMENSIONS: [usize; 10] = [1, 2, 15, 16, 17, 63, 64, 65, 384, 1_000];
const ROWS: usize = 3;

/// Numbers that stand at the end of an allocation of their own, `shift` places after its start.
struct Placed<T> {
    numbers: Box<[T]>,
    shift: usize,
}

impl<T: Copy + Default> Placed<T> {
    fn new(numbers: &[T], shift: usize) -> Self {
        let before = std::iter::repeat_n(T::default(), shift);
        Self { numbers: before.chain(numbers.iter().copied()).collect(), shift }
    }

    fn get(&self) -> &[T] {
        &self.numbers[self.shift..]
    }
}

#[test]
fn codes_to_their_last_byte() {
    let mut random = StdRng::seed_from_u64(21);
    for dimension in DIMENSIONS {
        let codes: Vec<i8> = (0..dimension).map(|_| random.random_range(-127..=127)).collect();
        let stride = padded(dimension);
        let bytes: Vec<u8> = (0..ROWS * stride).map(|_| random.random()).collect();
        let slots: Vec<u32> = (0..ROWS as u32).rev().collect();
        let results = |level, shift| {
            let rows = Placed::new(&bytes, shift);
            let query = CodeQuery::new(level, &codes);
            let mut dots = [0; ROWS];
            query.dots(rows.get(), &slots, &mut dots);
            let mut pairs = Vec::new();
            query.dots_with(&query, rows.get(), &slots, |slot, a, b| pairs.push((slot, a, b)));
            let (one, other) =
                (Placed::new(&bytes[..stride], shift), Placed::new(&bytes[stride..2 * stride], 0));
            (dots, pairs, dot_rows(level, one.get(), other.get()))
        };
        let wanted = results(Level::Portable, 0);
        for level in Level::available() {
            for shift in [0, 1, 31, 63] {
                assert_eq!(results(level, shift), wanted, "{level:?}, {dimension}, {shift}");
            }
        }
    }
}

#[test]
fn signs_to_their_last_byte() {
    let mut random = StdRng::seed_from_u64(22);
    for dimension in DIMENSIONS {
        let query: Vec<f32> = (0..dimension).map(|_| random.random_range(-1.0..1.0)).collect();
        let mut block = vec![0; block_bytes(dimension)];
        for row in 0..BLOCK_ROWS {
            let signs: Vec<bool> = (0..dimension).map(|_| random.random()).collect();
            interleave(&mut block, row, dimension, |d| signs[d]);
        }
        let numbers: Vec<f32> = (0..2 * BLOCK_ROWS).map(|_| random.random()).collect();
        let (addends, factors) = numbers.split_at(BLOCK_ROWS);
        let results = |level, shift| {
            let block = Placed::new(&block, shift);
            let (addends, factors) = (Placed::new(addends, shift), Placed::new(factors, shift));
            let mut estimates = Box::new([0.0; BLOCK_ROWS]);
            let query = SignQuery::new(level, &query);
            let above =
                query.estimate(block.get(), addends.get(), factors.get(), 0.5, &mut estimates);
            (above, estimates.map(f32::to_bits))
        };
        let wanted = results(Level::Portable, 0);
        for level in Level::available() {
            for shift in [0, 1, 31, 63] {
                assert_eq!(results(level, shift), wanted, "{level:?}, {dimension}, {shift}");
            }
        }
    }
}
