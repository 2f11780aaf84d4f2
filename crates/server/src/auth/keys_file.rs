//! Keys from a TOML file or from the environment.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{AccessKey, BearerToken, Keys};

/// A file of keys is at most this long.
const SIZE_LIMIT: u64 = 1024 * 1024;

const ID: &str = "FILEDEX_ACCESS_KEY_ID";
const SECRET: &str = "FILEDEX_ACCESS_KEY_SECRET";
const SECURITY_TOKEN: &str = "FILEDEX_SECURITY_TOKEN";
const BEARER_TOKEN: &str = "FILEDEX_BEARER_TOKEN";

/// Why there are no keys. No message has any part of a secret: what a file holds is not repeated, as
/// a secret may stand in the wrong place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// The file cannot be read.
    #[error("the keys file {} cannot be read: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// Other users of the machine can read or change the file.
    #[error(
        "the keys file {path} is open to other users; make it yours alone: chmod 600 '{path}'",
        path = path.display()
    )]
    OpenToOthers {
        /// Which file.
        path: PathBuf,
    },
    /// The file is longer than 1 MiB.
    #[error("the keys file {} is longer than 1 MiB; is it the right file?", path.display())]
    TooLong {
        /// Which file.
        path: PathBuf,
    },
    /// The file is not TOML, or has something else than keys.
    #[error(
        "line {line} of the keys file {} is not as it must be; the file is TOML and has [[access_key]] \
         with id, secret and, if there is one, security_token, and [[bearer]] with name and token, \
         every value in quotes",
        path.display()
    )]
    Shape {
        /// Which file.
        path: PathBuf,
        /// Where, from 1.
        line: usize,
    },
    /// The file has no key.
    #[error(
        "the keys file {} has no key; give it an [[access_key]] with id and secret, or a [[bearer]] \
         with name and token",
        path.display()
    )]
    Empty {
        /// Which file.
        path: PathBuf,
    },
    /// An access key cannot be used.
    #[error("access key number {number} {reason}")]
    AccessKey {
        /// Which, from 1.
        number: usize,
        /// What is wrong.
        reason: &'static str,
    },
    /// A bearer token cannot be used.
    #[error("bearer token number {number} {reason}")]
    BearerToken {
        /// Which, from 1.
        number: usize,
        /// What is wrong.
        reason: &'static str,
    },
    /// A variable of the environment is empty, or has blanks or other than ASCII.
    #[error(
        "the variable {0} is empty, or has blanks or other than ASCII; set it right or unset it"
    )]
    Variable(&'static str),
    /// A variable of the environment is set without the one it goes with.
    #[error("the variable {set} is set but {missing} is not; they go together")]
    Half {
        /// The one that is set.
        set: &'static str,
        /// The one that is not.
        missing: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    #[serde(default)]
    access_key: Vec<AccessKeyEntry>,
    #[serde(default)]
    bearer: Vec<BearerEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccessKeyEntry {
    id: String,
    secret: String,
    security_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BearerEntry {
    name: String,
    token: String,
}

impl Keys {
    /// The keys in a TOML file that nobody but its owner can read:
    ///
    /// ```toml
    /// [[access_key]]
    /// id = "reader"
    /// secret = "…"
    /// security_token = "…"   # of a temporary key only
    ///
    /// [[bearer]]
    /// name = "ci"
    /// token = "…"
    /// ```
    ///
    /// # Errors
    /// Where the file cannot be read, is open to other users (on Unix), is longer than 1 MiB, has
    /// anything else or nothing, and where [`Keys::new`] refuses what it has.
    pub fn from_file(path: &Path) -> Result<Self, KeysError> {
        let text = read(path)?;
        let contents: Contents = toml::from_str(&text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let before = text.bytes().take(start).filter(|byte| *byte == b'\n').count();
            KeysError::Shape { path: path.to_owned(), line: before + 1 }
        })?;
        let access_keys = contents.access_key.into_iter().map(|entry| {
            let key = AccessKey::new(entry.id, entry.secret);
            match entry.security_token {
                Some(token) => key.with_security_token(token),
                None => key,
            }
        });
        let bearers =
            contents.bearer.into_iter().map(|entry| BearerToken::new(entry.name, entry.token));
        let keys = Self::new(access_keys.collect(), bearers.collect())?;
        if keys.is_empty() { Err(KeysError::Empty { path: path.to_owned() }) } else { Ok(keys) }
    }

    /// The access key of `FILEDEX_ACCESS_KEY_ID`, `FILEDEX_ACCESS_KEY_SECRET` and, if it is set,
    /// `FILEDEX_SECURITY_TOKEN`, and the token of `FILEDEX_BEARER_TOKEN`, which is named
    /// `environment`. No keys where none of them is set.
    ///
    /// # Errors
    /// Where only a part of an access key is set, and where a variable is empty or cannot be used.
    pub fn from_environment() -> Result<Self, KeysError> {
        Self::from_variables(std::env::var_os)
    }

    /// As [`Keys::from_environment`], with another source of variables.
    ///
    /// # Errors
    /// As [`Keys::from_environment`].
    pub fn from_variables(
        variable: impl Fn(&'static str) -> Option<OsString>,
    ) -> Result<Self, KeysError> {
        let text = |name| match variable(name).map(OsString::into_string) {
            None => Ok(None),
            Some(Ok(text))
                if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) =>
            {
                Ok(Some(text))
            }
            Some(_) => Err(KeysError::Variable(name)),
        };
        let access_key = match (text(ID)?, text(SECRET)?, text(SECURITY_TOKEN)?) {
            (Some(id), Some(secret), None) => Some(AccessKey::new(id, secret)),
            (Some(id), Some(secret), Some(token)) => {
                Some(AccessKey::new(id, secret).with_security_token(token))
            }
            (Some(_), None, _) => return Err(KeysError::Half { set: ID, missing: SECRET }),
            (None, Some(_), _) => return Err(KeysError::Half { set: SECRET, missing: ID }),
            (None, None, Some(_)) => {
                return Err(KeysError::Half { set: SECURITY_TOKEN, missing: ID });
            }
            (None, None, None) => None,
        };
        let bearer = text(BEARER_TOKEN)?.map(|token| BearerToken::new("environment", token));
        Self::new(access_key.into_iter().collect(), bearer.into_iter().collect())
    }
}

/// Asks the open file, not its path, who may read it: the path could lead elsewhere by then.
fn read(path: &Path) -> Result<String, KeysError> {
    let failed = |source| KeysError::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let metadata = file.metadata().map_err(failed)?;
        // Reading a folder fails below, with a better reason.
        if !metadata.is_dir() && metadata.permissions().mode() & 0o077 != 0 {
            return Err(KeysError::OpenToOthers { path: path.to_owned() });
        }
    }
    let mut text = String::new();
    let length = file.take(SIZE_LIMIT + 1).read_to_string(&mut text).map_err(failed)?;
    if u64::try_from(length).is_ok_and(|length| length <= SIZE_LIMIT) {
        Ok(text)
    } else {
        Err(KeysError::TooLong { path: path.to_owned() })
    }
}
