//! What a search by meaning is asked with: the options that `query` and `why` share, and the
//! question that they and an expression make together.
//!
//! An option is a clause of the expression, written as an option. What is said in both is refused as
//! what is said twice in an expression.

use std::path::Path;

use clap::ValueEnum;
use filedex::import::VectorRows;
use filedex::{Embedder, ImageInput, NpyRows, Query, Reader, VersionRef, limits};

use crate::args::{File, Scope};
use crate::database::{OpenDatabase, open_to_ask, version};
use crate::failure::Failure;
use crate::model::{Model, ModelArg};
use crate::output::Output;

/// What to be near to, and how near.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Search by meaning")]
#[group(id = "near", multiple = false, args = ["text", "similar_to", "image", "vector"])]
pub struct Meaning {
    /// Files about this, by meaning and by words; by words alone where there is no embedding space
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// Files like this one, by its id or URI
    #[arg(long, value_name = "ID|URI")]
    similar_to: Option<String>,
    /// Files like this picture: one on this machine, or that of a file that is there
    #[arg(long, value_name = "PATH|URI")]
    image: Option<String>,
    /// Files near to this vector: a row, from 0, of a NumPy file, or a JSON array
    #[arg(long, value_name = "FILE.npy[:ROW]|[…]")]
    vector: Option<String>,
    /// tag: filters alone; vector: by meaning alone; mix: by meaning and words
    #[arg(long, value_name = "TYPE", hide_possible_values = true)]
    query_type: Option<Type>,
    /// At most this many hits on all pages, 1 to 5,000; 100 where it is not said
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(limits::TOP_K)))]
    top_k: Option<u32>,
    /// Only files of a similarity above this
    #[arg(long, value_name = "SCORE", value_parser = finite, allow_negative_numbers = true)]
    threshold: Option<f32>,
    /// Have the nearest proved to be so, whatever it costs
    #[arg(long)]
    exact: bool,
    /// The embedding space; the version's chosen one where it is not said
    #[arg(long, value_name = "NAME")]
    space: Option<String>,
    /// How meaning and words are joined under mix: convex, of scores, or rrf, of places
    #[arg(long, value_name = "HOW", hide_possible_values = true)]
    fusion: Option<Fusion>,
    /// The weight of meaning under mix, 0 to 1; 0.6 where it is not said
    #[arg(long, value_name = "WEIGHT", value_parser = share, allow_negative_numbers = true)]
    vector_weight: Option<f32>,
    #[command(flatten)]
    model: ModelArg,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Type {
    Tag,
    Vector,
    Mix,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Fusion {
    Convex,
    Rrf,
}

fn finite(text: &str) -> Result<f32, String> {
    let number = text.parse().ok().filter(|number: &f32| number.is_finite());
    number.ok_or_else(|| "a number such as 0.6".to_owned())
}

fn share(text: &str) -> Result<f32, String> {
    let number = text.parse().ok().filter(|number| (0.0..=1.0).contains(number));
    number.ok_or_else(|| "a number from 0 to 1; 1 is meaning alone, 0 is words alone".to_owned())
}

/// A string of the query language.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"))
}

