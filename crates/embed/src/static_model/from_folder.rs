//! Reads a model from a Model2Vec folder.

use std::path::Path;

use filedex_model::EmbedError;
use serde::Deserialize;
use serde_json::Value;

use super::StaticModel;
use super::table::Table;
use super::tokens::Tokens;
use crate::identity::{Identity, readable_name};
use crate::model_folder::ModelFolder;

/// How many tokens are read where config.json does not say it.
const DEFAULT_MAX_LENGTH: usize = 512;

/// What of config.json changes vectors.
#[derive(Deserialize)]
struct Config {
    normalize: Option<bool>,
    /// Null is no limit, absent is the default, and serde's Option cannot tell the two apart.
    #[serde(default = "default_max_length")]
    max_length: Value,
    #[serde(rename = "_name_or_path")]
    name: Option<String>,
}

fn default_max_length() -> Value {
    DEFAULT_MAX_LENGTH.into()
}

pub(super) fn read(path: &Path) -> Result<StaticModel, EmbedError> {
    let folder = ModelFolder::open(path)?;
    let config: Config = folder.json("config.json")?;
    let max_length = match &config.max_length {
        Value::Null => None,
        given => match given.as_u64().and_then(|given| usize::try_from(given).ok()) {
            Some(given) if given > 0 => Some(given),
            _ => {
                return Err(folder.error(format!(
                    "config.json: max_length is {given}; it must be null or a whole number above 0"
                )));
            }
        },
    };
    let normalised = config.normalize.unwrap_or(false);
    let tokenizer = folder.bytes("tokenizer.json")?;
    let tokens = Tokens::from_json(&tokenizer, max_length)
        .map_err(|reason| folder.error(format!("tokenizer.json: {reason}")))?;
    let weights = folder.bytes("model.safetensors")?;
    let table = Table::read(&weights, tokens.count())
        .map_err(|reason| folder.error(format!("model.safetensors: {reason}")))?;

    let limit = max_length.map_or_else(|| "none".to_owned(), |limit| limit.to_string());
    let mut identity = Identity::of(&format!("static, max_length {limit}, normalize {normalised}"));
    identity.add(&tokenizer);
    identity.add(&weights);
    let id = identity.finish(&readable_name(config.name.as_deref(), "static"));
    Ok(StaticModel::new(id, tokens, table, normalised))
}
