//! The choice between the ways to sign, and what holds for all of them.

use std::time::SystemTime;

use http::header::{AUTHORIZATION, HeaderName};
use http::{HeaderMap, Method, Uri};

use super::replay::Nonces;
use super::{AccessKey, Denied, Keys, acs3, bearer, field, hmac_sha1, window};

static BEARER_TOKEN: HeaderName = HeaderName::from_static("x-acs-bearer-token");
/// Goes with temporary access keys.
pub static SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-acs-security-token");

/// How many nonces are remembered unless [`Verifier::nonce_limit`] says otherwise.
const NONCE_LIMIT: usize = 1_000_000;
/// An `Authorization` header is not read beyond this many bytes; clients send some 300.
const AUTHORIZATION_LIMIT: usize = 8 * 1024;

/// What the signature of a request is about: the request, with its body read.
#[derive(Clone, Copy, Debug)]
pub struct Presented<'a> {
    /// The method.
    pub method: &'a Method,
    /// The request target as it was sent, nothing decoded.
    pub uri: &'a Uri,
    /// Every header that was sent.
    pub headers: &'a HeaderMap,
    /// The whole body; empty where there is none.
    pub body: &'a [u8],
}

/// Who sent a request, for the log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Principal {
    /// The id of the access key, or the name of the bearer token.
    pub name: String,
}

/// A request whose signature was found right, and what is left to check.
pub struct Signed<'a> {
    /// Whose signature it is.
    pub key: &'a AccessKey,
    /// When the client made it, in seconds since 1970.
    pub date: i64,
    /// What keeps the request from being good twice.
    pub nonce: &'a [u8],
}

/// Says who sent a request, or why it is refused. One for the whole server: it remembers nonces.
///
/// ```
/// use std::time::SystemTime;
/// use filedex_server::auth::{BearerToken, Keys, Presented, Verifier};
///
/// let keys = Keys::new(vec![], vec![BearerToken::new("ci", "tok123")])?;
/// let verifier = Verifier::new(keys);
/// let request =
///     http::Request::get("/v1/datasets").header("authorization", "Bearer tok123").body(()).unwrap();
/// let presented = Presented {
///     method: request.method(),
///     uri: request.uri(),
///     headers: request.headers(),
///     body: b"",
/// };
/// assert_eq!(verifier.verify(&presented, SystemTime::now()).unwrap().name, "ci");
/// # Ok::<(), filedex_server::auth::KeysError>(())
/// ```
pub struct Verifier {
    keys: Keys,
    nonces: Nonces,
}

impl Verifier {
    /// A verifier that has seen no request. Without keys it refuses everything.
    #[must_use]
    pub fn new(keys: Keys) -> Self {
        Self { keys, nonces: Nonces::new(NONCE_LIMIT) }
    }

    /// Remembers at most `limit` nonces, 1,000,000 by default. A nonce takes some 50 bytes and stays
    /// as long as its request could be sent again, up to half an hour. Over the limit signed requests
    /// are refused with [`Denied::TooManyNonces`]; no nonce is forgotten early.
    #[must_use]
    pub fn nonce_limit(self, limit: usize) -> Self {
        Self { keys: self.keys, nonces: Nonces::new(limit) }
    }

    /// Who sent `request`, which came at `now`.
    ///
    /// The nonce of a signed request is used up by this call if it succeeds, and only then.
    ///
    /// # Errors
    /// [`Denied`] where the request has no credentials, two kinds of them, or such as are not right.
    pub fn verify(&self, request: &Presented<'_>, now: SystemTime) -> Result<Principal, Denied> {
        let authorization = field::text(request.headers, &AUTHORIZATION)?;
        let token = field::text(request.headers, &BEARER_TOKEN)?;
        let Some(authorization) = authorization else {
            return bearer::verify(&self.keys, token.ok_or(Denied::Missing)?);
        };
        if authorization.len() > AUTHORIZATION_LIMIT {
            return Err(Denied::Malformed("the header authorization is longer than 8192 bytes"));
        }
        let (scheme, rest) = authorization.split_once(' ').unwrap_or((authorization, ""));
        if scheme.eq_ignore_ascii_case("bearer") {
            return bearer::verify_both(&self.keys, rest, token);
        }
        if token.is_some() {
            return Err(Denied::Malformed(
                "a signature and x-acs-bearer-token exclude each other; send one of them",
            ));
        }
        let now = window::seconds(now);
        let signed = match scheme {
            "ACS3-HMAC-SHA256" => acs3::verify(&self.keys, request, rest, now)?,
            "acs" => hmac_sha1::verify(&self.keys, request, rest, now)?,
            _ => {
                return Err(Denied::Malformed(
                    "the header authorization must begin with ACS3-HMAC-SHA256, acs or Bearer",
                ));
            }
        };
        self.admit(request.headers, &signed, now)
    }

    /// What holds for both ways of signing.
    fn admit(
        &self,
        headers: &HeaderMap,
        signed: &Signed<'_>,
        now: i64,
    ) -> Result<Principal, Denied> {
        let token = field::single(headers, &SECURITY_TOKEN)?;
        if !signed.key.has_security_token(token) {
            return Err(Denied::WrongSecurityToken);
        }
        self.nonces.record(signed.key.id(), signed.nonce, signed.date, now)?;
        Ok(Principal { name: signed.key.id().to_owned() })
    }
}
