//! Who is let in: recorded requests of the official clients, and every way to spoil them. It is long
//! because each way of signing has its table of spoilt requests beside the right one.

use std::ffi::OsString;
use std::path::Path;
use std::time::{Duration, SystemTime};

use filedex_server::auth::{
    AccessKey, BearerToken, Denied, Keys, KeysError, Presented, Principal, Verifier,
};
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, Uri};

/// What the official Python clients sent, as `../shared/wire` has it, the headers that are not signed
/// left out. The secret is dummySK.
const LIST: &str = "\
GET /api/v1/datasets/d%2F%C3%BC%20%3Fx/datasetfilemetas?DatasetVersion=v+1&WorkspaceId=w
host: 127.0.0.1:37233
x-acs-version: 2021-02-04
x-acs-action: ListDatasetFileMetas
user-agent: AlibabaCloud (Linux; x86_64) Python/3.11.7 Core/0.4.3 TeaDSL/2
x-acs-date: 2026-11-21T05:40:27Z
x-acs-signature-nonce: d330b0d8f422fefc18cde8cc39cc3b36
accept: application/json
x-acs-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
x-acs-credentials-provider: static_ak
authorization: ACS3-HMAC-SHA256 Credential=dummyAK,SignedHeaders=accept;host;user-agent;x-acs-action;x-acs-content-sha256;x-acs-credentials-provider;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=9881916e91d2606ed1b8940399b5d2e6ae6a4c2b0ea0219ad170b9aa80fabc58

";
const CREATE: &str = "\
POST /api/v1/datasets
host: 127.0.0.1:37233
x-acs-version: 2021-02-04
x-acs-action: CreateDataset
user-agent: AlibabaCloud (Linux; x86_64) Python/3.11.7 Core/0.4.3 TeaDSL/2
x-acs-date: 2026-11-21T05:40:28Z
x-acs-signature-nonce: e73f0e5b84adf7e10f95f55d1b57180f
accept: application/json
content-type: application/json; charset=utf-8
x-acs-content-sha256: 4ed1ae5317895231d2b7eb62cd22920a2ef99d9e66f3cafb5b35d56922177ef1
x-acs-credentials-provider: static_ak
authorization: ACS3-HMAC-SHA256 Credential=dummyAK,SignedHeaders=accept;content-type;host;user-agent;x-acs-action;x-acs-content-sha256;x-acs-credentials-provider;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=8122530c6325be082a3fb78b61730f4ae520acfecf39b91b2ebbb418415c83ec

