//! ACS3-HMAC-SHA256, as PAI's clients sign.
//!
//! The signature covers the method, the path as sent, the query, the headers that `SignedHeaders`
//! names, and through `x-acs-content-sha256` the body.

use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use http::header::HeaderName;
use percent_encoding::percent_encode;
use sha2::{Digest, Sha256};

use super::verifier::{SECURITY_TOKEN, Signed};
use super::window::{self, Format};
use super::{Denied, Keys, Presented, field, parameters};
use crate::escape::ESCAPED;

static DATE: HeaderName = HeaderName::from_static("x-acs-date");
static CONTENT_SHA256: HeaderName = HeaderName::from_static("x-acs-content-sha256");

/// What must be signed. `x-acs-security-token` comes with it for a key that has one.
static MUST_BE_SIGNED: [HeaderName; 6] = [
    HeaderName::from_static("host"),
    HeaderName::from_static("x-acs-date"),
    HeaderName::from_static("x-acs-content-sha256"),
    HeaderName::from_static("x-acs-signature-nonce"),
    HeaderName::from_static("x-acs-version"),
    HeaderName::from_static("x-acs-action"),
];

const FORMAT: Format = Format { pattern: "%Y-%m-%dT%H:%M:%SZ", example: "2026-11-21T05:40:28Z" };

const SHAPE: Denied = Denied::Malformed(
    "the header authorization must be `ACS3-HMAC-SHA256 Credential=ID,SignedHeaders=NAMES,\
     Signature=HEX`, with 64 lower-case hexadecimal digits",
);
const NAMES: Denied = Denied::Malformed(
    "SignedHeaders must be lower-case header names in ascending order, each once, between semicolons",
);

/// Checks the signature in `credentials`, which is the header after the algorithm.
pub fn verify<'a>(
    keys: &'a Keys,
    request: &Presented<'a>,
    credentials: &str,
    now: i64,
) -> Result<Signed<'a>, Denied> {
    let credentials = Credentials::parse(credentials)?;
    for name in &MUST_BE_SIGNED {
        credentials.must_sign(name)?;
    }
    let date = window::date(request.headers, &DATE, &FORMAT, now)?;
    let nonce = field::nonce(request.headers)?;
    let digest = field::required(request.headers, &CONTENT_SHA256)?;
    if decode_hex(digest) != Some(Sha256::digest(request.body).into()) {
        return Err(Denied::WrongDigest);
    }
    let canonical = canonical(request, &credentials, digest)?;
    let known = keys.access_key(credentials.id);
    let is_right = Hmac::<Sha256>::new_from_slice(Keys::secret_or_decoy(known))
        .map_err(|_| Denied::WrongSignature)?
        .chain_update("ACS3-HMAC-SHA256\n")
        .chain_update(lower_hex(&canonical))
        .verify_slice(&credentials.signature)
        .is_ok();
    let key = known.ok_or(Denied::UnknownAccessKey)?;
    if !is_right {
        return Err(Denied::WrongSignature);
    }
    if key.needs_security_token() {
        credentials.must_sign(&SECURITY_TOKEN)?;
    }
    Ok(Signed { key, date, nonce })
}

struct Credentials<'a> {
    id: &'a str,
    /// Lower-case names in strictly ascending order.
    signed_headers: Vec<&'a str>,
    /// The same as it was sent.
    signed_headers_text: &'a str,
    signature: [u8; 32],
}

impl<'a> Credentials<'a> {
    fn parse(text: &'a str) -> Result<Self, Denied> {
        let mut parts = text.split(',');
        let mut part = |name: &str| parts.next().and_then(|part| part.strip_prefix(name));
        let id = part("Credential=").ok_or(SHAPE)?;
        let signed_headers_text = part("SignedHeaders=").ok_or(SHAPE)?;
        let signature = part("Signature=").ok_or(SHAPE)?;
        if id.is_empty() || parts.next().is_some() {
            return Err(SHAPE);
        }
        let signature = decode_hex(signature.as_bytes()).ok_or(SHAPE)?;
        let signed_headers: Vec<&str> = signed_headers_text.split(';').collect();
        let in_order = signed_headers.is_sorted_by(|left, right| left < right);
        if !in_order
            || signed_headers.iter().any(|name| name.bytes().any(|byte| byte.is_ascii_uppercase()))
        {
            return Err(NAMES);
        }
        Ok(Self { id, signed_headers, signed_headers_text, signature })
    }

    fn must_sign(&self, name: &HeaderName) -> Result<(), Denied> {
        match self.signed_headers.binary_search(&name.as_str()) {
            Ok(_) => Ok(()),
            Err(_) => Err(Denied::UnsignedHeader(name.clone())),
        }
    }
}

/// The digest of the canonical request.
fn canonical(
    request: &Presented<'_>,
    credentials: &Credentials<'_>,
    digest: &[u8],
) -> Result<[u8; 32], Denied> {
    let mut hash = Sha256::new()
        .chain_update(request.method.as_str())
        .chain_update("\n")
        .chain_update(request.uri.path())
        .chain_update("\n")
        .chain_update(canonical_query(request.uri.query()))
        .chain_update("\n");
    for name in &credentials.signed_headers {
        hash.update(name);
        hash.update(":");
        hash.update(signed_header(request.headers, name)?);
        hash.update("\n");
    }
    hash.update("\n");
    hash.update(credentials.signed_headers_text);
    hash.update("\n");
    hash.update(digest);
    Ok(hash.finalize().into())
}

fn signed_header<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a [u8], Denied> {
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| NAMES)?;
    field::required(headers, &name)
}

/// Decoded and written again, so that it does not matter how a client or a proxy encodes.
fn canonical_query(query: Option<&str>) -> String {
    let pairs: Vec<String> = parameters::sorted(query)
        .iter()
        .map(|(name, value)| {
            format!("{}={}", percent_encode(name, ESCAPED), percent_encode(value, ESCAPED))
        })
        .collect();
    pairs.join("&")
}

/// 64 lower-case hexadecimal digits.
fn decode_hex(digits: &[u8]) -> Option<[u8; 32]> {
    let (pairs, rest) = digits.as_chunks::<2>();
    if pairs.len() != 32 || !rest.is_empty() {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, &[high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = hex_digit(high)? << 4 | hex_digit(low)?;
    }
    Some(bytes)
}

fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

fn lower_hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|nibble| char::from_digit(nibble.into(), 16))
        .collect()
}
