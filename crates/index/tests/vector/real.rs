//! Real vectors, from the data beside the repository; without it the tests that ask say so and pass.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use filedex_model::{Metric, Space, VectorStorage};
use filedex_testkit::fixture::shared_data;
use half::f16;
use ruzstd::decoding::StreamingDecoder;

use crate::store::{Listed, space};

/// The dimension of the embeddings.
pub const DIMENSION: usize = 384;
/// The pixels of a picture of MNIST.
pub const PIXELS: usize = 784;

/// Vectors, and queries of the same space.
pub struct Real {
    pub space: Space,
    pub vectors: Listed,
    pub queries: Vec<Vec<f32>>,
}

/// The embeddings of the first 5,000 records' captions, without the empty ones.
pub fn captions(queries: usize) -> Option<Real> {
    let files = shared_data()?.join("files");
    let space = space(Metric::Cosine, VectorStorage::F32, DIMENSION);
    let vectors = halves(&numbers(&files.join("sample_5k_emb_f16.npy"), usize::MAX), &space);
    Some(Real { vectors, queries: caption_queries(&files, &space, queries), space })
}

/// The embeddings of at most the first `count` captions, which are stored as bytes with a scale.
pub fn many_captions(count: usize, queries: usize) -> Option<Real> {
    let files = shared_data()?.join("files");
    let space = space(Metric::Cosine, VectorStorage::F32, DIMENSION);
    let codes = numbers(&files.join("files_emb_i8.npy.zst"), count * DIMENSION);
    let scales = numbers(&files.join("files_emb_scale_f32.npy.zst"), count * 4);
    let (scales, _) = scales.as_chunks::<4>();
    let vector = |(row, codes): (u32, &[u8])| {
        let scale = f32::from_le_bytes(scales[row as usize]);
        let vector: Vec<f32> =
            codes.iter().map(|code| scale * f32::from(code.cast_signed())).collect();
        Some((row, space.accept(&vector).ok()?))
    };
    let vectors = (0..).zip(codes.chunks_exact(DIMENSION)).filter_map(vector).collect();
    Some(Real { vectors, queries: caption_queries(&files, &space, queries), space })
}

/// Hand-written digits: the first `count`, and queries of other hands. Their pixels are bytes, most
/// of them 0, so that the signs about the mean are badly balanced.
pub fn digits(count: usize, queries: usize) -> Option<Real> {
    let folder = shared_data()?.join("ann");
    let space = space(Metric::L2, VectorStorage::F16, PIXELS);
    let pictures = |name: &str, count: usize| -> Vec<Vec<f32>> {
        let pixels = numbers(&folder.join(name), count * PIXELS);
        let picture = |pixels: &[u8]| pixels.iter().map(|pixel| f32::from(*pixel)).collect();
        pixels.chunks_exact(PIXELS).map(picture).collect()
    };
    let vectors = (0..).zip(pictures("mnist_base_u8.npy.zst", count)).collect();
    Some(Real { space, vectors, queries: pictures("mnist_query_u8.npy.zst", queries) })
}

/// What people wrote about the first pictures.
fn caption_queries(files: &Path, space: &Space, count: usize) -> Vec<Vec<f32>> {
    let bytes = numbers(&files.join("queries_emb_f16.npy"), count * DIMENSION * 2);
    halves(&bytes, space).into_iter().map(|(_, vector)| vector).collect()
}

fn halves(bytes: &[u8], space: &Space) -> Listed {
    let vector = |(row, bytes): (u32, &[u8])| {
        let (pairs, _) = bytes.as_chunks::<2>();
        let vector: Vec<f32> = pairs.iter().map(|two| f16::from_le_bytes(*two).to_f32()).collect();
        Some((row, space.accept(&vector).ok()?))
    };
    (0..).zip(bytes.chunks_exact(space.dimension as usize * 2)).filter_map(vector).collect()
}

/// The first bytes of a NumPy file's array, at most `most`.
fn numbers(path: &Path, most: usize) -> Vec<u8> {
    let file = BufReader::new(File::open(path).unwrap());
    let mut file: Box<dyn Read> = if path.extension().is_some_and(|end| end == "zst") {
        Box::new(StreamingDecoder::new(file).unwrap())
    } else {
        Box::new(file)
    };
    let mut start = [0; 10];
    file.read_exact(&mut start).unwrap();
    assert_eq!(&start[..6], b"\x93NUMPY", "{}", path.display());
    let mut header = vec![0; usize::from(u16::from_le_bytes([start[8], start[9]]))];
    file.read_exact(&mut header).unwrap();
    let mut bytes = Vec::new();
    file.take(most as u64).read_to_end(&mut bytes).unwrap();
    bytes
}
