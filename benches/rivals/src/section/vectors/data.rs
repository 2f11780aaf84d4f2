//! The records that have a vector, and the queries: what the large set holds beside its lines.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use filedex::NewFile;
use filedex_benches::Corpus;

use crate::Outcome;
use crate::engine::nearest::Vectors;

const ROWS: &str = "files_emb_i8.npy.zst";
const SCALES: &str = "files_emb_scale_f32.npy.zst";
const QUERIES: &str = "queries_emb_f16.npy";
/// The large set asks for a window of 64 MiB.
const WINDOW_LOG: u32 = 27;

/// Records with their vectors, and queries, all of unit length.
#[derive(Debug)]
pub struct Data {
    /// The records, by rows.
    pub files: Vec<NewFile>,
    dimension: usize,
    rows: Vec<f32>,
    queries: Vec<f32>,
}

impl Data {
    /// The first so many records that have a vector; nothing where the corpus has no vectors.
    ///
    /// # Errors
    /// When a file cannot be read, or holds what it should not.
    pub fn read(corpus: &Corpus, limit: usize) -> Outcome<Option<Self>> {
        let folder = corpus.path().parent().ok_or("the corpus is in no folder")?;
        if !folder.join(ROWS).is_file() {
            return Ok(None);
        }
        let (_, scales) = open(&folder.join(SCALES), "<f4")?;
        let mut bytes = Vec::new();
        BufReader::new(scales).read_to_end(&mut bytes)?;
        let scales: Vec<f32> =
            bytes.as_chunks::<4>().0.iter().map(|number| f32::from_le_bytes(*number)).collect();
        // A scale of zero marks a record without text, and so without a vector.
        let chosen: Vec<usize> =
            (0..scales.len()).filter(|line| scales[*line] > 0.0).take(limit).collect();
        let lines = chosen.last().map_or(0, |last| last + 1);

        let (shape, mut rows) = open(&folder.join(ROWS), "|i1")?;
        let [_, dimension] = shape[..] else { return Err("the rows are no matrix".into()) };
        let mut codes = vec![0; lines * dimension];
        rows.read_exact(&mut codes)?;
        let mut all = corpus.files(Some(lines))?;
        let mut wanted = scales.iter().map(|scale| *scale > 0.0);
        all.retain(|_| wanted.next().unwrap_or_default());

        let mut numbers = Vec::with_capacity(chosen.len() * dimension);
        for line in chosen {
            let codes = &codes[line * dimension..][..dimension];
            // One scale holds for the whole row, so unit length takes it out again.
            numbers.extend(unit(codes.iter().map(|code| f64::from(code.cast_signed()))));
        }
        let queries = queries(&folder.join(QUERIES), dimension)?;
        Ok(Some(Self { files: all, dimension, rows: numbers, queries }))
    }

    /// The records' vectors.
    #[must_use]
    pub fn rows(&self) -> Vectors<'_> {
        Vectors { dimension: self.dimension, numbers: &self.rows }
    }

    /// The queries.
    #[must_use]
    pub fn queries(&self) -> Vectors<'_> {
        Vectors { dimension: self.dimension, numbers: &self.queries }
    }
}

fn queries(path: &Path, dimension: usize) -> Outcome<Vec<f32>> {
    use filedex::import::VectorRows;

    let mut rows = filedex::NpyRows::open(path)?;
    if rows.dimension() != dimension as u64 {
        return Err("the queries have another dimension than the rows".into());
    }
    let mut numbers = Vec::new();
    while let Some(row) = rows.next_row()? {
        numbers.extend(unit(row.iter().copied().map(f64::from)));
    }
    Ok(numbers)
}

/// A vector brought to unit length.
#[expect(clippy::cast_possible_truncation, reason = "engines take 32-bit numbers")]
fn unit(numbers: impl Iterator<Item = f64> + Clone) -> impl Iterator<Item = f32> {
    let length = numbers.clone().map(|number| number * number).sum::<f64>().sqrt();
    numbers.map(move |number| (number / length) as f32)
}

/// The shape of an `.npy` file under Zstandard, and its numbers.
fn open(path: &Path, kind: &str) -> Outcome<(Vec<usize>, impl Read + use<>)> {
    let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut numbers = zstd::Decoder::new(file)?;
    numbers.window_log_max(WINDOW_LOG)?;
    let shape =
        header(&mut numbers, kind).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok((shape, numbers))
}

/// Reads the header of version 1: ten bytes, then a Python dictionary.
fn header(file: &mut impl Read, kind: &str) -> Outcome<Vec<usize>> {
    let mut start = [0; 10];
    file.read_exact(&mut start)?;
    if !start.starts_with(b"\x93NUMPY\x01") {
        return Err("is no .npy file of version 1".into());
    }
    let mut text = vec![0; usize::from(u16::from_le_bytes([start[8], start[9]]))];
    file.read_exact(&mut text)?;
    let text = String::from_utf8(text)?;
    if !text.contains(&format!("'descr': '{kind}'")) || !text.contains("'fortran_order': False") {
        return Err(format!("has not numbers of type {kind} in C order: {text}").into());
    }
    let shape = text.split_once("'shape': (").and_then(|(_, rest)| rest.split_once(')'));
    let (shape, _) = shape.ok_or("has no shape")?;
    let numbers = shape.split(',').map(str::trim).filter(|number| !number.is_empty());
    Ok(numbers.map(str::parse).collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn npy(text: &str) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend(u16::try_from(text.len()).unwrap().to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes
    }

    #[test]
    fn headers() {
        let file = npy("{'descr': '|i1', 'fortran_order': False, 'shape': (175849, 384), }\n");
        assert_eq!(header(&mut &file[..], "|i1").unwrap(), [175_849, 384]);
        let list = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (7,), }\n");
        assert_eq!(header(&mut &list[..], "<f4").unwrap(), [7]);
        assert!(header(&mut &list[..], "|i1").is_err());
        assert!(header(&mut &b"no numbers"[..], "|i1").is_err());
    }

    #[test]
    fn unit_length() {
        let numbers: Vec<f32> = unit([3.0, 4.0].into_iter()).collect();
        assert_eq!(numbers, [0.6, 0.8]);
    }
}
