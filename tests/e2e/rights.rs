//! Whether a login may push, learnt from the tokens that a real registry accepts, without a write.

use std::path::Path;

use axum::http::StatusCode;
use serde_json::Value;

use crate::guarded::{self, Guarded};
use crate::lab::Checked;
use crate::script::{Run, sha};
use crate::token::{GUEST, Mood, READER, WRITER};

/// A registry with tokens, read with one login, and another that the pipelines are said to push with.
async fn guarded(own: (&str, &str), pipelines: Option<(&str, &str)>) -> Guarded {
    let more = |folder: &Path| {
        let Some((user, password)) = pipelines else { return String::new() };
        let file = folder.join("push-password");
        std::fs::write(&file, password).unwrap();
        format!("push_credential = {{ username = \"{user}\", password = {{ file = \"{}\" }} }}", file.display())
    };
    guarded::guarded(own, more, [Run::green(1, &sha('a'))]).await
}

fn row<'a>(checked: &'a Checked, id: &str) -> &'a Value {
    let rows = checked.report["credentials"].as_array().unwrap();
    rows.iter().find(|row| row["id"] == id).unwrap_or_else(|| panic!("{id} is not in {rows:#?}"))
}

async fn own(login: (&str, &str)) -> Value {
    let Guarded { lab, registry, .. } = &guarded(login, None).await;
    let checked = lab.check_with(&["--credentials"]).await;
    row(&checked, &format!("own/{}", registry.host)).clone()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_login_of_landfalls_own_is_told_by_its_rights() {
    let reader = own(READER).await;
    assert_eq!(reader["severity"], "unknown", "{reader:#}");
    assert!(reader["notes"].to_string().contains("not push there"), "{reader:#}");
    let writer = own(WRITER).await;
    assert_eq!(writer["severity"], "warning", "{writer:#}");
    assert!(writer["notes"].to_string().contains("Rights above need: it may push"), "{writer:#}");
    let guest = own(GUEST).await;
    assert!(guest["notes"].to_string().contains("It may not even pull from"), "{guest:#}");
    let wrong = own((READER.0, "wrong")).await;
    assert_eq!(wrong["severity"], "broken", "{wrong:#}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_login_that_pipelines_push_with_is_proven_without_a_write() {
    let cases = [
        (WRITER, "unknown", "may push to"),
        (READER, "broken", "may not push to"),
        (GUEST, "broken", "may not push to"),
        ((WRITER.0, "expired"), "broken", "refused"),
    ];
    for (login, severity, words) in cases {
        let Guarded { lab, tokens, registry } = &guarded(READER, Some(login)).await;
        let checked = lab.check_with(&["--credentials"]).await;
        let row = row(&checked, &format!("push/{}", registry.host));
        assert_eq!(row["severity"], severity, "{row:#}");
        let told = format!("{}{}", row["reasons"], row["notes"]);
        assert!(told.contains(words), "{row:#}");
        checked.says(&sha('a'), "landed", if severity == "broken" { 1 } else { 3 });
        assert!(tokens.asked() > 0);
        assert!(!checked.stdout.contains(login.1) && !checked.stdout.contains("eyJ"), "a secret is printed");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_token_service_in_trouble_breaks_no_login() {
    let Guarded { lab, tokens, registry } = &guarded(READER, Some(WRITER)).await;
    tokens.be(Mood::Broken(StatusCode::SERVICE_UNAVAILABLE, "text/plain", "later"));
    let checked = lab.check_with(&["--credentials"]).await;
    let rows = checked.report["credentials"].as_array().unwrap();
    let broken = rows.iter().filter(|row| row["severity"] == "broken").count();
    assert_eq!(broken, 0, "{rows:#?}");
    assert!(rows.iter().any(|row| row["failure"] != Value::Null), "at {}: {rows:#?}", registry.host);
}
