//! config.json of a CLIP model. What is not given is as in the first CLIP, since newer versions of
//! transformers leave out what is at its default.

use filedex_model::EmbedError;
use serde::Deserialize;

use crate::blocks::{Activation, BlockShape};
use crate::model_folder::ModelFolder;

/// The whole model.
#[derive(Debug, Deserialize)]
pub(crate) struct Config {
    #[serde(rename = "_name_or_path")]
    pub(crate) name: Option<String>,
    #[serde(default = "width")]
    pub(crate) projection_dim: usize,
    pub(crate) text_config: TextConfig,
    pub(crate) vision_config: VisionConfig,
}

fn width() -> usize {
    512
}

/// The half that reads texts.
#[derive(Debug, Deserialize)]
#[serde(default)]
pub(crate) struct TextConfig {
    pub(crate) vocab_size: usize,
    hidden_size: usize,
    intermediate_size: usize,
    pub(crate) num_hidden_layers: usize,
    num_attention_heads: usize,
    pub(crate) max_position_embeddings: usize,
    hidden_act: Activation,
    layer_norm_eps: f64,
    pub(crate) eos_token_id: u32,
}

impl Default for TextConfig {
    fn default() -> Self {
        Self {
            vocab_size: 49_408,
            hidden_size: 512,
            intermediate_size: 2_048,
            num_hidden_layers: 12,
            num_attention_heads: 8,
            max_position_embeddings: 77,
            hidden_act: Activation::QuickGelu,
            layer_norm_eps: 1e-5,
            eos_token_id: 49_407,
        }
    }
}

/// The half that reads pictures.
#[derive(Debug, Deserialize)]
#[serde(default)]
pub(crate) struct VisionConfig {
    hidden_size: usize,
    intermediate_size: usize,
    pub(crate) num_hidden_layers: usize,
    num_attention_heads: usize,
    num_channels: usize,
    pub(crate) image_size: u32,
    pub(crate) patch_size: u32,
    hidden_act: Activation,
    layer_norm_eps: f64,
}

impl Default for VisionConfig {
    fn default() -> Self {
        Self {
            hidden_size: 768,
            intermediate_size: 3_072,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            num_channels: 3,
            image_size: 224,
            patch_size: 32,
            hidden_act: Activation::QuickGelu,
            layer_norm_eps: 1e-5,
        }
    }
}

/// The longest edge of a picture that a configuration may ask for; a longer one is a mistake.
pub(crate) const MAX_EDGE: u32 = 4_096;

impl Config {
    /// Reads config.json and checks what no tensor's shape would show.
    pub(crate) fn read(folder: &ModelFolder) -> Result<Self, EmbedError> {
        let config: Self = folder.json("config.json")?;
        let wrong = |reason: String| Err(folder.error(format!("config.json: {reason}")));
        for BlockShape { width, heads, .. } in
            [config.text_config.shape(), config.vision_config.shape()]
        {
            if heads == 0 || width == 0 || !width.is_multiple_of(heads) {
                return wrong(format!("{heads} heads cannot share {width}"));
            }
        }
        let VisionConfig { image_size, patch_size, num_channels, .. } = config.vision_config;
        if patch_size == 0 || image_size < patch_size || image_size > MAX_EDGE {
            return wrong(format!("patches of {patch_size} in pictures of {image_size}"));
        }
        if num_channels != 3 {
            return wrong(format!("pictures of {num_channels} channels; read are 3"));
        }
        Ok(config)
    }

    /// What of config.json changes vectors and does not show in the weights' shapes, as it stands in
    /// the model's identity.
    pub(crate) fn identity(&self) -> String {
        let towers = [
            ("text", self.text_config.num_hidden_layers, self.text_config.shape()),
            ("vision", self.vision_config.num_hidden_layers, self.vision_config.shape()),
        ];
        let towers = towers.map(|(name, layers, shape)| {
            let BlockShape { heads, epsilon, activation, .. } = shape;
            format!("{name} layers={layers} heads={heads} eps={epsilon} act={activation}")
        });
        format!("clip {} end={}", towers.join(" "), self.text_config.eos_token_id)
    }
}

impl TextConfig {
    /// The measures of its blocks.
    pub(crate) fn shape(&self) -> BlockShape {
        BlockShape {
            width: self.hidden_size,
            inner: self.intermediate_size,
            heads: self.num_attention_heads,
            epsilon: self.layer_norm_eps,
            activation: self.hidden_act,
        }
    }
}

impl VisionConfig {
    /// The measures of its blocks.
    pub(crate) fn shape(&self) -> BlockShape {
        BlockShape {
            width: self.hidden_size,
            inner: self.intermediate_size,
            heads: self.num_attention_heads,
            epsilon: self.layer_norm_eps,
            activation: self.hidden_act,
        }
    }
}