/// The name of a value as it is typed.
fn name(value: &impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// A question with what answers it.
pub struct Asked {
    /// Kept open for the reader.
    _database: OpenDatabase,
    pub reader: Reader,
    pub version: VersionRef,
    pub query: Query,
}

impl Meaning {
    /// Whether no picture, vector or model of this machine is asked with.
    pub fn is_of_the_database_alone(&self) -> bool {
        self.image.is_none()
            && self.vector.as_ref().is_none_or(|vector| vector.starts_with('['))
            && self.model.folder().is_none()
    }

    /// Opens a file for the question that an expression and these options make.
    pub fn ask(
        &self,
        file: &File,
        scope: &Scope,
        expression: &str,
        output: &Output,
    ) -> Result<Asked, Failure> {
        // A bad expression is shown as it was typed, and before anything is opened.
        let alone = Query::parse(expression)?;
        let whole = self.with_options(expression, true)?;
        let vector = self.vector.as_deref().map(given_vector).transpose()?;
        let model = match (&self.image, self.model.folder()) {
            (Some(_), Some(_)) => Some(self.model.open()?),
            _ => self.model.for_query(&whole)?,
        };
        let database = open_to_ask(&file.path, model.clone(), output)?;
        let reader = database.reader()?;
        let version = version(&reader, scope)?;
        let mut query = whole;
        if self.text.is_some() && self.by_words_alone(&alone, &reader, &version)? {
            output.note("there is no embedding space, so the text is ranked by its words alone");
            query = self.with_options(expression, false)?;
        }
        if let Some(vector) = vector {
            query = query.vector(vector);
        }
        if let Some(uri) = &self.image {
            let (vector, of) = self.picture(uri, model.as_ref(), &reader, &version)?;
            query = query.vector(vector).model(of);
        }
        Ok(Asked { _database: database, reader, version, query })
    }

    /// Whether a text can only be ranked by its words: nothing is said that needs an embedding
    /// space, and there is none.
    fn by_words_alone(
        &self,
        expression: &Query,
        reader: &Reader,
        version: &VersionRef,
    ) -> Result<bool, Failure> {
        let asks_meaning = self.top_k.is_some()
            || self.threshold.is_some()
            || self.exact
            || self.space.is_some()
            || matches!(self.query_type, Some(Type::Vector | Type::Tag))
            || expression.to_string().contains("Space = ");
        Ok(!asks_meaning && reader.spaces(version)?.is_empty())
    }

    /// The expression with a clause for each option. `by_meaning` says whether a text is searched
    /// for by its meaning, or ranked by its words alone.
    fn with_options(&self, expression: &str, by_meaning: bool) -> Result<Query, Failure> {
        let mut clauses = Vec::new();
        let mut clause = |name: &str, value: Option<String>| {
            clauses.extend(value.map(|value| format!("{name}{value}")));
        };
        let text = match (self.query_type, by_meaning) {
            (Some(Type::Tag), _) => "Tags.all = ",
            (_, true) => "Content:",
            (_, false) => "Text:",
        };
        clause(text, self.text.as_deref().map(quoted));
        clause("SimilarTo = ", self.similar_to.as_deref().map(quoted));
        clause("QueryType = ", self.query_type.map(|value| quoted(&name(&value))));
        clause("TopK = ", self.top_k.map(|value| value.to_string()));
        clause("ScoreThreshold = ", self.threshold.map(|value| value.to_string()));
        clause("Exact = ", self.exact.then(|| "true".to_owned()));
        clause("Space = ", self.space.as_deref().map(quoted));
        clause("Fusion = ", self.fusion.map(|value| quoted(&name(&value))));
        clause("VectorWeight = ", self.vector_weight.map(|value| value.to_string()));
        // Alone, an expression may be as long and as deep as the language allows.
        if clauses.is_empty() {
            return Ok(Query::parse(expression)?);
        }
        if !expression.trim().is_empty() {
            clauses.insert(0, format!("({expression})"));
        }
        Ok(Query::parse(&clauses.join(" AND "))?)
    }

    /// The vector of a picture, and the model that made it.
    fn picture(
        &self,
        uri: &str,
        model: Option<&Model>,
        reader: &Reader,
        version: &VersionRef,
    ) -> Result<(Vec<f32>, String), Failure> {
        let space = self.space.as_deref();
        let ids = [Some(version.file_id(uri)), uri.parse().ok()];
        let stored =
            ids.into_iter().flatten().find_map(|id| reader.vector(version, &id, space).transpose());
        let stored = stored.transpose()?;
        let spaces = reader.spaces(version)?;
        let space = spaces.iter().find(|summary| match space {
            Some(name) => summary.space.name == name,
            None => summary.chosen,
        });
        // Reading the vector above has said so already where there is no such space.
        let Some(space) = space.map(|summary| &summary.space) else {
            return Err(Failure::Failed("there is no such embedding space".to_owned()));
        };
        if let Some(vector) = stored {
            return Ok((vector, space.model.clone()));
        }
        let path = Path::new(uri.strip_prefix("file://").unwrap_or(uri));
        if !path.is_file() {
            return Err(Failure::Failed(format!(
                "--image: {uri:?} is neither a file that has a vector in the space {:?} nor a \
                 picture on this machine",
                space.name
            )));
        }
        let models = [model, Some(&Model::BuiltIn)];
        let model = models.into_iter().flatten().find(|model| model.model() == space.model);
        let model = model.ok_or_else(|| {
            Failure::Usage(format!(
                "the space {:?} has vectors of the model {:?}; say --model with its folder, so that \
                 the picture can be embedded",
                space.name, space.model
            ))
        })?;
        let embedded = model.embed_images(&[ImageInput::File(path)]).into_iter().next();
        Ok((embedded.unwrap_or(Ok(Vec::new()))?, space.model.clone()))
    }

    /// The options as they were typed.
    pub fn words(&self) -> Vec<String> {
        let number = |number: Option<f32>| number.map(|number| number.to_string());
        let options = [
            ("text", self.text.clone()),
            ("similar-to", self.similar_to.clone()),
            ("image", self.image.clone()),
            ("vector", self.vector.clone()),
            ("query-type", self.query_type.as_ref().map(name)),
            ("top-k", self.top_k.map(|value| value.to_string())),
            ("threshold", number(self.threshold)),
            ("space", self.space.clone()),
            ("fusion", self.fusion.as_ref().map(name)),
            ("vector-weight", number(self.vector_weight)),
            ("model", self.model.folder().map(|path| path.display().to_string())),
        ];
        let given = options.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let mut words: Vec<String> =
            given.flat_map(|(name, value)| [format!("--{name}"), value]).collect();
        words.extend(self.exact.then(|| "--exact".to_owned()));
        words
    }
}

/// The vector that was typed, or the row of a file that was named.
fn given_vector(text: &str) -> Result<Vec<f32>, Failure> {
    let usage = |what: String| Failure::Usage(format!("--vector: {what}"));
    if text.trim_start().starts_with('[') {
        return serde_json::from_str(text)
            .map_err(|error| usage(format!("not a JSON array of numbers: {error}")));
    }
    let (path, row) = match text.rsplit_once(':') {
        Some((path, row)) if !Path::new(text).exists() => match row.parse() {
            Ok(row) => (path, Some(row)),
            Err(_) => (text, None),
        },
        _ => (text, None),
    };
    let mut rows = NpyRows::open(Path::new(path))?;
    let count = rows.rows();
    let wanted: u64 = match row {
        Some(row) => row,
        None if count == 1 => 0,
        None => {
            return Err(usage(format!("{path} has {count} rows; say which: {path}:0")));
        }
    };
    let failed = |error| Failure::io(path.to_owned(), error);
    for _ in 0..wanted.min(count) {
        rows.next_row().map_err(failed)?;
    }
    rows.next_row().map_err(failed)?.ok_or_else(|| {
        usage(format!("{path} has {count} rows, so there is no row {wanted}; the first is 0"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_clauses() {
        let meaning = Meaning {
            text: Some(r"it's a \ dog".to_owned()),
            query_type: Some(Type::Mix),
            top_k: Some(7),
            threshold: Some(-1e-7),
            exact: true,
            space: Some("a b".to_owned()),
            fusion: Some(Fusion::Rrf),
            vector_weight: Some(0.25),
            ..Meaning::default()
        };
        let query = meaning.with_options("FileType = 'image' OR Starred = true", true).unwrap();
        let want = r"(FileType = 'image' OR Starred = true) AND QueryType = 'MIX' AND Content:'it\'s a \\ dog' AND TopK = 7 AND ScoreThreshold = -1e-7 AND Exact = true AND Space = 'a b' AND Fusion = 'RRF' AND VectorWeight = 0.25";
        assert_eq!(query.to_string(), want);
        let by_words = meaning.with_options("", false).unwrap().to_string();
        assert!(by_words.starts_with(r"Text:'it\'s a \\ dog' AND "), "{by_words}");
        let tag = Meaning {
            query_type: Some(Type::Tag),
            ..Meaning { text: meaning.text, ..Meaning::default() }
        };
        let want = r"Tags.all = 'it\'s a \\ dog' AND QueryType = 'TAG'";
        assert_eq!(tag.with_options("", true).unwrap().to_string(), want);
        assert!(tag.with_options("QueryType = 'MIX'", true).is_err());
    }
}
