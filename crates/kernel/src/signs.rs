//! Estimates of inner products from one bit a dimension.

use crate::level::Level;

/// Rows in a block.
pub const BLOCK_ROWS: usize = 32;
/// Dimensions that one table look-up covers.
const GROUP: usize = 4;
/// Entries of a table: one for each combination of a group's bits.
const ENTRIES: usize = 1 << GROUP;
/// Bytes of a block that hold one group of its rows.
const GROUP_BYTES: usize = BLOCK_ROWS / 2;
/// Groups are padded to a multiple of this, so that every register is full.
const GROUPS: usize = 4;

fn groups(dimension: usize) -> usize {
    dimension.div_ceil(GROUP).next_multiple_of(GROUPS)
}

/// The bytes of a block of signs of `dimension` dimensions.
///
/// ```
/// assert_eq!(filedex_kernel::block_bytes(384), 384 / 8 * filedex_kernel::BLOCK_ROWS);
/// ```
#[must_use]
pub fn block_bytes(dimension: usize) -> usize {
    groups(dimension) * GROUP_BYTES
}

/// Writes one row's signs into its place of a zeroed block: `positive(d)` tells the sign of
/// dimension `d`.
///
/// In a block, the 16 bytes of a group hold row r of the first 16 in the low half of byte r, and
/// row r + 16 in its high half.
///
/// # Panics
/// If `block` is not [`block_bytes`] long or `row` is not below [`BLOCK_ROWS`].
pub fn interleave(
    block: &mut [u8],
    row: usize,
    dimension: usize,
    positive: impl Fn(usize) -> bool,
) {
    assert!(block.len() == block_bytes(dimension) && row < BLOCK_ROWS, "a place in the block");
    let shift = if row < GROUP_BYTES { 0 } else { GROUP };
    for (group, bytes) in block.chunks_exact_mut(GROUP_BYTES).enumerate() {
        let dimensions = group * GROUP..dimension.min((group + 1) * GROUP);
        let bits = dimensions.rev().fold(0, |bits, d| bits << 1 | u8::from(positive(d)));
        bytes[row % GROUP_BYTES] |= bits << shift;
    }
}

/// One side of estimated inner products: a real vector, as a table of sums for each four
/// dimensions.
///
/// The estimate for a row with signs s, addend a and factor f is a + f * (s . query), where the
/// sum's tables are rounded to bytes: its error is at most `groups / 2` times the tables' step.
#[derive(Clone, Debug)]
pub struct SignQuery {
    level: Level,
    /// 16 bytes for each group.
    tables: Vec<u8>,
    /// s . query = base + step * (sum of looked-up bytes).
    base: f32,
    step: f32,
}

impl SignQuery {
    /// The query of a real vector.
    ///
    /// ```
    /// use filedex_kernel::{BLOCK_ROWS, Level, SignQuery, block_bytes, interleave};
    /// let mut block = vec![0; block_bytes(4)];
    /// interleave(&mut block, 0, 4, |d| d != 1);
    /// let query = SignQuery::new(Level::detect(), &[1.0, 2.0, 3.0, 4.0]);
    /// let mut estimates = [0.0; BLOCK_ROWS];
    /// let (addends, factors) = ([0.5; BLOCK_ROWS], [2.0; BLOCK_ROWS]);
    /// let above = query.estimate(&block, &addends, &factors, 10.0, &mut estimates);
    /// let exact = 0.5 + 2.0 * (1.0 - 2.0 + 3.0 + 4.0);
    /// assert!((estimates[0] - exact).abs() < 0.2 && above & 1 == 1);
    /// ```
    #[must_use]
    pub fn new(level: Level, query: &[f32]) -> Self {
        let groups = groups(query.len());
        let mut sums = vec![0.0_f32; groups * ENTRIES];
        let mut base = 0.0_f64;
        let mut widest = 0.0_f32;
        for (four, sums) in query.chunks(GROUP).zip(sums.chunks_mut(ENTRIES)) {
            for (bits, sum) in sums.iter_mut().enumerate() {
                let signed = |(d, x): (usize, &f32)| if bits >> d & 1 == 1 { *x } else { -x };
                *sum = four.iter().enumerate().map(signed).sum();
            }
            let least = four.iter().map(|x| -x.abs()).sum::<f32>();
            base += f64::from(least);
            widest = widest.max(-2.0 * least);
            sums.iter_mut().for_each(|sum| *sum -= least);
        }
        // All looked-up bytes together have to fit 16 bits.
        let most = (usize::from(u16::MAX) / groups).min(255) as f32;
        let step = if widest > 0.0 { widest / most } else { 1.0 };
        let tables = sums.iter().map(|sum| (sum / step).round().clamp(0.0, most) as u8).collect();
        Self { level: level.checked(), tables, base: base as f32, step }
    }

