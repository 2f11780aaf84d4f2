//! Vectors of unit length.

/// Divides a vector by its length, in 64 bits. A vector of zeros stays one.
pub(crate) fn to_unit_length(vector: &mut [f32]) {
    let squares: f64 = vector.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
    let length = squares.sqrt().max(f64::MIN_POSITIVE);
    for x in vector {
        *x = (f64::from(*x) / length) as f32;
    }
}
