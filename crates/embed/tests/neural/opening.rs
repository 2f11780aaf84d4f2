//! `open` knows what a folder holds, and says what is wrong with it.

use std::fs;
use std::path::Path;

use filedex_embed::open::open;
use filedex_embed::transformer::Transformer;
use filedex_model::{EmbedError, Embedder, ImageInput};
use tempfile::TempDir;

use crate::references::fixture;

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A copy of a model to break.
fn copy_of(name: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(&fixture(name), folder.path());
    folder
}

fn replace(folder: &Path, file: &str, from: &str, to: &str) {
    let path = folder.join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} has no {from}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

/// That the folder is refused with a reason that has each of these parts.
#[track_caller]
fn assert_refused(folder: &Path, parts: &[&str]) {
    let Some(EmbedError::Model { place, reason }) = open(folder).err() else {
        panic!("{} was not refused as a model", folder.display());
    };
    assert!(place.starts_with(&folder.display().to_string()), "{place}");
    for part in parts {
        assert!(reason.contains(part), "{reason:?} does not say {part:?}");
    }
}

#[test]
fn each_kind_is_known() {
    let bert = open(fixture("tiny-bert")).unwrap();
    assert!(bert.reads_texts() && !bert.reads_images() && bert.dimension() == 32);
    let picture = ImageInput::Encoded(b"");
    assert!(matches!(bert.embed_images(&[picture])[0], Err(EmbedError::Unsupported { .. })));
    for name in ["tiny-roberta", "tiny-distilbert", "tiny-mpnet"] {
        assert!(open(fixture(name)).is_ok(), "{name}");
    }
    let models = "../tests/static_model/fixtures/model2vec";
    let fixed = open(fixture(models).join("plain-f32")).unwrap();
    assert!(fixed.reads_texts() && !fixed.reads_images() && fixed.dimension() == 8);
    let clip = open(fixture("tiny-clip")).unwrap();
    assert!(clip.reads_texts() && clip.reads_images() && clip.dimension() == 16);
}