    /// How much a row's sum of signs times the query strays because tables are rounded, as a standard
    /// deviation.
    ///
    /// ```
    /// use filedex_kernel::{Level, SignQuery};
    /// let even = SignQuery::new(Level::detect(), &[1.0; 64]);
    /// assert!(even.rounding() < 0.1);
    /// ```
    #[must_use]
    pub fn rounding(&self) -> f32 {
        let groups = self.tables.len() / ENTRIES;
        self.step * (groups as f32 / 12.0).sqrt()
    }

    /// Raises what a row's factor is multiplied by, and so every estimate by `by` times the factor.
    ///
    /// ```
    /// use filedex_kernel::{BLOCK_ROWS, Level, SignQuery, block_bytes};
    /// let mut query = SignQuery::new(Level::detect(), &[0.0; 4]);
    /// query.raise(3.0);
    /// let mut estimates = [0.0; BLOCK_ROWS];
    /// let (addends, factors) = ([1.0; BLOCK_ROWS], [2.0; BLOCK_ROWS]);
    /// query.estimate(&vec![0; block_bytes(4)], &addends, &factors, 6.5, &mut estimates);
    /// assert_eq!(estimates, [7.0; BLOCK_ROWS]);
    /// ```
    pub fn raise(&mut self, by: f32) {
        self.base += by;
    }

    /// The estimates of a block's rows; answers a bit for each that is above `bar`.
    ///
    /// # Panics
    /// If `block` is not of the query's dimension, or `addends` or `factors` are not
    /// [`BLOCK_ROWS`] long.
    #[inline]
    pub fn estimate(
        &self,
        block: &[u8],
        addends: &[f32],
        factors: &[f32],
        bar: f32,
        out: &mut [f32; BLOCK_ROWS],
    ) -> u32 {
        assert_eq!(block.len(), self.tables.len(), "a block of the query's dimension");
        let (Ok(addends), Ok(factors)) = (addends.try_into(), factors.try_into()) else {
            panic!("an addend and a factor for each row");
        };
        let line = Line { base: self.base, step: self.step, addends, factors, bar };
        match self.level {
            // SAFETY: `new` has checked that the machine has the level's instructions; the lengths
            // are equal and multiples of 64.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { x86::estimate_avx512(&self.tables, block, &line, out) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { x86::estimate_avx2(&self.tables, block, &line, out) },
            // SAFETY: as above.
            #[cfg(target_arch = "aarch64")]
            Level::Neon => unsafe { arm::estimate_neon(&self.tables, block, &line, out) },
            _ => line.apply(&sums_portable(&self.tables, block), out),
        }
    }
}

/// What turns sums of looked-up bytes into estimates.
struct Line<'a> {
    base: f32,
    step: f32,
    addends: &'a [f32; BLOCK_ROWS],
    factors: &'a [f32; BLOCK_ROWS],
    bar: f32,
}

