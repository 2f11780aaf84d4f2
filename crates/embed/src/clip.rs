//! CLIP: texts and pictures in one space, from a folder in the layout of Hugging Face.

mod config;
mod picture;
mod preprocess;
mod resample;
mod towers;

use std::fmt;
use std::path::Path;

use candle_core::{Device, Tensor};
use filedex_model::{EmbedError, Embedded, Embedder, ImageInput};
use rayon::prelude::*;

use config::{Config, TextConfig};
use preprocess::Preprocess;
use towers::{TextTower, VisionTower};

use crate::identity::{Identity, readable_name};
use crate::model_folder::ModelFolder;
use crate::static_model::unusable;
use crate::tokens::Tokens;
use crate::unit::to_unit_length;
use crate::weights::Weights;

/// Texts or pictures in a batch.
const BATCH: usize = 32;

/// A CLIP model, in 32-bit floats on the processor. Vectors of texts and of pictures have unit
/// length and can be compared with each other.
pub struct Clip {
    id: String,
    place: String,
    tokens: Tokens,
    preprocess: Preprocess,
    texts: TextTower,
    pictures: VisionTower,
    edge: usize,
    dimension: usize,
}

impl Clip {
    /// The model of a folder as Hugging Face writes it: `config.json` with the `model_type` `clip`,
    /// `tokenizer.json`, `preprocessor_config.json` (or `processor_config.json`) and
    /// `model.safetensors`.
    ///
    /// Pictures may be PNG, JPEG, WebP, GIF (the first frame), BMP or TIFF. They are turned as their
    /// EXIF orientation asks, laid on white where they are transparent, and resized to the bit as the
    /// Python library Pillow does it. Pictures of more than 32,768 pixels an edge or 512 MiB decoded
    /// are refused.
    ///
    /// The model's id is made as that of a [`Transformer`](crate::transformer::Transformer).
    ///
    /// # Errors
    /// [`EmbedError::Model`] when a part is missing or damaged, does not fit the others, or asks for
    /// what is not supported; it names the part and says what would be right.
    ///
    /// ```
    /// use filedex_embed::clip::Clip;
    /// use filedex_model::{Embedder, ImageInput};
    /// # let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    /// # let folder = fixtures.join("tiny-clip");
    /// # let flag = fixtures.join("pictures/greece.png");
    /// let model = Clip::from_folder(folder)?;
    /// let pictures = model.embed_images(&[ImageInput::File(&flag), ImageInput::Encoded(b"?")]);
    /// assert_eq!(pictures[0].as_ref().unwrap().len(), model.dimension());
    /// let error = pictures[1].as_ref().unwrap_err();
    /// assert!(error.to_string().starts_with("a picture of 1 bytes cannot be embedded"));
    /// # Ok::<(), filedex_model::EmbedError>(())
    /// ```
    pub fn from_folder(path: impl AsRef<Path>) -> Result<Self, EmbedError> {
        let folder = ModelFolder::open(path.as_ref())?;
        let config = Config::read(&folder)?;
        let preprocess = Preprocess::read(&folder, config.vision_config.image_size)?;
        let TextConfig { vocab_size, max_position_embeddings, .. } = config.text_config;
        let tokenizer = folder.bytes("tokenizer.json")?;
        let tokens = Tokens::new(&folder, &tokenizer, max_position_embeddings, vocab_size)?;
        let bytes = folder.bytes("model.safetensors")?;
        let weights = Weights::new(&folder, &bytes)?;
        let dimension = config.projection_dim;
        let texts = TextTower::load(&weights, &config.text_config, dimension)?;
        let pictures = VisionTower::load(&weights, &config.vision_config, dimension)?;

        let mut identity =
            Identity::of(&format!("{} {}", config.identity(), preprocess.identity()));
        identity.add(&tokenizer);
        identity.add(&bytes);
        let id = identity.finish(&readable_name(config.name.as_deref(), "clip"));
        let edge = config.vision_config.image_size as usize;
        let place = folder.place();
        Ok(Self { id, place, tokens, preprocess, texts, pictures, edge, dimension })
    }

