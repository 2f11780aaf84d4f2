//! NumPy files, as `numpy.save` writes them.

/// A matrix of float32 in C order.
pub fn matrix(rows: &[Vec<f32>]) -> Vec<u8> {
    let columns = rows.first().map_or(0, Vec::len);
    let numbers = rows.iter().flatten().flat_map(|number| number.to_le_bytes());
    file("<f4", false, &format!("({}, {columns})", rows.len()), numbers)
}

/// Any file: the type of its numbers, their order, its shape and their bytes.
pub fn file(
    kind: &str,
    fortran: bool,
    shape: &str,
    numbers: impl IntoIterator<Item = u8>,
) -> Vec<u8> {
    let fortran = if fortran { "True" } else { "False" };
    let head = format!("{{'descr': '{kind}', 'fortran_order': {fortran}, 'shape': {shape}, }}");
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    bytes.extend(format!("{head:<117}\n").bytes());
    bytes.extend(numbers);
    bytes
}