{\"Name\":\"ds\"}";
/// Temporary credentials, with the security token STS.tok.
const TEMPORARY: &str = "\
GET /api/v1/datasets/d-1
host: 127.0.0.1:37233
x-acs-version: 2021-02-04
x-acs-action: GetDataset
user-agent: AlibabaCloud (Linux; x86_64) Python/3.11.7 Core/0.4.3 TeaDSL/2
x-acs-date: 2026-11-21T05:40:28Z
x-acs-signature-nonce: e7e316e8bfe637bbe27c9fc6bc17ebf4
accept: application/json
x-acs-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
x-acs-credentials-provider: static_sts
x-acs-accesskey-id: dummyAK
x-acs-security-token: STS.tok
authorization: ACS3-HMAC-SHA256 Credential=dummyAK,SignedHeaders=accept;host;user-agent;x-acs-accesskey-id;x-acs-action;x-acs-content-sha256;x-acs-credentials-provider;x-acs-date;x-acs-security-token;x-acs-signature-nonce;x-acs-version,Signature=3a84c848e55807fedd6ef017f51ee15f17a7dfcc15bca05560acb4a41b7829bb

";
const PDS_GET: &str = "\
POST /v2/file/get
date: Sat, 21 Nov 2026 05:41:17 GMT
host: 127.0.0.1:36035
x-acs-version: 2022-03-01
x-acs-action: GetFile
x-acs-signature-nonce: b8e2cb60433311051d5cc8a5cb610d65
accept: application/json
content-type: application/json; charset=utf-8
x-acs-signature-method: HMAC-SHA1
x-acs-signature-version: 1.0
authorization: acs dummyAK:C9qCitljYQczatAOoz7A38CycNo=

{\"drive_id\":\"1\",\"fields\":\"*\",\"file_id\":\"f\"}";
/// The worked example of Alibaba Cloud's page on the V3 signature; its secret is YourAccessKeySecret.
const DOCUMENTED: &str = "\
POST /?ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai
host: ecs.cn-shanghai.aliyuncs.com
x-acs-action: RunInstances
x-acs-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
x-acs-date: 2023-10-26T10:22:32Z
x-acs-signature-nonce: 3156853299f313e23d1673dc12e1703d
x-acs-version: 2014-05-26
authorization: ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0

";

#[derive(Clone)]
struct Request {
    method: String,
    target: Vec<u8>,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl Request {
    fn new(text: &str) -> Self {
        let (head, body) = text.split_once("\n\n").unwrap();
        let mut lines = head.lines();
        let (method, target) = lines.next().unwrap().split_once(' ').unwrap();
        let headers = lines.map(|line| line.split_once(": ").unwrap());
        Self {
            method: method.into(),
            target: target.into(),
            headers: headers.map(|(name, value)| (name.into(), value.into())).collect(),
            body: body.into(),
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        let value = self.headers.iter().find(|header| header.0.eq_ignore_ascii_case(name));
        value.map(|header| std::str::from_utf8(&header.1).unwrap())
    }

    /// The same with `values` of the header `name`: none, another, or several.
    fn with(&self, name: &str, values: &[&[u8]]) -> Self {
        let mut changed = self.clone();
        changed.headers.retain(|header| !header.0.eq_ignore_ascii_case(name));
        changed.headers.extend(values.iter().map(|value| (name.into(), value.to_vec())));
        changed
    }

    fn with_target(&self, target: impl Into<Vec<u8>>) -> Self {
        Self { target: target.into(), ..self.clone() }
    }

    /// When the client made it.
    fn date(&self) -> SystemTime {
        let timestamp = match self.header("x-acs-date") {
            Some(date) => date.parse().unwrap(),
            None => jiff::fmt::rfc2822::parse(self.header("date").unwrap()).unwrap().timestamp(),
        };
        SystemTime::from(timestamp)
    }

    /// `None` where it is no HTTP request, which a server refuses before it asks who sent it.
    fn verify(&self, verifier: &Verifier, now: SystemTime) -> Option<Result<Principal, Denied>> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            headers.append(name, HeaderValue::from_bytes(value).ok()?);
        }
        let method: Method = self.method.parse().unwrap();
        let uri = Uri::try_from(self.target.as_slice()).ok()?;
        let presented =
            Presented { method: &method, uri: &uri, headers: &headers, body: &self.body };
        Some(verifier.verify(&presented, now))
    }
}

fn verifier(secret: &str, security_token: Option<&str>) -> Verifier {
    let key = AccessKey::new("dummyAK", secret);
    let key = match security_token {
        Some(token) => key.with_security_token(token),
        None => key,
    };
    let tokens = [("ci", "tok123"), ("other", "tok124")];
    let tokens = tokens.map(|(name, token)| BearerToken::new(name, token));
    Verifier::new(Keys::new(vec![key], tokens.to_vec()).unwrap())
}

/// A server that has seen nothing yet, at the date of the request.
fn fresh(request: &Request) -> Option<Result<Principal, Denied>> {
    request.verify(&verifier("dummySK", None), request.date())
}

fn denied(request: &Request) -> Denied {
    fresh(request).expect("is HTTP").expect_err("is wrong")
}

fn name(answer: Option<Result<Principal, Denied>>) -> String {
    answer.expect("is HTTP").expect("is right").name
}

/// Every request that differs from `bytes` in one bit of one byte.
fn spoiled(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len()).map(|at| {
        let mut changed = bytes.to_vec();
        changed[at] ^= 1;
        changed
    })
}

/// The names of the headers that the signature of `request` covers.
fn signed_headers(request: &Request) -> Vec<String> {
    let authorization = request.header("authorization").unwrap();
    match authorization.split_once("SignedHeaders=") {
        Some((_, rest)) => rest.split(',').next().unwrap().split(';').map(str::to_owned).collect(),
        None => {
            let plain = ["accept", "content-type", "date"];
            let names = request.headers.iter().map(|header| header.0.to_ascii_lowercase());
            names.filter(|name| name.starts_with("x-acs-") || plain.contains(&&**name)).collect()
        }
    }
}

/// What must hold for every request that a client signed.
fn check_signed(request: &Request, security_token: Option<&str>, case: &str) {
    let now = request.date();
    let server = verifier("dummySK", security_token);
    let minutes = |count: u64| Duration::from_secs(60 * count);
    for late in [now + minutes(16), now - minutes(16)] {
        let answer = request.verify(&server, late).unwrap();
        assert_eq!(answer.unwrap_err().pai_code(), "InvalidTimeStamp", "{case}");
    }
    let other = verifier("dummySk", security_token);
    assert_eq!(request.verify(&other, now), Some(Err(Denied::WrongSignature)), "{case}");

    let mut changed: Vec<Request> =
        spoiled(&request.target).map(|target| request.with_target(target)).collect();
    if request.header("x-acs-content-sha256").is_some() {
        changed.extend(spoiled(&request.body).map(|body| Request { body, ..request.clone() }));
        let longer = [request.body.as_slice(), b" "].concat();
        changed.push(Request { body: longer, ..request.clone() });
    }
    for name in signed_headers(request).iter().chain([&"authorization".to_owned()]) {
        let value = request.header(name).unwrap().as_bytes();
        changed.extend(spoiled(value).map(|value| request.with(name, &[&value])));
        changed.push(request.with(name, &[]));
        changed.push(request.with(name, &[value, value]));
    }
    changed.push(Request { method: "PATCH".into(), ..request.clone() });
    for changed in changed {
        if let Some(answer) = changed.verify(&server, now) {
            let target = String::from_utf8_lossy(&changed.target);
            answer.expect_err(&format!("{case}, changed: {target} {:?}", changed.headers));
        }
    }

    // Nothing above used the nonce up.
    assert_eq!(name(request.verify(&server, now + minutes(15))), "dummyAK", "{case}");
    for again in [now, now + minutes(15), now - minutes(15)] {
        assert_eq!(request.verify(&server, again), Some(Err(Denied::UsedNonce)), "{case}");
    }
}

#[test]
fn signed_requests_are_good_once_and_only_unchanged() {
    for (case, text) in [("LIST", LIST), ("CREATE", CREATE), ("PDS_GET", PDS_GET)] {
        check_signed(&Request::new(text), None, case);
    }
    check_signed(&Request::new(TEMPORARY), Some("STS.tok"), "TEMPORARY");
}

#[test]
fn the_documented_example_is_right() {
    let request = Request::new(DOCUMENTED);
    let key = AccessKey::new("YourAccessKeyId", "YourAccessKeySecret");
    let server = Verifier::new(Keys::new(vec![key], vec![]).unwrap());
    assert_eq!(name(request.verify(&server, request.date())), "YourAccessKeyId");
}

#[test]
fn recorded_exchanges_are_right() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/wire");
    let Ok(files) = std::fs::read_dir(&folder) else {
        #[expect(clippy::print_stderr, reason = "a test that checks nothing must say so")]
        {
            eprintln!("SKIPPED: there are no recorded exchanges at {}", folder.display());
        }
        return;
    };
    let mut signed = 0;
    for file in files {
        let path = file.unwrap().path();
        let exchange: serde_json::Value =
            serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        for request in exchange["requests"].as_array().unwrap() {
            let request = recorded(request);
            let case = path.display().to_string();
            if request.header("x-acs-bearer-token").is_some() {
                assert_eq!(name(fresh(&request)), "ci", "{case}");
            } else {
                check_signed(&request, request.header("x-acs-security-token"), &case);
                signed += 1;
            }
        }
    }
    assert!(signed > 30, "{signed} signed requests are too few");
}

