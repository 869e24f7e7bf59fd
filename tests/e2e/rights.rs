//! Whether a login may push, learnt from the tokens that a real registry accepts, without a write.

use axum::http::StatusCode;
use serde_json::Value;

use crate::lab::{Checked, IMAGE, Lab};
use crate::push::{Image, Login, Pusher};
use crate::registry::{Access, Registry};
use crate::script::{Run, sha, tag};
use crate::token::{GUEST, Mood, READER, TokenService, WRITER};

/// A registry with tokens, read with one login, and another that the pipelines are said to push with.
struct Guarded {
    lab: Lab,
    tokens: TokenService,
    registry: Registry,
}

async fn guarded(own: (&str, &str), pipelines: Option<(&str, &str)>) -> Guarded {
    let tokens = TokenService::start().await;
    let certificate = tokens.certificate();
    let registry = Registry::start(&Access::Token { realm: tokens.realm(), certificate: &certificate });
    let pusher = Pusher::new(&registry.url, IMAGE, Login::Bearer(tokens.push_token(IMAGE)), None);
    pusher.image(Some(&tag(&sha('a'))), &Image::of("a", &sha('a'))).await;
    let mut lab = Lab::new().await;
    let more = match pipelines {
        Some((user, password)) => {
            let file = lab.folder.path().join("push-password");
            std::fs::write(&file, password).unwrap();
            let file = file.display();
            format!(
                "plain_http = true\npush_credential = {{ username = \"{user}\", password = {{ file = \"{file}\" }} }}"
            )
        }
        None => "plain_http = true".to_owned(),
    };
    lab.locked_registry(&registry.host, own, &more);
    lab.service("shop", &registry.host, "");
    lab.ci.runs("acme/shop", [Run::green(1, &sha('a'))]);
    Guarded { lab, tokens, registry }
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
