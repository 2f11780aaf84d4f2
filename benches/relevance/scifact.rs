//! BEIR's SciFact, with the MiniLM vectors of its texts.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use filedex::NpyRows;
use filedex::import::VectorRows;
use ruzstd::decoding::StreamingDecoder;
use serde_json::Value;

use crate::Failure;

/// An abstract.
pub struct Document {
    /// Its id.
    pub id: String,
    /// Its title and its text.
    pub text: String,
    /// Its vector by all-MiniLM-L6-v2.
    pub vector: Vec<f32>,
}

/// A claim of the test set.
pub struct Question {
    /// Its words.
    pub text: String,
    /// Its vector by all-MiniLM-L6-v2.
    pub vector: Vec<f32>,
    /// The grades of what is relevant to it, by id.
    pub relevant: HashMap<String, f64>,
}

/// The collection.
pub struct SciFact {
    /// All abstracts.
    pub documents: Vec<Document>,
    /// The claims that the test set judges.
    pub questions: Vec<Question>,
}

impl SciFact {
    /// Reads `corpus.jsonl.zst`, `queries.jsonl`, `qrels/test.tsv`, `corpus_emb_f16.npy` and
    /// `queries_emb_f16.npy` of a folder.
    pub fn read(folder: &Path) -> Result<Self, Failure> {
        let corpus = StreamingDecoder::new(open(&folder.join("corpus.jsonl.zst"))?)?;
        let mut vectors = NpyRows::open(&folder.join("corpus_emb_f16.npy"))?;
        let mut documents = Vec::new();
        for line in BufReader::new(corpus).lines() {
            let line: Value = serde_json::from_str(&line?)?;
            let (title, text) = (word(&line, "title")?, word(&line, "text")?);
            documents.push(Document {
                id: word(&line, "_id")?.to_owned(),
                text: format!("{title} {text}"),
                vector: vectors.next_row()?.ok_or("fewer vectors than abstracts")?,
            });
        }
        let mut judged = judgements(&folder.join("qrels/test.tsv"))?;
        let mut vectors = NpyRows::open(&folder.join("queries_emb_f16.npy"))?;
        let mut questions = Vec::new();
        for line in open(&folder.join("queries.jsonl"))?.lines() {
            let line: Value = serde_json::from_str(&line?)?;
            let vector = vectors.next_row()?.ok_or("fewer vectors than claims")?;
            if let Some(relevant) = judged.remove(word(&line, "_id")?) {
                questions.push(Question {
                    text: word(&line, "text")?.to_owned(),
                    vector,
                    relevant,
                });
            }
        }
        Ok(Self { documents, questions })
    }
}

fn open(path: &Path) -> Result<BufReader<File>, Failure> {
    let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(BufReader::new(file))
}

fn word<'v>(line: &'v Value, field: &str) -> Result<&'v str, Failure> {
    line[field].as_str().ok_or_else(|| format!("a line without {field:?}").into())
}

/// The grades above 0, by claim and abstract.
fn judgements(path: &Path) -> Result<HashMap<String, HashMap<String, f64>>, Failure> {
    let mut text = String::new();
    open(path)?.read_to_string(&mut text)?;
    let mut judged: HashMap<String, HashMap<String, f64>> = HashMap::new();
    for line in text.lines().skip(1) {
        let mut fields = line.split('\t');
        if let (Some(claim), Some(document), Some(grade)) =
            (fields.next(), fields.next(), fields.next())
        {
            let grade: f64 = grade.parse()?;
            if grade > 0.0 {
                judged.entry(claim.to_owned()).or_default().insert(document.to_owned(), grade);
            }
        }
    }
    Ok(judged)
}
