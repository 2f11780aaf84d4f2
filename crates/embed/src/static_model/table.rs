//! The vectors of the tokens and their mean.

use std::borrow::Cow;

use half::f16;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

/// The numbers of a table in the form they were stored in; halves are widened when they are read.
enum Rows {
    Floats(Vec<f32>),
    /// Signed bytes. Their scale, where they have one, is their token's weight.
    Bytes(Cow<'static, [u8]>),
}

/// A row for each token: `rows[mapping[token]] * weights[token]`. Every token below `tokens` has one.
pub(super) struct Table {
    rows: Rows,
    dimension: usize,
    weights: Option<Vec<f32>>,
    mapping: Option<Vec<usize>>,
}

impl Table {
    /// The table of a safetensors file for a tokenizer whose ids are all below `tokens`. The error
    /// says what is wrong with the file.
    pub(super) fn read(file: &[u8], tokens: usize) -> Result<Self, String> {
        Self::from_parts(file, tokens, |bytes| Cow::Owned(bytes.to_vec()))
    }

    /// The same for a file that is part of the program, which need not be copied.
    pub(super) fn read_static(file: &'static [u8], tokens: usize) -> Result<Self, String> {
        Self::from_parts(file, tokens, Cow::Borrowed)
    }

    fn from_parts<'a>(
        file: &'a [u8],
        tokens: usize,
        keep: impl Fn(&'a [u8]) -> Cow<'static, [u8]>,
    ) -> Result<Self, String> {
        let file = SafeTensors::deserialize(file)
            .map_err(|error| format!("it is cut short or no safetensors file ({error})"))?;
        let embeddings = file.tensor("embeddings").map_err(|_| {
            let found = file.names().join(", ");
            format!("it has no tensor `embeddings` (tokens × dimension), only: {found}")
        })?;
        let &[count, dimension] = embeddings.shape() else {
            return Err(format!(
                "`embeddings` has the shape {:?}; it must be [tokens, dimension]",
                embeddings.shape()
            ));
        };
        if dimension == 0 || count == 0 {
            return Err(format!("`embeddings` is empty: {count} rows of {dimension} numbers"));
        }
        let rows = match embeddings.dtype() {
            Dtype::I8 => Rows::Bytes(keep(embeddings.data())),
            _ => Rows::Floats(floats("embeddings", &embeddings)?),
        };
        let weights = file.tensor("weights").ok().map(|found| floats("weights", &found));
        let mapping = file.tensor("mapping").ok().map(|found| row_numbers(&found, count));
        let table =
            Self { rows, dimension, weights: weights.transpose()?, mapping: mapping.transpose()? };
        table.check_covers(tokens, count)?;
        Ok(table)
    }

    fn check_covers(&self, tokens: usize, rows: usize) -> Result<(), String> {
        let parts = [
            ("`embeddings` has rows", self.mapping.is_none().then_some(rows)),
            ("`weights` has numbers", self.weights.as_ref().map(Vec::len)),
            ("`mapping` has numbers", self.mapping.as_ref().map(Vec::len)),
        ];
        for (part, count) in parts {
            if let Some(count) = count.filter(|&count| count != tokens) {
                return Err(format!("{part} for {count} tokens, tokenizer.json has {tokens}"));
            }
        }
        Ok(())
    }

    pub(super) fn dimension(&self) -> usize {
        self.dimension
    }

    /// The mean of the tokens' vectors, each weighed; there must be at least one. The sum runs in
    /// the order of the tokens.
    pub(super) fn mean(&self, tokens: &[u32]) -> Vec<f32> {
        let mut sum = vec![0.0f32; self.dimension];
        for &token in tokens {
            let token = token as usize;
            let row = self.mapping.as_ref().map_or(token, |mapping| mapping[token]);
            let weight = self.weights.as_ref().map_or(1.0, |weights| weights[token]);
            let row = row * self.dimension..(row + 1) * self.dimension;
            match &self.rows {
                Rows::Floats(all) => add(&mut sum, &all[row], weight, |x| x),
                Rows::Bytes(all) => {
                    add(&mut sum, &all[row], weight, |x| f32::from(x.cast_signed()));
                }
            }
        }
        let count = tokens.len() as f32;
        for x in &mut sum {
            *x /= count;
        }
        sum
    }
}

fn add<T: Copy>(sum: &mut [f32], row: &[T], weight: f32, number: impl Fn(T) -> f32) {
    for (sum, &x) in sum.iter_mut().zip(row) {
        *sum += number(x) * weight;
    }
}

/// The numbers of a tensor of floats, all finite.
fn floats(name: &str, tensor: &TensorView<'_>) -> Result<Vec<f32>, String> {
    let bytes = tensor.data();
    let numbers: Vec<f32> = match tensor.dtype() {
        Dtype::F32 => bytes.as_chunks().0.iter().map(|&x| f32::from_le_bytes(x)).collect(),
        Dtype::F16 => bytes.as_chunks().0.iter().map(|&x| f16::from_le_bytes(x).to_f32()).collect(),
        Dtype::F64 => bytes.as_chunks().0.iter().map(|&x| f64::from_le_bytes(x) as f32).collect(),
        other => {
            return Err(format!(
                "`{name}` is of the type {other:?}; F32, F16 and, for \
                                embeddings, I8 are read"
            ));
        }
    };
    match numbers.iter().position(|x| !x.is_finite()) {
        Some(at) => Err(format!("number {at} of `{name}` is {}, not a finite one", numbers[at])),
        None => Ok(numbers),
    }
}

/// The numbers of rows in a tensor, all below `rows`.
fn row_numbers(tensor: &TensorView<'_>, rows: usize) -> Result<Vec<usize>, String> {
    let bytes = tensor.data();
    let numbers: Vec<i64> = match tensor.dtype() {
        Dtype::I64 => bytes.as_chunks().0.iter().map(|&x| i64::from_le_bytes(x)).collect(),
        Dtype::I32 => bytes.as_chunks().0.iter().map(|&x| i32::from_le_bytes(x).into()).collect(),
        other => return Err(format!("`mapping` is of the type {other:?}; I64 and I32 are read")),
    };
    let row = |number: i64| usize::try_from(number).ok().filter(|&row| row < rows);
    numbers
        .iter()
        .map(|&number| {
            row(number)
                .ok_or_else(|| format!("`mapping` names row {number}; `embeddings` has {rows}"))
        })
        .collect()
}
