//! Presigned addresses of objects in OSS.

use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http::uri::Authority;
use http::{Method, Request, Uri};
use percent_encoding::{AsciiSet, utf8_percent_encode};
use reqsign_aliyun_oss::{Credential, RequestSigner, SigningVersion};
use reqsign_core::SignRequest;
use thiserror::Error;

use super::Purpose;
use crate::escape::ESCAPED;

/// As [`ESCAPED`], for paths.
const PATH: &AsciiSet = &ESCAPED.remove(b'/');

/// The longest that a V4 signature is good for: seven days.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

/// The most bytes of an object's key.
const LONGEST_KEY: usize = 1023;

/// Whose objects are signed for, and where they are.
#[derive(Clone, PartialEq, Eq)]
pub struct OssAccount {
    /// The region of buckets whose address does not say one, such as `cn-hangzhou`.
    pub region: String,
    /// The id of the access key.
    pub access_key_id: String,
    /// Its secret.
    pub access_key_secret: String,
    /// The token that belongs to a key of STS.
    pub security_token: Option<String>,
    /// Where the buckets are, `host`, `host:port` or with `http://` or `https://` before (https when
    /// not said); the region's public endpoint when absent. A bucket is the first label of the host
    /// name, or of the path where the host is an IP address.
    pub endpoint: Option<String>,
}

impl fmt::Debug for OssAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OssAccount")
            .field("region", &self.region)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

/// What is wrong with an [`OssAccount`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OssError {
    /// The region is not letters, digits and hyphens.
    #[error("the OSS region must be like `cn-hangzhou`")]
    Region,
    /// The id or the secret is empty.
    #[error("the OSS access key needs an id and a secret")]
    AccessKey,
    /// The endpoint is no host.
    #[error(
        "the OSS endpoint must be like `oss-cn-hangzhou.aliyuncs.com` or `http://127.0.0.1:9000`"
    )]
    Endpoint,
}

/// Signs addresses of objects with OSS's V4 signature. It needs no network.
///
/// ```
/// use std::time::Duration;
/// use filedex_server::files::{OssAccount, OssSigner, Purpose};
/// let signer = OssSigner::new(OssAccount {
///     region: "cn-hangzhou".into(),
///     access_key_id: "id".into(),
///     access_key_secret: "secret".into(),
///     security_token: None,
///     endpoint: None,
/// })?;
/// let link = signer.presign("oss://cars/a b.png", &Purpose::Download, Duration::from_secs(60));
/// let link = link.unwrap();
/// assert!(link.starts_with("https://cars.oss-cn-hangzhou.aliyuncs.com/a%20b.png?"));
/// # Ok::<(), filedex_server::files::OssError>(())
/// ```
#[derive(Debug)]
pub struct OssSigner {
    region: String,
    credential: Credential,
    endpoint: Option<Endpoint>,
}

#[derive(Debug)]
struct Endpoint {
    scheme: &'static str,
    /// Host and port.
    authority: String,
    /// Whether the host is an IP address, which cannot have a bucket before it.
    is_ip: bool,
}

impl Endpoint {
    fn read(text: &str) -> Option<Self> {
        let (scheme, authority) = match text.split_once("://") {
            Some(("https", rest)) => ("https", rest),
            Some(("http", rest)) => ("http", rest),
            Some(_) => return None,
            None => ("https", text),
        };
        let authority: Authority = authority.trim_end_matches('/').parse().ok()?;
        if authority.host().is_empty() || authority.as_str().contains('@') {
            return None;
        }
        let host = authority.host().trim_matches(['[', ']']);
        let is_ip = host.parse::<IpAddr>().is_ok();
        Some(Self { scheme, authority: authority.as_str().to_ascii_lowercase(), is_ip })
    }
}

impl OssSigner {
    /// A signer for an account.
    ///
    /// # Errors
    /// See [`OssError`]; none says any part of the key.
    pub fn new(account: OssAccount) -> Result<Self, OssError> {
        let OssAccount { region, access_key_id, access_key_secret, security_token, endpoint } =
            account;
        // Tools say the region both ways.
        let region = region.strip_prefix("oss-").unwrap_or(&region).to_owned();
        if !is_region(&region) {
            return Err(OssError::Region);
        }
        if access_key_id.is_empty() || access_key_secret.is_empty() {
            return Err(OssError::AccessKey);
        }
        let endpoint =
            endpoint.map(|text| Endpoint::read(&text).ok_or(OssError::Endpoint)).transpose()?;
        let credential =
            Credential { access_key_id, access_key_secret, security_token, expires_in: None };
        Ok(Self { region, credential, endpoint })
    }

