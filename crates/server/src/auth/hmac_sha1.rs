//! HMAC-SHA1, as PDS's client signs: `Authorization: acs ID:BASE64`.
//!
//! The signature covers the method, the path as sent, the query, four plain headers and every header
//! that begins with `x-acs-`. It covers neither the body nor the host name; who can change a request
//! on the way can change those, which only TLS prevents.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE, DATE, HeaderName};
use sha1::Sha1;

use super::verifier::Signed;
use super::window::{self, Format};
use super::{Denied, Keys, Presented, field, parameters};

static CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");
static METHOD: HeaderName = HeaderName::from_static("x-acs-signature-method");
static VERSION: HeaderName = HeaderName::from_static("x-acs-signature-version");

/// What must be there, besides the nonce; all of it is signed by its name.
static REQUIRED: [HeaderName; 2] =
    [HeaderName::from_static("x-acs-action"), HeaderName::from_static("x-acs-version")];

const FORMAT: Format =
    Format { pattern: "%a, %d %b %Y %H:%M:%S GMT", example: "Sat, 21 Nov 2026 05:40:28 GMT" };

const SHAPE: Denied = Denied::Malformed(
    "the header authorization must be `acs ID:SIGNATURE`, the signature 28 characters of base64",
);

/// Checks the signature in `credentials`, which is the header after `acs`.
pub fn verify<'a>(
    keys: &'a Keys,
    request: &Presented<'a>,
    credentials: &str,
    now: i64,
) -> Result<Signed<'a>, Denied> {
    let (id, signature) = parse(credentials)?;
    check_algorithm(request.headers)?;
    for name in &REQUIRED {
        field::required(request.headers, name)?;
    }
    let date = window::date(request.headers, &DATE, &FORMAT, now)?;
    let nonce = field::nonce(request.headers)?;
    let known = keys.access_key(id);
    let mut mac = Hmac::<Sha1>::new_from_slice(Keys::secret_or_decoy(known))
        .map_err(|_| Denied::WrongSignature)?;
    add_headers(&mut mac, request)?;
    mac.update(&resource(request)?);
    let is_right = mac.verify_slice(&signature).is_ok();
    let key = known.ok_or(Denied::UnknownAccessKey)?;
    if is_right { Ok(Signed { key, date, nonce }) } else { Err(Denied::WrongSignature) }
}

fn parse(credentials: &str) -> Result<(&str, Vec<u8>), Denied> {
    let (id, signature) = credentials.split_once(':').ok_or(SHAPE)?;
    if id.is_empty() || signature.len() != 28 {
        return Err(SHAPE);
    }
    Ok((id, STANDARD.decode(signature).map_err(|_| SHAPE)?))
}

fn check_algorithm(headers: &HeaderMap) -> Result<(), Denied> {
    if field::required(headers, &METHOD)? != b"HMAC-SHA1"
        || field::required(headers, &VERSION)? != b"1.0"
    {
        return Err(Denied::Malformed(
            "x-acs-signature-method must be HMAC-SHA1 and x-acs-signature-version 1.0",
        ));
    }
    Ok(())
}

fn add_headers(mac: &mut Hmac<Sha1>, request: &Presented<'_>) -> Result<(), Denied> {
    mac.update(request.method.as_str().as_bytes());
    mac.update(b"\n");
    for name in [&ACCEPT, &CONTENT_MD5, &CONTENT_TYPE, &DATE] {
        mac.update(field::single(request.headers, name)?.unwrap_or_default());
        mac.update(b"\n");
    }
    let mut names: Vec<&HeaderName> =
        request.headers.keys().filter(|name| name.as_str().starts_with("x-acs-")).collect();
    names.sort_by_key(|name| name.as_str());
    for name in names {
        mac.update(name.as_str().as_bytes());
        mac.update(b":");
        mac.update(field::required(request.headers, name)?);
        mac.update(b"\n");
    }
    Ok(())
}

/// The path and the decoded query. The client does not encode what it signs, so a parameter with `&`,
/// or a name with `=`, could be read as two, and is refused. No operation of PDS has parameters.
fn resource(request: &Presented<'_>) -> Result<Vec<u8>, Denied> {
    let mut resource = request.uri.path().as_bytes().to_vec();
    let mut separator = b'?';
    for (name, value) in parameters::sorted(request.uri.query()) {
        if name.contains(&b'&') || name.contains(&b'=') || value.contains(&b'&') {
            return Err(Denied::Malformed(
                "a request signed with HMAC-SHA1 cannot have & in a parameter, or = in its name",
            ));
        }
        resource.push(separator);
        resource.extend(name);
        if !value.is_empty() {
            resource.push(b'=');
            resource.extend(value);
        }
        separator = b'&';
    }
    Ok(resource)
}
