//! AWS: what is posted and how it is signed, what the dates of secrets, keys and logins mean, and what never comes through.

use std::time::Duration;

use http::Method;
use jiff::SignedDuration;
use landfall::domain::{
    AuthKind, AwsLogin, CredentialRecord, CredentialScan, Expiry, Failure, LastUse, Renewal, Standing,
};
use landfall::source::{Aws, AwsOptions, ExpirySource};
use rstest::rstest;

use crate::loopback::{Loopback, Seen, answer};
use crate::{found, ids, now, source};

const JSON: (&str, &str) = ("content-type", "application/x-amz-json-1.1");
const XML: (&str, &str) = ("content-type", "text/xml");
const KEY: &str = "AKIAIOSFODNN7EXAMPLE";

/// Keys of a session in a file that lives as long as the folder.
fn login(folder: &tempfile::TempDir, more: &str) -> AwsLogin {
    let file = folder.path().join("credentials");
    let text = format!("[ci]\naws_access_key_id = {KEY}\naws_secret_access_key = CANARY_secret\n{more}\n");
    std::fs::write(&file, text).unwrap();
    AwsLogin::Profile { name: "ci".into(), file: Some(file) }
}

const SESSION: &str = "aws_session_token = CANARY_session\nx_security_token_expires = 2026-11-27T18:00:00Z";

fn options(server: &Loopback, login: AwsLogin) -> AwsOptions {
    AwsOptions {
        id: source("aws"),
        regions: vec!["eu-central-1".into()],
        login,
        endpoint: Some(server.url.clone()),
        secrets: false,
        access_keys: false,
        users: Vec::new(),
        key_max_age: SignedDuration::from_hours(90 * 24),
        ecr: false,
        ca_pem: None,
        timeout: Duration::from_secs(5),
    }
}

async fn scanned(server: &Loopback, more: &str, ask: impl FnOnce(&mut AwsOptions)) -> Vec<CredentialScan> {
    let folder = tempfile::tempdir().unwrap();
    let mut options = options(server, login(&folder, more));
    ask(&mut options);
    let scans = Aws::new(options).unwrap().scan(now()).await;
    assert!(!format!("{scans:?}").contains("CANARY"), "a value came through: {scans:?}");
    scans
}

async fn secret(fields: &str) -> CredentialRecord {
    let body = format!(r#"{{"SecretList":[{{"Name":"app/db","SecretString":"CANARY",{fields}}}],"NextToken":null}}"#);
    let server = Loopback::answering(move |_| answer(200, &[JSON], body.clone())).await;
    let scans = scanned(&server, "", |options| options.secrets = true).await;
    found(&scans, "aws/eu-central-1/secrets").as_ref().unwrap().items[0].clone()
}

fn at(text: &str) -> Expiry {
    Expiry::At(text.parse().unwrap())
}

#[rstest]
#[case::future(r#""RotationEnabled":true,"NextRotationDate":1797379199.0"#, Some("2026-12-15T23:59:59Z"), 0)]
#[case::past_is_a_rotation_that_fails(
    r#""RotationEnabled":true,"NextRotationDate":1795000000.5"#,
    Some("2026-11-18T11:06:40Z"),
    1
)]
#[case::untold(r#""RotationEnabled":true"#, None, 0)]
#[case::switched_off(r#""RotationEnabled":false,"NextRotationDate":1795000000"#, None, 0)]
#[tokio::test]
async fn a_rotation_is_due_by_its_date(#[case] fields: &str, #[case] by: Option<&str>, #[case] notes: usize) {
    let record = secret(fields).await;
    assert_eq!(record.rotate_by, by.map(|by| by.parse().unwrap()));
    assert_eq!(record.notes.len(), notes, "{:?}", record.notes);
    let command = record.replace.unwrap();
    let verb = if record.renewal == Renewal::Auto { "rotate-secret" } else { "put-secret-value" };
    let expected = format!("aws secretsmanager {verb} --secret-id app/db --region eu-central-1");
    assert!(command.as_str().starts_with(&expected), "{command}");
}

