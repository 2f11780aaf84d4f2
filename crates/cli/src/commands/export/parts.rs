//! How an export is parted, as it is typed.

use filedex_formats::{FormatError, Selector, Share, Split};

use crate::failure::Failure;

/// Into which parts an export goes.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Parts")]
pub struct PartsArgs {
    /// Part the files by these shares, which are made to add up to 1
    #[arg(long, value_name = "train=0.8,val=0.1,test=0.1", value_parser = shares)]
    split: Option<Shares>,
    /// Part them by what each says: a property (Attributes.split), or tags that begin so (split/)
    #[arg(long, value_name = "PROPERTY|TAGPREFIX", conflicts_with = "split")]
    split_by: Option<String>,
    /// Another number gives other parts; the same the same
    #[arg(long, value_name = "N", default_value_t = 0, requires = "split")]
    seed: u64,
    /// Each value of this gets its share of each part
    #[arg(long, value_name = "PROPERTY|TAGPREFIX", requires = "split")]
    stratify: Option<String>,
    /// Files with the same value of this, such as near duplicates, go to one part
    #[arg(long, value_name = "PROPERTY|TAGPREFIX", requires = "split")]
    group: Option<String>,
}

/// Shares, as clap keeps them: one value.
#[derive(Clone, Debug)]
struct Shares(Vec<Share>);

fn shares(text: &str) -> Result<Shares, String> {
    Split::shares(text).map(Shares).map_err(|error: FormatError| error.to_string())
}

impl PartsArgs {
    /// How it is parted, if it is.
    pub fn split(&self) -> Result<Option<Split>, Failure> {
        let selector = |text: &Option<String>| match text.as_deref() {
            Some("") => {
                Err(Failure::Usage("a property or the beginning of tags is needed".to_owned()))
            }
            text => Ok(text.map(Selector::parse)),
        };
        if let Some(by) = selector(&self.split_by)? {
            return Ok(Some(Split::By(by)));
        }
        let Some(Shares(shares)) = self.split.clone() else { return Ok(None) };
        let (stratify, group) = (selector(&self.stratify)?, selector(&self.group)?);
        Ok(Some(Split::Shares { shares, seed: self.seed, stratify, group }))
    }
}
