//! Embedding spaces: which vectors can be compared with which, and how.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::limits;
use crate::time::Timestamp;

/// How the likeness of two vectors is measured.
///
/// ```
/// use filedex_model::Metric;
/// assert_eq!("cosine".parse::<Metric>()?, Metric::Cosine);
/// assert_eq!(Metric::L2.score(&[0.0, 3.0], &[4.0, 0.0]), 1.0 / 6.0);
/// # Ok::<(), filedex_model::SpaceError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Metric {
    /// The cosine of the angle between them, -1 to 1.
    #[default]
    Cosine,
    /// Their inner product.
    Dot,
    /// One over one and their Euclidean distance, 0 to 1: nearer is higher.
    L2,
}

impl Metric {
    /// The score of a pair, higher for the more alike: computed in double precision in a fixed
    /// order, so that it is the same on every machine.
    ///
    /// Takes the shorter length of the two. The cosine with a zero vector is 0.
    #[must_use]
    pub fn score(self, a: &[f32], b: &[f32]) -> f64 {
        let (mut dot, mut aa, mut bb, mut distance) = (0.0_f64, 0.0_f64, 0.0_f64, 0.0_f64);
        for (x, y) in a.iter().zip(b) {
            let (x, y) = (f64::from(*x), f64::from(*y));
            match self {
                Self::Dot => dot += x * y,
                Self::L2 => distance += (x - y) * (x - y),
                Self::Cosine => {
                    dot += x * y;
                    aa += x * x;
                    bb += y * y;
                }
            }
        }
        match self {
            Self::Dot => dot,
            Self::L2 => 1.0 / (1.0 + distance.sqrt()),
            Self::Cosine if aa == 0.0 || bb == 0.0 => 0.0,
            Self::Cosine => (dot / (aa * bb).sqrt()).clamp(-1.0, 1.0),
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cosine => "cosine",
            Self::Dot => "dot",
            Self::L2 => "l2",
        })
    }
}

impl FromStr for Metric {
    type Err = SpaceError;

    fn from_str(text: &str) -> Result<Self, SpaceError> {
        [Self::Cosine, Self::Dot, Self::L2]
            .into_iter()
            .find(|metric| metric.to_string().eq_ignore_ascii_case(text))
            .ok_or_else(|| SpaceError::Metric { given: text.to_owned() })
    }
}

/// How the numbers of a space's vectors are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VectorStorage {
    /// 32 bits each, as they came.
    #[default]
    F32,
    /// 16 bits each (IEEE 754 binary16, rounded to nearest): half the room; scores are those of the
    /// rounded vectors.
    F16,
}

impl fmt::Display for VectorStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
        })
    }
}

impl FromStr for VectorStorage {
    type Err = SpaceError;

    fn from_str(text: &str) -> Result<Self, SpaceError> {
        [Self::F32, Self::F16]
            .into_iter()
            .find(|storage| storage.to_string().eq_ignore_ascii_case(text))
            .ok_or_else(|| SpaceError::Storage { given: text.to_owned() })
    }
}

/// An embedding space of a dataset version: one model's vectors, at most one for each file.
///
/// ```
/// use filedex_model::{Metric, Space, Timestamp};
/// let space = Space::new("caption", "all-MiniLM-L6-v2", 384, Timestamp::now());
/// assert_eq!((space.metric, space.normalised), (Metric::Cosine, true));
/// space.validate()?;
/// assert!(space.accept(&[0.0; 384]).unwrap_err().to_string().contains("zero"));
/// # Ok::<(), filedex_model::SpaceError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Space {
    /// Its name, unique in the version: 1 to 128 bytes.
    pub name: String,
    /// The model that makes its vectors: 1 to 1,024 bytes. Vectors of another model cannot be
    /// compared with them.
    pub model: String,
    /// Numbers in a vector, 2 to 4,096.
    pub dimension: u32,
    /// How likeness is measured.
    pub metric: Metric,
    /// Whether vectors are brought to unit length when they are stored. Always under
    /// [`Metric::Cosine`], where length means nothing.
    pub normalised: bool,
    /// How the numbers are kept.
    pub storage: VectorStorage,
    /// When the space was made.
    pub created_at: Timestamp,
}

impl Space {
    /// A space under cosine, unit length, 32-bit numbers.
    #[must_use]
    pub fn new(name: &str, model: &str, dimension: u32, created_at: Timestamp) -> Self {
        Self {
            name: name.to_owned(),
            model: model.to_owned(),
            dimension,
            metric: Metric::Cosine,
            normalised: true,
            storage: VectorStorage::F32,
            created_at,
        }
    }

