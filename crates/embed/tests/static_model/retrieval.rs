//! How well the model inside the crate retrieves: SciFact, from the data beside the repository.

use std::collections::HashMap;
use std::fs;
use std::io::{BufReader, Read};
use std::path::Path;

use filedex_embed::static_model::StaticModel;
use filedex_model::Embedder;
use ruzstd::decoding::StreamingDecoder;
use serde_json::Value;

/// BEIR's measure, over the first ten.
const DEPTH: usize = 10;

#[test]
#[expect(clippy::print_stderr, reason = "the figure is of interest")]
fn scifact() {
    let Some(data) = filedex_testkit::fixture::shared_data() else { return };
    let folder = data.join("scifact");
    let file = fs::File::open(folder.join("corpus.jsonl.zst")).expect("the corpus");
    let mut corpus = String::new();
    let mut plain = StreamingDecoder::new(BufReader::new(file)).expect("zstd");
    plain.read_to_string(&mut corpus).expect("text");
    let queries = fs::read_to_string(folder.join("queries.jsonl")).expect("the queries");

    let document = |line: &Value| format!("{} {}", string(line, "title"), string(line, "text"));
    let documents = embedded(&corpus, document);
    let queries: HashMap<String, Vec<f32>> =
        embedded(&queries, |line| string(line, "text").to_owned()).into_iter().collect();
    let judged = judgements(&folder.join("qrels/test.tsv"));
    let gains = judged.iter().map(|(query, relevant)| {
        let asked = &queries[query];
        let mut ranked: Vec<(f32, &str)> =
            documents.iter().map(|(id, vector)| (dot(asked, vector), id.as_str())).collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        let ids: Vec<&str> = ranked[..DEPTH].iter().map(|(_, id)| *id).collect();
        ndcg(&ids, relevant)
    });
    let mean = gains.sum::<f64>() / judged.len() as f64;
    eprintln!("SciFact, {} queries: nDCG@10 {mean:.4}", judged.len());
    assert!(mean >= 0.50, "nDCG@10 is {mean}");
}

/// Eight numbers at a time, for tests run without optimisation.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a, b) = (a.as_chunks::<8>().0, b.as_chunks::<8>().0);
    a.iter().zip(b).fold(0.0, |sum, (a, b)| {
        let low = a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3];
        sum + low + a[4] * b[4] + a[5] * b[5] + a[6] * b[6] + a[7] * b[7]
    })
}

fn string<'a>(line: &'a Value, key: &str) -> &'a str {
    line[key].as_str().unwrap_or_else(|| panic!("no {key} in {line}"))
}

/// The ids and vectors of the lines of a file.
fn embedded(lines: &str, text: impl Fn(&Value) -> String) -> Vec<(String, Vec<f32>)> {
    let lines: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let texts: Vec<String> = lines.iter().map(text).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let vectors = StaticModel::default_model().embed_texts(&texts);
    let id = |line| string(line, "_id").to_owned();
    lines.iter().map(id).zip(vectors.into_iter().map(|vector| vector.expect("a vector"))).collect()
}

/// The relevant documents of each query.
fn judgements(path: &Path) -> HashMap<String, Vec<String>> {
    let mut judged: HashMap<String, Vec<String>> = HashMap::new();
    for line in fs::read_to_string(path).expect("the judgements").lines().skip(1) {
        let [query, document, score] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        if score != "0" {
            judged.entry(query.to_owned()).or_default().push(document.to_owned());
        }
    }
    judged
}

/// Of one query; SciFact's scores are all 1.
fn ndcg(ranked: &[&str], relevant: &[String]) -> f64 {
    let gain = |place: usize| 1.0 / (place as f64 + 2.0).log2();
    let found: f64 = (0..ranked.len())
        .filter(|&place| relevant.iter().any(|id| id == ranked[place]))
        .map(gain)
        .sum();
    found / (0..relevant.len().min(DEPTH)).map(gain).sum::<f64>()
}
