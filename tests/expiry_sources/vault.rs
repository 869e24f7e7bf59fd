//! Vault and OpenBao: the token that asks, what is sent with it, what refusals mean, and what never comes through.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::Method;
use jiff::{SignedDuration, Timestamp};
use landfall::domain::{CredentialRecord, CredentialScan, Expiry, Failure, KvPlace, SecretSource, Stage, Standing};
use landfall::source::{ExpirySource, Vault, VaultOptions};
use rstest::rstest;

use crate::ci::token;
use crate::loopback::{Loopback, Seen, answer};
use crate::{found, ids, now, source};

const JSON: (&str, &str) = ("content-type", "application/json");
const DENIED: &str = r#"{"errors":["1 error occurred:\n\t* permission denied\n\n"]}"#;
/// The token that asks; it must be nowhere.
const TOKEN: &str = "hvs.CANARY_token";

fn own(fields: &str) -> String {
    format!(r#"{{"data":{{"id":"{TOKEN}","accessor":"CANARY_accessor",{fields}}}}}"#)
}

fn usual() -> String {
    own(r#""ttl":3600,"expire_time":"2026-11-27T13:00:00.5Z","creation_time":1795777200,"renewable":true,
        "policies":["default","landfall"]"#)
}

pub(crate) fn place(mount: &str, path: &str) -> KvPlace {
    KvPlace { mount: mount.into(), path: path.into(), expiry_keys: vec!["expires_at".into(), "valid_until".into()] }
}

/// What is asked of the server.
#[derive(Default)]
pub(crate) struct Asked {
    pub(crate) kv: Vec<KvPlace>,
    pub(crate) pki: Vec<String>,
    pub(crate) approle: Vec<String>,
    pub(crate) lookup: bool,
    pub(crate) namespace: Option<String>,
}

pub(crate) fn vault(server: &Loopback, folder: &tempfile::TempDir, asked: Asked) -> Vault {
    with(server, token(folder, TOKEN), asked)
}

fn with(server: &Loopback, token: SecretSource, asked: Asked) -> Vault {
    Vault::new(VaultOptions {
        id: source("vault"),
        url: server.url.clone(),
        namespace: asked.namespace,
        token,
        kv: asked.kv,
        pki: asked.pki,
        approle: asked.approle,
        approle_lookup: asked.lookup,
        ca_pem: None,
        timeout: Duration::from_secs(5),
    })
    .unwrap()
}

/// A server that tells of its token, and of what `more` knows.
pub(crate) async fn server(more: impl Fn(&str) -> Option<(u16, String)> + Send + Sync + 'static) -> Loopback {
    Loopback::answering(move |seen: &Seen| {
        if seen.path == "/v1/auth/token/lookup-self" {
            return answer(200, &[JSON], usual());
        }
        let (status, body) = more(&seen.path).unwrap_or((403, DENIED.to_owned()));
        answer(status, &[JSON], body)
    })
    .await
}

pub(crate) async fn scanned(server: &Loopback, asked: Asked) -> Vec<CredentialScan> {
    let folder = tempfile::tempdir().unwrap();
    let scans = vault(server, &folder, asked).scan(now()).await;
    assert!(!format!("{scans:?}").contains("CANARY"), "a value came through: {scans:?}");
    scans
}

async fn own_token(fields: &str) -> CredentialRecord {
    let body = own(fields);
    let server = Loopback::answering(move |_| answer(200, &[JSON], body.clone())).await;
    let scans = scanned(&server, Asked::default()).await;
    found(&scans, "own/token").as_ref().unwrap().items[0].clone()
}

pub(crate) fn at(text: &str) -> Expiry {
    Expiry::At(text.parse().unwrap())
}

#[rstest]
#[case(r#""ttl":0,"expire_time":null,"policies":["root"]"#, Expiry::Never)]
#[case(r#""ttl":3600,"expire_time":"2026-11-27T13:00:00Z""#, at("2026-11-27T13:00:00Z"))]
#[case::relative_alone(r#""ttl":60,"expire_time":null"#, at("2026-11-27T12:01:00Z"))]
#[case::over(r#""ttl":0,"expire_time":"2026-11-27T11:59:00Z""#, at("2026-11-27T11:59:00Z"))]
#[case::our_clock_is_behind(r#""ttl":60,"expire_time":"2026-11-27T15:00:00Z""#, at("2026-11-27T12:01:00Z"))]
#[case::our_clock_is_ahead(r#""ttl":7200,"expire_time":"2026-11-27T12:10:00Z""#, at("2026-11-27T12:10:00Z"))]
#[case::for_ever(r#""ttl":60,"expire_time":"9999-12-31T23:59:59Z""#, at("2026-11-27T12:01:00Z"))]
#[case::no_date(r#""ttl":60,"expire_time":"soon""#, Expiry::Unreadable("soon".into()))]
#[tokio::test]
async fn the_end_of_the_token_is_the_worse_of_what_is_told(#[case] fields: &str, #[case] expected: Expiry) {
    let record = own_token(fields).await;
    assert_eq!((record.expiry, record.standing), (expected, Standing::Accepted));
}

#[tokio::test]
async fn a_token_that_can_be_renewed_says_how_and_one_at_its_limit_does_not() {
    let fields = r#""ttl":3600,"expire_time":"2026-11-27T13:00:00Z","creation_time":1795777200,"renewable":true"#;
    let record = own_token(fields).await;
    let renew = record.replace.unwrap();
    assert!(renew.as_str().starts_with("vault token renew -address=http://127.0.0.1:"), "{renew}");
    let limited = own_token(&format!(r#"{fields},"explicit_max_ttl":7200"#)).await;
    assert_eq!(limited.replace, None, "{limited:?}");
    assert!(
        limited.notes.iter().any(|note| note.as_str().contains("ends at 2026-11-27T13:00:00Z")),
        "{:?}",
        limited.notes
    );
    let renewed = own_token(&format!(r#"{fields},"last_renewal_time":1795780500"#)).await;
    assert_eq!(renewed.lifetime(), Some(SignedDuration::from_mins(65)), "its life starts anew with each renewal");
    let few = own_token(r#""ttl":60,"num_uses":3"#).await;
    assert!(few.notes[0].as_str().starts_with("It can be used 3 more times"), "{:?}", few.notes);
    let root = own_token(r#""ttl":0,"expire_time":null,"policies":["root"]"#).await;
    assert!(root.notes[0].as_str().starts_with("It is a root token"), "{:?}", root.notes);
}

#[tokio::test]
async fn a_refusal_says_that_it_does_not_say_why_and_one_after_the_end_that_it_has_ended() {
    let server = Loopback::answering(|_| answer(403, &[JSON], r#"{"errors":["permission denied"]}"#)).await;
    let scans = scanned(&server, Asked { kv: vec![place("secret", "")], ..Asked::default() }).await;
    let record = &found(&scans, "own/token").as_ref().unwrap().items[0];
    let Standing::Refused(says) = &record.standing else { panic!("{record:?}") };
    assert!(says.as_str().contains("has ended, is not known here, or its policy lacks this"), "{says}");
    assert!(matches!(found(&scans, "vault/secret"), Err(Failure::Forbidden(_))));

    let ended = Arc::new(AtomicBool::new(false));
    let over = Arc::clone(&ended);
    let server = Loopback::answering(move |_| {
        if over.load(Ordering::Relaxed) {
            answer(403, &[JSON], r#"{"errors":["permission denied"]}"#)
        } else {
            answer(200, &[JSON], own(r#""ttl":2,"expire_time":"2026-11-27T12:00:02Z","renewable":true"#))
        }
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let vault = vault(&server, &folder, Asked::default());
    let standing = async |at: Timestamp| {
        let scans = vault.scan(at).await;
        let record = found(&scans, "own/token").as_ref().unwrap().items[0].clone();
        (record.expiry, record.standing, record.replace.is_some())
    };
    let end = at("2026-11-27T12:00:02Z");
    assert_eq!(standing(now()).await, (end.clone(), Standing::Accepted, true));
    ended.store(true, Ordering::Relaxed);
    let (expiry, before, _) = standing(now()).await;
    assert!(matches!((expiry, before), (Expiry::At(_), Standing::Refused(_))), "it was revoked before its end");
    let (expiry, after, can_be_renewed) = standing(now() + SignedDuration::from_secs(3)).await;
    assert!(matches!(after, Standing::Ended(_)) && expiry == end && !can_be_renewed);
}

#[tokio::test]
async fn a_token_that_reads_lists_is_not_refused_where_only_its_policy_hides_its_end() {
    let server = Loopback::answering(|seen: &Seen| match seen.path.as_str() {
        "/v1/secret/detailed-metadata?list=true" => answer(200, &[JSON], r#"{"data":{"keys":[]}}"#),
        _ => answer(403, &[JSON], DENIED),
    })
    .await;
    let scans = scanned(&server, Asked { kv: vec![place("secret", "")], ..Asked::default() }).await;
    assert!(matches!(found(&scans, "own/token"), Err(Failure::Forbidden(_))), "{scans:?}");
    assert!(found(&scans, "vault/secret").is_ok());
}

#[tokio::test]
async fn only_gets_with_a_bearer_token_are_sent_and_the_namespace_with_each() {
    let server = server(|path| match path {
        "/v1/team/kv/detailed-metadata/ci?list=true" => Some((405, r#"{"errors":["unsupported path"]}"#.into())),
        "/v1/team/kv/metadata/ci?list=true" => Some((200, r#"{"data":{"keys":["a b","deep/"]}}"#.into())),
        "/v1/team/kv/metadata/ci/deep?list=true" => Some((200, r#"{"data":{"keys":["x"]}}"#.into())),
        "/v1/team/kv/metadata/ci/a%20b" | "/v1/team/kv/metadata/ci/deep/x" => {
            Some((200, r#"{"data":{"versions":{}}}"#.into()))
        }
        _ => None,
    })
    .await;
    let asked = Asked { kv: vec![place("team/kv", "ci")], namespace: Some("team/ci".into()), ..Asked::default() };
    let scans = scanned(&server, asked).await;
    let batch = found(&scans, "vault/team/kv/ci").as_ref().unwrap();
    assert_eq!(ids(batch), ["vault/team/kv/ci/a b", "vault/team/kv/ci/deep/x"]);
    assert!(batch.complete && batch.skipped == 0);
    for seen in server.seen() {
        assert_eq!(seen.method, Method::GET);
        assert_eq!(seen.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
        assert_eq!(seen.header("x-vault-token"), None);
        assert_eq!(seen.header("x-vault-namespace"), Some("team/ci"));
        assert!(!seen.path.contains("/data"), "{}", seen.path);
    }
}

#[rstest]
#[case(503, r#"{"errors":["Vault is sealed"]}"#, "Vault is sealed")]
#[case(473, "", "standby")]
#[case(429, r#"{"errors":["request path \"x\": rate limit quota exceeded"]}"#, "quota")]
#[case(502, "<html><title>Bad Gateway</title></html>", "Bad Gateway")]
#[tokio::test]
async fn what_the_next_list_would_meet_as_well_ends_the_look(
    #[case] status: u16,
    #[case] body: &'static str,
    #[case] says: &str,
) {
    let server = Loopback::answering(move |_| answer(status, &[JSON], body)).await;
    let asked =
        Asked { kv: vec![place("secret", ""), place("other", "")], pki: vec!["pki".into()], ..Asked::default() };
    let scans = scanned(&server, asked).await;
    assert_eq!((scans.len(), server.asked()), (1, 1));
    let failure = found(&scans, "own/token").as_ref().unwrap_err();
    assert!(matches!(failure, Failure::Unreachable { stage: Stage::Server(_), .. } | Failure::RateLimited { .. }));
    assert!(failure.to_string().contains(says), "{failure}");
}

#[tokio::test]
async fn the_token_does_not_go_along_to_the_node_that_a_standby_points_to() {
    let active = Loopback::answering(|_| answer(400, &[JSON], r#"{"errors":["missing client token"]}"#)).await;
    let target = active.at("/v1/auth/token/lookup-self").to_string();
    let standby = Loopback::answering(move |_| answer(307, &[("location", &target)], "")).await;
    let asked = Asked { namespace: Some("team".into()), ..Asked::default() };
    let scans = scanned(&standby, asked).await;
    let failure = found(&scans, "own/token").as_ref().unwrap_err();
    assert!(matches!(failure, Failure::Ambiguous(_)) && failure.to_string().contains("standby"), "{failure}");
    let seen = &active.seen()[0];
    assert!(seen.header("authorization").is_none() && seen.header("x-vault-namespace").is_none(), "{seen:?}");
}

#[tokio::test]
async fn pages_in_the_place_of_answers_and_endless_ones_are_failures() {
    for (kind, body) in [("text/html", "<html><title>Log in</title></html>"), ("application/json", "{\"data\":")] {
        let server = Loopback::answering(move |_| answer(200, &[("content-type", kind)], body)).await;
        let scans = scanned(&server, Asked::default()).await;
        assert!(matches!(found(&scans, "own/token"), Err(Failure::Malformed(_))), "{scans:?}");
    }
    let big = "x".repeat(17 << 20);
    let server = Loopback::answering(move |_| answer(200, &[JSON], big.clone())).await;
    assert!(matches!(found(&scanned(&server, Asked::default()).await, "own/token"), Err(Failure::TooLarge { .. })));
}

#[tokio::test]
async fn a_token_that_cannot_be_read_here_is_told_and_nothing_is_asked() {
    let server = server(|_| None).await;
    let vault = with(&server, SecretSource::File("/nowhere/token".into()), Asked::default());
    let scans = vault.scan(now()).await;
    let record = &found(&scans, "own/token").as_ref().unwrap().items[0];
    assert!(
        matches!(&record.standing, Standing::Refused(says) if says.as_str().contains("/nowhere/token")),
        "{record:?}"
    );
    assert_eq!((scans.len(), server.asked()), (1, 0));
}
