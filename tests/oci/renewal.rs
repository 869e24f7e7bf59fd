//! Whose login was refused, and whether there is another by now.

use std::path::{Path, PathBuf};
use std::time::Duration;

use landfall::auth::LoginFiles;
use landfall::domain::{CredentialSource, Failure, Probe, SecretSource};
use landfall::source::{Oci, OciOptions, Registry};

use crate::loopback::{Loopback, Seen, answer};
use crate::registry::{OCI_MANIFEST, anonymous, challenge, envelope, manifest, options, served, tag, word};

/// `user:good`, as a `Basic` header carries it.
const GOOD: &str = "Basic dXNlcjpnb29k";

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// Wants this login with every request.
async fn basic() -> Loopback {
    Loopback::answering(|seen| match seen.header("authorization") {
        Some(GOOD) => served(OCI_MANIFEST, &manifest()),
        _ => answer(401, &[("www-authenticate", "Basic realm=\"reg\"")], ""),
    })
    .await
}

/// Has a token service that wants this login.
async fn bearer() -> Loopback {
    Loopback::answering(|seen| match (seen.path.starts_with("/token"), seen.header("authorization")) {
        (true, Some(GOOD)) => answer(200, &[], r#"{"token":"t"}"#),
        (true, _) => envelope(401, "UNAUTHORIZED", "incorrect username or password"),
        (false, Some("Bearer t")) => served(OCI_MANIFEST, &manifest()),
        (false, _) => challenge(seen, ""),
    })
    .await
}

fn with(server: &Loopback, password: SecretSource) -> Oci {
    let credential = CredentialSource::Basic { username: "user".to_owned(), password };
    Oci::new(OciOptions { credential, ..options(&server.host()) }).unwrap()
}

fn docker(server: &Loopback, file: PathBuf) -> Oci {
    let login_files = Some(LoginFiles(vec![file]));
    Oci::new(OciOptions { credential: CredentialSource::Docker, login_files, ..options(&server.host()) }).unwrap()
}

fn login_file(server: &Loopback, password: &str) -> String {
    format!(r#"{{"auths":{{"{}":{{"username":"user","password":"{password}"}}}}}}"#, server.host())
}

async fn said(oci: &Oci, server: &Loopback) -> String {
    match oci.tag(&tag(server, "v1")).await {
        Probe::Unseen(failure @ Failure::Auth { .. }) => failure.to_string(),
        other => panic!("{other:?}"),
    }
}

async fn later(seconds: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_new_password_in_its_file_is_noticed_without_asking_the_registry() {
    for server in [basic().await, bearer().await] {
        let folder = folder();
        let oci = with(&server, SecretSource::File(write(folder.path(), "password", "bad")));
        assert!(!oci.renewed().await, "nothing was refused yet");
        let said = said(&oci, &server).await;
        assert!(said.contains("the login of 127.0.0.1:") && said.contains("(user, password from the file "), "{said}");
        assert!(!oci.renewed().await);
        let asked = server.asked();
        write(folder.path(), "password", "good");
        assert!(oci.renewed().await);
        assert_eq!(server.asked(), asked);
        assert_eq!(word(&oci.tag(&tag(&server, "v1")).await), "present");
    }
}

#[tokio::test]
async fn a_new_login_in_dockers_file_is_noticed() {
    for server in [basic().await, bearer().await] {
        let folder = folder();
        let path = write(folder.path(), "config.json", &login_file(&server, "bad"));
        let oci = docker(&server, path.clone());
        let said = said(&oci, &server).await;
        assert!(said.contains(&format!("the login of {} (from the file {})", server.host(), path.display())), "{said}");
        write(folder.path(), "config.json", &login_file(&server, "worse"));
        assert!(oci.renewed().await);
        self::said(&oci, &server).await;
        assert!(!oci.renewed().await, "this one was refused too");
        write(folder.path(), "config.json", &login_file(&server, "good"));
        assert!(oci.renewed().await);
        assert_eq!(word(&oci.tag(&tag(&server, "v1")).await), "present");
    }
}

#[tokio::test]
async fn a_login_where_there_was_none_is_a_renewal() {
    let server = basic().await;
    let folder = folder();
    let path = write(folder.path(), "config.json", "{}");
    let oci = docker(&server, path);
    let said = said(&oci, &server).await;
    assert!(!said.contains("the login of"), "{said}");
    assert!(!oci.renewed().await);
    write(folder.path(), "config.json", &login_file(&server, "good"));
    assert!(oci.renewed().await);
}

#[tokio::test]
async fn a_login_file_that_is_mended_is_a_renewal() {
    let server = basic().await;
    let folder = folder();
    let path = write(folder.path(), "config.json", "{");
    let oci = docker(&server, path);
    let said = said(&oci, &server).await;
    assert!(said.contains("the login of 127.0.0.1:") && said.contains("is no JSON"), "{said}");
    assert!(!oci.renewed().await);
    write(folder.path(), "config.json", r#"{"auths":{}}"#);
    assert!(oci.renewed().await, "it may be asked anonymously now");
}

#[tokio::test]
async fn a_command_is_run_again_only_after_a_refusal_and_half_a_minute() {
    let server = bearer().await;
    let folder = folder();
    let path = write(folder.path(), "password", "bad");
    let command = ["cat", path.to_str().unwrap()].map(str::to_owned).to_vec();
    let oci = with(&server, SecretSource::Command(command));
    let said = said(&oci, &server).await;
    assert!(said.contains("password from the command cat)"), "{said}");
    write(folder.path(), "password", "good");
    assert!(!oci.renewed().await);
    later(31).await;
    assert!(oci.renewed().await);
    assert_eq!(word(&oci.tag(&tag(&server, "v1")).await), "present");
}

#[tokio::test]
async fn what_the_environment_holds_is_never_renewed() {
    let server = basic().await;
    let oci = with(&server, SecretSource::Env("PATH".to_owned()));
    let said = said(&oci, &server).await;
    assert!(said.contains("(user, password from $PATH)") && !said.contains("/bin"), "{said}");
    later(3_600).await;
    assert!(!oci.renewed().await);
    assert!(!anonymous(&server).renewed().await);
}

#[tokio::test]
async fn tokens_of_the_old_login_end_with_it() {
    // The old login may not read blobs, the new one may.
    let server =
        Loopback::answering(|seen: &Seen| match (seen.path.starts_with("/token"), seen.header("authorization")) {
            (true, Some(GOOD)) => answer(200, &[], r#"{"token":"wide","expires_in":3600}"#),
            (true, _) => answer(200, &[], r#"{"token":"narrow","expires_in":3600}"#),
            (false, Some("Bearer wide")) => served(OCI_MANIFEST, &manifest()),
            (false, Some("Bearer narrow")) => challenge(seen, r#",error="insufficient_scope""#),
            (false, _) => challenge(seen, ""),
        })
        .await;
    let folder = folder();
    let oci = docker(&server, write(folder.path(), "config.json", &login_file(&server, "narrow")));
    said(&oci, &server).await;
    write(folder.path(), "config.json", &login_file(&server, "good"));
    assert!(oci.renewed().await);
    assert_eq!(word(&oci.tag(&tag(&server, "v1")).await), "present");
}
