//! The block that every model here is a stack of: attention, then two linear maps.

use std::fmt;

use candle_core::{D, Module, Result, Tensor};
use candle_nn::{LayerNorm, Linear};
use filedex_model::EmbedError;
use serde::Deserialize;

use crate::weights::Weights;

/// The function between the two linear maps, by its name in config.json.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) enum Activation {
    #[serde(rename = "gelu")]
    Gelu,
    #[serde(rename = "gelu_new", alias = "gelu_pytorch_tanh", alias = "gelu_fast")]
    GeluTanh,
    #[serde(rename = "quick_gelu")]
    QuickGelu,
    #[serde(rename = "relu")]
    Relu,
    #[serde(rename = "silu", alias = "swish")]
    Silu,
}

impl fmt::Display for Activation {
    /// The name in config.json. It stands in the identities of models.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gelu => "gelu",
            Self::GeluTanh => "gelu_new",
            Self::QuickGelu => "quick_gelu",
            Self::Relu => "relu",
            Self::Silu => "silu",
        })
    }
}

impl Activation {
    fn apply(self, x: &Tensor) -> Result<Tensor> {
        match self {
            Self::Gelu => x.gelu_erf(),
            Self::GeluTanh => x.gelu(),
            Self::QuickGelu => x * candle_nn::ops::sigmoid(&(x * 1.702)?)?,
            Self::Relu => x.relu(),
            Self::Silu => x.silu(),
        }
    }
}

/// The measures of a stack of blocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlockShape {
    /// Numbers in a token's vector.
    pub(crate) width: usize,
    /// Numbers between the two linear maps.
    pub(crate) inner: usize,
    /// Heads of the attention; they share `width`.
    pub(crate) heads: usize,
    /// What the layer normalisations add to the variance.
    pub(crate) epsilon: f64,
    /// What stands between the two linear maps.
    pub(crate) activation: Activation,
}

/// What a family of models calls the parts of a block, below the block's own name.
#[derive(Debug)]
pub(crate) struct BlockNames {
    pub(crate) query: &'static str,
    pub(crate) key: &'static str,
    pub(crate) value: &'static str,
    pub(crate) output: &'static str,
    pub(crate) attention_norm: &'static str,
    pub(crate) up: &'static str,
    pub(crate) down: &'static str,
    pub(crate) linear_norm: &'static str,
}

/// One block.
#[derive(Debug)]
pub(crate) struct Block {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    attention_norm: LayerNorm,
    up: Linear,
    down: Linear,
    linear_norm: LayerNorm,
    heads: usize,
    activation: Activation,
}

impl Block {
    /// The block called `name` in the weights.
    pub(crate) fn load(
        weights: &Weights<'_>,
        name: &str,
        names: &BlockNames,
        shape: &BlockShape,
    ) -> std::result::Result<Self, EmbedError> {
        let BlockShape { width, inner, .. } = *shape;
        let linear = |part, from, to| weights.linear(&format!("{name}.{part}"), from, to);
        let norm = |part| weights.norm(&format!("{name}.{part}"), width, shape.epsilon);
        Ok(Self {
            query: linear(names.query, width, width)?,
            key: linear(names.key, width, width)?,
            value: linear(names.value, width, width)?,
            output: linear(names.output, width, width)?,
            attention_norm: norm(names.attention_norm)?,
            up: linear(names.up, width, inner)?,
            down: linear(names.down, inner, width)?,
            linear_norm: norm(names.linear_norm)?,
            heads: shape.heads,
            activation: shape.activation,
        })
    }

    /// As in BERT: each half adds to its input, and the sum is normalised.
    pub(crate) fn normalise_after(&self, x: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
        let x = self.attention_norm.forward(&(x + self.attend(x, bias)?)?)?;
        self.linear_norm.forward(&(&x + self.two_maps(&x)?)?)
    }

    /// As in CLIP: each half adds to its input what it makes of the normalised input.
    pub(crate) fn normalise_before(&self, x: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
        let x = (x + self.attend(&self.attention_norm.forward(x)?, bias)?)?;
        &x + self.two_maps(&self.linear_norm.forward(&x)?)?
    }

    /// `bias` is added to the scores; its shape extends to `[texts, heads, tokens, tokens]`.
    fn attend(&self, x: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
        let (items, tokens, width) = x.dims3()?;
        let size = width / self.heads;
        let split =
            |x: Tensor| x.reshape((items, tokens, self.heads, size))?.transpose(1, 2)?.contiguous();
        let query = (split(self.query.forward(x)?)? * (size as f64).powf(-0.5))?;
        let key = split(self.key.forward(x)?)?;
        let scores = query.matmul(&key.transpose(D::Minus2, D::Minus1)?)?;
        let scores = match bias {
            Some(bias) => scores.broadcast_add(bias)?,
            None => scores,
        };
        let mixed =
            candle_nn::ops::softmax_last_dim(&scores)?.matmul(&split(self.value.forward(x)?)?)?;
        self.output.forward(&mixed.transpose(1, 2)?.reshape((items, tokens, width))?)
    }

    fn two_maps(&self, x: &Tensor) -> Result<Tensor> {
        self.down.forward(&self.activation.apply(&self.up.forward(x)?)?)
    }
}
