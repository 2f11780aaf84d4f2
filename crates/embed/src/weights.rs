//! Tensors of a safetensors file by name and by the shape that the configuration promises.

use candle_core::safetensors::SliceSafetensors;
use candle_core::{DType, Device, Tensor};
use candle_nn::{LayerNorm, Linear};
use filedex_model::EmbedError;

use crate::model_folder::ModelFolder;

/// The weights of one file.
pub(crate) struct Weights<'a> {
    folder: &'a ModelFolder,
    tensors: SliceSafetensors<'a>,
    /// Stands before every name: models saved with a head on top have one.
    prefix: &'a str,
}

impl<'a> Weights<'a> {
    /// The weights in `bytes`, the content of the folder's model.safetensors.
    pub(crate) fn new(folder: &'a ModelFolder, bytes: &'a [u8]) -> Result<Self, EmbedError> {
        let tensors = SliceSafetensors::new(bytes).map_err(|error| {
            folder.error(format!("model.safetensors is cut short or damaged: {error}"))
        })?;
        Ok(Self { folder, tensors, prefix: "" })
    }

    /// That the model cannot be used.
    pub(crate) fn error(&self, reason: &str) -> EmbedError {
        self.folder.error(reason)
    }

    /// The same weights with `prefix` before every name, if `name` is only there with it.
    pub(crate) fn with_prefix_for(mut self, name: &str, prefix: &'a str) -> Self {
        let prefixed = format!("{prefix}{name}");
        if !self.has(name) && self.has(&prefixed) {
            self.prefix = prefix;
        }
        self
    }

    /// Whether there is such a tensor.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.tensors.get(&format!("{}{name}", self.prefix)).is_ok()
    }

    /// The tensor `name` as 32-bit floats; it must have this shape.
    pub(crate) fn tensor(&self, name: &str, shape: &[usize]) -> Result<Tensor, EmbedError> {
        let name = format!("{}{name}", self.prefix);
        let view = self.tensors.get(&name).map_err(|_| {
            self.folder.error(format!(
                "config.json asks for {name}, which model.safetensors does not have"
            ))
        })?;
        if view.shape() != shape {
            return Err(self.folder.error(format!(
                "config.json asks for {name} of the shape {shape:?}, model.safetensors has {:?}",
                view.shape()
            )));
        }
        let tensor = self.tensors.load(&name, &Device::Cpu).and_then(|tensor| {
            if tensor.dtype().is_float() {
                tensor.to_dtype(DType::F32)
            } else {
                candle_core::bail!("{:?} is no floating point type", tensor.dtype())
            }
        });
        tensor.map_err(|error| self.folder.error(format!("the tensor {name}: {error}")))
    }

    /// A linear map without a bias.
    pub(crate) fn map(&self, name: &str, from: usize, to: usize) -> Result<Linear, EmbedError> {
        Ok(Linear::new(self.tensor(&format!("{name}.weight"), &[to, from])?, None))
    }

    /// A linear map with a bias.
    pub(crate) fn linear(&self, name: &str, from: usize, to: usize) -> Result<Linear, EmbedError> {
        let weight = self.tensor(&format!("{name}.weight"), &[to, from])?;
        Ok(Linear::new(weight, Some(self.tensor(&format!("{name}.bias"), &[to])?)))
    }

    /// A layer normalisation. Old files call its weight and bias gamma and beta.
    pub(crate) fn norm(
        &self,
        name: &str,
        size: usize,
        epsilon: f64,
    ) -> Result<LayerNorm, EmbedError> {
        let old = self.has(&format!("{name}.gamma"));
        let (weight, bias) = if old { ("gamma", "beta") } else { ("weight", "bias") };
        let weight = self.tensor(&format!("{name}.{weight}"), &[size])?;
        Ok(LayerNorm::new(weight, self.tensor(&format!("{name}.{bias}"), &[size])?, epsilon))
    }
}