impl Line<'_> {
    /// Inlined, so that it is compiled for its caller's instructions. No multiplication is fused
    /// with an addition: levels would differ.
    #[inline(always)]
    fn apply(&self, sums: &[u16; BLOCK_ROWS], out: &mut [f32; BLOCK_ROWS]) -> u32 {
        for row in 0..BLOCK_ROWS {
            let product = self.base + self.step * f32::from(sums[row]);
            out[row] = self.addends[row] + self.factors[row] * product;
        }
        let mut above = 0;
        for (row, estimate) in out.iter().enumerate() {
            above |= u32::from(*estimate > self.bar) << row;
        }
        above
    }
}

fn sums_portable(tables: &[u8], block: &[u8]) -> [u16; BLOCK_ROWS] {
    let mut sums = [0; BLOCK_ROWS];
    for (table, group) in tables.chunks_exact(ENTRIES).zip(block.chunks_exact(GROUP_BYTES)) {
        for (row, byte) in group.iter().enumerate() {
            sums[row] += u16::from(table[usize::from(byte & 15)]);
            sums[row + GROUP_BYTES] += u16::from(table[usize::from(byte >> 4)]);
        }
    }
    sums
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{BLOCK_ROWS, Line};

    // Looked-up bytes are added as 16-bit lanes, twice: whole (even bytes, plus 256 times the odd
    // ones) and shifted right (odd bytes alone). The first less 256 times the second leaves the
    // even ones, modulo 2^16, and the sums fit 16 bits.

    /// # Safety
    /// AVX-512 F and BW; both slices have one length, a multiple of 64.
    #[target_feature(enable = "avx512f,avx512bw,avx2")]
    pub(super) unsafe fn estimate_avx512(
        tables: &[u8],
        block: &[u8],
        line: &Line<'_>,
        out: &mut [f32; BLOCK_ROWS],
    ) -> u32 {
        let low = _mm512_set1_epi8(15);
        let mut whole = [_mm512_setzero_si512(); 2];
        let mut odd = [_mm512_setzero_si512(); 2];
        for (table, codes) in tables.chunks_exact(64).zip(block.chunks_exact(64)) {
            // SAFETY: both chunks have 64 bytes; these loads need no alignment.
            let (table, codes) = unsafe {
                (
                    _mm512_loadu_si512(table.as_ptr().cast()),
                    _mm512_loadu_si512(codes.as_ptr().cast()),
                )
            };
            let first = _mm512_shuffle_epi8(table, _mm512_and_si512(codes, low));
            let high = _mm512_and_si512(_mm512_srli_epi16::<4>(codes), low);
            let second = _mm512_shuffle_epi8(table, high);
            whole[0] = _mm512_add_epi16(whole[0], first);
            whole[1] = _mm512_add_epi16(whole[1], second);
            odd[0] = _mm512_add_epi16(odd[0], _mm512_srli_epi16::<8>(first));
            odd[1] = _mm512_add_epi16(odd[1], _mm512_srli_epi16::<8>(second));
        }
        let mut above = 0;
        for half in 0..2 {
            let even = _mm512_sub_epi16(whole[half], _mm512_slli_epi16::<8>(odd[half]));
            let sums = _mm512_cvtepu16_epi32(in_order(folded(even), folded(odd[half])));
            let at = 16 * half;
            // SAFETY: sixteen numbers are left of each array from `at` on, which is 0 or 16; these
            // loads and stores need no alignment.
            unsafe {
                let addends = _mm512_loadu_ps(line.addends.as_ptr().add(at));
                let factors = _mm512_loadu_ps(line.factors.as_ptr().add(at));
                let steps = _mm512_mul_ps(_mm512_set1_ps(line.step), _mm512_cvtepi32_ps(sums));
                let product = _mm512_add_ps(_mm512_set1_ps(line.base), steps);
                let estimates = _mm512_add_ps(addends, _mm512_mul_ps(factors, product));
                _mm512_storeu_ps(out.as_mut_ptr().add(at), estimates);
                let bar = _mm512_set1_ps(line.bar);
                above |= u32::from(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(estimates, bar)) << at;
            }
        }
        above
    }

    /// The sum of the four quarters of a register, as 16-bit lanes.
    #[target_feature(enable = "avx512f,avx512bw,avx2")]
    fn folded(sums: __m512i) -> __m128i {
        let half =
            _mm256_add_epi16(_mm512_castsi512_si256(sums), _mm512_extracti64x4_epi64::<1>(sums));
        _mm_add_epi16(_mm256_castsi256_si128(half), _mm256_extracti128_si256::<1>(half))
    }

    /// # Safety
    /// AVX2; both slices have one length, a multiple of 64.
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn estimate_avx2(
        tables: &[u8],
        block: &[u8],
        line: &Line<'_>,
        out: &mut [f32; BLOCK_ROWS],
    ) -> u32 {
        let low = _mm256_set1_epi8(15);
        let mut whole = [_mm256_setzero_si256(); 2];
        let mut odd = [_mm256_setzero_si256(); 2];
        for (table, codes) in tables.chunks_exact(32).zip(block.chunks_exact(32)) {
            // SAFETY: both chunks have 32 bytes; these loads need no alignment.
            let (table, codes) = unsafe {
                (
                    _mm256_loadu_si256(table.as_ptr().cast()),
                    _mm256_loadu_si256(codes.as_ptr().cast()),
                )
            };
            let first = _mm256_shuffle_epi8(table, _mm256_and_si256(codes, low));
            let high = _mm256_and_si256(_mm256_srli_epi16::<4>(codes), low);
            let second = _mm256_shuffle_epi8(table, high);
            whole[0] = _mm256_add_epi16(whole[0], first);
            whole[1] = _mm256_add_epi16(whole[1], second);
            odd[0] = _mm256_add_epi16(odd[0], _mm256_srli_epi16::<8>(first));
            odd[1] = _mm256_add_epi16(odd[1], _mm256_srli_epi16::<8>(second));
        }
        let mut sums = [0; BLOCK_ROWS];
        for half in 0..2 {
            let even = _mm256_sub_epi16(whole[half], _mm256_slli_epi16::<8>(odd[half]));
            let fold = |sums: __m256i| {
                _mm_add_epi16(_mm256_castsi256_si128(sums), _mm256_extracti128_si256::<1>(sums))
            };
            let sixteen = in_order(fold(even), fold(odd[half]));
            // SAFETY: sixteen numbers are left from 0 or 16 on; the store needs no alignment.
            unsafe { _mm256_storeu_si256(sums.as_mut_ptr().add(16 * half).cast(), sixteen) };
        }
        line.apply(&sums, out)
    }

    /// The sums of rows 0, 2, 4 … and 1, 3, 5 … in the order of the rows.
    #[target_feature(enable = "avx2")]
    fn in_order(even: __m128i, odd: __m128i) -> __m256i {
        _mm256_set_m128i(_mm_unpackhi_epi16(even, odd), _mm_unpacklo_epi16(even, odd))
    }
}