fn recorded(request: &serde_json::Value) -> Request {
    let headers = request["headers"].as_array().unwrap().iter().map(|header| {
        (header[0].as_str().unwrap().into(), header[1].as_str().unwrap().as_bytes().to_vec())
    });
    Request {
        method: request["method"].as_str().unwrap().into(),
        target: request["request_target_raw"].as_str().unwrap().into(),
        headers: headers.collect(),
        body: request["body_raw"].as_str().unwrap_or_default().into(),
    }
}

#[test]
fn the_order_and_the_encoding_of_the_query_do_not_matter() {
    let list = Request::new(LIST);
    let path = "/api/v1/datasets/d%2F%C3%BC%20%3Fx/datasetfilemetas";
    for query in [
        "WorkspaceId=w&DatasetVersion=v+1",
        "DatasetVersion=v%201&WorkspaceId=w",
        "%44atasetVersion=%76+1&&WorkspaceId=w",
    ] {
        assert_eq!(name(fresh(&list.with_target(format!("{path}?{query}")))), "dummyAK");
    }
    for target in [
        format!("{path}?DatasetVersion=v%2B1&WorkspaceId=w"),
        format!("{path}?DatasetVersion=v+1&WorkspaceId=w&WorkspaceId=w"),
        format!("{path}?DatasetVersion=v+1%26WorkspaceId=w"),
        "/api/v1/datasets/d%2f%C3%BC%20%3Fx/datasetfilemetas?DatasetVersion=v+1&WorkspaceId=w"
            .into(),
    ] {
        assert_eq!(denied(&list.with_target(target)), Denied::WrongSignature);
    }
}

