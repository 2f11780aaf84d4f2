//! The models at hand: the one inside the program, and one that is named.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use filedex::{Embedded, Embedder, ImageInput, Query};
use filedex_embed::static_model::{DEFAULT_MODEL, StaticModel};

use crate::failure::Failure;

/// What stands for the model inside the program.
const BUILT_IN: &str = "default";

/// Which model, beside the one inside the program.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ModelArg {
    /// A model's folder, for spaces of another model than the one inside the program; `default`
    /// is that one
    #[arg(long, value_name = "FOLDER", env = "FILEDEX_MODEL")]
    model: Option<PathBuf>,
}

impl ModelArg {
    /// The model that is named; the one inside the program where none is.
    pub fn open(&self) -> Result<Model, Failure> {
        match self.folder() {
            None => Ok(Model::BuiltIn),
            Some(folder) => Ok(Model::Folder(filedex_embed::open::open(folder)?.into())),
        }
    }

    /// The model that is named, where a question has a text to be embedded. Else it is not worth
    /// the time it takes to open.
    pub fn for_query(&self, query: &Query) -> Result<Option<Model>, Failure> {
        // The canonical text; where it says so inside a string, a model is opened in vain.
        let asks = self.folder().is_some() && query.to_string().contains("Content:");
        asks.then(|| self.open()).transpose()
    }

    /// As it was typed; none where it is the model inside the program.
    pub fn folder(&self) -> Option<&PathBuf> {
        self.model.as_ref().filter(|path| !path.as_os_str().is_empty() && *path != BUILT_IN)
    }
}

/// A model that texts, and maybe pictures, are embedded with.
#[derive(Clone)]
pub enum Model {
    /// The one inside the program. It is loaded when it first embeds something.
    BuiltIn,
    /// One that was opened.
    Folder(Arc<dyn Embedder>),
}

impl Model {
    fn embedder(&self) -> &dyn Embedder {
        static LOADED: OnceLock<StaticModel> = OnceLock::new();
        match self {
            Self::BuiltIn => LOADED.get_or_init(StaticModel::default_model),
            Self::Folder(embedder) => &**embedder,
        }
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Model").field(&self.model()).finish()
    }
}

impl Embedder for Model {
    fn model(&self) -> &str {
        match self {
            Self::BuiltIn => DEFAULT_MODEL,
            Self::Folder(embedder) => embedder.model(),
        }
    }

    fn dimension(&self) -> usize {
        self.embedder().dimension()
    }

    fn normalised(&self) -> bool {
        self.embedder().normalised()
    }

    fn batch_size(&self) -> usize {
        self.embedder().batch_size()
    }

    fn reads_texts(&self) -> bool {
        self.embedder().reads_texts()
    }

    fn reads_images(&self) -> bool {
        self.embedder().reads_images()
    }

    fn embed_texts(&self, texts: &[&str]) -> Embedded {
        self.embedder().embed_texts(texts)
    }

    fn embed_images(&self, images: &[ImageInput<'_>]) -> Embedded {
        self.embedder().embed_images(images)
    }
}