    /// The token ids that the model reads of a text, cut and with those at the ends.
    ///
    /// # Errors
    /// [`EmbedError::Item`] when the tokenizer refuses the text.
    pub fn token_ids(&self, text: &str) -> Result<Vec<u32>, EmbedError> {
        self.tokens.of(text)
    }

    /// The numbers that the model reads of a picture: all of red, then green, then blue.
    ///
    /// # Errors
    /// [`EmbedError::Item`] when it cannot be decoded.
    pub fn pixels(&self, picture: ImageInput<'_>) -> Result<Vec<f32>, EmbedError> {
        Ok(self.preprocess.apply(&picture::decode(picture)?))
    }

    /// Gives `run` what could be read of the items, and puts its answers in their places.
    fn embed<T>(
        &self,
        read: Vec<Result<T, EmbedError>>,
        run: impl FnOnce(&[T]) -> candle_core::Result<Tensor>,
        item: impl Fn(usize) -> EmbedError,
    ) -> Embedded {
        let mut good = Vec::with_capacity(read.len());
        let errors: Vec<_> =
            read.into_iter().map(|item| item.map(|item| good.push(item))).collect();
        if good.is_empty() {
            return errors.into_iter().map(|error| error.map(|()| Vec::new())).collect();
        }
        let vectors = run(&good).and_then(|vectors| vectors.to_vec2::<f32>());
        let vectors = vectors.map_err(|error| EmbedError::Model {
            place: self.place.clone(),
            reason: error.to_string(),
        });
        let mut vectors = vectors.map(Vec::into_iter);
        let answer = |(place, result): (usize, Result<(), EmbedError>)| {
            result?;
            let mut vector = match &mut vectors {
                Ok(vectors) => vectors.next().unwrap_or_default(),
                Err(error) => return Err(error.clone()),
            };
            to_unit_length(&mut vector);
            let usable = vector.len() == self.dimension && vector.iter().all(|x| x.is_finite());
            if usable { Ok(vector) } else { Err(item(place)) }
        };
        errors.into_iter().enumerate().map(answer).collect()
    }
}

/// What is said of an item for which the model's answer holds infinities.
const NO_NUMBER: &str = "the model answers what is no number";

impl fmt::Debug for Clip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clip")
            .field("model", &self.id)
            .field("dimension", &self.dimension)
            .field("preprocess", &self.preprocess.identity())
            .finish_non_exhaustive()
    }
}

impl Embedder for Clip {
    fn model(&self) -> &str {
        &self.id
    }

    fn dimension(&self) -> usize {
        self.dimension
    }

    fn normalised(&self) -> bool {
        true
    }

    fn batch_size(&self) -> usize {
        BATCH
    }

    fn reads_images(&self) -> bool {
        true
    }

    fn embed_texts(&self, texts: &[&str]) -> Embedded {
        let batch = |texts: &[&str]| {
            let ids = texts.par_iter().map(|text| self.token_ids(text)).collect();
            let run = |ids: &[Vec<u32>]| {
                self.texts.forward(&ids.iter().map(Vec::as_slice).collect::<Vec<_>>())
            };
            self.embed(ids, run, |place| unusable(texts[place], NO_NUMBER))
        };
        texts.chunks(BATCH).flat_map(batch).collect()
    }

    fn embed_images(&self, images: &[ImageInput<'_>]) -> Embedded {
        let batch = |images: &[ImageInput<'_>]| {
            let pixels = images.par_iter().map(|image| self.pixels(*image)).collect();
            let run = |pixels: &[Vec<f32>]| {
                let shape = (pixels.len(), 3, self.edge, self.edge);
                self.pictures.forward(&Tensor::from_vec(pixels.concat(), shape, &Device::Cpu)?)
            };
            let item = |place: usize| EmbedError::Item {
                item: images[place].to_string(),
                reason: NO_NUMBER.to_owned(),
            };
            self.embed(pixels, run, item)
        };
        images.chunks(BATCH).flat_map(batch).collect()
    }
}