/// PDS's client signs neither the body nor the host name; this pins that down.
#[test]
fn the_body_and_the_host_of_pds_requests_are_not_signed() {
    let get = Request::new(PDS_GET);
    assert_eq!(name(fresh(&Request { body: b"{}".into(), ..get.clone() })), "dummyAK");
    assert_eq!(name(fresh(&get.with("host", &[b"elsewhere"]))), "dummyAK");
    for (header, value) in [("x-acs-more", "1"), ("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg==")] {
        assert_eq!(denied(&get.with(header, &[value.as_bytes()])), Denied::WrongSignature);
    }
    assert_eq!(denied(&get.with_target("/v2/file/get?a=b")), Denied::WrongSignature);
    for ambiguous in ["a=b%26c", "a%26b=c", "a%3Db=c"] {
        let denied = denied(&get.with_target(format!("/v2/file/get?{ambiguous}")));
        assert!(matches!(denied, Denied::Malformed(_)), "{ambiguous}: {denied}");
    }
}

#[test]
fn a_temporary_key_needs_its_token() {
    let request = Request::new(TEMPORARY);
    let now = request.date();
    let with = |token| verifier("dummySK", Some(token));
    assert_eq!(name(request.verify(&with("STS.tok"), now)), "dummyAK");
    assert_eq!(request.verify(&with("STS.tok2"), now), Some(Err(Denied::WrongSecurityToken)));
    let security_token = HeaderName::from_static("x-acs-security-token");
    let unsigned = Some(Err(Denied::UnsignedHeader(security_token)));
    assert_eq!(Request::new(LIST).verify(&with("STS.tok"), now), unsigned);
    let pds = Request::new(PDS_GET).verify(&with("STS.tok"), now);
    assert_eq!(pds, Some(Err(Denied::WrongSecurityToken)));
}

#[test]
fn nonces_are_bounded_and_kept_as_long_as_they_are_needed() {
    let [list, create, pds] = [LIST, CREATE, PDS_GET].map(Request::new);
    let now = list.date();
    let server = verifier("dummySK", None).nonce_limit(1);
    assert_eq!(name(list.verify(&server, now)), "dummyAK");
    assert_eq!(create.verify(&server, now), Some(Err(Denied::TooManyNonces)));

    // Here the date of LIST is too old, and that of PDS_GET is not: the one nonce makes room.
    let later = now + Duration::from_secs(15 * 60 + 30);
    assert_eq!(name(pds.verify(&server, later)), "dummyAK");
    // A clock that is set back does not make LIST new.
    let answer = list.verify(&server, now + Duration::from_secs(60)).unwrap();
    assert_eq!(answer.unwrap_err().pai_code(), "InvalidTimeStamp");
}

#[test]
fn a_nonce_belongs_to_its_key() {
    let request = Request::new(LIST);
    let keys = ["dummyAK", "dummyAK2"].map(|id| AccessKey::new(id, "dummySK"));
    let server = Verifier::new(Keys::new(keys.to_vec(), vec![]).unwrap());
    assert_eq!(name(request.verify(&server, request.date())), "dummyAK");
    // The id itself is not signed, and the two have one secret here.
    let authorization = request.header("authorization").unwrap().replace("dummyAK", "dummyAK2");
    let other = request.with("authorization", &[authorization.as_bytes()]);
    assert_eq!(name(other.verify(&server, request.date())), "dummyAK2");
}

