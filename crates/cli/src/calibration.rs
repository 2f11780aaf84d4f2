//! What `filedex calibrate --save` keeps for this machine: a small JSON file in the user's
//! configuration folder.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use filedex::PathThresholds;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::output::Output;

/// The file's content.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    exact_rows: u64,
    graph_rows: u64,
}

/// Where the file is; none where the machine knows no home folder.
fn path() -> Option<PathBuf> {
    // The XDG specification says to ignore a path that is not absolute.
    let configured = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
    let folder = configured
        .filter(|path| path.is_absolute())
        .or_else(|| Some(std::env::home_dir()?.join(".config")))?;
    Some(folder.join("filedex").join("calibration.json"))
}

/// The thresholds that were saved; the defaults where none are, or where they cannot be read.
pub fn load(output: &Output) -> PathThresholds {
    let Some(path) = path() else { return PathThresholds::default() };
    let read = match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice::<Saved>(&bytes).map_err(|error| error.to_string()),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return PathThresholds::default();
        }
        Err(error) => Err(error.to_string()),
    };
    match read {
        Ok(Saved { exact_rows, graph_rows }) => PathThresholds { exact_rows, graph_rows },
        Err(why) => {
            output.note(&format!(
                "{} is damaged and left out of account ({why}); \
                 `filedex calibrate FILE --save` writes it anew",
                path.display()
            ));
            PathThresholds::default()
        }
    }
}

/// Keeps thresholds; answers where.
pub fn save(thresholds: PathThresholds) -> Result<PathBuf, Failure> {
    let nowhere = "there is no home folder to save it in; set XDG_CONFIG_HOME";
    let path = path().ok_or_else(|| Failure::Failed(nowhere.to_owned()))?;
    let PathThresholds { exact_rows, graph_rows } = thresholds;
    let failed = |error| Failure::io(path.display().to_string(), error);
    let mut text = serde_json::to_string_pretty(&Saved { exact_rows, graph_rows })
        .map_err(|error| failed(error.into()))?;
    text.push('\n');
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    // Another program that opens a database meanwhile reads the old file or the new one.
    let temporary = path.with_extension(format!("part-{}", std::process::id()));
    fs::write(&temporary, text).and_then(|()| fs::rename(&temporary, &path)).map_err(|error| {
        // It may never have been made.
        let _ = fs::remove_file(&temporary);
        failed(error)
    })?;
    Ok(path)
}
