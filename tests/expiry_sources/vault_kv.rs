//! Key-value secrets: what their metadata tells, and names that mean harm.

use landfall::domain::{CredentialRecord, Evidence, Expiry, Failure};
use rstest::rstest;

use crate::vault::{Asked, at, place, scanned, server};
use crate::{found, ids};

/// What `detailed-metadata` tells of one secret.
async fn secret(metadata: &str) -> Option<CredentialRecord> {
    let body = format!(r#"{{"data":{{"keys":["db"],"key_info":{{"db":{metadata}}}}}}}"#);
    let server = server(move |_| Some((200, body.clone()))).await;
    let scans = scanned(&server, Asked { kv: vec![place("secret", "")], ..Asked::default() }).await;
    found(&scans, "vault/secret").as_ref().unwrap().items.first().cloned()
}

#[rstest]
#[case(r#"{"expires_at":"2026-12-24"}"#, at("2026-12-24T00:00:00Z"))]
#[case(r#"{"expires_at":"2026-12-24T10:00:00+02:00"}"#, at("2026-12-24T08:00:00Z"))]
#[case(r#"{"valid_until":"1798099200"}"#, at("2026-12-24T08:00:00Z"))]
#[case(r#"{"valid_until":1798099200}"#, at("2026-12-24T08:00:00Z"))]
#[case(r#"{"valid_until":"1798099200000"}"#, at("2026-12-24T08:00:00Z"))]
#[case(r#"{"expires_at":"never"}"#, Expiry::Never)]
#[case(r#"{"expires_at":"9999-12-31T23:59:59Z"}"#, Expiry::Never)]
#[case(r#"{"expires_at":"2026-02-30"}"#, Expiry::Unreadable("2026-02-30".into()))]
#[case(r#"{"expires_at":"2026-12-24 10:00"}"#, Expiry::Unreadable("2026-12-24 10:00".into()))]
#[case(r#"{"expires_at":""}"#, Expiry::Untold)]
#[case(r#"{"owner":"CANARY"}"#, Expiry::Untold)]
#[case("null", Expiry::Untold)]
#[tokio::test]
async fn custom_metadata_tells_the_end_in_every_form(#[case] custom: &str, #[case] expected: Expiry) {
    let metadata = format!(
        r#"{{"created_time":"2026-01-01T00:00:00Z","current_version":2,"custom_metadata":{custom},"versions":{{
           "1":{{"created_time":"2026-01-01T00:00:00Z","deletion_time":"","destroyed":false}},
           "2":{{"created_time":"2026-06-01T00:00:00Z","deletion_time":"","destroyed":false}}}}}}"#
    );
    let record = secret(&metadata).await.unwrap();
    assert_eq!(record.expiry, expected);
    assert_eq!(record.evidence, if expected == Expiry::Untold { Evidence::Age } else { Evidence::Declared });
    assert_eq!(record.age_from(), Some("2026-06-01T00:00:00Z".parse().unwrap()), "the newest version counts");
    let replace = record.replace.unwrap();
    assert!(replace.as_str().starts_with("vault kv put -mount=secret db @NEW.json"), "{replace}");
}

#[rstest]
#[case::none("", None, Some(Expiry::Untold))]
#[case::to_come("2026-12-01T00:00:00.25Z", None, Some(at("2026-12-01T00:00:00.25Z")))]
#[case::ended_by_itself("2026-11-20T00:00:00.25Z", None, Some(at("2026-11-20T00:00:00.25Z")))]
#[case::deleted_by_hand("2026-11-20T00:00:00.77Z", None, None)]
#[case::declared_sooner("2026-12-01T00:00:00.25Z", Some("2026-11-29"), Some(at("2026-11-29T00:00:00Z")))]
#[case::declared_later("2026-12-01T00:00:00.25Z", Some("2027-01-01"), Some(at("2026-12-01T00:00:00.25Z")))]
#[case::declared_endless("2026-12-01T00:00:00.25Z", Some("never"), Some(at("2026-12-01T00:00:00.25Z")))]
#[tokio::test]
async fn a_version_that_is_deleted_after_a_time_ends_there_and_one_deleted_by_hand_was_meant_to(
    #[case] deletion: &str,
    #[case] declared: Option<&str>,
    #[case] expected: Option<Expiry>,
) {
    let custom = declared.map_or("null".to_owned(), |date| format!(r#"{{"expires_at":"{date}"}}"#));
    let metadata = format!(
        r#"{{"current_version":1,"custom_metadata":{custom},"versions":{{
           "1":{{"created_time":"2026-11-01T00:00:00.25Z","deletion_time":"{deletion}","destroyed":false}}}}}}"#
    );
    assert_eq!(secret(&metadata).await.map(|record| record.expiry), expected);
    let destroyed = metadata.replace("\"destroyed\":false", "\"destroyed\":true");
    assert_eq!(secret(&destroyed).await, None);
}

#[tokio::test]
async fn a_place_that_is_not_there_or_is_of_version_1_is_not_empty() {
    let server = server(|_| Some((404, r#"{"errors":[]}"#.into()))).await;
    for path in ["", "ci"] {
        let scans = scanned(&server, Asked { kv: vec![place("secret", path)], ..Asked::default() }).await;
        assert!(scans[1].found.as_ref().is_err_and(|it| matches!(it, Failure::NotFound(_))), "{scans:?}");
    }
}

#[tokio::test]
async fn one_secret_can_be_named_in_the_place_of_a_folder() {
    let server = server(|path| match path {
        "/v1/secret/metadata/ci/db" => {
            Some((200, r#"{"data":{"custom_metadata":{"expires_at":"2026-12-24"}}}"#.into()))
        }
        _ => Some((404, r#"{"errors":[]}"#.into())),
    })
    .await;
    let scans = scanned(&server, Asked { kv: vec![place("secret", "ci/db")], ..Asked::default() }).await;
    let batch = found(&scans, "vault/secret/ci/db").as_ref().unwrap();
    assert_eq!((ids(batch), &batch.items[0].expiry), (vec!["vault/secret/ci/db"], &at("2026-12-24T00:00:00Z")));
}

#[tokio::test]
async fn hostile_names_lead_nowhere_else_and_into_no_command() {
    let keys = r#"{"data":{"keys":["..","../../sys/","a\u001b[2J","x'; rm -rf ~ #","--help","ok","loop/"]}}"#;
    let server = server(move |path| match path {
        "/v1/secret/metadata?list=true" => Some((200, keys.into())),
        path if path.contains("/detailed-metadata") => None,
        path if path.ends_with("?list=true") => Some((200, r#"{"data":{"keys":["loop/"]}}"#.into())),
        _ => Some((200, r#"{"data":{}}"#.into())),
    })
    .await;
    let scans = scanned(&server, Asked { kv: vec![place("secret", "")], ..Asked::default() }).await;
    let batch = found(&scans, "vault/secret").as_ref().unwrap();
    assert!(!batch.complete, "folders without an end are left at some depth");
    assert_eq!(batch.items.len(), 3, "{batch:?}");
    let commands: Vec<_> = batch.items.iter().filter_map(|record| record.replace.as_ref()).collect();
    assert_eq!(commands.len(), 1, "{commands:?}");
    assert!(server.asked() < 1100);
    for seen in server.seen() {
        assert!(seen.path.starts_with("/v1/secret/") || seen.path == "/v1/auth/token/lookup-self", "{}", seen.path);
    }
}
