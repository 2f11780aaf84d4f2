//! From the vectors of a text's tokens to one vector, as sentence-transformers does it.

use std::fmt;

use filedex_model::EmbedError;
use serde_json::{Map, Value};

use crate::model_folder::ModelFolder;

/// One way to make one vector of many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// The first token's.
    First,
    /// The greatest of each number.
    Max,
    /// The mean.
    Mean,
    /// The sum, divided by the root of the number of tokens.
    MeanRoot,
}

/// The modes in the order in which their vectors are joined, with their keys and ids.
const MODES: [(Mode, &str, &str); 4] = [
    (Mode::First, "pooling_mode_cls_token", "cls"),
    (Mode::Max, "pooling_mode_max_tokens", "max"),
    (Mode::Mean, "pooling_mode_mean_tokens", "mean"),
    (Mode::MeanRoot, "pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens"),
];

/// How the vectors of tokens become one. With several modes, their vectors are joined.
#[derive(Clone, Debug)]
pub(crate) struct Pooling {
    modes: Vec<Mode>,
    /// Whether the tokens of a prompt count.
    pub(crate) over_prompt: bool,
}

impl Default for Pooling {
    /// The mean, as sentence-transformers has it for a model that says nothing.
    fn default() -> Self {
        Self { modes: vec![Mode::Mean], over_prompt: true }
    }
}

impl fmt::Display for Pooling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = MODES.iter().filter(|(mode, ..)| self.modes.contains(mode));
        f.write_str(&names.map(|(.., name)| *name).collect::<Vec<_>>().join("+"))
    }
}

impl Pooling {
    /// Reads the config.json of a Pooling step.
    pub(crate) fn read(folder: &ModelFolder) -> Result<Self, EmbedError> {
        let config: Map<String, Value> = folder.json("config.json")?;
        let on = |key: &str| config.get(key) == Some(&Value::Bool(true));
        // Newer versions write one name, or several, in place of the switches.
        let named: Vec<&str> = match config.get("pooling_mode") {
            Some(Value::String(name)) => vec![name],
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let unknown = config
            .keys()
            .map(String::as_str)
            .filter(|key| key.starts_with("pooling_mode_") && on(key))
            .find(|key| !MODES.iter().any(|(_, known, _)| known == key))
            .or_else(|| {
                let known = |name: &&str| MODES.iter().any(|(.., known)| known == name);
                named.iter().copied().find(|name| !known(name))
            });
        let chosen = |(_, key, name): &&(Mode, &str, &str)| on(key) || named.contains(name);
        let modes: Vec<_> = MODES.iter().filter(chosen).map(|(mode, ..)| *mode).collect();
        if let Some(mode) = unknown {
            return Err(folder.error(format!("{mode}: read are cls, max, mean, mean_sqrt_len")));
        }
        if modes.is_empty() {
            return Err(folder.error("config.json names no pooling mode"));
        }
        let over_prompt = config.get("include_prompt") != Some(&Value::Bool(false));
        Ok(Self { modes, over_prompt })
    }

    /// Numbers in the vector made of tokens of `width` numbers.
    pub(crate) fn dimension(&self, width: usize) -> usize {
        self.modes.len() * width
    }

    /// The vector of a text whose tokens stand in `tokens`, `width` numbers each.
    pub(crate) fn pool(&self, tokens: &[f32], width: usize) -> Vec<f32> {
        self.modes.iter().flat_map(|mode| mode.pool(tokens, width)).collect()
    }
}

impl Mode {
    fn pool(self, tokens: &[f32], width: usize) -> Vec<f32> {
        let mut rows = tokens.chunks_exact(width);
        let Some(first) = rows.next() else { return vec![0.0; width] };
        let mut pooled = first.to_vec();
        if self == Self::First {
            return pooled;
        }
        for row in rows {
            for (number, other) in pooled.iter_mut().zip(row) {
                *number = if self == Self::Max { number.max(*other) } else { *number + *other };
            }
        }
        let count = (tokens.len() / width) as f32;
        let divisor = match self {
            Self::First | Self::Max => return pooled,
            Self::Mean => count,
            Self::MeanRoot => count.sqrt(),
        };
        for number in &mut pooled {
            *number /= divisor;
        }
        pooled
    }
}

#[cfg(test)]
mod tests {
    use super::{Mode, Pooling};

    #[test]
    fn modes_are_joined_in_their_order() {
        let pooling =
            Pooling { modes: vec![Mode::First, Mode::Max, Mode::Mean], over_prompt: true };
        let tokens = [1.0, -2.0, 3.0, -4.0];
        assert_eq!(pooling.pool(&tokens, 2), [1.0, -2.0, 3.0, -2.0, 2.0, -3.0]);
        assert_eq!(pooling.to_string(), "cls+max+mean");
    }
}