#[cfg(target_arch = "aarch64")]
mod arm {
    use std::arch::aarch64::*;

    use super::{BLOCK_ROWS, Line};

    /// # Safety
    /// NEON; both slices have one length, a multiple of 16.
    #[target_feature(enable = "neon")]
    pub(super) unsafe fn estimate_neon(
        tables: &[u8],
        block: &[u8],
        line: &Line<'_>,
        out: &mut [f32; BLOCK_ROWS],
    ) -> u32 {
        let mut parts = [vdupq_n_u16(0); 4];
        for (table, codes) in tables.chunks_exact(16).zip(block.chunks_exact(16)) {
            // SAFETY: both chunks have 16 bytes.
            let (table, codes) = unsafe { (vld1q_u8(table.as_ptr()), vld1q_u8(codes.as_ptr())) };
            let first = vqtbl1q_u8(table, vandq_u8(codes, vdupq_n_u8(15)));
            let second = vqtbl1q_u8(table, vshrq_n_u8::<4>(codes));
            parts[0] = vaddw_u8(parts[0], vget_low_u8(first));
            parts[1] = vaddw_high_u8(parts[1], first);
            parts[2] = vaddw_u8(parts[2], vget_low_u8(second));
            parts[3] = vaddw_high_u8(parts[3], second);
        }
        let mut sums = [0; BLOCK_ROWS];
        for (part, sums) in parts.into_iter().zip(sums.chunks_exact_mut(8)) {
            // SAFETY: the chunk has eight lanes of 16 bits.
            unsafe { vst1q_u16(sums.as_mut_ptr(), part) };
        }
        line.apply(&sums, out)
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    #[test]
    fn every_level_gives_the_same_estimates_and_they_are_near() {
        let mut random = StdRng::seed_from_u64(11);
        for dimension in [2, 3, 15, 16, 17, 384, 1_000, 4_096] {
            let query: Vec<f32> = (0..dimension).map(|_| random.random_range(-1.0..1.0)).collect();
            let signs: Vec<Vec<bool>> = (0..BLOCK_ROWS)
                .map(|_| (0..dimension).map(|_| random.random()).collect())
                .collect();
            let mut block = vec![0; block_bytes(dimension)];
            for (row, signs) in signs.iter().enumerate() {
                interleave(&mut block, row, dimension, |d| signs[d]);
            }
            let addends: Vec<f32> = (0..BLOCK_ROWS).map(|_| random.random()).collect();
            let factors: Vec<f32> = (0..BLOCK_ROWS).map(|_| random.random()).collect();
            let mut by_level = Vec::new();
            for level in Level::available() {
                let sign_query = SignQuery::new(level, &query);
                let mut estimates = [0.0; BLOCK_ROWS];
                let bar = 0.3;
                let above = sign_query.estimate(&block, &addends, &factors, bar, &mut estimates);
                for (row, signs) in signs.iter().enumerate() {
                    let product: f32 =
                        query.iter().zip(signs).map(|(q, s)| if *s { *q } else { -q }).sum();
                    let wanted = addends[row] + factors[row] * product;
                    let slack = sign_query.step * groups(dimension) as f32 / 2.0 + 1e-3;
                    assert!((estimates[row] - wanted).abs() <= slack, "{level:?} {dimension}");
                    assert_eq!(above >> row & 1 == 1, estimates[row] > bar);
                }
                by_level.push(estimates.map(f32::to_bits));
            }
            assert!(by_level.windows(2).all(|pair| pair[0] == pair[1]), "{dimension}");
        }
    }

    #[test]
    fn sums_at_their_largest_fit() {
        let query = vec![1.0; 4_096];
        let mut block = vec![0; block_bytes(4_096)];
        (0..BLOCK_ROWS).for_each(|row| interleave(&mut block, row, 4_096, |_| true));
        for level in Level::available() {
            let mut estimates = [0.0; BLOCK_ROWS];
            let (addends, factors) = ([0.0; BLOCK_ROWS], [1.0; BLOCK_ROWS]);
            SignQuery::new(level, &query).estimate(&block, &addends, &factors, 0.0, &mut estimates);
            assert!(estimates.iter().all(|e| (e - 4_096.0).abs() < 1.0), "{level:?} {estimates:?}");
        }
    }

    #[test]
    fn a_zero_query_estimates_the_addend() {
        let block = vec![0; block_bytes(8)];
        for level in Level::available() {
            let mut estimates = [0.0; BLOCK_ROWS];
            let (addends, factors) = ([0.25; BLOCK_ROWS], [3.0; BLOCK_ROWS]);
            SignQuery::new(level, &[0.0; 8]).estimate(
                &block,
                &addends,
                &factors,
                0.0,
                &mut estimates,
            );
            assert_eq!(estimates, [0.25; BLOCK_ROWS]);
        }
    }
}
