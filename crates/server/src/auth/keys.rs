//! The access keys and bearer tokens that open the server.

use std::collections::BTreeMap;
use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::KeysError;

/// Stands in for the secret of a key that is not there, so that its requests cost the same. It opens
/// nothing: without a key the answer is no, whatever the signature.
const DECOY: &[u8] = b"the secret of no access key....";

/// An access key: its id is sent, its secret signs. `Debug` shows the id only.
#[derive(Clone)]
pub struct AccessKey {
    id: String,
    secret: String,
    security_token: Option<Token>,
}

impl AccessKey {
    /// A key without a security token. [`Keys::new`] checks what it is made of.
    #[must_use]
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self { id: id.into(), secret: secret.into(), security_token: None }
    }

    /// Makes it a temporary key, whose requests must carry `token` in `x-acs-security-token`.
    #[must_use]
    pub fn with_security_token(self, token: impl AsRef<str>) -> Self {
        Self { security_token: Some(Token::new(token.as_ref())), ..self }
    }

    /// The id, which is no secret.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn needs_security_token(&self) -> bool {
        self.security_token.is_some()
    }

    /// Whether `sent` is the token of the key. A key without one takes any.
    pub(super) fn has_security_token(&self, sent: Option<&[u8]>) -> bool {
        let Some(token) = &self.security_token else { return true };
        let digest = Sha256::digest(sent.unwrap_or_default());
        token.digest.as_slice().ct_eq(digest.as_slice()).into()
    }
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AccessKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A token that is sent as it is, with a name for the log. `Debug` shows the name only.
#[derive(Clone)]
pub struct BearerToken {
    name: String,
    token: Token,
}

impl BearerToken {
    /// The token `token`, logged as `name`. [`Keys::new`] checks them.
    #[must_use]
    pub fn new(name: impl Into<String>, token: impl AsRef<str>) -> Self {
        Self { name: name.into(), token: Token::new(token.as_ref()) }
    }

    /// The name, which is no secret.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn digest(&self) -> &[u8; 32] {
        &self.token.digest
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("BearerToken").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A text that is only ever compared: its digest, and whether a header can carry it.
#[derive(Clone)]
struct Token {
    digest: [u8; 32],
    is_sendable: bool,
}

impl Token {
    fn new(text: &str) -> Self {
        Self { digest: Sha256::digest(text.as_bytes()).into(), is_sendable: is_sendable(text) }
    }
}

/// What may open the server. `Debug` shows ids and names, no secret.
///
/// ```
/// use filedex_server::auth::{AccessKey, Keys};
///
/// let keys = Keys::new(vec![AccessKey::new("reader", "s3cret")], vec![])?;
/// assert!(!keys.is_empty());
/// assert!(!format!("{keys:?}").contains("s3cret"));
/// # Ok::<(), filedex_server::auth::KeysError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Keys {
    access_keys: BTreeMap<String, AccessKey>,
    bearer_tokens: Vec<BearerToken>,
}

impl Keys {
    /// The keys and tokens given, of which there may be none.
    ///
    /// # Errors
    /// Where an id, secret, name or token is empty or has blanks or anything but ASCII, where an id
    /// has a comma or a colon, and where an id, name or token is there twice.
    pub fn new(
        access_keys: Vec<AccessKey>,
        bearer_tokens: Vec<BearerToken>,
    ) -> Result<Self, KeysError> {
        let mut keys = Self::default();
        for (at, key) in access_keys.into_iter().enumerate() {
            check_key(&key).map_err(|reason| KeysError::AccessKey { number: at + 1, reason })?;
            if keys.access_keys.insert(key.id.clone(), key).is_some() {
                let reason = "has an id that another has; give each its own";
                return Err(KeysError::AccessKey { number: at + 1, reason });
            }
        }
        for (at, token) in bearer_tokens.into_iter().enumerate() {
            check_token(&token, &keys.bearer_tokens)
                .map_err(|reason| KeysError::BearerToken { number: at + 1, reason })?;
            keys.bearer_tokens.push(token);
        }
        Ok(keys)
    }

    /// Whether nothing opens the server.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.access_keys.is_empty() && self.bearer_tokens.is_empty()
    }

    pub(super) fn access_key(&self, id: &str) -> Option<&AccessKey> {
        self.access_keys.get(id)
    }

    pub(super) fn bearer_tokens(&self) -> &[BearerToken] {
        &self.bearer_tokens
    }

    pub(super) fn secret_or_decoy(key: Option<&AccessKey>) -> &[u8] {
        key.map_or(DECOY, |key| key.secret.as_bytes())
    }
}

fn check_key(key: &AccessKey) -> Result<(), &'static str> {
    if !is_sendable(&key.id) || key.id.contains([',', ':']) {
        return Err("has an id that is empty, or has blanks, commas, colons or other than ASCII");
    }
    if !is_sendable(&key.secret) {
        return Err("has a secret that is empty, or has blanks or other than ASCII");
    }
    if key.security_token.as_ref().is_some_and(|token| !token.is_sendable) {
        return Err("has a security token that is empty, or has blanks or other than ASCII");
    }
    Ok(())
}

fn check_token(token: &BearerToken, others: &[BearerToken]) -> Result<(), &'static str> {
    if !is_sendable(&token.name) {
        return Err("has a name that is empty, or has blanks or other than ASCII");
    }
    if !token.token.is_sendable {
        return Err("has a token that is empty, or has blanks or other than ASCII");
    }
    if others.iter().any(|other| other.name == token.name) {
        return Err("has a name that another has; give each its own");
    }
    if others.iter().any(|other| other.digest() == token.digest()) {
        return Err("has a token that another has; give each its own");
    }
    Ok(())
}

/// Whether a header can carry `text` as one word.
fn is_sendable(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}
