//! Relevance on SciFact: how good the answers are that rank by words, by meaning, and by both.
//!
//! ```text
//! cargo run --release -p filedex-benches --bin relevance -- ../shared/data/scifact
//! ```
//!
//! Every abstract is a record whose comment is its title and text; every claim of the test set is a
//! question; nDCG@10 and recall@100 are means over the claims (`measure.rs` has the formulas).

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program that prints a table")]

mod measure;
mod scifact;

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::ExitCode;

use filedex::{
    Database, Embedder, Filter, Fusion, ListOptions, NewFile, NewSpace, NewVector, Property, Query,
    QueryType, Reader, Test, VersionRef,
};
use filedex_embed::static_model::StaticModel;

use measure::Measures;
use scifact::SciFact;

type Failure = Box<dyn std::error::Error>;

/// Hits of each question.
const DEPTH: u32 = 100;
/// The spaces: the teacher's given vectors, and the model that is shipped.
const SPACES: [&str; 2] = ["MiniLM", "shipped model"];

fn main() -> ExitCode {
    let folder = std::env::args_os().nth(1).map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/scifact"),
        PathBuf::from,
    );
    match run(&folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("relevance: {error} (give the folder of SciFact's files)");
            ExitCode::FAILURE
        }
    }
}

fn run(folder: &std::path::Path) -> Result<(), Failure> {
    let data = SciFact::read(folder)?;
    let dir = tempfile::tempdir()?;
    let database = Database::create(dir.path().join("scifact.filedex"))?;
    let version = database.default_version()?;
    let model = StaticModel::default_model();
    fill(&database, &version, &data, &model)?;
    let reader = database.reader()?;
    println!("| ranking | nDCG@10 | recall@100 |\n|---|---|---|");
    let words = measure(
        &data,
        |at| {
            let text = Test::AnyWord(data.questions[at].text.clone());
            Ok(Query::filter(Filter::test(Property::Text, text)))
        },
        &reader,
        &version,
    )?;
    println!("| BM25 | {words} |");
    for space in SPACES {
        let vectors: Vec<Vec<f32>> = if space == SPACES[0] {
            data.questions.iter().map(|question| question.vector.clone()).collect()
        } else {
            let texts: Vec<&str> = data.questions.iter().map(|q| q.text.as_str()).collect();
            model.embed_texts(&texts).into_iter().collect::<Result<_, _>>()?
        };
        let near = |at: usize, kind: QueryType| -> Result<Query, Failure> {
            let words = data.questions[at].text.clone();
            let options = ListOptions { query_text: Some(words), ..ListOptions::default() };
            let query = Query::from_options(&options)?.vector(vectors[at].clone()).space(space);
            Ok(query.top_k(DEPTH).query_type(kind))
        };
        let meaning = measure(&data, |at| near(at, QueryType::Vector), &reader, &version)?;
        println!("| {space} | {meaning} |");
        let rrf = measure(
            &data,
            |at| Ok(near(at, QueryType::Mix)?.fuse(Fusion::Rrf, None)),
            &reader,
            &version,
        )?;
        println!("| BM25 and {space}, RRF | {rrf} |");
        for weight in [0.4, 0.5, 0.6, 0.7, 0.8] {
            let convex = measure(
                &data,
                |at| Ok(near(at, QueryType::Mix)?.fuse(Fusion::Convex, Some(weight))),
                &reader,
                &version,
            )?;
            let default = if weight == 0.6 { " (default)" } else { "" };
            println!("| BM25 and {space}, convex {weight}{default} | {convex} |");
        }
    }
    Ok(())
}

/// The mean over all questions that have an answer.
fn measure(
    data: &SciFact,
    question: impl Fn(usize) -> Result<Query, Failure>,
    reader: &Reader,
    version: &VersionRef,
) -> Result<Measures, Failure> {
    let mut sum = Measures::default();
    for (at, asked) in data.questions.iter().enumerate() {
        let page = reader.list(version, &question(at)?.limit(DEPTH))?;
        let found = page.hits.iter().map(|hit| hit.record.file_name.as_str());
        sum.add(&found.collect::<Vec<_>>(), &asked.relevant);
    }
    Ok(sum.mean(data.questions.len()))
}

fn fill(
    database: &Database,
    version: &VersionRef,
    data: &SciFact,
    model: &StaticModel,
) -> Result<(), Failure> {
    let minilm = NewSpace::new(SPACES[0], "all-MiniLM-L6-v2", 384);
    database.create_space(version, &minilm)?;
    // Dimensions are at most 4,096.
    let dimension = u32::try_from(model.dimension())?;
    database.create_space(version, &NewSpace::new(SPACES[1], model.model(), dimension))?;
    let mut refused: HashMap<String, usize> = HashMap::new();
    for documents in data.documents.chunks(1_000) {
        let texts: Vec<&str> = documents.iter().map(|document| document.text.as_str()).collect();
        let embedded = model.embed_texts(&texts);
        let mut batch = database.batch(version);
        for (document, shipped) in documents.iter().zip(embedded) {
            let mut vectors = vec![NewVector::of(document.vector.clone()).in_space(SPACES[0])];
            if let Ok(vector) = shipped {
                vectors.push(NewVector::of(vector).in_space(SPACES[1]));
            }
            let file = NewFile {
                comment: Some(document.text.clone()),
                ..NewFile::at(format!("scifact://{}", document.id))
            };
            batch.create_embedded(file, vectors);
        }
        for (_, error) in batch.commit()?.failed() {
            *refused.entry(error.to_string()).or_default() += 1;
        }
    }
    if refused.is_empty() { Ok(()) } else { Err(format!("refused: {refused:?}").into()) }
}
