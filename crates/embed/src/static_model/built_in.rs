//! The model inside the crate. `training/` makes it, `model/README.md` says from what.

use std::sync::OnceLock;

use super::StaticModel;
use super::table::Table;
use super::tokens::Tokens;

/// The id of the model inside this crate. It changes whenever its vectors do.
pub const DEFAULT_MODEL: &str = "filedex-static-256-v1";

/// `embeddings`, signed bytes, and `weights`, the scale of each row.
static TABLE: &[u8] = include_bytes!("../../model/model.safetensors");
static VOCABULARY: &str = include_str!("../../model/vocab.txt");
const MAX_TOKENS: usize = 512;

pub(super) fn model() -> &'static StaticModel {
    static MODEL: OnceLock<StaticModel> = OnceLock::new();
    MODEL.get_or_init(|| {
        // Proof: both files are part of the program, so loading them ends the same in every run,
        // and the tests of this model load them.
        load().expect("the files in the crate are whole")
    })
}

fn load() -> Result<StaticModel, String> {
    let tokens = Tokens::bert(VOCABULARY, MAX_TOKENS)?;
    let table = Table::read_static(TABLE, tokens.count())?;
    Ok(StaticModel::new(DEFAULT_MODEL.to_owned(), tokens, table, true))
}
