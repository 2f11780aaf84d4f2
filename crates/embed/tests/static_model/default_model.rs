//! The model inside the crate.

use std::collections::BTreeSet;

use filedex_embed::static_model::{DEFAULT_MODEL, StaticModel};
use filedex_model::{EmbedError, Embedder, ImageInput};
use safetensors::SafeTensors;

use crate::{cosine, fixtures, json};

#[test]
fn says_what_it_is() {
    let model = StaticModel::default_model();
    assert_eq!(model.model(), DEFAULT_MODEL);
    assert_eq!((model.dimension(), model.normalised()), (256, true));
    assert!(model.reads_texts() && !model.reads_images());
    let picture = model.embed_images(&[ImageInput::Encoded(&[1, 2])]);
    assert!(matches!(picture[..], [Err(EmbedError::Unsupported { .. })]));
}

/// Python reads the model's folder with `model2vec` and tokenizer.json, this crate with its own
/// loader and the vocabulary: both must say the same.
#[test]
fn equals_what_model2vec_makes_of_it() {
    let texts: Vec<String> =
        serde_json::from_value(json(&fixtures().join("default_texts.json"))).expect("texts");
    let file = std::fs::read(fixtures().join("default_vectors.safetensors")).expect("vectors");
    let file = SafeTensors::deserialize(&file).expect("safetensors");
    let numbers: Vec<f32> = file
        .tensor("vectors")
        .expect("the tensor")
        .data()
        .as_chunks()
        .0
        .iter()
        .map(|&x| f32::from_le_bytes(x))
        .collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let vectors = StaticModel::default_model().embed_texts(&texts);
    assert_eq!(vectors.len() * 256, numbers.len());
    for ((vector, expected), text) in vectors.iter().zip(numbers.chunks(256)).zip(&texts) {
        let vector = vector.as_ref().expect("a vector");
        assert!(cosine(vector, expected) > 0.999_999, "{text}");
        assert!((cosine(vector, vector) - 1.0).abs() < 1e-6);
        let length: f32 = vector.iter().map(|x| x * x).sum();
        assert!((length - 1.0).abs() < 1e-5, "{text}: {length}");
    }
}

/// Which of the other captions is nearest says whether the vectors mean anything.
#[test]
fn finds_the_caption_that_means_the_same() {
    let cases = [
        ("a ship in a storm", "A boat on rough waves"),
        ("portrait of a young woman", "Head and shoulders of a girl"),
        ("ball players on a field", "Men playing baseball in a park"),
        ("a kitten", "Cartoon of a small cat"),
        ("sculpture made of metal", "Bronze statue"),
        ("snowy mountains", "Alpine peaks in winter"),
        ("a church by a river", "Cathedral beside the water"),
        ("wedding guests", "Bride and groom with their family"),
        ("old map of the town", "Plan of the city, 18th century"),
        ("a computer", "Laptop with keyboard and screen"),
    ];
    let model = StaticModel::default_model();
    let embed = |texts: Vec<&str>| -> Vec<Vec<f32>> {
        model.embed_texts(&texts).into_iter().map(|found| found.expect("a vector")).collect()
    };
    let asked = embed(cases.iter().map(|case| case.0).collect());
    let captions = embed(cases.iter().map(|case| case.1).collect());
    for (at, (query, caption)) in cases.iter().enumerate() {
        let likeness = |other: &usize| cosine(&asked[at], &captions[*other]);
        let best = (0..captions.len()).max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
        assert_eq!(cases[best.expect("captions")].1, *caption, "{query}");
    }
}

#[test]
fn finds_real_captions() {
    let files = filedex_testkit::fixture::files();
    let captions: BTreeSet<&str> =
        files.iter().filter_map(|file| file.comment.as_deref()).collect();
    let captions = Vec::from_iter(captions);
    let model = StaticModel::default_model();
    let vectors = model.embed_texts(&captions);
    let cases = [
        ("children in a classroom", &["school", "student", "class", "child", "boy", "girl"][..]),
        ("football team", &["football", "team"]),
        ("wedding of a young couple", &["wedding", "bride", "married", "couple"]),
        ("landscape with trees", &["landscape", "tree", "wood", "forest", "park"]),
        ("a musician with an instrument", &["music", "piano", "guitar", "trumpet", "saxophone"]),
    ];
    for (query, words) in cases {
        let asked = model.embed_texts(&[query]).remove(0).expect("a vector");
        let mut ranked: Vec<(f64, &str)> = vectors
            .iter()
            .zip(&captions)
            .filter_map(|(vector, caption)| Some((cosine(&asked, vector.as_ref().ok()?), *caption)))
            .collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        let fits = |(_, caption): &&(f64, &str)| {
            words.iter().any(|word| caption.to_lowercase().contains(word))
        };
        let fitting = ranked[..5].iter().filter(fits).count();
        assert!(fitting >= 4, "{query}: {:?}", &ranked[..5]);
    }
}

#[test]
fn a_text_without_known_tokens_is_one_items_error() {
    let model = StaticModel::default_model();
    let long = "\u{1F600} ".repeat(50);
    let unusable = ["", " \n\t", "\u{1F600}", "\u{200b}", &long];
    for text in unusable {
        let results = model.embed_texts(&["a cat", text, "a cat"]);
        assert_eq!(results[0], results[2]);
        assert!(results[0].is_ok());
        let Err(EmbedError::Item { item, reason }) = &results[1] else {
            panic!("{text:?} gave {:?}", results[1]);
        };
        assert!(item.starts_with("the text \"") && item.chars().count() <= 55, "{item}");
        assert!(reason.contains("no word"), "{reason}");
    }
    assert_eq!(model.embed_texts(&[]), Vec::new());
}

#[test]
fn unknown_tokens_and_the_rest_of_a_long_text_change_nothing() {
    let model = StaticModel::default_model();
    let embed = |text: &str| model.embed_texts(&[text]).remove(0).expect("a vector");
    assert_eq!(embed("a \u{1F600} cat"), embed("A cat"));
    let read = "dog ".repeat(512);
    assert_eq!(embed(&format!("{read} cat")), embed(&read));
    assert_ne!(embed(&format!("cat {read}")), embed(&read));
}

#[test]
fn the_same_alone_in_a_batch_and_on_threads() {
    let model = StaticModel::default_model();
    let texts = ["a red boat", "two dogs", "mountain lake at dawn"];
    let together = model.embed_texts(&texts);
    std::thread::scope(|scope| {
        for (text, expected) in texts.iter().zip(&together) {
            scope.spawn(move || {
                assert_eq!(StaticModel::default_model().embed_texts(&[*text])[0], *expected);
            });
        }
    });
}