#[test]
fn bearer_tokens() {
    let plain = Request::new("GET /v1/datasets\nhost: localhost\n\n");
    let server = verifier("dummySK", None);
    let missing = "MissingAuthorization";
    for (headers, expected) in [
        (&[("authorization", "Bearer tok123")][..], Ok("ci")),
        (&[("authorization", "bearer  tok124 ")], Ok("other")),
        (&[("x-acs-bearer-token", "tok123")], Ok("ci")),
        (&[("authorization", "Bearer tok123"), ("x-acs-bearer-token", "tok123")], Ok("ci")),
        (&[("authorization", "Bearer tok123"), ("x-acs-bearer-token", "tok124")], Err(missing)),
        (&[("authorization", "Bearer tok123"), ("authorization", "Bearer tok123")], Err(missing)),
        (&[("x-acs-bearer-token", "tok123"), ("x-acs-bearer-token", "tok123")], Err(missing)),
        (&[("authorization", "Bearer tok12")], Err("InvalidBearerToken")),
        (&[("authorization", "Bearer tok1234")], Err("InvalidBearerToken")),
        (&[("x-acs-bearer-token", "TOK123")], Err("InvalidBearerToken")),
        (&[("authorization", "Bearer")], Err(missing)),
        (&[("authorization", "Bearer ")], Err(missing)),
        (&[("x-acs-bearer-token", "")], Err(missing)),
        (&[("authorization", "tok123")], Err(missing)),
        (&[], Err(missing)),
    ] {
        let mut request = plain.clone();
        request
            .headers
            .extend(headers.iter().map(|(name, value)| ((*name).into(), (*value).into())));
        let answer = request.verify(&server, SystemTime::UNIX_EPOCH).unwrap();
        let answer = answer.map(|principal| principal.name);
        let answer =
            answer.as_deref().map_err(|denied| (denied.status().as_u16(), denied.pai_code()));
        assert_eq!(answer, expected.map_err(|code| (401, code)), "{headers:?}");
    }
}

#[test]
fn malformed_headers_are_refused_with_a_reason() {
    let digits = "0".repeat(64);
    let names =
        "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version";
    let acs3 = |credential: &str, names: &str, signature: &str| {
        format!(
            "ACS3-HMAC-SHA256 Credential={credential},SignedHeaders={names},Signature={signature}"
        )
    };
    let long_nonce = "n".repeat(257);
    let long = format!("ACS3-HMAC-SHA256 {}", "x".repeat(8192));
    let (missing, wrong, date) =
        ("MissingAuthorization", "SignatureDoesNotMatch", "InvalidTimeStamp");
    for (text, header, value, status, code) in [
        (LIST, "authorization", acs3("dummyAK", names, &digits), 403, wrong),
        (LIST, "authorization", acs3("otherAK", names, &digits), 401, "InvalidAccessKeyId"),
        (LIST, "authorization", acs3("", names, &digits), 401, missing),
        (LIST, "authorization", acs3("dummyAK", names, &digits[1..]), 401, missing),
        (LIST, "authorization", acs3("dummyAK", names, &format!("{digits}00")), 401, missing),
        (LIST, "authorization", acs3("dummyAK", names, &digits.replace('0', "A")), 401, missing),
        (LIST, "authorization", acs3("dummyAK", names, &digits.replace('0', "g")), 401, missing),
        (LIST, "authorization", acs3("dummyAK", names, &format!("{digits},x=y")), 401, missing),
        (LIST, "authorization", acs3("dummyAK", "", &digits), 403, wrong),
        (LIST, "authorization", acs3("dummyAK", &names.replace('h', "H"), &digits), 401, missing),
        (LIST, "authorization", acs3("dummyAK", &format!("{names};host"), &digits), 401, missing),
        (LIST, "authorization", acs3("dummyAK", &format!("host;{names}"), &digits), 401, missing),
        (LIST, "authorization", acs3("dummyAK", &format!("{names};z z"), &digits), 401, missing),
        (LIST, "authorization", acs3("dummyAK", &format!("{names};"), &digits), 401, missing),
        (LIST, "authorization", acs3("dummyAK", &format!("{names};zz"), &digits), 403, wrong),
        (LIST, "authorization", acs3("dummyAK", &names[5..], &digits), 403, wrong),
        (LIST, "authorization", "ACS3-HMAC-SHA256".into(), 401, missing),
        (LIST, "authorization", "ACS3-HMAC-SHA256 Signature=,Credential=".into(), 401, missing),
        (LIST, "authorization", "ACS3-RSA-SHA256 Credential=a".into(), 401, missing),
        (LIST, "authorization", "ACS4-HMAC-SHA256 Credential=a".into(), 401, missing),
        (LIST, "authorization", "Basic ZHVtbXlBSzpkdW1teVNL".into(), 401, missing),
        (LIST, "authorization", "schlüssel".into(), 401, missing),
        (LIST, "authorization", String::new(), 401, missing),
        (LIST, "authorization", long, 401, missing),
        (LIST, "x-acs-bearer-token", "tok123".into(), 401, missing),
        (LIST, "x-acs-date", "Sat, 21 Nov 2026 05:40:27 GMT".into(), 403, date),
        (LIST, "x-acs-date", "2026-11-31T05:40:27Z".into(), 403, date),
        (LIST, "x-acs-date", "2026-11-21T05:40:27Z.".into(), 403, date),
        (LIST, "x-acs-date", "9999-12-31T23:59:59Z".into(), 403, date),
        (LIST, "x-acs-date", String::new(), 403, date),
        (LIST, "x-acs-signature-nonce", String::new(), 401, missing),
        (LIST, "x-acs-signature-nonce", long_nonce, 401, missing),
        (LIST, "x-acs-content-sha256", digits.clone(), 403, "ContentDigestMismatch"),
        (LIST, "x-acs-content-sha256", "UNSIGNED-PAYLOAD".into(), 403, "ContentDigestMismatch"),
        (PDS_GET, "authorization", "acs".into(), 401, missing),
        (PDS_GET, "authorization", "acs dummyAK".into(), 401, missing),
        (PDS_GET, "authorization", "acs dummyAK:".into(), 401, missing),
        (PDS_GET, "authorization", "acs :C9qCitljYQczatAOoz7A38CycNo=".into(), 401, missing),
        (PDS_GET, "authorization", "acs dummyAK:C9qCitljYQczatAOoz7A38CycN-=".into(), 401, missing),
        (PDS_GET, "authorization", "acs dummyAK:C9qCitljYQczatAOoz7A38CycNoo".into(), 403, wrong),
        (
            PDS_GET,
            "authorization",
            "acs x:C9qCitljYQczatAOoz7A38CycNo=".into(),
            401,
            "InvalidAccessKeyId",
        ),
        (PDS_GET, "date", "2026-11-21T05:41:17Z".into(), 403, date),
        (PDS_GET, "date", "Fri, 21 Nov 2026 05:41:17 GMT".into(), 403, date),
        (PDS_GET, "x-acs-signature-method", "HMAC-SHA256".into(), 401, missing),
        (PDS_GET, "x-acs-signature-version", "2.0".into(), 401, missing),
    ] {
        let request = Request::new(text).with(header, &[value.as_bytes()]);
        let now = Request::new(text).date();
        let denied = request.verify(&verifier("dummySK", None), now).unwrap().unwrap_err();
        let case = format!("{header}: {value} gave {denied}");
        assert_eq!((denied.status().as_u16(), denied.pai_code()), (status, code), "{case}");
        let pds = if status == 401 { "AccessTokenInvalid" } else { "ForbiddenNoPermission" };
        assert_eq!(denied.pds_code(), pds, "{case}");
        assert!(!denied.to_string().contains("dummySK"), "{case}");
    }
}