#[test]
fn a_model_in_an_inner_folder_is_found() {
    for (name, inner, kind) in
        [("tiny-bert", "0_Transformer", "Transformer"), ("tiny-clip", "0_CLIPModel", "CLIPModel")]
    {
        let folder = tempfile::tempdir().unwrap();
        copy(&fixture(name), &folder.path().join(inner));
        let mut steps =
            format!(r#"{{"path": "{inner}", "type": "sentence_transformers.models.{kind}"}}"#);
        if kind == "Transformer" {
            copy(&fixture(name).join("1_Pooling"), &folder.path().join("1_Pooling"));
            for step in ["1_Pooling", "2_Normalize"] {
                let kind = &step[2..];
                steps += &format!(r#", {{"path": "{step}", "type": "some.module.{kind}"}}"#);
            }
        }
        fs::write(folder.path().join("modules.json"), format!("[{steps}]")).unwrap();
        let (outer, plain) = (open(folder.path()).unwrap(), open(fixture(name)).unwrap());
        assert_eq!(outer.model(), plain.model(), "the same model");
        assert_eq!(outer.embed_texts(&["flag"]), plain.embed_texts(&["flag"]));
    }
}

#[test]
fn no_folder_is_refused() {
    assert_refused(&fixture("no-such-model"), &["there is no such folder"]);
    assert_refused(&fixture("tiny_references.json"), &["a model is a folder"]);
}

#[test]
fn a_missing_part_is_named() {
    for name in ["tiny-bert", "tiny-clip"] {
        for part in ["config.json", "tokenizer.json", "model.safetensors"] {
            let folder = copy_of(name);
            fs::remove_file(folder.path().join(part)).unwrap();
            assert_refused(folder.path(), &[part, "is missing"]);
        }
    }
    let folder = copy_of("tiny-clip");
    fs::remove_file(folder.path().join("preprocessor_config.json")).unwrap();
    assert_refused(folder.path(), &["preprocessor_config.json is missing"]);
    let folder = copy_of("tiny-bert");
    fs::remove_dir_all(folder.path().join("1_Pooling")).unwrap();
    assert_refused(folder.path(), &["there is no such folder"]);
}

#[test]
fn weights_in_other_forms_are_named() {
    let folder = copy_of("tiny-bert");
    let weights = folder.path().join("model.safetensors");
    fs::rename(&weights, folder.path().join("pytorch_model.bin")).unwrap();
    assert_refused(
        folder.path(),
        &["model.safetensors is missing", "pytorch_model.bin is not read"],
    );
    fs::write(folder.path().join("model.safetensors.index.json"), "{}").unwrap();
    assert_refused(folder.path(), &["model.safetensors is missing", "several files"]);
}

#[test]
fn damaged_parts_are_named() {
    for name in ["tiny-bert", "tiny-clip"] {
        for part in ["config.json", "tokenizer.json", "model.safetensors"] {
            let folder = copy_of(name);
            let whole = fs::read(folder.path().join(part)).unwrap();
            for length in [0, 5, whole.len() / 2, whole.len() - 3] {
                fs::write(folder.path().join(part), &whole[..length]).unwrap();
                assert_refused(folder.path(), &[part]);
            }
        }
    }
}

#[test]
fn a_config_that_does_not_fit_the_weights_is_refused() {
    for (name, from, to, said) in [
        ("tiny-bert", "\"hidden_size\": 32", "\"hidden_size\": 64", "[200, 64]"),
        ("tiny-bert", "\"intermediate_size\": 64", "\"intermediate_size\": 65", "[65, 32]"),
        ("tiny-bert", "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3", "encoder.layer.2."),
        ("tiny-bert", "\"vocab_size\": 200", "\"vocab_size\": 199", "[199, 32]"),
        ("tiny-bert", "\"num_attention_heads\": 4", "\"num_attention_heads\": 5", "5 heads"),
        ("tiny-bert", "\"num_attention_heads\": 4", "\"num_attention_heads\": 0", "0 heads"),
        ("tiny-bert", "\"hidden_size\": 32", "\"hidden\": 32", "missing field `hidden_size`"),
        ("tiny-bert", "\"hidden_act\": \"gelu\"", "\"hidden_act\": \"sine\"", "`sine`"),
        ("tiny-clip", "\"patch_size\": 8", "\"patch_size\": 4", "[24, 3, 4, 4]"),
        ("tiny-clip", "\"patch_size\": 8", "\"patch_size\": 0", "patches of 0"),
        ("tiny-clip", "\"image_size\": 32", "\"image_size\": 64", "config.json asks for 64"),
        ("tiny-clip", "\"projection_dim\": 16", "\"projection_dim\": 8", "text_projection"),
    ] {
        let folder = copy_of(name);
        replace(folder.path(), "config.json", from, to);
        assert_refused(folder.path(), &["config.json", said]);
    }
}

#[test]
fn an_unknown_kind_is_told_what_is_known() {
    let folder = copy_of("tiny-bert");
    replace(folder.path(), "config.json", "\"bert\"", "\"gpt2\"");
    let known = "bert, roberta, xlm-roberta, camembert, distilbert, mpnet, clip, model2vec";
    assert_refused(folder.path(), &["model_type \"gpt2\"", known]);
    replace(folder.path(), "config.json", "\"model_type\": \"gpt2\",", "");
    assert_refused(folder.path(), &["config.json has no model_type", known]);
}

#[test]
fn settings_that_are_not_supported_are_named() {
    let folder = copy_of("tiny-bert");
    replace(
        folder.path(),
        "1_Pooling/config.json",
        "pooling_mode_mean_tokens",
        "pooling_mode_lasttoken",
    );
    assert_refused(folder.path(), &["pooling_mode_lasttoken", "read are cls"]);
    let folder = copy_of("tiny-bert");
    replace(folder.path(), "modules.json", "models.Normalize", "models.LSTM");
    assert_refused(folder.path(), &["\"LSTM\"", "Normalize"]);
    let folder = copy_of("tiny-clip");
    replace(folder.path(), "preprocessor_config.json", "\"resample\": 3", "\"resample\": 0");
    assert_refused(folder.path(), &["preprocessor_config.json", "resample is 0"]);
}

#[test]
fn tokens_past_the_vocabulary_are_an_error_of_the_model() {
    let folder = copy_of("tiny-bert");
    let tokenizer = folder.path().join("tokenizer.json");
    let mut parsed: serde_json::Value =
        serde_json::from_slice(&fs::read(&tokenizer).unwrap()).unwrap();
    parsed["post_processor"]["special_tokens"]["[CLS]"]["ids"] = serde_json::json!([4_000]);
    fs::write(&tokenizer, parsed.to_string()).unwrap();
    let answer = open(folder.path()).unwrap().embed_texts(&["hat"]).remove(0);
    let Err(EmbedError::Model { reason, .. }) = answer else { panic!("{answer:?}") };
    assert_eq!(reason, "tokenizer.json gives the token 4000, config.json has a vocabulary of 200");
}

#[test]
fn a_default_prompt_and_lower_case_are_followed() {
    let folder = copy_of("tiny-roberta");
    let plain = Transformer::from_folder(folder.path()).unwrap();
    let prompts = r#"{"prompts": {"query": "Find: "}, "default_prompt_name": "query"}"#;
    fs::write(folder.path().join("config_sentence_transformers.json"), prompts).unwrap();
    replace(folder.path(), "sentence_bert_config.json", "false", "true");
    let model = Transformer::from_folder(folder.path()).unwrap();
    assert_eq!(model.token_ids("A Hat").unwrap(), plain.token_ids("find: a hat").unwrap());
    assert_ne!(model.model(), plain.model(), "its vectors are others");
}
