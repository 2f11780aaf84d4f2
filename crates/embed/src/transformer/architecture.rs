//! The families of text models, and what their configurations say.

use filedex_model::EmbedError;
use serde::Deserialize;

use crate::blocks::{Activation, BlockNames, BlockShape};
use crate::model_folder::ModelFolder;

/// How the parts of a family of models are called, and where its positions begin.
#[derive(Debug)]
pub(crate) struct Family {
    /// The values of `model_type` in config.json.
    model_types: &'static [&'static str],
    /// What models saved with a head on top have before every name.
    pub(crate) prefix: &'static str,
    /// The name of a block, before its number.
    pub(crate) block: &'static str,
    pub(crate) names: BlockNames,
    /// Whether every token carries a type. All texts here are of type 0.
    pub(crate) token_types: bool,
    positions: Positions,
    /// Whether the attention depends on how far two tokens are apart.
    pub(crate) relative: bool,
}

/// How positions are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Positions {
    /// From zero.
    Plain,
    /// From one past the padding token's id, which is given in config.json.
    PastPadding,
    /// From two, whatever the configuration says: MPNet's padding is 1.
    FromTwo,
}

const BERT_NAMES: BlockNames = BlockNames {
    query: "attention.self.query",
    key: "attention.self.key",
    value: "attention.self.value",
    output: "attention.output.dense",
    attention_norm: "attention.output.LayerNorm",
    up: "intermediate.dense",
    down: "output.dense",
    linear_norm: "output.LayerNorm",
};

static FAMILIES: [Family; 4] = [
    Family {
        model_types: &["bert"],
        prefix: "bert.",
        block: "encoder.layer",
        names: BERT_NAMES,
        token_types: true,
        positions: Positions::Plain,
        relative: false,
    },
    Family {
        model_types: &["roberta", "xlm-roberta", "camembert"],
        prefix: "roberta.",
        block: "encoder.layer",
        names: BERT_NAMES,
        token_types: true,
        positions: Positions::PastPadding,
        relative: false,
    },
    Family {
        model_types: &["distilbert"],
        prefix: "distilbert.",
        block: "transformer.layer",
        names: BlockNames {
            query: "attention.q_lin",
            key: "attention.k_lin",
            value: "attention.v_lin",
            output: "attention.out_lin",
            attention_norm: "sa_layer_norm",
            up: "ffn.lin1",
            down: "ffn.lin2",
            linear_norm: "output_layer_norm",
        },
        token_types: false,
        positions: Positions::Plain,
        relative: false,
    },
    Family {
        model_types: &["mpnet"],
        prefix: "mpnet.",
        block: "encoder.layer",
        names: BlockNames {
            query: "attention.attn.q",
            key: "attention.attn.k",
            value: "attention.attn.v",
            output: "attention.attn.o",
            attention_norm: "attention.LayerNorm",
            up: "intermediate.dense",
            down: "output.dense",
            linear_norm: "output.LayerNorm",
        },
        token_types: false,
        positions: Positions::FromTwo,
        relative: true,
    },
];

/// The values of `model_type` that are read.
pub(crate) fn model_types() -> impl Iterator<Item = &'static str> {
    FAMILIES.iter().flat_map(|family| family.model_types).copied()
}

/// config.json, with the names that DistilBERT gives the same things.
#[derive(Debug, Deserialize)]
struct Config {
    model_type: String,
    #[serde(rename = "_name_or_path")]
    name: Option<String>,
    vocab_size: usize,
    #[serde(alias = "dim")]
    hidden_size: usize,
    #[serde(alias = "hidden_dim")]
    intermediate_size: usize,
    #[serde(alias = "n_layers")]
    num_hidden_layers: usize,
    #[serde(alias = "n_heads")]
    num_attention_heads: usize,
    #[serde(alias = "activation")]
    hidden_act: Activation,
    max_position_embeddings: usize,
    #[serde(default = "two")]
    type_vocab_size: usize,
    #[serde(default = "default_epsilon")]
    layer_norm_eps: f64,
    pad_token_id: Option<u32>,
    position_embedding_type: Option<String>,
    #[serde(default = "default_buckets")]
    relative_attention_num_buckets: usize,
}

fn two() -> usize {
    2
}

fn default_epsilon() -> f64 {
    1e-12
}

fn default_buckets() -> usize {
    32
}

/// One model's measures.
#[derive(Debug)]
pub(crate) struct Architecture {
    pub(crate) family: &'static Family,
    pub(crate) model_type: String,
    /// The name that config.json carries.
    pub(crate) name: Option<String>,
    pub(crate) vocabulary: usize,
    pub(crate) layers: usize,
    pub(crate) shape: BlockShape,
    /// Rows of the table of positions.
    pub(crate) positions: usize,
    /// The position of a text's first token.
    pub(crate) first_position: usize,
    pub(crate) types: usize,
    /// Rows of the table of distances, for a `relative` family.
    pub(crate) buckets: usize,
}

impl Architecture {
    /// Reads config.json.
    pub(crate) fn read(folder: &ModelFolder) -> Result<Self, EmbedError> {
        let config: Config = folder.json("config.json")?;
        let known = |family: &&Family| family.model_types.contains(&config.model_type.as_str());
        let Some(family) = FAMILIES.iter().find(known) else {
            let kinds: Vec<_> = model_types().collect();
            return Err(folder.error(format!(
                "config.json says model_type {:?}; text models that are read: {}",
                config.model_type,
                kinds.join(", ")
            )));
        };
        let (width, heads) = (config.hidden_size, config.num_attention_heads);
        if heads == 0 || width == 0 || !width.is_multiple_of(heads) {
            return Err(folder.error(format!("config.json: {heads} heads cannot share {width}")));
        }
        if let Some(kind) = config.position_embedding_type.filter(|kind| kind != "absolute") {
            return Err(folder.error(format!("config.json: positions of the type {kind:?}")));
        }
        let first_position = match family.positions {
            Positions::Plain => 0,
            Positions::PastPadding => config.pad_token_id.unwrap_or(1) as usize + 1,
            Positions::FromTwo => 2,
        };
        if config.max_position_embeddings <= first_position {
            return Err(folder.error("config.json: max_position_embeddings leaves no position"));
        }
        Ok(Self {
            family,
            model_type: config.model_type,
            name: config.name,
            vocabulary: config.vocab_size,
            layers: config.num_hidden_layers,
            shape: BlockShape {
                width,
                inner: config.intermediate_size,
                heads,
                epsilon: config.layer_norm_eps,
                activation: config.hidden_act,
            },
            positions: config.max_position_embeddings,
            first_position,
            types: config.type_vocab_size,
            buckets: config.relative_attention_num_buckets,
        })
    }

    /// What of config.json changes vectors and does not show in the weights' shapes, as it stands
    /// in the model's identity.
    pub(crate) fn identity(&self) -> String {
        let BlockShape { heads, epsilon, activation, .. } = self.shape;
        let first = self.first_position;
        let kind = &self.model_type;
        let layers = self.layers;
        format!("{kind} layers={layers} heads={heads} eps={epsilon} act={activation} first={first}")
    }

    /// The longest text, in tokens.
    pub(crate) fn max_tokens(&self) -> usize {
        self.positions - self.first_position
    }

    /// The id that takes no position of its own, where positions begin past it.
    pub(crate) fn padding(&self) -> u32 {
        self.first_position.saturating_sub(1) as u32
    }
}
