//! Folders that hold no usable model: each says which file is wrong and what would be right.

use std::fs;
use std::path::Path;

use filedex_embed::static_model::StaticModel;
use filedex_model::EmbedError;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, serialize};
use tempfile::TempDir;

use crate::fixtures;

/// A copy of a good folder, in which `file` has this content.
fn with(file: &str, content: &[u8]) -> TempDir {
    let copy = tempfile::tempdir().expect("a folder");
    let original = fixtures().join("model2vec/mapped-weighed");
    for file in ["config.json", "tokenizer.json", "model.safetensors"] {
        fs::copy(original.join(file), copy.path().join(file)).expect("a copy");
    }
    fs::write(copy.path().join(file), content).expect("written");
    copy
}

/// The reason why this is no model; the error names the folder.
fn reason(folder: &Path) -> String {
    match StaticModel::from_folder(folder) {
        Err(EmbedError::Model { place, reason }) => {
            assert_eq!(place, folder.display().to_string());
            reason
        }
        other => panic!("{} gave {other:?}", folder.display()),
    }
}

type Tensor<'a> = (&'a str, Dtype, &'a [usize], Vec<u8>);

fn file_of(tensors: &[Tensor<'_>]) -> Vec<u8> {
    let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
        (*name, TensorView::new(*dtype, shape.to_vec(), bytes).expect("a tensor"))
    });
    serialize(views, None).expect("a file")
}

fn floats(numbers: impl IntoIterator<Item = f32>) -> Vec<u8> {
    numbers.into_iter().flat_map(f32::to_le_bytes).collect()
}

/// The tokenizer of the folder has this many tokens.
const TOKENS: usize = 19;

#[test]
fn tables_that_do_not_fit() {
    let rows = |count: usize| floats((0..count * 2).map(|x| x as f32));
    let good = || ("embeddings", Dtype::F32, &[TOKENS, 2][..], rows(TOKENS));
    let mapping = |number: i64| number.to_le_bytes().repeat(TOKENS);
    let mut holed = rows(TOKENS);
    holed[8..12].copy_from_slice(&f32::NAN.to_le_bytes());
    let few_weights = vec![0; 12];
    let cases: [(&[Tensor<'_>], &str); 10] = [
        (&[("vectors", Dtype::F32, &[TOKENS, 2], rows(TOKENS))], "no tensor `embeddings`"),
        (&[("embeddings", Dtype::F32, &[TOKENS * 2], rows(TOKENS))], "must be [tokens, dimension]"),
        (&[("embeddings", Dtype::F32, &[TOKENS, 0], vec![])], "is empty"),
        (&[("embeddings", Dtype::F32, &[3, 2], rows(3))], "for 3 tokens, tokenizer.json has 19"),
        (&[("embeddings", Dtype::BF16, &[TOKENS, 4], rows(TOKENS))], "BF16"),
        (&[("embeddings", Dtype::F32, &[TOKENS, 2], holed)], "number 2 of `embeddings` is NaN"),
        (&[good(), ("weights", Dtype::F32, &[3], few_weights)], "`weights` has numbers for 3"),
        (&[good(), ("weights", Dtype::I8, &[TOKENS], vec![1; TOKENS])], "`weights` is of the type"),
        (&[good(), ("mapping", Dtype::I64, &[TOKENS], mapping(19))], "`mapping` names row 19"),
        (&[good(), ("mapping", Dtype::I64, &[TOKENS], mapping(-1))], "`mapping` names row -1"),
    ];
    for (tensors, expected) in cases {
        let folder = with("model.safetensors", &file_of(tensors));
        let reason = reason(folder.path());
        assert!(reason.starts_with("model.safetensors: "), "{reason}");
        assert!(reason.contains(expected), "{reason} does not say {expected}");
    }
    let folder = with("model.safetensors", &file_of(&[good()]));
    assert!(StaticModel::from_folder(folder.path()).is_ok());
}

/// Cut at every length, and with every single byte of the header changed: an error or a model, and
/// never a panic.
#[test]
fn damaged_tables() {
    let whole = fs::read(fixtures().join("model2vec/mapped-weighed/model.safetensors"));
    let whole = whole.expect("the file");
    for length in 0..whole.len() {
        let folder = with("model.safetensors", &whole[..length]);
        let reason = reason(folder.path());
        assert!(reason.contains("cut short"), "{length}: {reason}");
    }
    for at in 0..200 {
        let mut changed = whole.clone();
        changed[at] ^= 0x15;
        let _ = StaticModel::from_folder(with("model.safetensors", &changed).path());
    }
}

#[test]
fn other_files_that_are_wrong() {
    let cases: [(&str, &[u8], &str); 9] = [
        ("config.json", b"", "config.json is not what it should be"),
        ("config.json", b"[1, 2]", "config.json is not what it should be"),
        ("config.json", b"{\"normalize\": \"yes\"}", "config.json is not what it should be"),
        ("config.json", b"{\"max_length\": 0}", "whole number above 0"),
        ("config.json", b"{\"max_length\": -3.5}", "whole number above 0"),
        ("config.json", b"{\"a\": \"\xff\xfe\"}", "config.json is not what it should be"),
        ("tokenizer.json", b"", "tokenizer.json: "),
        ("tokenizer.json", b"{\"model\": {}}", "tokenizer.json: "),
        ("tokenizer.json", b"\xff\xfe\x00", "tokenizer.json: "),
    ];
    for (file, content, expected) in cases {
        let reason = reason(with(file, content).path());
        assert!(reason.contains(expected), "{file} {content:?}: {reason}");
    }
}

#[test]
fn tokenizers_with_holes_or_without_tokens() {
    let text = fs::read_to_string(fixtures().join("model2vec/mapped-weighed/tokenizer.json"));
    let text = text.expect("the file");
    let mut json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    json["model"]["vocab"]["bridge"] = 4_000_000.into();
    let holed = reason(with("tokenizer.json", json.to_string().as_bytes()).path());
    assert!(
        holed.contains("tokenizer.json: it has 19 tokens, but one has the id 4000000"),
        "{holed}"
    );
    json["model"]["vocab"] = serde_json::json!({});
    let empty = reason(with("tokenizer.json", json.to_string().as_bytes()).path());
    assert!(empty.contains("tokenizer.json: it has no tokens"), "{empty}");
}

#[test]
fn files_that_are_missing() {
    for file in ["config.json", "tokenizer.json", "model.safetensors"] {
        let folder = with(file, b"");
        fs::remove_file(folder.path().join(file)).expect("removed");
        let reason = reason(folder.path());
        assert!(reason.contains(&format!("{file} is missing")), "{reason}");
        fs::create_dir(folder.path().join(file)).expect("a folder");
        let reason = self::reason(folder.path());
        assert!(reason.contains(file), "{reason}");
    }
    let folder = with("config.json", b"{}");
    assert!(reason(&folder.path().join("nowhere")).contains("no such folder"));
    assert!(reason(&folder.path().join("config.json")).contains("this is a file"));
}
