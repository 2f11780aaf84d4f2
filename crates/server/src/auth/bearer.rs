//! Tokens that are sent as they are.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Denied, Keys, Principal};

/// Whose token it is. Every token is compared, in a time that does not depend on its bytes.
pub fn verify(keys: &Keys, token: &str) -> Result<Principal, Denied> {
    if token.is_empty() {
        return Err(Denied::Malformed("the bearer token is empty"));
    }
    let digest = Sha256::digest(token.as_bytes());
    let mut found = None;
    for bearer in keys.bearer_tokens() {
        if bool::from(bearer.digest().as_slice().ct_eq(digest.as_slice())) {
            found = Some(bearer);
        }
    }
    let bearer = found.ok_or(Denied::WrongBearerToken)?;
    Ok(Principal { name: bearer.name().to_owned() })
}

/// As [`verify`], for `token` of the header `Authorization`. PDS's client sends it in
/// `x-acs-bearer-token` as well, and then the two must be the same.
pub fn verify_both(keys: &Keys, token: &str, other: Option<&str>) -> Result<Principal, Denied> {
    let token = token.trim_ascii();
    if other.is_some_and(|other| other != token) {
        return Err(Denied::Malformed(
            "the headers authorization and x-acs-bearer-token have different tokens; send one",
        ));
    }
    verify(keys, token)
}
