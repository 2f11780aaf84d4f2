//! Which instructions there are.

/// A set of instructions that the loops are compiled for.
///
/// ```
/// use filedex_kernel::Level;
/// assert!(Level::available().contains(&Level::detect()));
/// assert!(Level::available().contains(&Level::Portable));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Level {
    /// Plain Rust, which every machine runs.
    Portable,
    /// AArch64's NEON.
    Neon,
    /// x86-64 with AVX2.
    Avx2,
    /// x86-64 with AVX-512 F, BW and VNNI.
    Avx512,
}

impl Level {
    /// The best that this machine has. The standard library asks the processor once.
    #[must_use]
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vnni")
                && is_x86_feature_detected!("avx2")
            {
                return Self::Avx512;
            }
            if is_x86_feature_detected!("avx2") {
                return Self::Avx2;
            }
        }
        #[cfg(target_arch = "aarch64")]
        {
            if std::arch::is_aarch64_feature_detected!("neon") {
                return Self::Neon;
            }
        }
        Self::Portable
    }

    /// Every level this machine can run, for tests that compare them.
    #[must_use]
    pub fn available() -> Vec<Self> {
        match Self::detect() {
            Self::Avx512 => vec![Self::Portable, Self::Avx2, Self::Avx512],
            Self::Portable => vec![Self::Portable],
            other => vec![Self::Portable, other],
        }
    }

    /// This level where the machine has it, else the best it has: a level that is not there is
    /// never run.
    pub(crate) fn checked(self) -> Self {
        let best = Self::detect();
        match (self, best) {
            (Self::Portable, _) | (Self::Avx2, Self::Avx512) => self,
            _ => best,
        }
    }
}
