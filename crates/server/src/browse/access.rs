//! Who may ask. The address that is opened first has the token, which becomes a cookie that no other
//! site's request carries; a change needs a header beside, which no other site can send unasked.

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use rand::RngExt;
use subtle::ConstantTimeEq;

use crate::fault::Fault;

/// What a change carries, whatever its value.
pub(crate) const CHANGE_HEADER: &str = "x-filedex-change";

/// The token of one run.
pub(crate) struct Access {
    token: String,
}

impl Access {
    pub fn random() -> Self {
        let bytes: [u8; 32] = rand::rng().random();
        Self { token: bytes.iter().map(|byte| format!("{byte:02x}")).collect() }
    }

    /// The path that lets a browser in.
    pub fn entrance(&self) -> String {
        format!("/?token={}", self.token)
    }

    /// Whether the query of the first address has the token.
    pub fn is_entrance(&self, query: Option<&str>) -> bool {
        let given = query.and_then(|query| query.strip_prefix("token="));
        self.is_token(given.unwrap_or_default())
    }

    /// The cookie of a browser that was let in. Cookies are shared by all ports of a machine, so its
    /// name has the port.
    pub fn cookie(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let name = cookie_name(headers);
        HeaderValue::from_str(&format!("{name}={}; Path=/; HttpOnly; SameSite=Strict", self.token))
            .ok()
    }

    /// # Errors
    /// The request has no token, or changes something and is not the page's own.
    pub fn verify(&self, method: &Method, headers: &HeaderMap) -> Result<(), Fault> {
        if !self.is_let_in(headers) {
            let message = "open the address that `filedex browse` printed: it has the token that \
                           lets this browser in";
            return Err(Fault::new(StatusCode::FORBIDDEN, "Forbidden", message));
        }
        if method != Method::GET && method != Method::HEAD && !headers.contains_key(CHANGE_HEADER) {
            let message = format!("a change needs the header {CHANGE_HEADER}");
            return Err(Fault::new(StatusCode::FORBIDDEN, "Forbidden", message));
        }
        Ok(())
    }

    fn is_let_in(&self, headers: &HeaderMap) -> bool {
        let name = cookie_name(headers);
        let lines = headers.get_all(header::COOKIE).iter();
        let cookies = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';'));
        let mut given = cookies.filter_map(|cookie| cookie.trim().split_once('='));
        given.any(|(of, token)| of == name && self.is_token(token))
    }

    fn is_token(&self, given: &str) -> bool {
        given.as_bytes().ct_eq(self.token.as_bytes()).into()
    }
}

fn cookie_name(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let port = host.rsplit_once(':').map_or("80", |(_, port)| port);
    let digits: String = port.chars().filter(char::is_ascii_digit).collect();
    format!("filedex-{digits}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_browser_with_the_token_is_let_in() {
        let access = Access::random();
        let other = Access::random();
        let host = ("host", "127.0.0.1:8474");
        let cookie = |access: &Access, port: &str| format!("a=b; filedex-{port}={}", access.token);
        let (right, wrong, elsewhere) =
            (cookie(&access, "8474"), cookie(&other, "8474"), cookie(&access, "1"));
        for (method, headers, fine) in [
            (Method::GET, vec![host, ("cookie", right.as_str())], true),
            (Method::GET, vec![host], false),
            (Method::GET, vec![host, ("cookie", wrong.as_str())], false),
            (Method::GET, vec![host, ("cookie", elsewhere.as_str())], false),
            (Method::POST, vec![host, ("cookie", right.as_str())], false),
            (Method::POST, vec![host, ("cookie", right.as_str()), (CHANGE_HEADER, "1")], true),
            (Method::POST, vec![host, (CHANGE_HEADER, "1")], false),
        ] {
            let map: HeaderMap = headers
                .iter()
                .filter_map(|(name, value)| Some((name.parse().ok()?, value.parse().ok()?)))
                .collect::<Vec<(http::HeaderName, HeaderValue)>>()
                .into_iter()
                .collect();
            assert_eq!(access.verify(&method, &map).is_ok(), fine, "{method} {headers:?}");
        }
        assert!(access.is_entrance(access.entrance().strip_prefix("/?")));
        assert!(!access.is_entrance(other.entrance().strip_prefix("/?")));
        assert!(!access.is_entrance(None));
    }
}
