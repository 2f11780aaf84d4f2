//! Inner products of byte codes.

use crate::level::Level;

/// Rows are padded to a multiple of this, the widest register.
const LANE: usize = 64;
/// What a code adds to its signed value.
const BIAS: i32 = 128;
/// How many rows ahead a scattered read is announced.
const AHEAD: usize = 8;

/// The bytes a row of `dimension` codes takes. Padding has the code 128, which stands for 0.
///
/// ```
/// assert_eq!((filedex_kernel::padded(384), filedex_kernel::padded(385)), (384, 448));
/// ```
#[must_use]
pub fn padded(dimension: usize) -> usize {
    dimension.next_multiple_of(LANE)
}

/// One side of inner products: signed codes of a query, made ready.
///
/// ```
/// use filedex_kernel::{CodeQuery, Level};
/// let query = CodeQuery::new(Level::detect(), &[1, -2, 3]);
/// let row: Vec<u8> = [10_i16, 20, -30].iter().map(|c| (c + 128) as u8).chain([128; 61]).collect();
/// let mut dots = [0];
/// query.dots(&row, &[0], &mut dots);
/// assert_eq!(dots, [10 - 40 - 90]);
/// ```
#[derive(Clone, Debug)]
pub struct CodeQuery {
    level: Level,
    codes: Vec<i8>,
    /// The biased product less this is the product.
    excess: i32,
}

impl CodeQuery {
    /// A query of one code a dimension, in -127 to 127.
    #[must_use]
    pub fn new(level: Level, codes: &[i8]) -> Self {
        let excess = BIAS * codes.iter().map(|c| i32::from(*c)).sum::<i32>();
        let mut codes = codes.to_vec();
        codes.resize(padded(codes.len()), 0);
        Self { level: level.checked(), codes, excess }
    }

    /// The bytes of a row.
    #[must_use]
    pub fn stride(&self) -> usize {
        self.codes.len()
    }

    /// The inner products with the rows at `slots` of `rows`, exact, in the order of `slots`.
    ///
    /// # Panics
    /// If `out` is shorter than `slots`, or a slot lies outside `rows`.
    pub fn dots(&self, rows: &[u8], slots: &[u32], out: &mut [i32]) {
        let stride = self.stride();
        assert!(out.len() >= slots.len(), "room for every product");
        for (at, slot) in slots.iter().enumerate() {
            if let Some(next) = slots.get(at + AHEAD) {
                prefetch(rows, *next as usize * stride, stride);
            }
            let start = *slot as usize * stride;
            out[at] = self.dot(&rows[start..start + stride]);
        }
    }

    /// The inner products of two queries of one dimension with the rows at `slots` of `rows`, each
    /// row read once, handed to `take` in the order of `slots`.
    ///
    /// # Panics
    /// If the queries' dimensions differ, or a slot lies outside `rows`.
    #[inline]
    pub fn dots_with(
        &self,
        other: &Self,
        rows: &[u8],
        slots: &[u32],
        mut take: impl FnMut(u32, i32, i32),
    ) {
        let stride = self.stride();
        for (at, slot) in slots.iter().enumerate() {
            if let Some(next) = slots.get(at + AHEAD) {
                prefetch(rows, *next as usize * stride, stride);
            }
            let start = *slot as usize * stride;
            let row = &rows[start..start + stride];
            take(*slot, self.dot(row), other.dot(row));
        }
    }

    /// The inner product with one row.
    ///
    /// # Panics
    /// If the row has not [`CodeQuery::stride`] bytes.
    #[inline]
    #[must_use]
    pub fn dot(&self, row: &[u8]) -> i32 {
        assert_eq!(row.len(), self.codes.len(), "rows of the query's stride");
        let biased = match self.level {
            // SAFETY: `new` has checked that the machine has the level's instructions, and the
            // lengths are equal and multiples of 64.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { x86::dot_avx512(&self.codes, row) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { x86::dot_avx2(&self.codes, row) },
            // On AArch64 NEON is what plain Rust is compiled to, and this loop vectorises.
            _ => dot_portable(&self.codes, row),
        };
        biased - self.excess
    }
}

