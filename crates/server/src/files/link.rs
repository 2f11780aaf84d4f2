//! Links that are signed and end.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use filedex::ThumbnailMode;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{percent_decode_str, utf8_percent_encode};
use sha2::Sha256;
use thiserror::Error;

use crate::escape::ESCAPED;

/// Keeps these signatures apart from any other use of the key.
const CONTEXT: &str = "filedex file link 1";

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The file as it is.
    Download,
    /// A small picture of it.
    Thumbnail(ThumbnailMode),
}

/// The file that a link leads to. The ids can be any text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// The dataset.
    pub dataset_id: &'a str,
    /// The version in it.
    pub version_id: &'a str,
    /// The file in that.
    pub file_id: &'a str,
}

/// Why a link is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LinkError {
    /// It was not made with this key, or it was changed since.
    #[error("the link is not one of this server, or it was changed")]
    Forged,
    /// It was right, but its time is over.
    #[error("the link has ended; ask for a new one")]
    Expired,
}

/// Makes links with HMAC-SHA256 and checks them.
///
/// ```
/// use filedex_server::files::{LinkSigner, Purpose, Target};
/// let signer = LinkSigner::random();
/// let target = Target { dataset_id: "d", version_id: "v1", file_id: "f" };
/// let link = signer.path_and_query(&target, &Purpose::Download, 1_000);
/// let (path, query) = link.split_once('?').unwrap();
/// assert_eq!(path, "/files/d/v1/f");
/// assert_eq!(signer.verify(&target, query, 999), Ok(Purpose::Download));
/// assert!(signer.verify(&target, query, 1_000).is_err());
/// ```
#[derive(Clone)]
pub struct LinkSigner {
    keyed: Hmac<Sha256>,
}

impl fmt::Debug for LinkSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkSigner(..)")
    }
}

impl LinkSigner {
    /// A signer with a key of its own: its links end with the process.
    #[must_use]
    pub fn random() -> Self {
        Self::with_key(rand::random())
    }

    /// A signer with this key, for links that other processes check.
    #[must_use]
    pub fn with_key(key: [u8; 32]) -> Self {
        // HMAC fills a key up to the block of its hash with zeros, so this is the key itself.
        let mut block = [0; 64];
        block[..32].copy_from_slice(&key);
        Self { keyed: Hmac::new(&block.into()) }
    }

    /// The link to a file, `/files/{dataset}/{version}/{file}?expires=..&mode=..&signature=..`, that
    /// is good before `expires_unix` (seconds since 1970). `mode` is there for thumbnails only.
    #[must_use]
    pub fn path_and_query(
        &self,
        target: &Target<'_>,
        purpose: &Purpose,
        expires_unix: u64,
    ) -> String {
        let expires = expires_unix.to_string();
        let mode = match purpose {
            Purpose::Download => None,
            Purpose::Thumbnail(mode) => Some(mode.to_string()),
        };
        let signature = self.signature(target, &expires, mode.as_deref()).finalize().into_bytes();
        let [dataset, version, file] = [target.dataset_id, target.version_id, target.file_id]
            .map(|id| utf8_percent_encode(id, ESCAPED));
        let mut link = format!("/files/{dataset}/{version}/{file}?expires={expires}");
        if let Some(mode) = &mode {
            link.push_str("&mode=");
            link.extend(utf8_percent_encode(mode, ESCAPED));
        }
        link.push_str("&signature=");
        link.push_str(&URL_SAFE_NO_PAD.encode(signature));
        link
    }

    /// What a link is for, given the ids of its path (percent-decoded), its query (as it was sent) and
    /// the time in seconds since 1970. Takes the same time wherever a signature is wrong.
    ///
    /// # Errors
    /// [`LinkError::Expired`] is only said of a link that is right otherwise.
    pub fn verify(
        &self,
        target: &Target<'_>,
        query: &str,
        now_unix: u64,
    ) -> Result<Purpose, LinkError> {
        let sent = Sent::read(query).ok_or(LinkError::Forged)?;
        self.signature(target, &sent.expires, sent.mode.as_deref())
            .verify_slice(&sent.signature)
            .map_err(|_| LinkError::Forged)?;
        let expires: u64 = sent.expires.parse().map_err(|_| LinkError::Forged)?;
        if now_unix >= expires {
            return Err(LinkError::Expired);
        }
        match sent.mode {
            None => Ok(Purpose::Download),
            Some(mode) => mode.parse().map(Purpose::Thumbnail).map_err(|_| LinkError::Forged),
        }
    }

    /// The texts are signed as they are sent, so that no second spelling of a link is right.
    fn signature(&self, target: &Target<'_>, expires: &str, mode: Option<&str>) -> Hmac<Sha256> {
        let mut keyed = self.keyed.clone();
        let Target { dataset_id, version_id, file_id } = target;
        let parts = [CONTEXT, dataset_id, version_id, file_id, expires];
        for part in parts.into_iter().chain(mode) {
            // With its length before each, the parts of one link are never those of another.
            keyed.update(&(part.len() as u64).to_be_bytes());
            keyed.update(part.as_bytes());
        }
        keyed
    }
}

/// The query of a link: each parameter at most once, and no other.
struct Sent {
    expires: String,
    mode: Option<String>,
    signature: Vec<u8>,
}

impl Sent {
    fn read(query: &str) -> Option<Self> {
        let (mut expires, mut mode, mut signature) = (None, None, None);
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=')?;
            let place = match name {
                "expires" => &mut expires,
                "mode" => &mut mode,
                "signature" => &mut signature,
                _ => return None,
            };
            let value = percent_decode_str(value).decode_utf8().ok()?.into_owned();
            if place.replace(value).is_some() {
                return None;
            }
        }
        let signature = URL_SAFE_NO_PAD.decode(signature?).ok()?;
        Some(Self { expires: expires?, mode, signature })
    }
}
