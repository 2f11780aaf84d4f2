//! all-MiniLM-L6-v2 against embeddings that another program made. Its weights take 90 MB and are not
//! in the repository; `training/fetch_minilm.sh` fetches them.

use std::path::{Path, PathBuf};
use std::time::Instant;

use filedex_embed::transformer::Transformer;
use filedex_model::Embedder;
use serde::Deserialize;

use crate::references::cosine;

#[derive(Deserialize)]
struct Line {
    text: String,
    token_ids: Vec<u32>,
    embedding: Vec<f32>,
}

fn model() -> Option<Transformer> {
    let Some(folder) = std::env::var_os("FILEDEX_MINILM") else {
        println!("FILEDEX_MINILM names no folder: nothing is tested");
        return None;
    };
    Some(Transformer::from_folder(folder).unwrap())
}

/// `shared/data` beside the repository, or the folder that FILEDEX_DATA names.
fn data() -> PathBuf {
    std::env::var_os("FILEDEX_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    )
}

#[test]
#[ignore = "needs the weights in the folder FILEDEX_MINILM"]
fn minilm_equals_stored_embeddings() {
    let Some(model) = model() else { return };
    let path = data().join("model/minilm_reference.jsonl");
    let lines = std::fs::read_to_string(path).unwrap();
    let lines: Vec<Line> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let texts: Vec<_> = lines.iter().map(|line| line.text.as_str()).collect();
    let vectors = model.embed_texts(&texts);
    let mut least = 1f64;
    for (line, vector) in lines.iter().zip(vectors) {
        assert_eq!(model.token_ids(&line.text).unwrap(), line.token_ids, "{}", line.text);
        least = least.min(cosine(&vector.unwrap(), &line.embedding));
    }
    println!("{}: {} texts, cosine {least:.7} at least", model.model(), texts.len());
    assert!(least > 0.9999, "{least}");
}

#[test]
#[ignore = "a measurement; needs the weights in the folder FILEDEX_MINILM"]
fn minilm_texts_a_second() {
    let Some(model) = model() else { return };
    let path = data().join("model/minilm_reference.jsonl");
    let lines = std::fs::read_to_string(path).unwrap();
    let words: Vec<&str> = lines.split_whitespace().filter(|word| word.len() < 12).collect();
    for length in [8, 20, 60, 200] {
        let text = |place: usize| {
            let words = words.iter().cycle().skip(place * 7).take(length);
            words.copied().collect::<Vec<_>>().join(" ")
        };
        let texts: Vec<String> = (0..4_000 / length.max(8)).map(text).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let tokens: usize = texts.iter().map(|text| model.token_ids(text).unwrap().len()).sum();
        let start = Instant::now();
        assert!(model.embed_texts(&texts).iter().all(Result::is_ok));
        let seconds = start.elapsed().as_secs_f64();
        let (texts, count) = (texts.len() as f64, texts.len());
        let tokens = tokens / count;
        println!("{count} texts of {tokens} tokens: {:.0} texts a second", texts / seconds);
    }
}
