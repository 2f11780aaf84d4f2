//! Why a request is refused, in words and in the codes of the services.

use http::StatusCode;
use http::header::HeaderName;

use super::window::WINDOW_SECONDS;

/// Why a request is refused. `Display` says what would be right and holds no secret, nor anything
/// that could be sent to be let in.
///
/// ```
/// use filedex_server::auth::Denied;
/// assert_eq!(Denied::Missing.status(), 401);
/// assert_eq!(Denied::UsedNonce.pai_code(), "SignatureNonceUsed");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Denied {
    /// Neither a signature nor a token.
    #[error(
        "the request is neither signed nor has it a token; sign it with ACS3-HMAC-SHA256 or \
         HMAC-SHA1, or send `Authorization: Bearer` or x-acs-bearer-token"
    )]
    Missing,
    /// The credentials cannot be read; the text says what would be right.
    #[error("{0}")]
    Malformed(&'static str),
    /// A header that credentials depend on was sent more than once.
    #[error("the header {0} was sent more than once; send it once")]
    RepeatedHeader(HeaderName),
    /// No access key has the id.
    #[error("this server has no access key with the id that signed the request")]
    UnknownAccessKey,
    /// The access key goes with a security token, and it is not the one sent.
    #[error("x-acs-security-token is not the security token of the access key")]
    WrongSecurityToken,
    /// No bearer token is the one sent.
    #[error("the bearer token is none that this server knows")]
    WrongBearerToken,
    /// A header that a signed request must have was not sent, or is named as signed and was not sent.
    #[error("the request lacks the header {0}")]
    MissingHeader(HeaderName),
    /// A header that must be signed is not.
    #[error("the header {0} must be sent, and be one of SignedHeaders")]
    UnsignedHeader(HeaderName),
    /// The signature does not belong to the request.
    #[error(
        "the signature is not that of this request; the secret is another one, or the method, path, \
         query or a signed header was changed on the way"
    )]
    WrongSignature,
    /// The header `x-acs-content-sha256` is not the digest of the body.
    #[error("x-acs-content-sha256 is not the SHA-256 of the body in lower-case hexadecimal digits")]
    WrongDigest,
    /// The date of a signed request cannot be read.
    #[error("the header {header} must be a time like {example}")]
    UnreadableDate {
        /// Which header.
        header: HeaderName,
        /// A time as it would be right.
        example: &'static str,
    },
    /// The date of a signed request is too far from now.
    #[error(
        "the date of the request is {} seconds {} this server's clock; up to {WINDOW_SECONDS} seconds \
         either way are accepted",
        seconds.unsigned_abs(),
        if *seconds < 0 { "behind" } else { "ahead of" }
    )]
    OutsideWindow {
        /// How far it is ahead of the server's clock; negative where it is behind.
        seconds: i64,
    },
    /// The nonce came with a request before.
    #[error("x-acs-signature-nonce was used before; sign every request with a nonce of its own")]
    UsedNonce,
    /// No more nonces can be remembered for now.
    #[error("too many signed requests in the last minutes; try again in a while")]
    TooManyNonces,
}

impl Denied {
    /// 401 where it is unclear who asks, 403 where a signed request is not as it must be, and 429
    /// for [`Denied::TooManyNonces`].
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Missing
            | Self::Malformed(_)
            | Self::RepeatedHeader(_)
            | Self::UnknownAccessKey
            | Self::WrongSecurityToken
            | Self::WrongBearerToken => StatusCode::UNAUTHORIZED,
            Self::MissingHeader(_)
            | Self::UnsignedHeader(_)
            | Self::WrongSignature
            | Self::WrongDigest
            | Self::UnreadableDate { .. }
            | Self::OutsideWindow { .. }
            | Self::UsedNonce => StatusCode::FORBIDDEN,
            Self::TooManyNonces => StatusCode::TOO_MANY_REQUESTS,
        }
    }

    /// The `Code` of PAI's error body.
    #[must_use]
    pub fn pai_code(&self) -> &'static str {
        match self {
            Self::Missing | Self::Malformed(_) | Self::RepeatedHeader(_) => "MissingAuthorization",
            Self::UnknownAccessKey | Self::WrongSecurityToken => "InvalidAccessKeyId",
            Self::WrongBearerToken => "InvalidBearerToken",
            Self::MissingHeader(_) | Self::UnsignedHeader(_) | Self::WrongSignature => {
                "SignatureDoesNotMatch"
            }
            Self::WrongDigest => "ContentDigestMismatch",
            Self::UnreadableDate { .. } | Self::OutsideWindow { .. } => "InvalidTimeStamp",
            Self::UsedNonce => "SignatureNonceUsed",
            Self::TooManyNonces => "Throttling",
        }
    }

    /// The `code` of PDS's error body.
    #[must_use]
    pub fn pds_code(&self) -> &'static str {
        match self.status() {
            StatusCode::UNAUTHORIZED => "AccessTokenInvalid",
            StatusCode::TOO_MANY_REQUESTS => "TooManyRequests",
            _ => "ForbiddenNoPermission",
        }
    }
}