#[test]
fn signed_headers_are_needed_once_each() {
    let needed = ["x-acs-signature-nonce", "x-acs-version", "x-acs-action"];
    for (text, others) in [
        (LIST, &["host", "x-acs-date", "x-acs-content-sha256"][..]),
        (PDS_GET, &["date", "x-acs-signature-method", "x-acs-signature-version"]),
    ] {
        for name in needed.iter().chain(others) {
            let request = Request::new(text);
            let (now, server) = (request.date(), verifier("dummySK", None));
            let header: HeaderName = name.parse().unwrap();
            let answer = request.with(name, &[]).verify(&server, now);
            assert_eq!(answer, Some(Err(Denied::MissingHeader(header.clone()))));
            let answer = request.with(name, &[b"1.0", b"1.0"]).verify(&server, now);
            assert_eq!(answer, Some(Err(Denied::RepeatedHeader(header))));
        }
    }
}

#[test]
fn headers_that_must_be_signed_are_among_signed_headers() {
    let request = Request::new(LIST);
    let authorization = request.header("authorization").unwrap();
    for name in [
        "host",
        "x-acs-action",
        "x-acs-content-sha256",
        "x-acs-date",
        "x-acs-signature-nonce",
        "x-acs-version",
    ] {
        let fewer = authorization.replace(&format!(";{name}"), "");
        let denied = denied(&request.with("authorization", &[fewer.as_bytes()]));
        assert_eq!(denied, Denied::UnsignedHeader(name.parse().unwrap()));
        assert_eq!(denied.pai_code(), "SignatureDoesNotMatch");
    }
}

