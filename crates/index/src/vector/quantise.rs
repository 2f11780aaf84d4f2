//! A byte for each dimension, and what that loses.

/// A vector as codes: `scale * code` is near each number.
pub(crate) struct Quantised {
    /// The distance between neighbouring codes; 0 for a zero vector.
    pub(crate) scale: f32,
    /// At least the length of the difference between the vector and what its codes stand for.
    pub(crate) lost: f32,
}

/// Quantises `vector` to codes in -127 to 127, handed to `put` in order.
pub(crate) fn quantise(vector: &[f32], mut put: impl FnMut(i8)) -> Quantised {
    let largest = vector.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    let scale = largest / 127.0;
    let mut lost = 0.0_f64;
    for x in vector {
        // A scale that underflowed to 0 stands for a vector that did.
        let code = if scale > 0.0 { (x / scale).round().clamp(-127.0, 127.0) } else { 0.0 };
        #[expect(clippy::cast_possible_truncation, reason = "clamped to a byte's range")]
        put(code as i8);
        let difference = f64::from(*x) - f64::from(scale) * f64::from(code);
        lost += difference * difference;
    }
    Quantised { scale, lost: up(lost.sqrt()) }
}

/// The vector at unit length; a zero vector, and one that is of that length but for the rounding of
/// its numbers to floats, as it is.
pub(crate) fn unit(vector: &[f32]) -> Vec<f32> {
    let squared: f64 = vector.iter().map(|x| f64::from(*x) * f64::from(*x)).sum();
    let length = squared.sqrt();
    if length == 0.0 || (length - 1.0).abs() <= 1e-7 {
        return vector.to_vec();
    }
    #[expect(clippy::cast_possible_truncation, reason = "a quotient of at most 1")]
    vector.iter().map(|x| (f64::from(*x) / length) as f32).collect()
}

/// The least `f32` that is surely not below a length computed in double precision.
pub(crate) fn up(length: f64) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "the next float up makes good for it")]
    let near = (length * (1.0 + 1e-12)) as f32;
    near.next_up()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(vector: &[f32]) -> (Vec<i8>, Quantised) {
        let mut codes = Vec::new();
        let quantised = quantise(vector, |code| codes.push(code));
        (codes, quantised)
    }

    #[test]
    fn codes_stand_for_the_vector_but_for_what_they_lost() {
        let vector = [0.5, -1.0, 0.3, 0.0];
        let (codes, Quantised { scale, lost }) = codes(&vector);
        assert_eq!(codes, [64, -127, 38, 0]);
        let distance: f32 =
            vector.iter().zip(&codes).map(|(x, c)| (x - scale * f32::from(*c)).powi(2)).sum();
        assert!(distance.sqrt() <= lost && lost < scale);
    }

    #[test]
    fn zero_and_tiny_vectors() {
        assert_eq!(codes(&[0.0, 0.0]).0, [0, 0]);
        let (zeros, quantised) = codes(&[1e-45, 0.0]);
        assert_eq!(zeros, [0, 0]);
        assert!(quantised.lost >= 1e-45);
    }
}
