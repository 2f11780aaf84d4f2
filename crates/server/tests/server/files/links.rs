use filedex_server::files::{LinkError, LinkSigner, Purpose, Target};

const TARGET: Target<'_> =
    Target { dataset_id: "d-1/ü ?&", version_id: "v1", file_id: "0123abcd%2F..#" };

const ENDS: u64 = 2_000_000_000;

fn signer() -> LinkSigner {
    LinkSigner::with_key([7; 32])
}

fn small() -> Purpose {
    Purpose::Thumbnail("m_pad,w_20,h_10,color_0A0B0C".parse().unwrap())
}

fn query_of(link: &str) -> &str {
    link.split_once('?').unwrap().1
}

#[test]
fn round_trip() {
    for (purpose, mode) in
        [(Purpose::Download, ""), (small(), "&mode=m_pad%2Cw_20%2Ch_10%2Ccolor_0A0B0C")]
    {
        let link = signer().path_and_query(&TARGET, &purpose, ENDS);
        let start = format!(
            "/files/d-1%2F%C3%BC%20%3F%26/v1/0123abcd%252F..%23?expires={ENDS}{mode}&signature="
        );
        assert!(link.starts_with(&start), "{link}");
        let query = query_of(&link);
        assert_eq!(signer().verify(&TARGET, query, 0), Ok(purpose));
        assert_eq!(signer().verify(&TARGET, query, ENDS - 1), Ok(purpose));
        assert_eq!(signer().verify(&TARGET, query, ENDS), Err(LinkError::Expired));
        // Clients may write escapes in their own way.
        let rewritten = query.replace("%2C", ",");
        assert_eq!(signer().verify(&TARGET, &rewritten, 0), Ok(purpose));
    }
}

#[test]
fn known_signature() {
    // Python: hmac.new(bytes([7]*32), b"".join(len(p).to_bytes(8,"big")+p for p in parts), "sha256")
    let target = Target { dataset_id: "d", version_id: "v1", file_id: "f" };
    let link = signer().path_and_query(&target, &Purpose::Download, ENDS);
    assert_eq!(
        link,
        "/files/d/v1/f?expires=2000000000&signature=CEnI6F0is0EhYjRLzBWoxdACcpAAcYg_OR78lxSimZk"
    );
}

#[test]
fn tampering() {
    let link = signer().path_and_query(&TARGET, &small(), ENDS);
    let plain = signer().path_and_query(&TARGET, &Purpose::Download, ENDS);
    let (query, plain) = (query_of(&link), query_of(&plain));
    let signature = query.rsplit_once('=').unwrap().1;

    let targets = [
        Target { dataset_id: "d-1/ü ?", ..TARGET },
        Target { version_id: "v2", ..TARGET },
        Target { file_id: "0123abcd%2f..#", ..TARGET },
        Target { version_id: "", ..TARGET },
        // The same text in all, cut in other places.
        Target { dataset_id: "d-1/ü ?&v", version_id: "1", ..TARGET },
        Target { version_id: "v10", file_id: "123abcd%2F..#", ..TARGET },
    ];
    for target in targets {
        assert_eq!(signer().verify(&target, query, 0), Err(LinkError::Forged), "{target:?}");
    }

    let queries = [
        query.replace("2000000000", "2000000001"),
        query.replace("2000000000", "02000000000"),
        query.replace("2000000000", "+2000000000"),
        query.replace("2000000000", "99999999999999999999999"),
        query.replace("w_20", "w_21"),
        query.replace("0A0B0C", "0a0b0c"),
        query.replace("&mode=m_pad%2Cw_20%2Ch_10%2Ccolor_0A0B0C", ""),
        query.replace("m_pad%2Cw_20%2Ch_10%2Ccolor_0A0B0C", ""),
        plain.replace("&signature", "&mode=w_5&signature"),
        plain.replace("&signature", "&mode=&signature"),
        format!("{query}&mode=w_5"),
        format!("{query}&expires=2000000000"),
        format!("{query}&more=1"),
        format!("{query}&"),
        format!("{query}="),
        format!("{query}%3D"),
        query.replace(signature, ""),
        query.replace(signature, &signature[..signature.len() - 1]),
        query.replace(&format!("&signature={signature}"), ""),
        query.replace("expires=2000000000&", ""),
        String::new(),
        "&&&===%%%".into(),
    ];
    for changed in queries {
        assert_eq!(signer().verify(&TARGET, &changed, 0), Err(LinkError::Forged), "{changed}");
        // A forged link is never said to have ended.
        assert_eq!(
            signer().verify(&TARGET, &changed, u64::MAX),
            Err(LinkError::Forged),
            "{changed}"
        );
    }

    for at in 0..query.len() {
        for with in ["0", "A", "-"] {
            let mut changed = query.to_owned();
            changed.replace_range(at..=at, with);
            assert_eq!(
                signer().verify(&TARGET, &changed, 0).is_ok(),
                changed == query,
                "{changed}"
            );
        }
    }
}

#[test]
fn keys() {
    let link = LinkSigner::random().path_and_query(&TARGET, &Purpose::Download, ENDS);
    for other in [signer(), LinkSigner::random(), LinkSigner::with_key([0; 32])] {
        assert_eq!(other.verify(&TARGET, query_of(&link), 0), Err(LinkError::Forged));
        assert_eq!(format!("{other:?}"), "LinkSigner(..)");
    }
}
