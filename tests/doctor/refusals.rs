//! Servers that refuse, mislead or keep silent: each has a sentence and an exit code of its own.

use std::net::TcpListener;

use crate::loopback::{Loopback, Seen, answer};
use crate::support::{GOOD, Home, TOKEN, check, config, github, registry, result};

fn origin(server: &Loopback) -> String {
    server.url.as_str().trim_end_matches('/').to_owned()
}

/// A place where nobody listens.
fn nowhere() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn where_everything_works_the_exit_code_is_0_though_there_is_no_terminal() {
    let (github, registry) = (github(GOOD).await, registry().await);
    let (code, found) = Home::new().examined(&config("github", &origin(&github), &registry.host()), &[]).await;
    assert_eq!(code, 0, "{found:#}");
    assert_eq!(result(&found, "ci", "runs of checkout").1, "acme/checkout: can be read; the newest is run #7, success");
    assert_eq!(result(&found, "registry", "acme/checkout").1, "can be read: 3 tags");
    assert_eq!(result(&found, "terminal", "output").0, "warn");
    let asked: Vec<String> = github.seen().into_iter().map(|seen| seen.path).collect();
    assert_eq!(asked.len(), 2, "one look at the token and one at the list: {asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_token_fails_and_is_told_without_being_shown() {
    let refusing = Loopback::answering(|_: &Seen| {
        // What comes back may hold what was sent, and sequences for the terminal.
        let body = format!("{{\"message\":\"Bad credentials {TOKEN} \\u001b[31m\\u202e\"}}");
        answer(401, &[("content-type", "application/json")], body)
    })
    .await;
    let registry = registry().await;
    let (code, found) = Home::new().examined(&config("github", &origin(&refusing), &registry.host()), &[]).await;
    assert_eq!(code, 1);
    let (grade, says) = result(&found, "ci", "token");
    assert!(grade == "fail" && says.starts_with("refused: ") && says.contains("Bad credentials"), "{says}");
    assert!(!says.contains('\u{202e}'), "{says}");
    assert_eq!(result(&found, "ci", "runs of checkout").0, "fail");
    assert_eq!(found["sections"][1]["source"]["gate"]["state"], "stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_has_passed_fails_and_one_in_the_old_way_of_writing_is_read() {
    let ended = github(&[("github-authentication-token-expiration", "2022-08-14 08:15:54 -0700")]).await;
    let registry = registry().await;
    let (code, found) = Home::new().examined(&config("github", &origin(&ended), &registry.host()), &[]).await;
    let expiry = result(&found, "ci", "expiry");
    assert_eq!((code, expiry), (1, ("fail".to_owned(), "ended at 2022-08-14 15:15:54 UTC".to_owned())));
    let (grade, says) = result(&found, "ci", "rights");
    assert!(grade == "ok" && says.contains("no scopes are told"), "{says}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_page_and_a_place_where_nobody_listens_are_unknown() {
    let page = Loopback::answering(|_: &Seen| {
        answer(200, &[("content-type", "text/html")], "<html><title>Sign in</title></html>")
    })
    .await;
    let (code, found) = Home::new().examined(&config("github", &origin(&page), &nowhere()), &[]).await;
    assert_eq!(code, 3, "{found:#}");
    for name in ["token", "runs of checkout"] {
        let (grade, says) = result(&found, "ci", name);
        assert!(grade == "unknown" && says.contains("Sign in"), "{says}");
    }
    for name in ["login", "acme/checkout"] {
        let (grade, says) = result(&found, "registry", name);
        assert!(grade == "unknown" && says.starts_with("unreachable: "), "{says}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_outranks_what_could_not_be_looked_at() {
    let refusing = Loopback::answering(|_: &Seen| answer(401, &[], r#"{"message":"Bad credentials"}"#)).await;
    let (code, found) = Home::new().examined(&config("github", &origin(&refusing), &nowhere()), &[]).await;
    assert_eq!((code, &found["worst"]), (1, &"fail".into()));
    assert!(found["summary"]["unknown"].as_u64().unwrap() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_never_answers_is_unknown_when_the_time_is_up() {
    let (dripping, registry) = (Loopback::dripping().await, registry().await);
    let text = config("github", &origin(&dripping), &registry.host());
    let (code, found) = Home::new().examined(&text, &["--within", "3s"]).await;
    assert_eq!(code, 3, "{found:#}");
    assert_eq!(result(&found, "ci", "token"), ("unknown".to_owned(), "no answer in time".to_owned()));
    assert_eq!(result(&found, "registry", "acme/checkout").0, "ok", "who answers is not held up by who does not");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jobs_token_cannot_tell_of_itself_and_that_is_said() {
    let gitlab = Loopback::answering(|seen: &Seen| match seen.path.as_str() {
        "/api/v4/personal_access_tokens/self" => answer(401, &[], r#"{"message":"401 Unauthorized"}"#),
        _ => answer(200, &[], "[]"),
    })
    .await;
    let (home, registry) = (Home::new(), registry().await);
    home.write("token", "glcbt-CANARY_64");
    let (code, found) = home.examined(&config("gitlab", &origin(&gitlab), &registry.host()), &[]).await;
    assert_eq!(code, 3, "{found:#}");
    let (grade, says) = result(&found, "ci", "token");
    assert!(grade == "unknown" && says.contains("a job's token cannot ask"), "{says}");
    let (grade, says) = result(&found, "ci", "runs of checkout");
    assert!(grade == "warn" && says.ends_with("can be read, and no run of it is listed yet"), "{says}");
}

#[tokio::test(flavor = "multi_thread")]
async fn gitlab_tells_scopes_and_the_first_moment_of_the_last_day() {
    let gitlab = Loopback::answering(|seen: &Seen| match seen.path.as_str() {
        "/api/v4/personal_access_tokens/self" => answer(
            200,
            &[],
            r#"{"id":1,"scopes":["api","read_api","write_repository"],"expires_at":"2020-01-02","active":true,"revoked":false}"#,
        ),
        _ => answer(200, &[], "[]"),
    })
    .await;
    let registry = registry().await;
    let (code, found) = Home::new().examined(&config("gitlab", &origin(&gitlab), &registry.host()), &[]).await;
    assert_eq!(code, 1);
    assert_eq!(result(&found, "ci", "expiry").1, "ended at 2020-01-02 00:00:00 UTC");
    let why = check(&found, "ci", "rights")["why"].as_str().unwrap();
    assert!(why.starts_with("Above need: api, write_repository."), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_trouble_of_a_registry_has_its_own_sentence() {
    let challenge = ("www-authenticate", "Basic realm=\"here\"");
    let refused = Loopback::answering(move |_: &Seen| answer(401, &[challenge], "")).await;
    let absent = Loopback::answering(|_: &Seen| {
        answer(404, &[("content-type", "application/json")], r#"{"errors":[{"code":"NAME_UNKNOWN","message":"no"}]}"#)
    })
    .await;
    let anonymous = Loopback::answering(move |_: &Seen| answer(401, &[challenge], "")).await;
    let denied = Loopback::answering(move |seen: &Seen| match seen.header("authorization") {
        None => answer(401, &[challenge], ""),
        Some(_) => answer(403, &[], r#"{"errors":[{"code":"DENIED","message":"not yours"}]}"#),
    })
    .await;
    for (server, login, beginning) in [
        (refused, true, "refused: the registry refused the user name or password"),
        (absent, true, "not found: the registry answers NAME_UNKNOWN"),
        (anonymous, false, "anonymous: the registry wants a credential and none is set"),
        (denied, true, "refused: access forbidden"),
    ] {
        let github = github(GOOD).await;
        let mut text = config("github", &origin(&github), &server.host());
        if !login {
            text = text.replace("{ username = \"ci\", password = { file = \"password\" } }", "\"anonymous\"");
        }
        let (code, found) = Home::new().examined(&text, &[]).await;
        let (grade, says) = result(&found, "registry", "acme/checkout");
        assert!(code == 1 && grade == "fail" && says.starts_with(beginning), "{says}");
        assert!(check(&found, "registry", "acme/checkout")["fix"].is_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_cannot_be_read_here_is_a_failure_that_names_its_place() {
    let (github, registry) = (github(GOOD).await, registry().await);
    let text =
        config("github", &origin(&github), &registry.host()).replace("{ file = \"token\" }", "{ env = \"NOT_SET\" }");
    let (code, found) = Home::new().examined(&text, &[]).await;
    let (grade, says) = result(&found, "ci", "token");
    assert!(code == 1 && grade == "fail" && says.contains("the environment variable NOT_SET is not set"), "{says}");
    assert_eq!(github.asked(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_configuration_or_command_line_is_2() {
    let home = Home::new();
    assert_eq!(home.run(&["doctor"], &[]).await.code, 2, "there is none");
    let path = home.write("bad.toml", "[poll]\nrunning = 3\n");
    assert_eq!(home.run(&["doctor", "--config", &path], &[]).await.code, 2);
    assert_eq!(home.run(&["doctor", "--within", "soon"], &[]).await.code, 2);
}