#[tokio::test]
async fn a_secret_that_is_to_be_deleted_ends_then_and_can_be_restored() {
    let record = secret(r#""DeletedDate":1796611924.73805,"RotationEnabled":true,"NextRotationDate":1795000000"#).await;
    assert_eq!((&record.expiry, record.rotate_by), (&at("2026-12-07T02:52:04Z"), None));
    assert!(record.replace.unwrap().as_str().starts_with("aws secretsmanager restore-secret "));
}

#[rstest]
#[case::stuck(r#""LastChangedDate":1795000000,"SecretVersionsToStages":{"a":["AWSCURRENT"],"b":["AWSPENDING"]}"#, true)]
#[case::untold(r#""SecretVersionsToStages":{"a":["AWSCURRENT"],"b":["AWSPENDING"]}"#, true)]
#[case::under_way(r#""LastChangedDate":1795780500,"SecretVersionsToStages":{"b":["AWSPENDING"]}"#, false)]
#[case::over(r#""LastChangedDate":1,"SecretVersionsToStages":{"b":["AWSPENDING","AWSCURRENT"]}"#, false)]
#[tokio::test]
async fn a_pending_version_that_never_becomes_current_is_a_stuck_rotation(#[case] fields: &str, #[case] stuck: bool) {
    let record = secret(&format!(r#""RotationEnabled":true,{fields}"#)).await;
    assert_eq!(
        matches!(&record.standing, Standing::Refused(says) if says.as_str().contains("stuck")),
        stuck,
        "{record:?}"
    );
}

#[tokio::test]
async fn a_change_is_told_and_is_no_rotation() {
    let fields = r#""CreatedDate":1767225600,"LastChangedDate":1795780500.5,"LastRotatedDate":null,"LastAccessedDate":1795737600"#;
    let record = secret(fields).await;
    assert_eq!(record.age_from(), Some("2026-01-01T00:00:00Z".parse().unwrap()));
    assert!(record.notes[0].as_str().contains("2026-11-27T11:55:00Z"), "{:?}", record.notes);
    assert_eq!(record.last_use, LastUse::At("2026-11-27T00:00:00Z".parse().unwrap()));
}

#[tokio::test]
async fn pages_are_read_to_their_end_and_odd_secrets_are_counted() {
    let server = Loopback::answering(|seen: &Seen| {
        let body = String::from_utf8_lossy(&seen.body);
        answer(
            200,
            &[JSON],
            if body.contains("NextToken") {
                r#"{"SecretList":[{"Name":"b'; x"}]}"#
            } else {
                r#"{"SecretList":[{"Name":"a"},{"Nome":"odd"},7],"NextToken":"\"more"}"#
            },
        )
    })
    .await;
    let scans = scanned(&server, SESSION, |options| options.secrets = true).await;
    let batch = found(&scans, "aws/eu-central-1/secrets").as_ref().unwrap();
    assert_eq!(ids(batch), ["aws/eu-central-1/secrets/a", "aws/eu-central-1/secrets/b'; x"]);
    assert_eq!((batch.skipped, batch.complete, &batch.items[1].replace), (2, true, &None));
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    for (seen, body) in seen.iter().zip([
        r#"{"IncludePlannedDeletion":true,"MaxResults":100}"#,
        r#"{"IncludePlannedDeletion":true,"MaxResults":100,"NextToken":"\"more"}"#,
    ]) {
        assert_eq!((seen.method.clone(), seen.path.as_str()), (Method::POST, "/"));
        assert_eq!(String::from_utf8_lossy(&seen.body), body);
        assert_eq!(seen.header("x-amz-target"), Some("secretsmanager.ListSecrets"));
        assert_eq!(seen.header("x-amz-date"), Some("20261127T120000Z"));
        assert_eq!(seen.header("x-amz-security-token"), Some("CANARY_session"));
        let signature = seen.header("authorization").unwrap();
        let scope = format!("AWS4-HMAC-SHA256 Credential={KEY}/20261127/eu-central-1/secretsmanager/aws4_request");
        assert!(signature.starts_with(&scope), "{signature}");
        assert!(signature.contains("SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target"));
    }
}

#[tokio::test]
async fn a_mark_that_comes_again_leads_around_no_longer() {
    let server = Loopback::answering(|_| answer(200, &[JSON], r#"{"SecretList":[],"NextToken":"same"}"#)).await;
    let scans = scanned(&server, "", |options| options.secrets = true).await;
    assert!(!found(&scans, "aws/eu-central-1/secrets").as_ref().unwrap().complete);
    assert_eq!(server.asked(), 2);
}

fn iam(seen: &Seen) -> axum::response::Response {
    let body = String::from_utf8_lossy(&seen.body).into_owned();
    let member = |key: &str, status: &str, date: &str| {
        format!(
            "<member><UserName>ci</UserName><AccessKeyId>{key}</AccessKeyId><Status>{status}</Status>\
                 <CreateDate>{date}</CreateDate></member>"
        )
    };
    let xml = if body.starts_with("Action=GetAccessKeyLastUsed&") {
        let date = if body.ends_with(KEY) { "<LastUsedDate>2026-11-27T11:30:00Z</LastUsedDate>" } else { "" };
        format!("<R><X><AccessKeyLastUsed>{date}<ServiceName>N/A</ServiceName></AccessKeyLastUsed></X></R>")
    } else {
        let members = [
            member(KEY, "Active", "2026-06-01T00:00:00Z"),
            member("AKIANEWNEWNEWNEWNEW1", "Active", "2026-11-20T00:00:00Z"),
            member("AKIAOFFOFFOFFOFFOFF1", "Inactive", "2020-01-01T00:00:00Z"),
            "<member><UserName>x</UserName></member>".to_owned(),
        ];
        let members = members.concat();
        format!(
            "<L><ListAccessKeysResult><IsTruncated>false</IsTruncated><AccessKeyMetadata>{members}</AccessKeyMetadata></ListAccessKeysResult></L>"
        )
    };
    answer(200, &[XML], xml)
}

#[tokio::test]
async fn an_access_key_is_judged_by_its_age_and_the_older_of_two_is_to_go() {
    let server = Loopback::answering(iam).await;
    let scans = scanned(&server, "", |options| (options.access_keys, options.users) = (true, vec!["ci".into()])).await;
    let batch = found(&scans, "aws/iam/ci").as_ref().unwrap();
    assert_eq!((batch.items.len(), batch.skipped), (2, 1));
    let [old, new] = batch.items.as_slice() else { panic!("{batch:?}") };
    assert_eq!(
        (old.age_from(), old.max_age),
        (Some("2026-06-01T00:00:00Z".parse().unwrap()), Some(SignedDuration::from_hours(2160)))
    );
    assert_eq!(old.last_use, LastUse::At("2026-11-27T11:30:00Z".parse().unwrap()));
    let off = format!("aws iam update-access-key --user-name ci --access-key-id {KEY} --status Inactive");
    assert_eq!(old.replace.as_ref().unwrap().as_str(), off);
    assert_eq!(
        (new.last_use, new.replace.as_ref().unwrap().as_str()),
        (LastUse::Never, "aws iam create-access-key --user-name ci")
    );
    let own = &found(&scans, "own/login").as_ref().unwrap().items[0];
    assert_eq!((own.created_at, own.max_age), (old.created_at, old.max_age), "the key that asks is among them");
    let bodies: Vec<_> = server.seen().iter().map(|seen| String::from_utf8_lossy(&seen.body).into_owned()).collect();
    assert_eq!(bodies[0], "Action=ListAccessKeys&Version=2010-05-08&UserName=ci");
    assert_eq!(bodies[1], format!("Action=GetAccessKeyLastUsed&Version=2010-05-08&AccessKeyId={KEY}"));
    assert!(server.seen()[0].header("authorization").unwrap().contains("/us-east-1/iam/aws4_request"));
}

#[tokio::test]
async fn the_registrys_login_shows_that_the_keys_are_good_and_is_dropped() {
    let body = r#"{"authorizationData":[{"authorizationToken":"CANARY","expiresAt":1795824000.123,"proxyEndpoint":"https://1.dkr.ecr.eu-central-1.amazonaws.com"}]}"#;
    let server = Loopback::answering(move |_| answer(200, &[JSON], body)).await;
    let scans = scanned(&server, SESSION, |options| options.ecr = true).await;
    let login = &found(&scans, "aws/eu-central-1/ecr").as_ref().unwrap().items[0];
    assert_eq!((&login.expiry, login.renewal), (&at("2026-11-28T00:00:00Z"), Renewal::Auto));
    assert_eq!(login.place.as_str(), "1.dkr.ecr.eu-central-1.amazonaws.com");
    let own = &found(&scans, "own/login").as_ref().unwrap().items[0];
    assert_eq!((&own.expiry, &own.standing), (&at("2026-11-27T18:00:00Z"), &Standing::Accepted));
}

fn refused(code: &'static str) -> impl Fn(&Seen) -> axum::response::Response {
    move |_| {
        let body = format!(r#"{{"__type":"com.amazonaws#{code}","message":"for CANARY_session and CANARY_secret"}}"#);
        answer(400, &[JSON, ("date", "Fri, 27 Nov 2026 12:00:01 GMT")], body)
    }
}

#[rstest]
#[case("ExpiredTokenException", AuthKind::Expired)]
#[case("UnrecognizedClientException", AuthKind::InvalidToken)]
#[case("InvalidSignatureException", AuthKind::BadPassword)]
#[tokio::test]
async fn a_refusal_of_the_keys_ends_the_look(#[case] code: &'static str, #[case] expected: AuthKind) {
    let server = Loopback::answering(refused(code)).await;
    let scans = scanned(&server, SESSION, |options| (options.secrets, options.ecr) = (true, true)).await;
    assert_eq!((scans.len(), server.asked()), (2, 1));
    let failure = found(&scans, "aws/eu-central-1/secrets").as_ref().unwrap_err();
    assert!(matches!(failure, Failure::Auth { kind, .. } if *kind == expected), "{failure:?}");
    let own = &found(&scans, "own/login").as_ref().unwrap().items[0];
    assert_eq!(matches!(own.standing, Standing::Ended(_)), expected == AuthKind::Expired);
    assert!(matches!(own.standing, Standing::Ended(_) | Standing::Refused(_)), "{own:?}");
}

#[rstest]
#[case("InvalidSignatureException", "Fri, 27 Nov 2026 11:40:00 GMT", "20m ahead of")]
#[case("RequestTimeTooSkewed", "Fri, 27 Nov 2026 13:00:00 GMT", "1h behind")]
#[tokio::test]
async fn a_clock_that_is_off_is_told_and_is_no_fault_of_the_keys(
    #[case] code: &str,
    #[case] date: &'static str,
    #[case] says: &str,
) {
    let body = format!(r#"{{"__type":"{code}","message":"Signature expired: 20261127T112000Z CANARY_session"}}"#);
    let server = Loopback::answering(move |_| answer(403, &[JSON, ("date", date)], body.clone())).await;
    let scans = scanned(&server, SESSION, |options| options.secrets = true).await;
    let failure = found(&scans, "aws/eu-central-1/secrets").as_ref().unwrap_err();
    assert!(matches!(failure, Failure::Ambiguous(_)) && failure.to_string().contains(says), "{failure}");
    assert_eq!(found(&scans, "own/login").as_ref().unwrap().items[0].standing, Standing::Untried);
}

#[tokio::test]
async fn a_right_that_is_missing_is_not_a_refusal_of_the_keys() {
    let server = Loopback::answering(|_| {
        answer(403, &[XML], "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no iam:ListAccessKeys</Message></Error></ErrorResponse>")
    })
    .await;
    let scans = scanned(&server, "", |options| options.access_keys = true).await;
    let failure = found(&scans, "aws/iam/self").as_ref().unwrap_err();
    assert!(matches!(failure, Failure::Forbidden(says) if says.as_str().contains("iam:ListAccessKeys")), "{failure:?}");
    assert_eq!(found(&scans, "own/login").as_ref().unwrap().items[0].standing, Standing::Accepted);
    assert_eq!(String::from_utf8_lossy(&server.seen()[0].body), "Action=ListAccessKeys&Version=2010-05-08");
}

#[rstest]
#[case(200, "<html><title>Log in</title></html>")]
#[case(200, "{\"SecretList\":")]
#[case(307, "")]
#[case(500, "<!doctype html><title>Internal Server Error</title>")]
#[case(418, "\u{1b}[2J")]
#[tokio::test]
async fn what_is_no_answer_of_aws_is_a_failure_and_no_redirect_is_followed(
    #[case] status: u16,
    #[case] body: &'static str,
) {
    let elsewhere = Loopback::answering(|_| answer(200, &[JSON], r#"{"SecretList":[]}"#)).await;
    let target = elsewhere.url.to_string();
    let server = Loopback::answering(move |_| answer(status, &[("location", &target)], body)).await;
    let scans = scanned(&server, SESSION, |options| (options.secrets, options.access_keys) = (true, true)).await;
    for scan in &scans[1..] {
        assert!(scan.found.is_err(), "{scan:?}");
    }
    assert_eq!(elsewhere.asked(), 0);
}

#[rstest]
#[case::no_file(AwsLogin::Profile { name: "ci".into(), file: Some("/nowhere/credentials".into()) }, "/nowhere/credentials")]
#[case::no_program(AwsLogin::Command(vec!["/nowhere/aws".into()]), "not found")]
#[case::no_json(AwsLogin::Command(vec!["echo".into(), "CANARY".into()]), "credential_process")]
#[tokio::test]
async fn keys_that_cannot_be_read_are_told_and_nothing_is_asked(#[case] login: AwsLogin, #[case] says: &str) {
    let server = Loopback::answering(|_| answer(500, &[], "")).await;
    let mut options = options(&server, login);
    options.secrets = true;
    let scans = Aws::new(options).unwrap().scan(now()).await;
    let own = &found(&scans, "own/login").as_ref().unwrap().items[0];
    assert!(matches!(&own.standing, Standing::Refused(why) if why.as_str().contains(says)), "{own:?}");
    assert!(!format!("{scans:?}").contains("CANARY"));
    assert_eq!((scans.len(), server.asked()), (1, 0));
}

#[tokio::test]
async fn a_command_gives_keys_as_a_credential_process_does() {
    let printed = format!(
        r#"{{"Version":1,"AccessKeyId":"{KEY}","SecretAccessKey":"CANARY","SessionToken":"CANARY_session","Expiration":"2026-11-27T13:00:00Z"}}"#
    );
    let server = Loopback::answering(|_| answer(200, &[JSON], r#"{"SecretList":[]}"#)).await;
    let mut options = options(&server, AwsLogin::Command(vec!["echo".into(), printed]));
    options.secrets = true;
    let scans = Aws::new(options).unwrap().scan(now()).await;
    let own = &found(&scans, "own/login").as_ref().unwrap().items[0];
    assert_eq!((&own.expiry, own.renewal), (&at("2026-11-27T13:00:00Z"), Renewal::Auto));
    assert_eq!(server.seen()[0].header("x-amz-security-token"), Some("CANARY_session"));
    assert!(!format!("{scans:?}").contains("CANARY"), "{scans:?}");
}
