//! `filedex why`: why a file is among the hits of a query, or is not.

use filedex::Why;
use serde_json::{Value, json};

use crate::args::{File, Scope};
use crate::commands::hits;
use crate::database::file_id;
use crate::failure::Failure;
use crate::meaning::{Asked, Meaning};
use crate::output::{Output, Style};
use crate::terminal::clean;

const HELP: &str = "\
Examples:
  filedex why photos.filedex \"Tags.all = 'beach'\" file:///photos/2025/beach.jpg
  filedex why-not photos.filedex \"FileType = 'image'\" file:///p/b.jpg --text 'a dog in the snow'
  filedex why photos.filedex \"Content:'sunset' AND TopK = 5\" 5f0c…64 hex digits… --json

It says which clauses the file satisfies, its place, its score by meaning and by words, and what
keeps it out where it is no hit. The exit code is 0 either way.";

/// Tell why a file is among the hits, or is not
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Args {
    #[command(flatten)]
    file: File,
    /// What to find; '' where the options say it all
    #[arg(value_name = "EXPRESSION")]
    expression: String,
    /// The file's id or URI
    #[arg(value_name = "ID|URI")]
    name: String,
    #[command(flatten)]
    scope: Scope,
    #[command(flatten)]
    meaning: Meaning,
}

impl Args {
    /// Whether no other file is asked with.
    pub fn is_of_the_database_alone(&self) -> bool {
        self.meaning.is_of_the_database_alone()
    }
}

pub fn run(args: &Args, output: &mut Output) -> Result<(), Failure> {
    let asked = args.meaning.ask(&args.file, &args.scope, &args.expression, output)?;
    let Asked { reader, version, query, .. } = &asked;
    let id = file_id(version, &args.name);
    let why = reader.why(version, query, &id)?;
    let uri = if why.exists { Some(reader.get(version, &id)?.uri) } else { None };
    if output.is_json() {
        return output.json(&as_json(&why, uri.as_deref()));
    }
    if let Some(uri) = uri {
        output.line(output.styled(Style::Bold, &clean(&uri)))?;
    }
    why.to_string().lines().try_for_each(|line| output.line(clean(line)))
}

fn as_json(why: &Why, uri: Option<&str>) -> Value {
    let clauses = why.clauses.iter();
    let clauses = clauses.map(|clause| json!({ "what": clause.what, "passes": clause.passes }));
    json!({
        "id": why.id,
        "uri": uri,
        "hit": why.is_hit(),
        "place": why.place,
        "total": why.total,
        "reasons": why.reasons(),
        "exists": why.exists,
        "covered": why.covered,
        "clauses": clauses.collect::<Value>(),
        "parts": why.parts.as_ref().map(hits::parts_json),
        "similarity_place": why.similarity_place,
        "bm25_place": why.bm25_place,
        "above": why.above,
        "top_k": why.top_k,
        "last_key": why.last_key,
        "text": why.to_string(),
    })
}
