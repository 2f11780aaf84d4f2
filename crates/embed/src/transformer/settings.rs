//! What sentence-transformers keeps beside the model: pooling, lengths, prompts, further steps.

use std::collections::HashMap;

use filedex_model::EmbedError;
use serde::Deserialize;

use super::pooling::Pooling;
use crate::model_folder::ModelFolder;

/// The files in which a Transformer module keeps its settings; the first that is there counts.
const MODULE_SETTINGS: [&str; 5] = [
    "sentence_bert_config.json",
    "sentence_roberta_config.json",
    "sentence_distilbert_config.json",
    "sentence_camembert_config.json",
    "sentence_xlm-roberta_config.json",
];

/// One step in modules.json.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Step {
    /// Its folder.
    pub(crate) path: String,
    #[serde(rename = "type")]
    kind: String,
}

impl Step {
    /// The last part of its type, such as `Pooling`.
    pub(crate) fn kind(&self) -> &str {
        self.kind.rsplit('.').next().unwrap_or(&self.kind)
    }
}

#[derive(Default, Deserialize)]
struct ModuleSettings {
    max_seq_length: Option<usize>,
    #[serde(default)]
    do_lower_case: bool,
}

#[derive(Deserialize)]
struct TokenizerSettings {
    /// A float: "no limit" is written as 10^30.
    model_max_length: Option<f64>,
}

#[derive(Default, Deserialize)]
struct Prompts {
    #[serde(default)]
    prompts: HashMap<String, String>,
    default_prompt_name: Option<String>,
}

/// What happens to a text before and after the model.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Put before every text.
    pub(crate) prompt: String,
    /// Whether texts are lower-cased first.
    pub(crate) lower_case: bool,
    /// Texts are cut at this many tokens, those at the ends included.
    pub(crate) max_tokens: usize,
    /// How the vectors of tokens become one.
    pub(crate) pooling: Pooling,
    /// The folders of linear maps after the pooling.
    pub(crate) dense: Vec<String>,
    /// Whether vectors are brought to unit length.
    pub(crate) normalise: bool,
}

impl Settings {
    /// Reads the settings of the model whose steps are in `folder` and whose own files are in
    /// `model`; `longest` is what the model can take.
    pub(crate) fn read(
        folder: &ModelFolder,
        model: &ModelFolder,
        longest: usize,
    ) -> Result<Self, EmbedError> {
        let module = module_settings(model)?;
        let max_tokens = match module.max_seq_length {
            Some(tokens) => tokens.min(longest),
            None => {
                let given: Option<TokenizerSettings> =
                    model.json_if_there("tokenizer_config.json")?;
                let given = given.and_then(|given| given.model_max_length);
                // A float as large as usize::MAX becomes just that.
                given.map_or(longest, |tokens| longest.min(tokens as usize))
            }
        };
        let mut settings = Self {
            prompt: prompt(folder)?,
            lower_case: module.do_lower_case,
            max_tokens,
            pooling: Pooling::default(),
            dense: Vec::new(),
            normalise: false,
        };
        match folder.json_if_there::<Vec<Step>>("modules.json")? {
            Some(steps) => settings.follow(folder, &steps)?,
            None => {
                if folder.has("1_Pooling") {
                    settings.pooling = Pooling::read(&folder.inner("1_Pooling")?)?;
                }
                settings.normalise = true;
            }
        }
        if !settings.prompt.is_empty() && !settings.pooling.over_prompt {
            return Err(folder.error("pooling that leaves out the prompt is not supported"));
        }
        Ok(settings)
    }

    fn follow(&mut self, folder: &ModelFolder, steps: &[Step]) -> Result<(), EmbedError> {
        for step in steps.iter().skip(1) {
            match step.kind() {
                "Pooling" => self.pooling = Pooling::read(&folder.inner(&step.path)?)?,
                "Dense" if !self.normalise => self.dense.push(step.path.clone()),
                "Normalize" => self.normalise = true,
                kind => {
                    return Err(folder.error(format!(
                        "modules.json has a step {kind:?} here; read are Transformer, Pooling, \
                         Dense and Normalize, in this order"
                    )));
                }
            }
        }
        Ok(())
    }

    /// The settings as they stand in the model's identity.
    pub(crate) fn identity(&self) -> String {
        let Self { prompt, lower_case, max_tokens, pooling, dense, normalise } = self;
        let dense = dense.len();
        format!(
            "pooling={pooling} max_tokens={max_tokens} normalise={normalise} dense={dense} \
             lower_case={lower_case} prompt={prompt:?}"
        )
    }
}

fn module_settings(model: &ModelFolder) -> Result<ModuleSettings, EmbedError> {
    for name in MODULE_SETTINGS {
        if let Some(settings) = model.json_if_there(name)? {
            return Ok(settings);
        }
    }
    Ok(ModuleSettings::default())
}

fn prompt(folder: &ModelFolder) -> Result<String, EmbedError> {
    let mut prompts: Prompts =
        folder.json_if_there("config_sentence_transformers.json")?.unwrap_or_default();
    let Some(name) = prompts.default_prompt_name else { return Ok(String::new()) };
    prompts.prompts.remove(&name).ok_or_else(|| {
        folder.error(format!("config_sentence_transformers.json has no prompt {name:?}"))
    })
}
