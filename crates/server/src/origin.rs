//! Pages in a browser that were not asked to come: a foreign `Host` where no keys are asked for, and
//! an `Origin` that is not allowed.
//!
//! A browser sends simple requests to any address, this machine's too, whatever the page they come
//! from; and a name that a page was loaded from can be made to lead here. Programs send neither.

use http::{HeaderMap, StatusCode, header};

use crate::config::Config;
use crate::fault::Fault;
use crate::service::Service;

/// # Errors
/// The request is from a page that may not ask.
pub(crate) fn check(config: &Config, headers: &HeaderMap, service: Service) -> Result<(), Fault> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = text(header::HOST).unwrap_or_default();
    let public = config.public_url.as_deref().and_then(host_of);
    if config.keys.is_none() && !host.is_empty() && !is_local(host) && public != Some(host) {
        let message = format!(
            "{host:?} is no name of this machine; without keys the server answers to localhost and \
             loopback addresses, and to the host of its public URL"
        );
        return Err(refused(service, message));
    }
    let Some(origin) = text(header::ORIGIN) else { return Ok(()) };
    let allowed = config.cors.iter().any(|allowed| allowed == "*" || allowed == origin);
    if allowed || host_of(origin).is_some_and(|of| of == host || Some(of) == public) {
        return Ok(());
    }
    Err(refused(
        service,
        format!("pages of {origin:?} may not ask; the server was not told of them"),
    ))
}

fn refused(service: Service, message: String) -> Fault {
    let code = if service == Service::Pds { "ForbiddenNoPermission" } else { "Forbidden" };
    Fault::new(StatusCode::FORBIDDEN, code, message)
}

/// The host of a URL, with its port where that is said.
fn host_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    rest.split('/').next()
}

/// Whether a host is this machine by any resolver's word.
fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost"
        || name.ends_with(".localhost")
        || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(config: &Config, host: &str, origin: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        let value = |text: &str| text.parse().ok();
        headers.extend(value(host).map(|value| (header::HOST, value)));
        headers.extend(origin.and_then(value).map(|value| (header::ORIGIN, value)));
        check(config, &headers, Service::Pai).is_ok()
    }

    #[test]
    fn local_programs_and_pages_that_are_allowed_ask() {
        let plain = Config::default();
        let told = Config {
            cors: vec!["https://app.example".to_owned()],
            public_url: Some("https://files.example/base".to_owned()),
            ..Config::default()
        };
        for (config, host, origin, fine) in [
            (&plain, "127.0.0.1:8473", None, true),
            (&plain, "localhost", None, true),
            (&plain, "bj1.localhost:80", None, true),
            (&plain, "[::1]:8473", None, true),
            (&plain, "", None, true),
            (&plain, "evil.example", None, false),
            (&plain, "127.0.0.1.evil.example", None, false),
            (&plain, "localhost:evil", None, false),
            (&plain, "localhost:8473", Some("http://localhost:8473"), true),
            (&plain, "localhost:8473", Some("https://evil.example"), false),
            (&plain, "localhost:8473", Some("null"), false),
            (&told, "localhost:8473", Some("https://app.example"), true),
            (&told, "localhost:8473", Some("https://app.example.evil"), false),
            (&told, "files.example", Some("https://files.example"), true),
        ] {
            assert_eq!(asks(config, host, origin), fine, "{host} {origin:?}");
        }
    }
}
