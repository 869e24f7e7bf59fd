//! What Vault and OpenBao issued: certificates, and the secret ids of roles.

use http::Method;
use landfall::domain::{Expiry, Failure, SourceKind};
use landfall::source::ExpirySource;

use crate::vault::{Asked, at, scanned, server, vault};
use crate::{found, ids, now};

/// A certificate of this name and end, in PEM.
fn certificate(name: &str, end: &str) -> String {
    let mut params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    let date = |text: &str| {
        let date: jiff::civil::Date = text.parse().unwrap();
        rcgen::date_time_ymd(i32::from(date.year()), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    (params.not_before, params.not_after) = (date("2026-01-01"), date(end));
    params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().pem()
}

#[tokio::test]
async fn each_certificate_is_read_once_and_the_newest_of_a_name_stands_for_it() {
    let pems = [
        certificate("api", "2026-11-01"),
        certificate("api", "2026-12-24"),
        certificate("old", "2026-11-20"),
        certificate("ancient", "2026-03-01"),
        certificate("revoked", "2026-12-01"),
        "no certificate".to_owned(),
    ];
    let server = server(move |path| {
        let keys = r#"{"data":{"keys":["0a","1a","2a","3a","4a","5a","6a"]}}"#;
        match path {
            "/v1/pki/certs?list=true" => Some((200, keys.into())),
            "/v1/pki/certs/revoked?list=true" => Some((200, r#"{"data":{"keys":["4a"]}}"#.into())),
            "/v1/pki/cert/6a" => Some((404, r#"{"errors":[]}"#.into())),
            path => {
                let at: usize = path.strip_prefix("/v1/pki/cert/")?.trim_end_matches('a').parse().ok()?;
                Some((200, serde_json::json!({ "data": { "certificate": pems[at] } }).to_string()))
            }
        }
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let vault = vault(&server, &folder, Asked { pki: vec!["pki".into()], ..Asked::default() });
    let scans = vault.scan(now()).await;
    let batch = found(&scans, "vault/pki/certs").as_ref().unwrap();
    let mut ends: Vec<_> = batch.items.iter().map(|it| (it.id.raw(), it.expiry.clone())).collect();
    ends.sort_by_key(|(id, _)| *id);
    let expected =
        [("vault/pki/certs/api", at("2026-12-24T00:00:00Z")), ("vault/pki/certs/old", at("2026-11-20T00:00:00Z"))];
    assert_eq!(ends, expected, "the one that ended long ago was told long enough");
    assert_eq!((batch.skipped, batch.complete), (1, true));
    let asked = server.asked();
    vault.scan(now()).await;
    assert_eq!(server.asked() - asked, 4, "the token, both lists, and the one that was gone");
    let (kind, traffic) = vault.traffic().unwrap();
    assert_eq!((kind, traffic.requests), (SourceKind::Expiry, server.asked() as u64));
}

#[tokio::test]
async fn many_certificates_are_read_in_part_and_the_next_look_goes_on() {
    let keys: Vec<String> = (0..250).map(|serial| format!("{serial:03x}")).collect();
    let listed = serde_json::json!({ "data": { "keys": keys } }).to_string();
    let pem = certificate("api", "2026-12-24");
    let server = server(move |path| match path {
        "/v1/pki/certs?list=true" => Some((200, listed.clone())),
        "/v1/pki/certs/revoked?list=true" => Some((404, r#"{"errors":[]}"#.into())),
        _ => Some((200, serde_json::json!({ "data": { "certificate": pem } }).to_string())),
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let vault = vault(&server, &folder, Asked { pki: vec!["pki".into()], ..Asked::default() });
    for (complete, asked) in [(false, 203), (true, 256), (true, 259)] {
        let scans = vault.scan(now()).await;
        assert_eq!(found(&scans, "vault/pki/certs").as_ref().unwrap().complete, complete);
        assert_eq!(server.asked(), asked);
    }
}

fn role(path: &str, ttl: u32) -> Option<(u16, String)> {
    match path {
        "/v1/auth/approle/role/ci" => Some((200, format!(r#"{{"data":{{"secret_id_ttl":{ttl},"token_ttl":60}}}}"#))),
        "/v1/auth/approle/role/ci/secret-id?list=true" => Some((200, r#"{"data":{"keys":["aa-1","bb-2"]}}"#.into())),
        "/v1/auth/approle/role/ci/secret-id-accessor/lookup" => Some((
            200,
            r#"{"data":{"creation_time":"2026-11-01T00:00:00Z","expiration_time":"2026-12-01T00:00:00Z",
               "secret_id_accessor":"aa-1","secret_id_num_uses":5,"secret_id_ttl":9}}"#
                .into(),
        )),
        _ => None,
    }
}

#[tokio::test]
async fn secret_ids_are_counted_and_nothing_is_posted_unless_that_is_asked_for() {
    for (ttl, expected) in [(600, Expiry::Untold), (0, Expiry::Never)] {
        let server = server(move |path| role(path, ttl)).await;
        let scans = scanned(&server, Asked { approle: vec!["ci".into()], ..Asked::default() }).await;
        let batch = found(&scans, "vault/auth/approle/ci").as_ref().unwrap();
        assert_eq!((batch.items.len(), &batch.items[0].expiry), (1, &expected));
        assert!(batch.items[0].notes[0].as_str().starts_with("It has 2 secret ids"), "{batch:?}");
        assert!(server.seen().iter().all(|seen| seen.method == Method::GET));
    }
}

#[tokio::test]
async fn a_lookup_posts_what_names_the_secret_id_and_nothing_else() {
    let server = server(|path| role(path, 600)).await;
    let scans = scanned(&server, Asked { approle: vec!["ci".into()], lookup: true, ..Asked::default() }).await;
    let batch = found(&scans, "vault/auth/approle/ci").as_ref().unwrap();
    assert_eq!(ids(batch), ["vault/auth/approle/ci/aa-1", "vault/auth/approle/ci/bb-2"]);
    assert_eq!(batch.items[0].expiry, at("2026-12-01T00:00:00Z"));
    let posted: Vec<_> = server.seen().into_iter().filter(|seen| seen.method != Method::GET).collect();
    let [one, _] = posted.as_slice() else { panic!("{posted:?}") };
    assert_eq!(
        (one.method.clone(), one.path.as_str()),
        (Method::POST, "/v1/auth/approle/role/ci/secret-id-accessor/lookup")
    );
    assert_eq!(&one.body[..], br#"{"secret_id_accessor":"aa-1"}"#);
    let closed = self::server(|path| role(path, 600).filter(|_| !path.ends_with("lookup"))).await;
    let scans = scanned(&closed, Asked { approle: vec!["ci".into()], lookup: true, ..Asked::default() }).await;
    assert!(matches!(found(&scans, "vault/auth/approle/ci"), Err(Failure::Forbidden(_))));
}
