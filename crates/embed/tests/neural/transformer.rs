//! Sentence embedders of four families against Hugging Face transformers.

use filedex_embed::transformer::Transformer;
use filedex_model::Embedder;

use crate::references::{difference, fixture, references};

fn assert_equal_to_reference(name: &str) {
    let reference = references().sentences.remove(name).unwrap();
    let model = Transformer::from_folder(fixture(name)).unwrap();
    for (text, ids) in reference.texts.iter().zip(&reference.token_ids) {
        assert_eq!(&model.token_ids(text).unwrap(), ids, "{text}");
    }
    let texts: Vec<_> = reference.texts.iter().map(String::as_str).collect();
    let together = model.embed_texts(&texts);
    let mut greatest = 0f32;
    for ((text, vector), expected) in texts.iter().zip(together).zip(&reference.vectors) {
        let alone = model.embed_texts(&[*text]).remove(0).unwrap();
        assert_eq!(alone.len(), model.dimension());
        greatest = greatest.max(difference(&alone, expected));
        greatest = greatest.max(difference(&vector.unwrap(), expected));
    }
    println!("{name}: differs by {greatest:e} at most");
    assert!(greatest < 1e-5, "{name} differs by {greatest}");
}

#[test]
fn bert_with_the_mean() {
    assert_equal_to_reference("tiny-bert");
}

#[test]
fn roberta_in_half_floats_with_the_first_token() {
    assert_equal_to_reference("tiny-roberta");
    assert!(!Transformer::from_folder(fixture("tiny-roberta")).unwrap().normalised());
}

#[test]
fn distilbert_without_settings_of_sentence_transformers() {
    assert_equal_to_reference("tiny-distilbert");
    assert!(Transformer::from_folder(fixture("tiny-distilbert")).unwrap().normalised());
}

#[test]
fn mpnet_with_joined_poolings_and_a_linear_map() {
    assert_equal_to_reference("tiny-mpnet");
}

#[test]
fn answers_stand_in_the_order_of_the_texts() {
    let model = Transformer::from_folder(fixture("tiny-bert")).unwrap();
    let texts: Vec<String> =
        (0..150).map(|n| "flag ".repeat(1 + n * 7 % 40) + &n.to_string()).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let together = model.embed_texts(&texts);
    assert_eq!(together.len(), texts.len());
    for (text, vector) in texts.iter().zip(together) {
        let alone = model.embed_texts(&[*text]).remove(0).unwrap();
        assert!(difference(&vector.unwrap(), &alone) < 1e-5, "{text}");
    }
    assert!(model.embed_texts(&[]).is_empty());
}

#[test]
fn ids_are_of_the_content_and_not_of_the_folders_name() {
    let id = |name| Transformer::from_folder(fixture(name)).unwrap().model().to_owned();
    // Stored databases hold these ids: a change here makes their vectors unusable.
    assert_eq!(id("tiny-bert"), "bert-af4974f441f4");
    assert_eq!(id("tiny-mpnet"), "mpnet-dabcfe3d4ce3");
}