/// The inner product of two rows of codes, exact.
///
/// ```
/// use filedex_kernel::{Level, dot_rows, padded};
/// let mut row = vec![128; padded(2)];
/// row[..2].copy_from_slice(&[131, 124]);
/// assert_eq!(dot_rows(Level::detect(), &row, &row), 9 + 16);
/// ```
///
/// # Panics
/// If the rows differ in length, or it is no multiple of 64.
#[inline]
#[must_use]
pub fn dot_rows(level: Level, a: &[u8], b: &[u8]) -> i32 {
    assert!(a.len() == b.len() && a.len().is_multiple_of(LANE), "rows of one padded length");
    match level.checked() {
        // SAFETY: `checked` answers a level that the machine has; the lengths are equal and
        // multiples of 64.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { x86::dot_rows_avx512(a, b) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { x86::dot_rows_avx2(a, b) },
        _ => {
            let signed = |code: &u8| i32::from(*code) - BIAS;
            a.iter().zip(b).map(|(a, b)| signed(a) * signed(b)).sum()
        }
    }
}

fn dot_portable(query: &[i8], row: &[u8]) -> i32 {
    query.iter().zip(row).map(|(q, r)| i32::from(*q) * i32::from(*r)).sum()
}

/// Announces that a row will be read.
#[inline]
fn prefetch(rows: &[u8], start: usize, length: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(row) = rows.get(start..start + length) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        for line in row.chunks(LANE) {
            // SAFETY: the address is inside `rows`; a prefetch reads nothing.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (rows, start, length);
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    /// # Safety
    /// AVX-512 F, BW and VNNI; both slices have one length, a multiple of 64.
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    pub(super) unsafe fn dot_avx512(query: &[i8], row: &[u8]) -> i32 {
        let mut sums = [_mm512_setzero_si512(); 2];
        for (at, (q, r)) in query.chunks_exact(64).zip(row.chunks_exact(64)).enumerate() {
            // SAFETY: both chunks have 64 bytes; these loads need no alignment.
            let (q, r) = unsafe {
                (_mm512_loadu_si512(q.as_ptr().cast()), _mm512_loadu_si512(r.as_ptr().cast()))
            };
            sums[at % 2] = _mm512_dpbusd_epi32(sums[at % 2], r, q);
        }
        _mm512_reduce_add_epi32(_mm512_add_epi32(sums[0], sums[1]))
    }

    /// # Safety
    /// AVX-512 F, BW and VNNI; both slices have one length, a multiple of 64.
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    pub(super) unsafe fn dot_rows_avx512(a: &[u8], b: &[u8]) -> i32 {
        // (a + 128) . b - 128 . b, with b made signed by flipping its top bit.
        let top = _mm512_set1_epi8(i8::MIN);
        let mut biased = _mm512_setzero_si512();
        let mut excess = _mm512_setzero_si512();
        for (a, b) in a.chunks_exact(64).zip(b.chunks_exact(64)) {
            // SAFETY: both chunks have 64 bytes; these loads need no alignment.
            let (a, b) = unsafe {
                (_mm512_loadu_si512(a.as_ptr().cast()), _mm512_loadu_si512(b.as_ptr().cast()))
            };
            let b = _mm512_xor_si512(b, top);
            biased = _mm512_dpbusd_epi32(biased, a, b);
            excess = _mm512_dpbusd_epi32(excess, top, b);
        }
        _mm512_reduce_add_epi32(_mm512_sub_epi32(biased, excess))
    }

    /// # Safety
    /// AVX2; both slices have one length, a multiple of 64.
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn dot_rows_avx2(a: &[u8], b: &[u8]) -> i32 {
        let bias = _mm256_set1_epi16(128);
        let mut sum = _mm256_setzero_si256();
        for (a, b) in a.chunks_exact(16).zip(b.chunks_exact(16)) {
            // SAFETY: both chunks have 16 bytes; these loads need no alignment.
            let (a, b) =
                unsafe { (_mm_loadu_si128(a.as_ptr().cast()), _mm_loadu_si128(b.as_ptr().cast())) };
            let a = _mm256_sub_epi16(_mm256_cvtepu8_epi16(a), bias);
            let b = _mm256_sub_epi16(_mm256_cvtepu8_epi16(b), bias);
            sum = _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
        }
        folded(sum)
    }

    /// The sum of a register's eight lanes.
    #[target_feature(enable = "avx2")]
    fn folded(sum: __m256i) -> i32 {
        let half = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256::<1>(sum));
        let pair = _mm_add_epi32(half, _mm_shuffle_epi32::<0b01_00_11_10>(half));
        _mm_cvtsi128_si32(_mm_add_epi32(pair, _mm_shuffle_epi32::<0b10_11_00_01>(pair)))
    }

    /// # Safety
    /// AVX2; both slices have one length, a multiple of 64.
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn dot_avx2(query: &[i8], row: &[u8]) -> i32 {
        // Through 16 bits, because the byte instruction saturates at two products of 127 x 255.
        let mut sums = [_mm256_setzero_si256(); 2];
        for (at, (q, r)) in query.chunks_exact(16).zip(row.chunks_exact(16)).enumerate() {
            // SAFETY: both chunks have 16 bytes; these loads need no alignment.
            let (q, r) =
                unsafe { (_mm_loadu_si128(q.as_ptr().cast()), _mm_loadu_si128(r.as_ptr().cast())) };
            let products = _mm256_madd_epi16(_mm256_cvtepi8_epi16(q), _mm256_cvtepu8_epi16(r));
            sums[at % 2] = _mm256_add_epi32(sums[at % 2], products);
        }
        folded(_mm256_add_epi32(sums[0], sums[1]))
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    #[test]
    fn every_level_gives_the_integer_product() {
        let mut random = StdRng::seed_from_u64(7);
        for dimension in [2, 63, 64, 65, 384, 1_000, 4_096] {
            let codes: Vec<i8> = (0..dimension).map(|_| random.random_range(-127..=127)).collect();
            let stride = padded(dimension);
            let rows: Vec<u8> = (0..stride * 20)
                .map(|at| if at % stride < dimension { random.random() } else { 128 })
                .collect();
            let slots: Vec<u32> = (0..20).rev().collect();
            for level in Level::available() {
                let query = CodeQuery::new(level, &codes);
                let (mut dots, mut pairs) = ([0; 20], [(0, 0); 20]);
                query.dots(&rows, &slots, &mut dots);
                query.dots_with(&query, &rows, &slots, |slot, a, b| pairs[slot as usize] = (a, b));
                for (at, row) in rows.chunks(stride).enumerate() {
                    let wanted: i32 = codes
                        .iter()
                        .zip(row)
                        .map(|(q, r)| i32::from(*q) * (i32::from(*r) - 128))
                        .sum();
                    assert_eq!((pairs[at], dots[19 - at]), ((wanted, wanted), wanted), "{level:?}");
                }
            }
        }
    }

    #[test]
    fn extremes_do_not_saturate() {
        for (code, byte) in [(127_i8, 255_u8), (-127, 255), (127, 0), (-127, 0)] {
            let (codes, row) = (vec![code; 4_096], vec![byte; 4_096]);
            let wanted = 4_096 * i32::from(code) * (i32::from(byte) - 128);
            for level in Level::available() {
                assert_eq!(CodeQuery::new(level, &codes).dot(&row), wanted, "{level:?}");
            }
        }
    }

    #[test]
    fn rows_with_rows() {
        let mut random = StdRng::seed_from_u64(9);
        for length in [64, 128, 4_096] {
            let row =
                |random: &mut StdRng| -> Vec<u8> { (0..length).map(|_| random.random()).collect() };
            let (a, b) = (row(&mut random), row(&mut random));
            let signed = |code: &u8| i32::from(*code) - 128;
            let wanted: i32 = a.iter().zip(&b).map(|(a, b)| signed(a) * signed(b)).sum();
            for level in Level::available() {
                assert_eq!(dot_rows(level, &a, &b), wanted, "{level:?}");
            }
        }
    }
}
