use std::time::Duration;

use filedex_server::files::{OssAccount, OssError, OssSigner, Purpose};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

const SECRET: &str = "ExampleSecret0123456789abcdef";

/// Made by Alibaba's Python SDK, `oss2` 2.19.1: `Bucket.sign_url("GET", key, 3600, slash_safe=True,
/// headers={"host": …}, additional_headers={"host"}, params=…)` with `ProviderAuthV4`, the clock held at
/// 2024-12-03 03:44:20 UTC, bucket `cars` in `cn-hangzhou`, key `a b/c+d~é.jpg`.
const OFFICIAL: [&str; 2] = [
    "https://cars.oss-cn-hangzhou.aliyuncs.com/a%20b/c%2Bd~%C3%A9.jpg?x-oss-date=20241203T034420Z\
     &x-oss-expires=3600&x-oss-signature-version=OSS4-HMAC-SHA256&x-oss-credential=LTAI5tExampleKeyId\
     %2F20241203%2Fcn-hangzhou%2Foss%2Faliyun_v4_request&x-oss-additional-headers=host\
     &x-oss-signature=f7c7fcc3f715d35053e5ab861ac7adec23fe07e3b766c8020390936d5218458c",
    "https://cars.oss-cn-hangzhou.aliyuncs.com/a%20b/c%2Bd~%C3%A9.jpg?x-oss-process=image%2Fresize\
     %2Cm_pad%2Cw_200%2Ch_100%2Ccolor_00FF00&x-oss-security-token=CAIS%2Ftoken%2Bwith%3Dsigns\
     &x-oss-date=20241203T034420Z&x-oss-expires=3600&x-oss-signature-version=OSS4-HMAC-SHA256\
     &x-oss-credential=LTAI5tExampleKeyId%2F20241203%2Fcn-hangzhou%2Foss%2Faliyun_v4_request\
     &x-oss-additional-headers=host\
     &x-oss-signature=9e1a58eb98c71afb96b1807085ed434a35e08ae730b2b98716c26fc204e4da04",
];

fn account() -> OssAccount {
    OssAccount {
        region: "cn-hangzhou".into(),
        access_key_id: "LTAI5tExampleKeyId".into(),
        access_key_secret: SECRET.into(),
        security_token: None,
        endpoint: None,
    }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The parameters of an address, still encoded.
fn parameters(address: &str) -> Vec<(&str, &str)> {
    let query = address.split_once('?').unwrap().1;
    query.split('&').map(|pair| pair.split_once('=').unwrap()).collect()
}

fn parameter<'a>(address: &'a str, name: &str) -> Option<&'a str> {
    parameters(address).into_iter().find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// The signature that OSS wants of an address of a bucket, by its documents on V4 signatures in URLs.
/// The address itself tells the time, so that a signer's clock does not matter.
fn reference(address: &str, bucket: &str) -> String {
    let (host, rest) = address.split_once("://").unwrap().1.split_once('/').unwrap();
    let path = rest.split_once('?').unwrap().0;
    let path = if host.starts_with(&format!("{bucket}.")) {
        format!("/{bucket}/{path}")
    } else {
        format!("/{path}")
    };
    let mut pairs = parameters(address);
    pairs.retain(|(key, _)| *key != "x-oss-signature");
    pairs.sort_unstable();
    let query: Vec<String> = pairs.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let request =
        format!("GET\n{path}\n{}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD", query.join("&"));
    let date = parameter(address, "x-oss-date").unwrap();
    let credential = parameter(address, "x-oss-credential").unwrap();
    let scope = credential.replace("%2F", "/").split_once('/').unwrap().1.to_owned();
    let key = scope
        .split('/')
        .fold(format!("aliyun_v4{SECRET}").into_bytes(), |key, part| mac(&key, part));
    let digest = hex(&Sha256::digest(request.as_bytes()));
    hex(&mac(&key, &format!("OSS4-HMAC-SHA256\n{date}\n{scope}\n{digest}")))
}

fn check(address: &str, bucket: &str) {
    let signature = reference(address, bucket);
    assert_eq!(parameter(address, "x-oss-signature"), Some(signature.as_str()), "{address}");
}

#[test]
fn same_as_the_official_sdk() {
    for address in OFFICIAL {
        check(address, "cars");
    }
    let uri = "oss://cars/a b/c+d~é.jpg";
    let plain = OssSigner::new(account()).unwrap();
    let with_token =
        OssAccount { security_token: Some("CAIS/token+with=signs".into()), ..account() };
    let with_token = OssSigner::new(with_token).unwrap();
    let mode = Purpose::Thumbnail("m_pad,w_200,h_100,color_00FF00".parse().unwrap());
    let hour = Duration::from_secs(3600);
    let signed = [
        plain.presign(uri, &Purpose::Download, hour).unwrap(),
        with_token.presign(uri, &mode, hour).unwrap(),
    ];
    for (ours, official) in signed.iter().zip(OFFICIAL) {
        check(ours, "cars");
        // The same address in all that does not go by the clock.
        assert_eq!(ours.split_once('?').unwrap().0, official.split_once('?').unwrap().0);
        let by_clock = ["x-oss-date", "x-oss-credential", "x-oss-signature"];
        let rest = |address| {
            let mut pairs = parameters(address);
            pairs.retain(|(key, _)| !by_clock.contains(key));
            pairs.sort_unstable();
            pairs
        };
        assert_eq!(rest(ours), rest(official));
        assert_eq!(parameters(ours).len(), parameters(official).len());
    }
}

