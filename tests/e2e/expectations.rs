//! Verdicts that hang on the run: what was to be pushed, when, and whether it is too early to say.

use jiff::SignedDuration;

use crate::lab::{IMAGE, Lab};
use crate::proxy::Proxy;
use crate::push::{Image, Login, Pusher};
use crate::registry::Registry;
use crate::script::{Job, Run, sha, tag};

/// The repository is known to be readable, so that an absent tag is no surprise of another kind.
async fn something_else(pusher: &Pusher) {
    pusher.image(Some("something-else"), &Image::unlabelled("something else")).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn an_absent_tag_within_grace_is_pending_and_a_present_one_landed() {
    let (mut lab, _registry, pusher) = Lab::open().await;
    lab.set("grace = \"0s\"", "grace = \"1h\"");
    let (a, b) = (sha('a'), sha('b'));
    let just = |run: Run| Run { ended_ago: SignedDuration::from_secs(5), ..run };
    lab.ci.runs("acme/shop", [just(Run::green(2, &b)), just(Run::green(1, &a))]);
    pusher.image(Some(&tag(&a)), &Image::of("a", &a)).await;
    let checked = lab.check().await;
    checked.says(&b, "pending", 0);
    checked.says(&a, "landed", 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn grace_that_is_over_counts_from_the_push_jobs_end() {
    let (mut lab, _registry, pusher) = Lab::open().await;
    lab.set("grace = \"0s\"", "grace = \"30m\"");
    let a = sha('a');
    lab.ci.runs("acme/shop", [Run::green(1, &a)]);
    something_else(&pusher).await;
    lab.check().await.says(&a, "missing", 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_run_that_is_still_going_on_is_at_most_pending() {
    let (lab, _registry, pusher) = Lab::open().await;
    let (a, b) = (sha('a'), sha('b'));
    let pushing = vec![Job { name: "push image", conclusion: None, log: None }];
    let through = vec![
        Job { name: "push image", conclusion: Some("success"), log: None },
        Job { name: "deploy", conclusion: None, log: None },
    ];
    let running = |run: Run, jobs| Run { conclusion: None, ended_ago: SignedDuration::from_secs(30), jobs, ..run };
    lab.ci.runs("acme/shop", [running(Run::green(2, &b), pushing), running(Run::green(1, &a), through)]);
    pusher.image(Some(&tag(&a)), &Image::of("a", &a)).await;
    let checked = lab.check().await;
    assert_eq!(checked.code, 0, "{:#}", checked.report);
    for row in checked.report["images"].as_array().unwrap() {
        let allowed: &[&str] = if row["sha"] == a { &["landed", "pending"] } else { &["pending"] };
        assert!(allowed.contains(&row["verdict"].as_str().unwrap()), "{row:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_run_whose_push_job_was_skipped_or_cancelled_was_not_to_publish() {
    let (lab, _registry, pusher) = Lab::open().await;
    let (a, b) = (sha('a'), sha('b'));
    let job = |conclusion| vec![Job { name: "push image", conclusion: Some(conclusion), log: None }];
    let skipped = Run { jobs: job("skipped"), ..Run::green(2, &b) };
    let cancelled = Run { jobs: job("cancelled"), ..Run::green(1, &a) };
    lab.ci.runs("acme/shop", [skipped, cancelled]);
    something_else(&pusher).await;
    let checked = lab.check().await;
    checked.says(&a, "not_expected", 0);
    checked.says(&b, "not_expected", 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_pull_request_and_another_branch_were_not_to_publish() {
    let (lab, _registry, pusher) = Lab::open().await;
    let (a, b, c) = (sha('a'), sha('b'), sha('c'));
    let pull = Run { event: "pull_request".into(), ..Run::green(3, &c) };
    let branch = Run { branch: Some("feature/x".into()), ..Run::green(2, &b) };
    lab.ci.runs("acme/shop", [pull, branch, Run::green(1, &a)]);
    pusher.image(Some(&tag(&a)), &Image::of("a", &a)).await;
    let checked = lab.check().await;
    checked.says(&a, "landed", 0);
    checked.says(&b, "not_expected", 0);
    checked.says(&c, "not_expected", 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_red_run_is_no_finding_unless_its_push_job_was_green() {
    let (lab, _registry, pusher) = Lab::open().await;
    let (a, b) = (sha('a'), sha('b'));
    let failed = vec![Job { name: "push image", conclusion: Some("failure"), log: None }];
    let through = vec![
        Job { name: "push image", conclusion: Some("success"), log: None },
        Job { name: "smoke test", conclusion: Some("failure"), log: None },
    ];
    let red = |run: Run, jobs| Run { conclusion: Some("failure"), jobs, ..run };
    lab.ci.runs("acme/shop", [red(Run::green(2, &b), through), red(Run::green(1, &a), failed)]);
    something_else(&pusher).await;
    let checked = lab.check().await;
    checked.says(&b, "missing", 1);
    let rows = checked.report["images"].as_array().unwrap();
    for row in rows.iter().filter(|row| row["sha"] == a) {
        assert_eq!(row["verdict"], "not_expected", "{row:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_conclusion_that_nobody_knows_is_no_success() {
    let (lab, _registry, pusher) = Lab::open().await;
    let (a, b) = (sha('a'), sha('b'));
    let odd = Run { conclusion: Some("sort_of_fine"), jobs: Vec::new(), ..Run::green(2, &b) };
    lab.ci.runs("acme/shop", [odd, Run::green(1, &a)]);
    pusher.image(Some(&tag(&a)), &Image::of("a", &a)).await;
    let checked = lab.check().await;
    assert_eq!(checked.code, 0, "{:#}", checked.report);
    checked.says(&a, "landed", 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_moving_tag_that_moved_on_is_not_stale() {
    let (mut lab, registry, pusher) = Lab::open().await;
    lab.add(&format!(
        "[[service]]\nname = \"moving\"\nci = \"github\"\nrepo = \"acme/moving\"\n\
         [[service.image]]\nrepository = \"{}/acme/shop\"\ntags = [\"{{branch|tagsafe}}\"]\n",
        registry.host
    ));
    let (a, b) = (sha('a'), sha('b'));
    lab.ci.runs("acme/shop", []);
    lab.ci.runs("acme/moving", [Run::green(2, &b), Run::green(1, &a)]);
    pusher.image(Some("main"), &Image::of("a", &a)).await;
    pusher.image(Some("main"), &Image::of("b", &b)).await;
    let checked = lab.check().await;
    checked.says(&b, "landed", 0);
    let older = checked.row(&a)["verdict"].as_str().unwrap();
    assert!(["landed", "not_expected"].contains(&older), "{:#}", checked.row(&a));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn one_commit_or_one_service_can_be_asked_for_alone() {
    let (mut lab, registry, pusher) = Lab::open().await;
    lab.service("other", &registry.host, "");
    let (a, b, c) = (sha('a'), sha('b'), sha('c'));
    lab.ci.runs("acme/shop", [Run::green(2, &b), Run::green(1, &a)]);
    lab.ci.runs("acme/other", [Run::green(3, &c)]);
    pusher.image(Some(&tag(&a)), &Image::of("a", &a)).await;
    let one = lab.check_with(&["--sha", &a]).await;
    one.says(&a, "landed", 0);
    assert_eq!(one.report["images"].as_array().unwrap().len(), 1, "{:#}", one.report);
    let other = lab.check_with(&["--service", "other"]).await;
    other.says(&c, "missing", 1);
    assert_eq!(other.report["images"].as_array().unwrap().len(), 1, "{:#}", other.report);
    let forgiven = lab.check_with(&["--fail-on", "stale"]).await;
    forgiven.says(&b, "missing", 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn whoever_waits_sees_a_tag_that_is_pushed_meanwhile() {
    let registry = Registry::open();
    let proxy = Proxy::before(&registry.url).await;
    let mut lab = Lab::shop(proxy.host()).await;
    lab.set("grace = \"0s\"", "grace = \"1h\"");
    let a = sha('a');
    lab.ci.runs("acme/shop", [Run { ended_ago: SignedDuration::from_secs(5), ..Run::green(1, &a) }]);
    let push = async {
        while !proxy.asked().iter().any(|asked| asked.contains("/manifests/")) {
            tokio::task::yield_now().await;
        }
        let pusher = Pusher::new(&registry.url, IMAGE, Login::Anonymous, None);
        pusher.image(Some(&tag(&a)), &Image::of("a", &a)).await
    };
    let arguments = ["--wait", "40s"];
    let (checked, _) = tokio::join!(lab.check_with(&arguments), push);
    checked.says(&a, "landed", 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn whoever_waits_in_vain_is_told_that_it_is_not_final() {
    let (mut lab, _registry, pusher) = Lab::open().await;
    lab.set("grace = \"0s\"", "grace = \"1h\"");
    let a = sha('a');
    lab.ci.runs("acme/shop", [Run { ended_ago: SignedDuration::from_secs(5), ..Run::green(1, &a) }]);
    something_else(&pusher).await;
    lab.check_with(&["--wait", "2s"]).await.says(&a, "pending", 3);
}
