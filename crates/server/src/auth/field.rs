//! Headers that credentials depend on. One that is sent twice is refused, as the two ends could each
//! read another of them.

use http::HeaderMap;
use http::header::HeaderName;

use super::Denied;

/// The longest nonce; clients send 32 to 36 bytes.
const NONCE_LIMIT: usize = 256;

/// The value of `name` without blanks around it, `None` where it was not sent.
pub fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a [u8]>, Denied> {
    let mut values = headers.get_all(name).iter();
    let value = values.next();
    if values.next().is_some() {
        return Err(Denied::RepeatedHeader(name.clone()));
    }
    Ok(value.map(|value| value.as_bytes().trim_ascii()))
}

/// As [`single`], of a header that must be there.
pub fn required<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<&'a [u8], Denied> {
    single(headers, name)?.ok_or_else(|| Denied::MissingHeader(name.clone()))
}

/// As [`single`], of a header that holds nothing but visible ASCII and blanks.
pub fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Denied> {
    let Some(value) = single(headers, name)? else { return Ok(None) };
    match std::str::from_utf8(value) {
        Ok(text) if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) => Ok(Some(text)),
        _ => Err(Denied::Malformed(
            "the headers authorization and x-acs-bearer-token hold visible ASCII characters only",
        )),
    }
}

/// The nonce, which a signed request must have.
pub fn nonce(headers: &HeaderMap) -> Result<&[u8], Denied> {
    static NONCE: HeaderName = HeaderName::from_static("x-acs-signature-nonce");
    match required(headers, &NONCE)? {
        nonce if (1..=NONCE_LIMIT).contains(&nonce.len()) => Ok(nonce),
        _ => Err(Denied::Malformed("x-acs-signature-nonce must have 1 to 256 bytes")),
    }
}