    /// Checks the description itself.
    ///
    /// # Errors
    /// [`SpaceError::Name`], [`SpaceError::Model`], [`SpaceError::Dimension`],
    /// [`SpaceError::Normalisation`].
    pub fn validate(&self) -> Result<(), SpaceError> {
        let plain = |text: &str, most: usize| {
            !text.trim().is_empty() && text.len() <= most && !text.chars().any(char::is_control)
        };
        if !plain(&self.name, limits::SPACE_NAME_BYTES) {
            return Err(SpaceError::Name { given: self.name.clone() });
        }
        if !plain(&self.model, limits::KEYWORD_BYTES) {
            return Err(SpaceError::Model { given: self.model.clone() });
        }
        if !(limits::DIMENSION_MIN..=limits::DIMENSION_MAX).contains(&self.dimension) {
            return Err(SpaceError::Dimension { given: self.dimension });
        }
        if self.metric == Metric::Cosine && !self.normalised {
            return Err(SpaceError::Normalisation);
        }
        Ok(())
    }

    /// A vector as this space keeps it: checked, and of unit length where the space is normalised.
    /// (Rounding to 16 bits is done where it is stored.)
    ///
    /// # Errors
    /// [`VectorError`]: another length, a number that is not finite, a zero vector where length
    /// must not be zero, or numbers too large to be squared.
    pub fn accept(&self, vector: &[f32]) -> Result<Vec<f32>, VectorError> {
        let wanted = self.dimension as usize;
        if vector.len() != wanted {
            return Err(VectorError::Dimension { wanted, given: vector.len() });
        }
        if let Some(at) = vector.iter().position(|x| !x.is_finite()) {
            return Err(VectorError::NotFinite { at, value: vector[at] });
        }
        if vector.iter().any(|x| x.abs() > limits::COMPONENT_MAX) {
            return Err(VectorError::TooLarge);
        }
        if !self.normalised {
            return Ok(vector.to_vec());
        }
        let length = vector.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>().sqrt();
        if length == 0.0 {
            return Err(VectorError::Zero);
        }
        // What is of unit length to the last bit of its sum is kept as it came.
        if (length - 1.0).abs() < 1e-7 {
            return Ok(vector.to_vec());
        }
        #[expect(clippy::cast_possible_truncation, reason = "a quotient of at most 1")]
        Ok(vector.iter().map(|x| (f64::from(*x) / length) as f32).collect())
    }

    /// A vector as it is given to the index: [`Space::accept`]ed, and of numbers that its storage
    /// has. A question's vector need not be, since it is not kept.
    ///
    /// ```
    /// use filedex_model::{Metric, Space, Timestamp, VectorStorage};
    /// let space = Space {
    ///     metric: Metric::Dot,
    ///     normalised: false,
    ///     storage: VectorStorage::F16,
    ///     ..Space::new("halves", "model", 2, Timestamp::now())
    /// };
    /// assert!(space.keep(&[1.0, 65_000.0]).is_ok());
    /// assert!(space.keep(&[1.0, 70_000.0]).is_err());
    /// ```
    ///
    /// # Errors
    /// As [`Space::accept`], and [`VectorError::NoHalf`].
    pub fn keep(&self, vector: &[f32]) -> Result<Vec<f32>, VectorError> {
        let accepted = self.accept(vector)?;
        if self.storage == VectorStorage::F16
            && let Some(at) = accepted.iter().position(|x| x.abs() >= limits::HALF_END)
        {
            return Err(VectorError::NoHalf { at, value: accepted[at] });
        }
        Ok(accepted)
    }
}

/// What is wrong with a space.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpaceError {
    /// The name cannot be one.
    #[error("{given:?} cannot name a space: 1 to 128 bytes without control characters")]
    Name {
        /// What was given.
        given: String,
    },
    /// The model id cannot be one.
    #[error("{given:?} cannot name a model: 1 to 1,024 bytes without control characters")]
    Model {
        /// What was given.
        given: String,
    },
    /// The dimension is out of bounds.
    #[error("a space has 2 to 4,096 dimensions, not {given}")]
    Dimension {
        /// What was given.
        given: u32,
    },
    /// Cosine without unit length.
    #[error("under cosine vectors always have unit length; take dot to keep their lengths")]
    Normalisation,
    /// No such metric.
    #[error("{given:?} is no metric: it is cosine, dot or l2")]
    Metric {
        /// What was given.
        given: String,
    },
    /// No such storage.
    #[error("{given:?} is no vector storage: it is f32 or f16")]
    Storage {
        /// What was given.
        given: String,
    },
}