    /// An address that GETs the object of `oss://{bucket}/{key}` or
    /// `oss://{bucket}.oss-{region}.aliyuncs.com/{key}` from now on for `lifetime` (1 second to 7 days;
    /// more or less is cut to that). The key stands as it is, not percent-encoded. A thumbnail is made
    /// by OSS and part of what is signed. An `-internal` endpoint gives the public address.
    ///
    /// None for any other URI. A host that is neither OSS's nor the account's endpoint is one of those:
    /// the key's signature would go to whoever has that host.
    #[must_use]
    pub fn presign(&self, uri: &str, purpose: &Purpose, lifetime: Duration) -> Option<String> {
        let (place, key) = uri.strip_prefix("oss://")?.split_once('/')?;
        if key.is_empty() || key.len() > LONGEST_KEY || key.starts_with(['/', '\\']) {
            return None;
        }
        let (bucket, host) = match place.split_once('.') {
            Some((bucket, host)) => (bucket, Some(host)),
            None => (place, None),
        };
        if !is_bucket(bucket) {
            return None;
        }
        let (base, region) = self.place(bucket, host)?;
        let query = match purpose {
            Purpose::Download => String::new(),
            Purpose::Thumbnail(mode) => {
                let process = format!("image/resize,{mode}");
                format!("?x-oss-process={}", utf8_percent_encode(&process, ESCAPED))
            }
        };
        let address = format!("{base}/{}{query}", utf8_percent_encode(key, PATH));
        let lifetime = lifetime.clamp(Duration::from_secs(1), LONGEST);
        self.sign(&address, bucket, &region, lifetime).map(|signed| signed.to_string())
    }

    /// The address of a bucket, and its region.
    fn place(&self, bucket: &str, host: Option<&str>) -> Option<(String, String)> {
        let own = self.endpoint.as_ref();
        let Some(host) = host else {
            let base = match own {
                Some(Endpoint { scheme, authority, is_ip: true }) => {
                    format!("{scheme}://{authority}/{bucket}")
                }
                Some(Endpoint { scheme, authority, .. }) => {
                    format!("{scheme}://{bucket}.{authority}")
                }
                None => format!("https://{bucket}.oss-{}.aliyuncs.com", self.region),
            };
            return Some((base, self.region.clone()));
        };
        if let Some(own) = own.filter(|own| !own.is_ip && own.authority == host) {
            return Some((format!("{}://{bucket}.{host}", own.scheme), self.region.clone()));
        }
        let region = host.strip_prefix("oss-")?.strip_suffix(".aliyuncs.com")?;
        let region = region.strip_suffix("-internal").unwrap_or(region);
        is_region(region)
            .then(|| (format!("https://{bucket}.oss-{region}.aliyuncs.com"), region.to_owned()))
    }

    fn sign(&self, address: &str, bucket: &str, region: &str, lifetime: Duration) -> Option<Uri> {
        let request = Request::builder().method(Method::GET).uri(address).body(()).ok()?;
        let (mut parts, ()) = request.into_parts();
        let signer =
            RequestSigner::new(bucket).with_signing_version(SigningVersion::V4).with_region(region);
        // A context without a network: with the credential at hand, nothing is ever waited for.
        let context = reqsign_core::Context::new();
        let signed = {
            let signing =
                signer.sign_request(&context, &mut parts, Some(&self.credential), Some(lifetime));
            pin!(signing).poll(&mut Context::from_waker(Waker::noop()))
        };
        matches!(signed, Poll::Ready(Ok(()))).then_some(parts.uri)
    }
}

fn is_region(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 63
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// 3 to 63 small letters, digits and hyphens, none of them at an end.
fn is_bucket(text: &str) -> bool {
    text.len() >= 3 && is_region(text) && !text.starts_with('-') && !text.ends_with('-')
}