#[test]
fn no_byte_in_a_header_makes_trouble() {
    for text in [LIST, TEMPORARY, PDS_GET] {
        let request = Request::new(text);
        let (now, server) = (request.date(), verifier("dummySK", None));
        for name in signed_headers(&request).iter().chain([&"authorization".to_owned()]) {
            let value = request.header(name).unwrap().as_bytes();
            for byte in (0..=u8::MAX).filter(|byte| !b" \t".contains(byte)) {
                for value in [vec![byte], [&[byte], value].concat(), [value, &[byte]].concat()] {
                    if let Some(answer) = request.with(name, &[&value]).verify(&server, now) {
                        answer.expect_err(name);
                    }
                }
            }
        }
    }
}

#[test]
fn what_is_said_to_the_client() {
    let list = Request::new(LIST);
    let server = verifier("dummySK", None);
    let far = Duration::from_secs(960);
    for (now, words) in [(list.date() + far, "behind"), (list.date() - far, "ahead of")] {
        let message = list.verify(&server, now).unwrap().unwrap_err().to_string();
        let expected = format!(
            "the date of the request is 960 seconds {words} this server's clock; up to 900 seconds \
             either way are accepted"
        );
        assert_eq!(message, expected);
    }
    assert_eq!(
        denied(&list.with("x-acs-version", &[])).to_string(),
        "the request lacks the header x-acs-version"
    );
    let message = denied(&list.with("x-acs-action", &[b"DeleteDataset"])).to_string();
    assert!(message.starts_with("the signature is not that of this request"), "{message}");
    assert_eq!(Denied::TooManyNonces.status(), 429);
    assert_eq!(Denied::TooManyNonces.pai_code(), "Throttling");
    assert_eq!(Denied::TooManyNonces.pds_code(), "TooManyRequests");
}

const KEYS_FILE: &str = r#"
[[access_key]]
id = "dummyAK"
secret = "dummySK"

[[access_key]]
id = "temporary"
secret = "hunter2"
security_token = "STS.tok"

[[bearer]]
name = "ci"
token = "tok123"
"#;

/// Keys from a file with `contents` that others can read or not.
fn keys_of(contents: &str, mode: u32) -> Result<Keys, KeysError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.toml");
    std::fs::write(&path, contents).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    #[cfg(not(unix))]
    let _ = mode;
    Keys::from_file(&path)
}

#[test]
fn a_keys_file_opens_the_server() {
    let keys = keys_of(KEYS_FILE, 0o600).unwrap();
    assert!(!keys.is_empty());
    let shown = format!("{keys:?}");
    for (text, is_shown) in [
        ("dummyAK", true),
        ("temporary", true),
        ("ci", true),
        ("dummySK", false),
        ("hunter2", false),
        ("STS.tok", false),
        ("tok123", false),
    ] {
        assert_eq!(shown.contains(text), is_shown, "{text} in {shown}");
    }
    let server = Verifier::new(keys);
    for text in [LIST, CREATE, PDS_GET] {
        let request = Request::new(text);
        assert_eq!(name(request.verify(&server, request.date())), "dummyAK");
    }
}

