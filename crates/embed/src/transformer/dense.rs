//! A linear map after the pooling, as some sentence-transformers models have it.

use candle_core::{Module, Result, Tensor};
use candle_nn::Linear;
use filedex_model::EmbedError;
use serde::Deserialize;

use crate::identity::Identity;
use crate::model_folder::ModelFolder;
use crate::weights::Weights;

#[derive(Deserialize)]
struct Config {
    in_features: usize,
    out_features: usize,
    #[serde(default = "yes")]
    bias: bool,
    /// The path of a class; Tanh where absent, as in sentence-transformers.
    activation_function: Option<String>,
}

fn yes() -> bool {
    true
}

/// The map and what follows it.
#[derive(Debug)]
pub(crate) struct Dense {
    map: Linear,
    tanh: bool,
    /// Numbers in its answer.
    pub(crate) dimension: usize,
}

impl Dense {
    /// Reads a Dense step for vectors of `from` numbers, and adds it to the model's identity.
    pub(crate) fn load(
        folder: &ModelFolder,
        from: usize,
        identity: &mut Identity,
    ) -> std::result::Result<Self, EmbedError> {
        let config: Config = folder.json("config.json")?;
        if config.in_features != from {
            let asked = config.in_features;
            return Err(folder.error(format!("it takes {asked} numbers and is given {from}")));
        }
        let class = config.activation_function.as_deref().unwrap_or("Tanh");
        let tanh = match class.rsplit('.').next() {
            Some("Tanh") => true,
            Some("Identity") => false,
            _ => return Err(folder.error(format!("{class}: read are Tanh and Identity"))),
        };
        let bytes = folder.bytes("model.safetensors")?;
        let weights = Weights::new(folder, &bytes)?;
        let map = if config.bias {
            weights.linear("linear", from, config.out_features)?
        } else {
            weights.map("linear", from, config.out_features)?
        };
        identity.add(if tanh { b"tanh" } else { b"identity" });
        identity.add(&bytes);
        Ok(Self { map, tanh, dimension: config.out_features })
    }

    /// The answers for rows of vectors.
    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let x = self.map.forward(x)?;
        if self.tanh { x.tanh() } else { Ok(x) }
    }
}
