//! A small registry over loopback, as a test says, and the client under test in front of it.

use std::time::Duration;

use axum::response::Response;
use landfall::auth::LoginFiles;
use landfall::domain::{CredentialSource, Digest, ImageName, Probe, SecretSource, SourceId, Tag, TagRef};
use landfall::source::{Oci, OciOptions};
use sha2::{Digest as _, Sha256};

use crate::loopback::{Loopback, Seen, answer};

pub(crate) const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(crate) const PASSWORD: &str = "CANARY_d3adb33f";

pub(crate) fn options(host: &str) -> OciOptions {
    OciOptions {
        host: SourceId::parse(host).unwrap(),
        plain_http: true,
        credential: CredentialSource::Anonymous,
        ca_pem: None,
        in_flight: 16,
        timeout: Duration::from_secs(5),
        realm_hosts: Vec::new(),
        login_files: Some(LoginFiles::default()),
        address: None,
    }
}

pub(crate) fn anonymous(server: &Loopback) -> Oci {
    Oci::new(options(&server.host())).unwrap()
}

/// The client with a user `ci` whose password is in a file that lives as long as the folder.
pub(crate) fn with_password(server: &Loopback, folder: &tempfile::TempDir) -> Oci {
    let file = folder.path().join("password");
    std::fs::write(&file, PASSWORD).unwrap();
    let credential = CredentialSource::Basic { username: "ci".to_owned(), password: SecretSource::File(file) };
    Oci::new(OciOptions { credential, ..options(&server.host()) }).unwrap()
}

pub(crate) fn image(server: &Loopback) -> ImageName {
    named(server, "acme/app")
}

pub(crate) fn named(server: &Loopback, repository: &str) -> ImageName {
    ImageName::parse(&format!("{}/{repository}", server.host())).unwrap()
}

pub(crate) fn tag(server: &Loopback, tag: &str) -> TagRef {
    TagRef { image: image(server), tag: Tag::parse(tag).unwrap() }
}

pub(crate) fn digest(content: impl AsRef<[u8]>) -> Digest {
    Digest::sha256(Sha256::digest(content).into())
}

pub(crate) fn some_digest() -> Digest {
    digest("some")
}

pub(crate) fn manifest() -> String {
    let (config, layer) = (digest("config"), digest("layer"));
    format!(
        r#"{{"schemaVersion":2,"mediaType":"{OCI_MANIFEST}",
        "config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{config}","size":6}},
        "layers":[{{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"{layer}","size":5}}],
        "annotations":{{"org.opencontainers.image.revision":"abc","org.opencontainers.image.created":"2026-01-02T03:04:05Z"}}}}"#
    )
}

/// A manifest as a registry serves it.
pub(crate) fn served(kind: &str, body: &str) -> Response {
    let digest = digest(body).to_string();
    answer(200, &[("content-type", kind), ("docker-content-digest", &digest)], body.to_owned())
}

pub(crate) fn envelope(status: u16, code: &str, message: &str) -> Response {
    let body = format!(r#"{{"errors":[{{"code":"{code}","message":"{message}","detail":null}}]}}"#);
    answer(status, &[("content-type", "application/json")], body)
}

pub(crate) fn challenge(seen: &Seen, more: &str) -> Response {
    let host = seen.header("host").unwrap();
    let value = format!(r#"Bearer realm="http://{host}/token",service="reg"{more}"#);
    answer(401, &[("www-authenticate", &value)], r#"{"errors":[{"code":"UNAUTHORIZED","message":"login first"}]}"#)
}

/// Answers as a registry with a token service on the same host does: `ci` with the password, and nobody else, gets
/// a token for the repository that it asks about.
pub(crate) fn guarded(seen: &Seen, inside: impl Fn(&Seen) -> Response) -> Response {
    if seen.path.starts_with("/token") {
        // base64 of ci:CANARY_d3adb33f
        return match seen.header("authorization") {
            Some("Basic Y2k6Q0FOQVJZX2QzYWRiMzNm") => answer(200, &[], r#"{"token":"good","expires_in":300}"#),
            _ => envelope(401, "UNAUTHORIZED", "incorrect username or password"),
        };
    }
    match seen.header("authorization") {
        Some("Bearer good") => inside(seen),
        Some(_) => challenge(seen, r#",error="invalid_token""#),
        None => challenge(seen, ""),
    }
}

/// Returns the one word that a probe comes down to.
pub(crate) fn word<T>(probe: &Probe<T>) -> String {
    match probe {
        Probe::Present(_) => "present".to_owned(),
        Probe::Absent(absence) => absence.code.to_string(),
        Probe::Unseen(failure) => failure.label().to_owned(),
    }
}

pub(crate) fn present<T: std::fmt::Debug>(probe: Probe<T>) -> T {
    match probe {
        Probe::Present(value) => value,
        other => panic!("{other:?}"),
    }
}
