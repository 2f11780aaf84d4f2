//! Folders that `model2vec` saved, in all the ways it stores tables and splits texts.

use std::fs;

use filedex_embed::static_model::StaticModel;
use filedex_model::Embedder;
use serde_json::Value;

use crate::{cosine, fixtures, json};

const FOLDERS: [(&str, usize, bool); 6] = [
    ("plain-f32", 8, true),
    ("not-normalised-f16", 6, false),
    ("bytes-cut", 12, true),
    ("mapped-weighed", 8, true),
    ("mapped-weighed-bytes", 12, true),
    ("no-unknown", 5, true),
];

#[test]
fn vectors_equal_those_of_model2vec() {
    for (name, dimension, normalised) in FOLDERS {
        let folder = fixtures().join("model2vec").join(name);
        let model = StaticModel::from_folder(&folder).expect("a model");
        assert_eq!((model.dimension(), model.normalised()), (dimension, normalised), "{name}");
        let Value::Object(expected) = json(&folder.join("expected.json")) else { panic!("{name}") };
        let texts: Vec<String> = serde_json::from_value(expected["texts"].clone()).expect("texts");
        let vectors: Vec<Vec<f32>> =
            serde_json::from_value(expected["vectors"].clone()).expect("vectors");
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        for ((found, expected), text) in model.embed_texts(&texts).iter().zip(&vectors).zip(&texts)
        {
            let found = found.as_ref().expect("a vector");
            assert!(cosine(found, expected) > 0.999_99, "{name}: {text}");
            // Halves are kept as such by Python, and have eleven bits.
            let near = found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 2e-3);
            assert!(near, "{name}: {text}: {found:?}, not {expected:?}");
        }
    }
}

/// The id is the same for the same content wherever it lies, and another for other content.
#[test]
fn ids_follow_the_content() {
    let ids: Vec<String> = FOLDERS
        .iter()
        .map(|(name, ..)| {
            let model = StaticModel::from_folder(fixtures().join("model2vec").join(name));
            model.expect("a model").model().to_owned()
        })
        .collect();
    for (at, id) in ids.iter().enumerate() {
        assert!(!ids[..at].contains(id), "{id} twice");
    }
    let copy = tempfile::tempdir().expect("a folder");
    let original = fixtures().join("model2vec/plain-f32");
    for file in ["config.json", "tokenizer.json", "model.safetensors"] {
        fs::copy(original.join(file), copy.path().join(file)).expect("a copy");
    }
    let id = || StaticModel::from_folder(copy.path()).expect("a model").model().to_owned();
    assert_eq!(id(), ids[0]);
    fs::write(copy.path().join("config.json"), "{}").expect("written");
    assert_ne!(id(), ids[0], "normalize is another");
}