#[test]
fn addresses() {
    let at = |endpoint: &str| OssAccount { endpoint: Some(endpoint.into()), ..account() };
    let long = format!("oss://cars/{}", "k".repeat(1024));
    // Account, URI, and the address up to the query with the region that is signed for.
    let table = [
        (
            account(),
            "oss://cars/a.png",
            Some(("https://cars.oss-cn-hangzhou.aliyuncs.com/a.png", "cn-hangzhou")),
        ),
        (
            account(),
            "oss://cars/a%20b?c#d",
            Some(("https://cars.oss-cn-hangzhou.aliyuncs.com/a%2520b%3Fc%23d", "cn-hangzhou")),
        ),
        (
            account(),
            "oss://cars/a//b/",
            Some(("https://cars.oss-cn-hangzhou.aliyuncs.com/a//b/", "cn-hangzhou")),
        ),
        (
            account(),
            "oss://cars.oss-ap-southeast-1.aliyuncs.com/a",
            Some(("https://cars.oss-ap-southeast-1.aliyuncs.com/a", "ap-southeast-1")),
        ),
        (
            account(),
            "oss://cars.oss-cn-beijing-internal.aliyuncs.com/a",
            Some(("https://cars.oss-cn-beijing.aliyuncs.com/a", "cn-beijing")),
        ),
        (
            OssAccount { region: "oss-cn-beijing".into(), ..account() },
            "oss://cars/a",
            Some(("https://cars.oss-cn-beijing.aliyuncs.com/a", "cn-beijing")),
        ),
        (
            at("oss.example.com:8443"),
            "oss://cars/a",
            Some(("https://cars.oss.example.com:8443/a", "cn-hangzhou")),
        ),
        (
            at("http://oss.example.com/"),
            "oss://cars.oss.example.com/a",
            Some(("http://cars.oss.example.com/a", "cn-hangzhou")),
        ),
        (
            at("http://127.0.0.1:9000"),
            "oss://cars/a/b",
            Some(("http://127.0.0.1:9000/cars/a/b", "cn-hangzhou")),
        ),
        (
            at("http://[::1]:9000"),
            "oss://cars/a/b",
            Some(("http://[::1]:9000/cars/a/b", "cn-hangzhou")),
        ),
        (account(), "oss://cars.example.com/a", None),
        (account(), "oss://cars.oss-cn-hangzhou.aliyuncs.com.example.com/a", None),
        (account(), "oss://cars.oss-x.example.com/a.aliyuncs.com/b", None),
        (account(), "oss://cars.oss-a.b.aliyuncs.com/a", None),
        (account(), "oss://cars.oss-cn-hangzhou.aliyuncs.com:99/a", None),
        (account(), "oss://user@cars/a", None),
        (account(), "oss://cars", None),
        (account(), "oss://cars/", None),
        (account(), "oss://cars//a", None),
        (account(), "oss:///a", None),
        (account(), "oss://CARS/a", None),
        (account(), "oss://-cars/a", None),
        (account(), "oss://ca/a", None),
        (account(), "OSS://cars/a", None),
        (account(), "file:///cars/a", None),
        (account(), "", None),
        (account(), &long, None),
        (account(), &long[..long.len() - 1], Some((&long[..0], "cn-hangzhou"))),
    ];
    for (account, uri, expected) in table {
        let address = OssSigner::new(account).unwrap().presign(
            uri,
            &Purpose::Download,
            Duration::from_secs(60),
        );
        let Some((start, region)) = expected else {
            assert_eq!(address, None, "{uri}");
            continue;
        };
        let address = address.unwrap();
        let before = address.split_once('?').unwrap().0;
        assert!(start.is_empty() || before == start, "{uri}: {address}");
        let scope = parameter(&address, "x-oss-credential").unwrap();
        assert!(scope.ends_with(&format!("%2F{region}%2Foss%2Faliyun_v4_request")), "{address}");
        check(&address, "cars");
    }
}

#[test]
fn lifetimes() {
    let signer = OssSigner::new(account()).unwrap();
    for (asked, given) in [(0, "1"), (1, "1"), (3600, "3600"), (604_801, "604800")] {
        let address =
            signer.presign("oss://cars/a", &Purpose::Download, Duration::from_secs(asked));
        assert_eq!(parameter(&address.unwrap(), "x-oss-expires"), Some(given));
    }
}

#[test]
fn accounts() {
    let endpoint = |text: &str| OssAccount { endpoint: Some(text.into()), ..account() };
    for (account, error) in [
        (OssAccount { region: String::new(), ..account() }, OssError::Region),
        (OssAccount { region: "cn/hangzhou".into(), ..account() }, OssError::Region),
        (OssAccount { access_key_id: String::new(), ..account() }, OssError::AccessKey),
        (OssAccount { access_key_secret: String::new(), ..account() }, OssError::AccessKey),
        (endpoint(""), OssError::Endpoint),
        (endpoint("ftp://oss.example.com"), OssError::Endpoint),
        (endpoint("user@oss.example.com"), OssError::Endpoint),
        (endpoint("oss.example.com/path"), OssError::Endpoint),
    ] {
        assert_eq!(OssSigner::new(account).unwrap_err(), error);
    }
    let account = OssAccount { security_token: Some("token-text".into()), ..account() };
    let shown = format!("{account:?} {:?}", OssSigner::new(account.clone()).unwrap());
    for secret in [SECRET, "token-text"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
