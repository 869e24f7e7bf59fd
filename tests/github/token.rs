//! Whose token was refused, and whether there is another by now.

use std::time::{Duration, SystemTime};

use landfall::domain::{AuthKind, AuthStage, Failure, SecretSource};
use landfall::source::{CiProvider, GitHub};
use rstest::rstest;

use crate::ci::{fixture, options, service, token};
use crate::loopback::{Loopback, answer};
use crate::{JSON, REPO, two_pages};

fn github(server: &Loopback, token: Option<SecretSource>) -> GitHub {
    GitHub::new(options(server.url.clone(), token)).unwrap()
}

/// Takes this token and no other.
async fn taking(good: &'static str) -> Loopback {
    Loopback::answering(move |seen| match seen.header("authorization") {
        Some(sent) if sent == format!("Bearer {good}") => answer(200, &[JSON], fixture("github/runs_page2.json")),
        _ => answer(401, &[JSON], fixture("github/bad_credentials.json")),
    })
    .await
}

async fn look(github: &GitHub) -> Result<usize, Failure> {
    Ok(github.runs(&service(REPO, &[], &[], "{sha}"), 1).await?.items.len())
}

async fn later(seconds: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_token_file_that_changed_is_read_again() {
    let server = two_pages().await;
    let folder = tempfile::tempdir().unwrap();
    let github = github(&server, Some(token(&folder, "first")));
    look(&github).await.unwrap();
    token(&folder, "other");
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(2_000_000_000);
    std::fs::File::options().write(true).open(folder.path().join("token")).unwrap().set_modified(then).unwrap();
    later(6).await;
    look(&github).await.unwrap();
    token(&folder, "longer");
    std::fs::File::options().write(true).open(folder.path().join("token")).unwrap().set_modified(then).unwrap();
    later(6).await;
    look(&github).await.unwrap();
    let sent: Vec<_> = server.seen().iter().map(|seen| seen.header("authorization").unwrap().to_owned()).collect();
    assert_eq!(sent, ["Bearer first", "Bearer other", "Bearer longer"]);
}

#[tokio::test]
async fn a_refused_token_is_read_again_once_and_not_at_every_look() {
    let server = taking("new").await;
    let folder = tempfile::tempdir().unwrap();
    token(&folder, "old");
    let command = ["cat", folder.path().join("token").to_str().unwrap()].map(str::to_owned);
    let github = github(&server, Some(SecretSource::Command(command.to_vec())));
    let failure = look(&github).await.unwrap_err();
    assert!(
        matches!(failure, Failure::Auth { stage: AuthStage::Api, kind: AuthKind::InvalidToken, .. }),
        "{failure:?}"
    );
    token(&folder, "new");
    assert!(look(&github).await.is_err(), "it was read a moment ago");
    later(31).await;
    look(&github).await.unwrap();
    assert_eq!(server.asked(), 3, "two refused, and one after the token was read again");
}

#[tokio::test]
async fn a_token_that_is_replaced_while_it_is_refused_is_tried_at_once() {
    let server = taking("new").await;
    let folder = tempfile::tempdir().unwrap();
    token(&folder, "old");
    let command = ["cat", folder.path().join("token").to_str().unwrap()].map(str::to_owned);
    let github = github(&server, Some(SecretSource::Command(command.to_vec())));
    look(&github).await.unwrap_err();
    later(31).await;
    look(&github).await.unwrap_err();
    token(&folder, "new");
    later(31).await;
    assert!(github.renewed().await);
    look(&github).await.unwrap();
    token(&folder, "newer");
    later(31).await;
    look(&github).await.unwrap();
    assert_eq!(server.asked(), 4, "a token that works is not read again");
}

#[tokio::test]
async fn a_closed_gate_learns_of_another_token_without_asking_the_server() {
    let server = taking("new-token").await;
    let folder = tempfile::tempdir().unwrap();
    let github = github(&server, Some(token(&folder, "old")));
    assert!(!github.renewed().await, "nothing was refused yet");
    look(&github).await.unwrap_err();
    assert!(!github.renewed().await);
    token(&folder, "new-token");
    assert!(github.renewed().await);
    assert_eq!(server.asked(), 1);
    look(&github).await.unwrap();
    token(&folder, "wrong");
    later(6).await;
    look(&github).await.unwrap_err();
    assert!(!github.renewed().await, "this one was refused too");
}

#[tokio::test]
async fn another_token_that_is_refused_as_well_is_no_renewal() {
    let server = taking("new").await;
    let folder = tempfile::tempdir().unwrap();
    token(&folder, "old");
    let command = ["cat", folder.path().join("token").to_str().unwrap()].map(str::to_owned);
    let github = github(&server, Some(SecretSource::Command(command.to_vec())));
    look(&github).await.unwrap_err();
    token(&folder, "wrong");
    later(31).await;
    assert!(github.renewed().await);
    token(&folder, "wrong too");
    later(31).await;
    look(&github).await.unwrap_err();
    assert_eq!(server.asked(), 3, "one, and two at the second look");
    assert!(!github.renewed().await, "both were refused");
}

#[tokio::test]
async fn a_token_that_lacks_a_right_is_refused_too() {
    let server = Loopback::answering(|_| answer(403, &[JSON], r#"{"error":"insufficient_scope"}"#)).await;
    let folder = tempfile::tempdir().unwrap();
    let github = github(&server, Some(token(&folder, "narrow")));
    let failure = look(&github).await.unwrap_err();
    assert!(matches!(failure, Failure::Auth { kind: AuthKind::InsufficientScope, .. }), "{failure:?}");
    assert!(!github.renewed().await);
    token(&folder, "wide-one");
    assert!(github.renewed().await);
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn a_token_file_that_appears_is_a_renewal() {
    let server = taking("new").await;
    let folder = tempfile::tempdir().unwrap();
    let source = token(&folder, "");
    let github = github(&server, Some(source));
    let failure = look(&github).await.unwrap_err();
    let said = failure.to_string();
    assert!(said.contains("the token of ci: the file ") && said.contains("is empty"), "{said}");
    assert!(!github.renewed().await);
    token(&folder, "new");
    assert!(github.renewed().await);
    look(&github).await.unwrap();
}

#[tokio::test]
async fn a_token_file_that_is_gone_is_told_with_its_name_and_what_to_do() {
    let server = taking("new").await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gone");
    let github = github(&server, Some(SecretSource::File(file.clone())));
    let failure = look(&github).await.unwrap_err();
    let why = format!(
        "the credential cannot be read: the token of ci: the file {} is not there: put the secret into it, or name \
         another file",
        file.display()
    );
    assert_eq!((failure.label(), failure.to_string()), ("no credential", why));
    assert_eq!(server.asked(), 0);
}

#[tokio::test]
async fn a_limit_or_a_lack_of_rights_is_no_refusal_of_the_token() {
    for (status, body) in
        [(403, "github/not_accessible.json"), (403, "github/secondary_limit.json"), (503, "github/unicorn.html")]
    {
        let server = Loopback::answering(move |_| answer(status, &[], fixture(body))).await;
        let folder = tempfile::tempdir().unwrap();
        let github = github(&server, Some(token(&folder, "old")));
        let failure = look(&github).await.unwrap_err();
        assert!(!failure.to_string().contains("the token of"), "{failure}");
        token(&folder, "new-token");
        assert!(!github.renewed().await, "{body}");
    }
}

#[rstest]
#[case::environment(|_: &str| SecretSource::Env("PATH".to_owned()), "$PATH")]
#[case::file(|path: &str| SecretSource::File(path.into()), "the file ")]
#[case::command(|path: &str| SecretSource::Command(["cat", path].map(str::to_owned).to_vec()), "the command cat)")]
#[tokio::test]
async fn a_refusal_names_the_token_and_never_shows_it(
    #[case] source: impl Fn(&str) -> SecretSource,
    #[case] from: &str,
) {
    for body in [r#"{"message":"Bad credentials"}"#, ""] {
        let server = Loopback::answering(move |_| answer(401, &[JSON], body)).await;
        let folder = tempfile::tempdir().unwrap();
        token(&folder, "CANARY_d3adb33f");
        let path = folder.path().join("token");
        let failure = look(&github(&server, Some(source(path.to_str().unwrap())))).await.unwrap_err();
        let said = failure.to_string();
        assert!(said.contains(&format!("the token of ci (from {from}")), "{said}");
        assert_eq!(said.contains(": Bad credentials; it was "), !body.is_empty(), "{said}");
        assert!(!said.contains("CANARY") && !said.contains("/bin"), "{said}");
    }
}

#[tokio::test]
async fn without_a_token_none_is_named() {
    let server = taking("any").await;
    let github = github(&server, None);
    let failure = look(&github).await.unwrap_err();
    assert!(matches!(&failure, Failure::Auth { says, .. } if says.as_str() == "Bad credentials"), "{failure:?}");
    assert!(!github.renewed().await);
}