/// Why a vector cannot be in a space.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum VectorError {
    /// It has another length.
    #[error("the vector has {given} numbers, its space {wanted} dimensions")]
    Dimension {
        /// The space's.
        wanted: usize,
        /// The vector's.
        given: usize,
    },
    /// A number is infinite or none.
    #[error("number {at} of the vector (from 0) is {value}; all must be finite")]
    NotFinite {
        /// Its place.
        at: usize,
        /// What stands there.
        value: f32,
    },
    /// A number's square could overflow.
    #[error("the vector has a number beyond 1e15, too large to be compared exactly")]
    TooLarge,
    /// A number is beyond those of 16 bits, and the space keeps such.
    #[error(
        "number {at} of the vector (from 0) is {value}; numbers of 16 bits end before 65520, so \
         take a space of f32"
    )]
    NoHalf {
        /// Its place.
        at: usize,
        /// What stands there.
        value: f32,
    },
    /// A zero vector has no direction.
    #[error("the vector is zero, which has no direction to compare")]
    Zero,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space(metric: Metric, normalised: bool) -> Space {
        Space { metric, normalised, ..Space::new("s", "m", 2, Timestamp::now()) }
    }

    #[test]
    fn descriptions_at_their_edges() {
        let good = space(Metric::Cosine, true);
        assert_eq!(good.validate(), Ok(()));
        for (name, fits) in [("n".repeat(128), true), ("n".repeat(129), false), (" ".into(), false)]
        {
            assert_eq!(Space { name, ..good.clone() }.validate().is_ok(), fits);
        }
        for (dimension, fits) in [(1, false), (2, true), (4_096, true), (4_097, false)] {
            assert_eq!(Space { dimension, ..good.clone() }.validate().is_ok(), fits);
        }
        assert_eq!(space(Metric::Cosine, false).validate(), Err(SpaceError::Normalisation));
        assert_eq!(space(Metric::Dot, false).validate(), Ok(()));
    }

    #[test]
    fn vectors_are_checked_and_brought_to_unit_length() {
        let cosine = space(Metric::Cosine, true);
        assert_eq!(cosine.accept(&[3.0, 4.0]), Ok(vec![0.6, 0.8]));
        assert_eq!(cosine.accept(&[0.0, 0.0]), Err(VectorError::Zero));
        assert_eq!(cosine.accept(&[1.0]), Err(VectorError::Dimension { wanted: 2, given: 1 }));
        assert!(matches!(
            cosine.accept(&[1.0, f32::NAN]),
            Err(VectorError::NotFinite { at: 1, .. })
        ));
        assert_eq!(cosine.accept(&[1e16, 0.0]), Err(VectorError::TooLarge));
        assert_eq!(cosine.accept(&[1e-30, 0.0]), Ok(vec![1.0, 0.0]));
        assert_eq!(space(Metric::L2, false).accept(&[0.0, 0.0]), Ok(vec![0.0, 0.0]));
    }

    #[test]
    fn what_16_bits_cannot_hold_is_not_kept() {
        let halves = Space { storage: VectorStorage::F16, ..space(Metric::Dot, false) };
        let (in_it, past_it) = (65_519.996, limits::HALF_END);
        assert_eq!(halves.keep(&[1.0, -in_it]), Ok(vec![1.0, -in_it]));
        assert_eq!(
            halves.keep(&[1.0, -past_it]),
            Err(VectorError::NoHalf { at: 1, value: -past_it })
        );
        assert_eq!(halves.accept(&[1.0, past_it]), Ok(vec![1.0, past_it]));
        assert_eq!(space(Metric::Dot, false).keep(&[past_it, 0.0]), Ok(vec![past_it, 0.0]));
    }

    #[test]
    fn scores() {
        assert_eq!(Metric::Cosine.score(&[2.0, 0.0], &[5.0, 0.0]), 1.0);
        assert_eq!(Metric::Cosine.score(&[0.0, 0.0], &[5.0, 0.0]), 0.0);
        assert_eq!(Metric::Dot.score(&[2.0, 1.0], &[5.0, -3.0]), 7.0);
        assert_eq!(Metric::L2.score(&[1.0, 1.0], &[1.0, 1.0]), 1.0);
    }
}
