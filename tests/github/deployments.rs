//! How deployments are read, and how each ended.

use landfall::domain::Deployment;

use super::*;

const LISTED: &str = "/repos/acme/checkout/deployments?environment=pr%C3%A9+prod&per_page=30";

fn deploying() -> landfall::domain::Service {
    let mut service = service(REPO, &[], &[], "{sha}");
    service.trust.environment = Some("pré prod".into());
    service
}

fn listed(id: u64, created: &str) -> String {
    let sha = format!("{id:040x}");
    format!(r#"{{"id":{id},"sha":"{sha}","environment":"production","created_at":"{created}","payload":"\u001b[31m"}}"#)
}

/// Statuses newest first, a minute apart.
fn statuses(states: &[&str]) -> String {
    let one_of = |(minute, state): (usize, &&str)| {
        format!(r#"{{"id":1,"state":"{state}","created_at":"2026-03-04T05:{:02}:00Z"}}"#, 30 - minute)
    };
    format!("[{}]", states.iter().enumerate().map(one_of).collect::<Vec<_>>().join(","))
}

fn told(deployments: &[Deployment]) -> Vec<String> {
    let words = |one: &Deployment| format!("{} {} {}", one.id, one.finished_at, one.succeeded);
    deployments.iter().map(words).collect()
}

#[tokio::test]
async fn each_deployment_is_asked_for_until_it_is_over_and_never_again() {
    let list = format!(
        "[{},{},{},{{\"id\":\"odd\"}},{}]",
        listed(14, "2026-03-04T05:00:00Z"),
        listed(13, "2026-03-04T04:00:00Z"),
        listed(12, "2026-03-04T03:00:00Z"),
        listed(9, "2026-02-04T03:00:00Z"),
    );
    let server = Loopback::answering(move |seen| {
        let body = match seen.path.as_str() {
            LISTED => list.clone(),
            path if path.contains("/14/") => statuses(&["in_progress", "queued"]),
            path if path.contains("/13/") => statuses(&["inactive", "success", "in_progress"]),
            path if path.contains("/12/") => statuses(&["failure"]),
            _ => "[]".to_owned(),
        };
        answer(200, &[JSON], body)
    })
    .await;
    let github = anonymous(&server);
    let first = github.deployments(&deploying(), 0).await.unwrap();
    assert_eq!(told(&first.over), ["13 2026-03-04T05:29:00Z true", "12 2026-03-04T05:30:00Z false"]);
    assert_eq!((first.open, first.skipped), (Some(14), 1), "the one of a month ago is waited for no more");
    assert_eq!(paths(&server).len(), 5);
    let later = github.deployments(&deploying(), 13).await.unwrap();
    assert_eq!((told(&later.over), later.open), (Vec::new(), Some(14)));
    let asked = &paths(&server)[5..];
    assert_eq!(asked, [LISTED, "/repos/acme/checkout/deployments/14/statuses?per_page=100"]);
}

#[tokio::test]
async fn only_the_newest_deployments_are_looked_at() {
    let list = (1..=30).rev().map(|id| listed(id, "2026-03-04T05:00:00Z")).collect::<Vec<_>>().join(",");
    let server = Loopback::answering(move |seen| {
        let link = format!("<http://{}/second>; rel=\"next\"", seen.header("host").unwrap());
        let body = if seen.path == LISTED { format!("[{list}]") } else { statuses(&["success"]) };
        answer(200, &[JSON, ("link", &link)], body)
    })
    .await;
    let told = anonymous(&server).deployments(&deploying(), 0).await.unwrap();
    assert_eq!((told.over.len(), told.open), (30, None));
    assert_eq!(paths(&server).len(), 31, "one list and one request each");
}

#[rstest]
#[case::hidden(404, "github/not_found.json")]
#[case::closed(403, "github/not_accessible.json")]
#[tokio::test]
async fn deployments_that_cannot_be_read_are_a_failure(#[case] status: u16, #[case] body: &str) {
    let body = fixture(body);
    let server = Loopback::answering(move |_| answer(status, &[JSON], body.clone())).await;
    let failure = anonymous(&server).deployments(&deploying(), 0).await.unwrap_err();
    assert!(matches!(failure, Failure::NotFound(_) | Failure::Forbidden(_)), "{failure:?}");
}

#[tokio::test]
async fn a_deployment_whose_statuses_cannot_be_read_is_not_said_to_be_over() {
    let list = format!("[{}]", listed(14, "2026-03-04T05:00:00Z"));
    let server = Loopback::answering(move |seen| {
        if seen.path == LISTED { answer(200, &[JSON], list.clone()) } else { answer(502, &[JSON], "{}") }
    })
    .await;
    assert!(anonymous(&server).deployments(&deploying(), 0).await.is_err());
}
