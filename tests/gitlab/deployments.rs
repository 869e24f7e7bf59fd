//! How deployments are read, and how each ended.

use super::*;

fn deployment(id: u64, status: &str, deployable: &str) -> String {
    format!(
        r#"{{"id":{id},"iid":{id},"sha":"{id:040x}","status":"{status}","created_at":"2026-03-04T05:00:00.000Z",
            "updated_at":"2026-03-04T05:09:00.000Z","deployable":{deployable}}}"#
    )
}

#[tokio::test]
async fn one_list_tells_how_every_deployment_ended() {
    let job =
        r#"{"finished_at":"2026-03-04T05:04:00.000Z","commit":{"id":"x","created_at":"2026-03-04T04:00:00+00:00"}}"#;
    let body = format!(
        "[{},{},{},{},{},{{\"id\":7}}]",
        deployment(15, "running", "null"),
        deployment(14, "success", job),
        deployment(13, "failed", "null"),
        deployment(12, "canceled", "null"),
        deployment(11, "success", "null").replace(&format!("{:040x}", 11), "no commit"),
    );
    let server = Loopback::answering(move |_| answer(200, &[JSON, ("x-next-page", "2")], body.clone())).await;
    let mut service = service(REPO, &[], &[], "{sha}");
    service.trust.environment = Some("prod/eu".into());
    let told = anonymous(&server).deployments(&service, 0).await.unwrap();
    let query = "order_by=id&sort=desc&environment=prod%2Feu&per_page=100";
    assert_eq!(paths(&server), [format!("/api/v4/projects/platform%2Fpay%2Fcore%2Fapi/deployments?{query}")]);
    let words: Vec<_> = told
        .over
        .iter()
        .map(|one| format!("{} {} {} {:?}", one.id, one.finished_at, one.succeeded, one.committed_at))
        .collect();
    assert_eq!(
        words,
        ["14 2026-03-04T05:04:00Z true Some(2026-03-04T04:00:00Z)", "13 2026-03-04T05:09:00Z false None"]
    );
    assert_eq!((told.open, told.skipped), (None, 2));
}
