//! The tiny models of `fixtures/`, and what Hugging Face transformers makes of them.

use std::collections::HashMap;
use std::path::PathBuf;

use serde::Deserialize;

/// `fixtures/make_tiny_models.py` writes it.
#[derive(Deserialize)]
pub struct SentenceReference {
    pub texts: Vec<String>,
    pub token_ids: Vec<Vec<u32>>,
    pub vectors: Vec<Vec<f32>>,
}

/// The same for CLIP.
#[derive(Deserialize)]
pub struct ClipReference {
    pub texts: Vec<String>,
    pub token_ids: Vec<Vec<u32>>,
    pub text_vectors: Vec<Vec<f32>>,
    pub pictures: Vec<String>,
    pub picture_vectors: Vec<Vec<f32>>,
    pub pixels: Vec<Vec<f32>>,
    pub padded_pixels: Vec<Vec<f32>>,
}

#[derive(Deserialize)]
pub struct References {
    #[serde(rename = "tiny-clip")]
    pub clip: ClipReference,
    #[serde(flatten)]
    pub sentences: HashMap<String, SentenceReference>,
}

pub fn references() -> References {
    serde_json::from_str(include_str!("../../fixtures/tiny_references.json")).unwrap()
}

pub fn fixture(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "fixtures", name].iter().collect()
}

/// The greatest difference between two lists of numbers of one length.
pub fn difference(ours: &[f32], theirs: &[f32]) -> f32 {
    assert_eq!(ours.len(), theirs.len());
    ours.iter().zip(theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

pub fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}
