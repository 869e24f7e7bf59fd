//! Files that carry their own end, and what is none of them.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use landfall::domain::{Batch, CredentialKind, CredentialRecord, Expiry, Failure};
use landfall::source::{CredentialFiles, ExpirySource};
use proptest::prelude::*;
use rstest::rstest;

use crate::{now, source};

async fn scan(path: &Path) -> Result<Batch<CredentialRecord>, Failure> {
    let files = CredentialFiles { id: source("files"), files: vec![path.to_owned()] };
    files.scan(now()).await.remove(0).found
}

async fn read(contents: impl AsRef<[u8]>) -> Result<Batch<CredentialRecord>, Failure> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("it");
    std::fs::write(&path, contents).unwrap();
    scan(&path).await
}

fn pem(name: &str, from: (i32, u8, u8), to: (i32, u8, u8)) -> String {
    let mut params = rcgen::CertificateParams::new(vec!["api.example".to_owned()]).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::OrganizationName, "acme");
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params.not_before = rcgen::date_time_ymd(from.0, from.1, from.2);
    params.not_after = rcgen::date_time_ymd(to.0, to.1, to.2);
    params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().pem()
}

fn at(text: &str) -> Expiry {
    Expiry::At(text.parse().unwrap())
}

#[tokio::test]
async fn every_certificate_of_a_bundle_is_read_expired_and_endless_ones_too() {
    let bundle = [
        pem("api.example", (2026, 1, 1), (2026, 12, 1)),
        pem("old\u{1b}[2Jexample", (2019, 1, 1), (2020, 1, 1)),
        pem("far", (2026, 1, 1), (2051, 1, 1)),
        pem("endless", (2026, 1, 1), (9999, 12, 31)),
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n".to_owned(),
    ];
    let batch = read(bundle.concat()).await.unwrap();
    let ends: Vec<_> = batch.items.iter().map(|it| (it.name.as_str(), it.expiry.clone())).collect();
    let wanted = [
        ("api.example", at("2026-12-01T00:00:00Z")),
        ("oldexample", at("2020-01-01T00:00:00Z")),
        ("far", at("2051-01-01T00:00:00Z")),
        ("endless", Expiry::Never),
    ];
    assert_eq!(ends, wanted);
    assert_eq!(batch.skipped, 1, "the broken one is counted");
    assert_eq!(batch.items[0].created_at, Some("2026-01-01T00:00:00Z".parse().unwrap()));
}

fn string(text: &[u8]) -> Vec<u8> {
    [&u32::try_from(text.len()).unwrap().to_be_bytes(), text].concat()
}

fn ssh(kind: &str, fields: usize, from: u64, to: u64) -> String {
    let mut blob = [string(kind.as_bytes()), string(b"nonce")].concat();
    (0..fields).for_each(|_| blob.extend(string(b"key")));
    blob.extend([&7u64.to_be_bytes()[..], &1u32.to_be_bytes()].concat());
    blob.extend(
        [string(b"deploy\x1b[2J@ci"), string(b""), from.to_be_bytes().into(), to.to_be_bytes().into()].concat(),
    );
    format!("{kind} {} comment\n", STANDARD.encode(blob))
}

#[rstest]
#[case("ssh-ed25519-cert-v01@openssh.com", 1)]
#[case("ssh-rsa-cert-v01@openssh.com", 2)]
#[case("ecdsa-sha2-nistp256-cert-v01@openssh.com", 2)]
#[case("sk-ssh-ed25519-cert-v01@openssh.com", 2)]
#[case("sk-ecdsa-sha2-nistp256-cert-v01@openssh.com", 3)]
#[tokio::test]
async fn ssh_certificates_are_read_from_their_blob(#[case] kind: &str, #[case] fields: usize) {
    let batch = read(ssh(kind, fields, 1_788_220_800, 1_796_083_200)).await.unwrap();
    let record = &batch.items[0];
    assert_eq!((record.name.as_str(), &record.kind), ("deploy@ci", &CredentialKind::SshCertificate));
    assert_eq!(record.expiry, at("2026-12-01T00:00:00Z"));
    let forever = read(ssh(kind, fields, 0, u64::MAX)).await.unwrap();
    assert_eq!((&forever.items[0].expiry, forever.items[0].created_at), (&Expiry::Never, None));
}

fn jwt(payload: &str) -> String {
    format!("{}.{}.CANARYsignature\n", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), URL_SAFE_NO_PAD.encode(payload))
}

#[rstest]
#[case(r#"{"exp":1796083200,"iat":1788220800,"jti":"CANARY"}"#, at("2026-12-01T00:00:00Z"))]
#[case(r#"{"exp":1796083200.5}"#, at("2026-12-01T00:00:00Z"))]
#[case(r#"{"exp":253402300799}"#, Expiry::Never)]
#[case(r#"{"sub":"x"}"#, Expiry::Untold)]
#[tokio::test]
async fn of_a_jwt_the_dates_are_read_and_nothing_else(#[case] payload: &str, #[case] expiry: Expiry) {
    let batch = read(jwt(payload)).await.unwrap();
    assert_eq!((&batch.items[0].expiry, &batch.items[0].kind), (&expiry, &CredentialKind::Jwt));
    assert!(!format!("{batch:?}").contains("CANARY"));
}

#[rstest]
#[case::a_plain_secret("CANARYhunter2")]
#[case::two_dots("a.CANARY.c")]
#[case::nothing("")]
#[case::a_truncated_certificate("ssh-ed25519-cert-v01@openssh.com AAAA")]
#[case::a_private_key("-----BEGIN PRIVATE KEY-----\nCANARY\n-----END PRIVATE KEY-----\n")]
#[tokio::test]
async fn what_is_none_of_them_is_a_failure_and_is_not_repeated(#[case] contents: &str) {
    let failure = read(contents).await.unwrap_err();
    assert!(matches!(failure, Failure::Malformed(_)), "{failure:?}");
    assert!(!failure.to_string().contains("CANARY"));
}

#[tokio::test]
async fn what_cannot_be_opened_is_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(scan(folder.path()).await, Err(Failure::Withheld(_))));
    assert!(matches!(scan(&folder.path().join("missing")).await, Err(Failure::Withheld(_))));
    assert!(matches!(read([0xff, 0xfe, 0]).await, Err(Failure::Malformed(_))));
    assert!(matches!(read(vec![b'a'; (4 << 20) + 1]).await, Err(Failure::TooLarge { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn no_bytes_in_a_frame_make_it_stumble(bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in 0usize..400) {
        let good = pem("api.example", (2026, 1, 1), (2026, 12, 1));
        let der = STANDARD.decode(good.lines().filter(|line| !line.starts_with('-')).collect::<String>()).unwrap();
        let mut spoiled = der[..cut.min(der.len())].to_vec();
        spoiled.extend(&bytes);
        let text = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(&spoiled));
        let ssh = format!("ssh-rsa-cert-v01@openssh.com {}\n", STANDARD.encode(&bytes));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for contents in [text.as_bytes(), ssh.as_bytes(), &bytes] {
            let _ = runtime.block_on(read(contents));
        }
    }
}
