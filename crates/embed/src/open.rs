//! Opens a model's folder, whatever of the known kinds it is.

use std::path::Path;

use filedex_model::{EmbedError, Embedder};
use serde::Deserialize;

use crate::model_folder::ModelFolder;
use crate::static_model::StaticModel;

/// What of config.json tells kinds apart. `model2vec` does not always write a type: then an
/// architecture or a setting of its own shows it.
#[derive(Deserialize)]
struct Config {
    model_type: Option<String>,
    #[serde(default)]
    architectures: Vec<String>,
    normalize: Option<bool>,
    embedding_dtype: Option<String>,
}

impl Config {
    fn is_static(&self) -> bool {
        self.architectures.iter().any(|name| name == "StaticModel")
            || self.normalize.is_some()
            || self.embedding_dtype.is_some()
    }
}

/// One step in modules.json.
#[derive(Deserialize)]
struct Step {
    #[serde(default)]
    path: String,
}

/// Opens the model of a folder: a static model in the form of `model2vec`, a sentence embedder of
/// the BERT kind, or CLIP. `config.json` in it, or in the first folder that `modules.json` names, says
/// which it is.
///
/// The last two are there with the feature `candle`, which is on by default.
///
/// # Errors
/// [`EmbedError::Model`] when the folder is of no known kind, or when a part is missing or damaged or
/// does not fit the others; it names the part and says what would be right.
///
/// ```
/// # let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
/// # #[cfg(feature = "candle")] {
/// let model = filedex_embed::open::open(fixtures.join("tiny-clip"))?;
/// assert!(model.reads_texts() && model.reads_images());
/// # }
/// let error = filedex_embed::open::open("no/such/folder").err().unwrap();
/// assert!(error.to_string().contains("there is no such folder"));
/// # Ok::<(), filedex_model::EmbedError>(())
/// ```
pub fn open(path: impl AsRef<Path>) -> Result<Box<dyn Embedder>, EmbedError> {
    let path = path.as_ref();
    let folder = ModelFolder::open(path)?;
    let mut first = None;
    if !folder.has("config.json") {
        let steps: Option<Vec<Step>> = folder.json_if_there("modules.json")?;
        first = steps.and_then(|steps| steps.into_iter().next()).map(|step| step.path);
    }
    // Where the folder itself has the model, this is the folder.
    let inner = folder.inner(first.as_deref().unwrap_or_default())?;
    let config: Config = inner.json("config.json")?;
    let kind = match &config.model_type {
        Some(kind) => kind,
        None if config.is_static() => STATIC,
        None => return Err(inner.error(format!("config.json has no model_type; {}", known()))),
    };
    if kind == STATIC {
        return Ok(Box::new(StaticModel::from_folder(inner.path())?));
    }
    neural(kind, path, &inner)
}

/// What `model2vec` writes as `model_type`.
const STATIC: &str = "model2vec";

#[cfg(feature = "candle")]
fn neural(kind: &str, path: &Path, inner: &ModelFolder) -> Result<Box<dyn Embedder>, EmbedError> {
    if kind == "clip" {
        return Ok(Box::new(crate::clip::Clip::from_folder(inner.path())?));
    }
    if crate::transformer::model_types().any(|known| known == kind) {
        // From the outer folder, where modules.json is.
        return Ok(Box::new(crate::transformer::Transformer::from_folder(path)?));
    }
    Err(inner.error(format!("config.json says model_type {kind:?}; {}", known())))
}

#[cfg(not(feature = "candle"))]
fn neural(kind: &str, _: &Path, inner: &ModelFolder) -> Result<Box<dyn Embedder>, EmbedError> {
    Err(inner.error(format!("config.json says model_type {kind:?}; {}", known())))
}

#[cfg(feature = "candle")]
fn known() -> String {
    let texts: Vec<_> = crate::transformer::model_types().collect();
    format!("read are {}, clip, {STATIC}", texts.join(", "))
}

#[cfg(not(feature = "candle"))]
fn known() -> String {
    format!("without the feature `candle`, read is only {STATIC}")
}