#[test]
fn bad_keys_files_are_refused_without_telling_what_is_in_them() {
    let key = |rest: &str| format!("[[access_key]]\nid = \"a\"\n{rest}\n");
    let bearer = |name: &str, token: &str| format!("[[bearer]]\nname = {name}\ntoken = {token}\n");
    let twice = |text: String| format!("{text}{text}");
    let tokens = bearer("'a'", "'hunter2'") + &bearer("'b'", "'hunter2'");
    for (contents, expected) in [
        (String::new(), "has no key; give it an [[access_key]]"),
        ("# hunter2\n".into(), "has no key"),
        (key("secret = 'hunter2'\nsecrt = 'hunter2'"), "line 4 of the keys file"),
        (key("secrt = 'hunter2'"), "with id, secret and, if there is one, security_token"),
        (key(""), "line 1 of"),
        (key("secret = 2\n# hunter2"), "line 3 of"),
        (key("secret = hunter2"), "line 3 of"),
        (key("secret = \"hunter2"), "line 3 of"),
        (key("hunter2"), "line 3 of"),
        (key("secret = 'hunter2'\nsecret = 'hunter2'"), "line 4 of"),
        ("[[acces_key]]\nid = 'hunter2'\n".into(), "line 1 of"),
        ("[access_key]\nid = 'a'\nsecret = 'hunter2'\n".into(), "every value in quotes"),
        (key("secret = ''"), "access key number 1 has a secret that is empty"),
        (key("secret = 'hunter2 '"), "access key number 1 has a secret"),
        (key("secret = 'hunter2'\nsecurity_token = ''"), "has a security token that is empty"),
        (twice(key("secret = 'hunter2'")), "access key number 2 has an id that another has"),
        ("[[access_key]]\nid = 'a:b'\nsecret = 'hunter2'".into(), "number 1 has an id that"),
        ("[[access_key]]\nid = ''\nsecret = 'hunter2'".into(), "number 1 has an id that is empty"),
        (bearer("''", "'hunter2'"), "bearer token number 1 has a name that is empty"),
        (bearer("'a'", "''"), "bearer token number 1 has a token that is empty"),
        (bearer("'a'", "'hunter2\u{e9}'"), "bearer token number 1 has a token"),
        (twice(bearer("'a'", "'hunter2'")), "number 2 has a name that another has"),
        (tokens, "number 2 has a token that another has"),
        (" ".repeat(1024 * 1024 + 1), "is longer than 1 MiB"),
    ] {
        let error = keys_of(&contents, 0o600).unwrap_err();
        let message = error.to_string();
        assert!(message.contains(expected), "{message}\nlacks: {expected}");
        let debug = format!("{error:?}");
        assert!(!message.contains("hunter2") && !debug.contains("hunter2"), "{message}\n{debug}");
    }
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path(), &folder.path().join("none.toml")] {
        let message = Keys::from_file(path).unwrap_err().to_string();
        assert!(message.contains("cannot be read: "), "{message}");
    }
}

#[cfg(unix)]
#[test]
fn a_keys_file_that_others_can_read_is_refused() {
    for mode in [0o644, 0o640, 0o604, 0o620, 0o601] {
        let message = keys_of(KEYS_FILE, mode).unwrap_err().to_string();
        assert!(message.contains("chmod 600 '"), "{mode:o}: {message}");
    }
    for mode in [0o600, 0o400, 0o700] {
        keys_of(KEYS_FILE, mode).unwrap();
    }
}

#[test]
fn keys_from_the_environment() {
    const ID: (&str, &str) = ("FILEDEX_ACCESS_KEY_ID", "dummyAK");
    const SECRET: (&str, &str) = ("FILEDEX_ACCESS_KEY_SECRET", "dummySK");
    const TOKEN: (&str, &str) = ("FILEDEX_SECURITY_TOKEN", "STS.tok");
    const BEARER: (&str, &str) = ("FILEDEX_BEARER_TOKEN", "tok123");
    let keys = |variables: &[(&str, &str)]| {
        let set = variables.to_vec();
        Keys::from_variables(move |name| {
            set.iter().find(|variable| variable.0 == name).map(|(_, value)| OsString::from(value))
        })
    };
    assert!(keys(&[]).unwrap().is_empty());
    let server = Verifier::new(keys(&[ID, SECRET, TOKEN, BEARER]).unwrap());
    let request = Request::new(TEMPORARY);
    assert_eq!(name(request.verify(&server, request.date())), "dummyAK");
    let request = Request::new("GET /\nauthorization: Bearer tok123\n\n");
    assert_eq!(name(request.verify(&server, SystemTime::UNIX_EPOCH)), "environment");
    for (variables, expected) in [
        (&[ID][..], "FILEDEX_ACCESS_KEY_ID is set but FILEDEX_ACCESS_KEY_SECRET is not"),
        (&[SECRET], "FILEDEX_ACCESS_KEY_SECRET is set but FILEDEX_ACCESS_KEY_ID is not"),
        (&[TOKEN, BEARER], "FILEDEX_SECURITY_TOKEN is set but FILEDEX_ACCESS_KEY_ID is not"),
        (&[ID, ("FILEDEX_ACCESS_KEY_SECRET", "")], "FILEDEX_ACCESS_KEY_SECRET is empty"),
        (&[("FILEDEX_BEARER_TOKEN", "")], "FILEDEX_BEARER_TOKEN is empty"),
        (&[("FILEDEX_BEARER_TOKEN", "two words")], "FILEDEX_BEARER_TOKEN is empty, or has blanks"),
        (&[("FILEDEX_ACCESS_KEY_ID", "a,b"), SECRET], "access key number 1 has an id"),
    ] {
        let message = keys(variables).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}\nlacks: {expected}");
        assert!(!message.contains("dummySK") && !message.contains("two words"), "{message}");
    }
}
