//! What opens an incident, and what never does.

use landfall::analysis::{IncidentBasis, Verdict};
use landfall::domain::PushLog;

use crate::cast::{now, sha};
use crate::lab::{DENIED, Fate, Lab, claimed, named, refused, refused_at, refusing, silent};

/// Two services landed, then both stopped.
fn stopped(one: &Fate, other: &Fate) -> Lab {
    let mut lab = Lab::of(&["cart", "checkout"]);
    lab.run("cart", 1, 200, &Fate::Landed).run("checkout", 1, 190, &Fate::Landed);
    lab.run("cart", 2, 60, one).run("checkout", 2, 30, other);
    lab
}

#[test]
fn two_images_of_one_registry_that_stop_landing_are_one_incident() {
    let lab = stopped(&silent(), &silent());
    assert_eq!(lab.titles(), ["push credentials of ghcr.io/acme suspected since 11:00 UTC (2 services)"]);
    let report = lab.report();
    let incident = &report.incidents[0];
    assert_eq!(report.count(Verdict::Missing), 2, "the rows stay");
    assert_eq!((incident.runs(), incident.images.len()), (2, 2));
    assert_eq!(incident.services, [named("cart"), named("checkout")]);
    let good = incident.last_good.as_ref().unwrap();
    assert_eq!((good.service.as_str(), good.commit.clone()), ("checkout", sha("checkout", 1)));
    insta::assert_snapshot!(incident.evidence.join("\n"), @r"
    2 runs of cart and checkout left no image at ghcr.io, which itself answered.
    What was read of the logs of cart and checkout neither reports the push as done nor says why not.
    The last good push was that of checkout 9ee3e92, at 2026-03-02 08:50:00 UTC.
    ");
    insta::assert_snapshot!(incident.next_steps.join("\n"), @r"
    Read what the push of checkout #2 printed (https://github.com/acme/checkout/actions/runs/1002); where it was refused, renew the push credential of ghcr.io/acme.
    Then have the newest commits of cart and checkout pushed again: this closes when one lands.
    ");
}

#[test]
fn a_refusal_in_a_log_makes_it_sure_and_is_its_evidence() {
    let lab = stopped(&refused(DENIED), &refused("no basic auth credentials"));
    assert_eq!(lab.titles(), ["push credentials of ghcr.io/acme refused since 11:00 UTC (2 services)"]);
    let incident = lab.report().incidents.remove(0);
    assert_eq!(incident.basis, IncidentBasis::Refused);
    let evidence = incident.evidence.join("\n");
    assert!(evidence.contains("The log of checkout #2 says: no basic auth credentials"), "{evidence}");
    assert!(evidence.contains(&format!("The log of cart #2 says: {DENIED}")), "{evidence}");
}

#[test]
fn lines_of_logs_are_few_and_harmless() {
    let names = ["a1", "a2", "a3", "a4", "a5", "a6", "a7"];
    let mut lab = Lab::of(&names);
    for (ended, name) in (20..).zip(names) {
        lab.run(name, 1, ended, &refused(&format!("denied: \u{1b}[31m{name}\u{202e} {}", "x".repeat(5_000))));
    }
    let incident = lab.report().incidents.remove(0);
    let lines: Vec<_> = incident.evidence.iter().filter(|line| line.contains("denied")).collect();
    assert_eq!(lines.len(), 5);
    assert!(lines.iter().all(|line| line.len() < 700 && !line.contains(['\u{1b}', '\u{202e}'])), "{lines:?}");
    assert!(incident.evidence.contains(&"2 more logs name a refusal.".to_owned()), "{:?}", incident.evidence);
    assert!(incident.title(now()).ends_with("(7 services)"));
}

#[test]
fn one_image_is_no_incident_however_often_it_fails() {
    let mut lab = Lab::of(&["cart", "checkout"]);
    lab.run("cart", 1, 50, &refused(DENIED)).run("cart", 2, 30, &refused(DENIED)).run("cart", 3, 10, &refused(DENIED));
    lab.run("checkout", 1, 20, &Fate::Landed);
    assert!(lab.titles().is_empty());
    assert_eq!(lab.report().count(Verdict::Missing), 3);
}

#[test]
fn stops_that_are_more_than_an_hour_apart_are_two_stories() {
    let mut lab = Lab::of(&["cart", "checkout"]);
    lab.run("cart", 1, 100, &silent()).run("checkout", 1, 30, &silent());
    assert!(lab.titles().is_empty());
    let mut lab = Lab::of(&["cart", "checkout"]);
    lab.run("cart", 1, 100, &silent()).run("cart", 2, 70, &silent()).run("checkout", 1, 30, &silent());
    assert_eq!(lab.titles(), ["push credentials of ghcr.io/acme suspected since 10:20 UTC (2 services)"]);
}

#[test]
fn what_could_not_be_looked_at_never_opens_one() {
    for fate in [Fate::Unseen, Fate::Unasked] {
        assert!(stopped(&fate, &fate).titles().is_empty());
        assert!(stopped(&silent(), &fate).titles().is_empty());
        assert!(stopped(&refused(DENIED), &fate).titles().is_empty());
    }
    let lost = Fate::Lost(refusing(DENIED));
    assert!(stopped(&lost, &lost).titles().is_empty(), "the registry does not answer");
}

#[test]
fn one_failed_look_takes_nothing_out_of_an_incident_that_is_sure() {
    let lab = stopped(&refused(DENIED), &Fate::Lost(refusing(DENIED)));
    assert_eq!(lab.report().count(Verdict::Unknown), 1);
    assert_eq!(lab.titles(), ["push credentials of ghcr.io/acme refused since 11:00 UTC (2 services)"]);
}

#[test]
fn a_push_that_was_reported_as_done_clears_the_credential() {
    assert!(stopped(&claimed("cart", 2), &claimed("checkout", 2)).titles().is_empty());
    assert!(stopped(&claimed("cart", 2), &refused(DENIED)).titles().is_empty());
}

#[test]
fn another_reason_clears_the_credential() {
    let quota = refused("denied: adding 29.0 MiB of storage resource would exceed the configured upper limit");
    assert!(stopped(&quota, &quota).titles().is_empty());
    let full = refused("write /var/lib/registry: no space left on device");
    assert!(stopped(&full, &refused(DENIED)).titles().is_empty());
    let unpushed = Fate::Absent(PushLog {
        available: true,
        no_push: vec!["No output specified. Build result will only remain in the build cache".into()],
        ..PushLog::default()
    });
    assert!(stopped(&unpushed, &unpushed).titles().is_empty());
    let elsewhere = refused_at("docker.io/acme/mirror");
    assert!(stopped(&elsewhere, &elsewhere).titles().is_empty(), "another registry refused");
}

#[test]
fn a_log_that_is_not_there_says_nothing_either_way() {
    let gone = Fate::Absent(PushLog::default());
    assert_eq!(stopped(&gone, &gone).titles().len(), 1);
}

#[test]
fn images_of_different_registries_do_not_add_up() {
    let mut lab = Lab::of(&["cart", "checkout"]).moved("cart", "quay.io/acme/cart");
    lab.run("cart", 1, 30, &refused(DENIED)).run("checkout", 1, 20, &refused(DENIED));
    assert!(lab.titles().is_empty());
}

#[test]
fn where_everything_at_a_host_stops_the_host_is_named() {
    let mut lab = Lab::of(&["cart", "checkout", "search"])
        .moved("cart", "registry.corp/shop/cart")
        .moved("checkout", "registry.corp/pay/checkout")
        .moved("search", "registry.corp/search");
    lab.run("cart", 1, 40, &silent()).run("checkout", 1, 30, &silent()).run("search", 1, 20, &silent());
    assert_eq!(lab.titles(), ["push credentials of registry.corp suspected since 11:20 UTC (3 services)"]);
}

#[test]
fn a_namespace_that_goes_on_landing_is_left_out_of_anothers_incident() {
    let mut lab = Lab::of(&["cart", "checkout", "search", "web"])
        .moved("search", "ghcr.io/other/search")
        .moved("web", "ghcr.io/other/web");
    lab.run("cart", 1, 40, &refused(DENIED)).run("checkout", 1, 30, &refused(DENIED));
    lab.run("search", 1, 25, &refused(DENIED)).run("web", 1, 20, &Fate::Landed);
    assert_eq!(lab.titles(), ["push credentials of ghcr.io/acme refused since 11:20 UTC (2 services)"]);
}

#[test]
fn its_title_has_a_shorter_form_and_names_the_day_where_it_is_another() {
    let incident = stopped(&silent(), &silent()).report().incidents.remove(0);
    assert_eq!(incident.brief(now()), "pushes to ghcr.io/acme suspected since 11:00 (2 services)");
    let later = now() + jiff::SignedDuration::from_hours(40);
    assert_eq!(incident.title(later), "push credentials of ghcr.io/acme suspected since 2 Mar 11:00 UTC (2 services)");
}

#[test]
fn two_images_of_one_service_count_as_one_service() {
    let mut lab = Lab::of(&["cart", "checkout"]).moved("checkout", "ghcr.io/acme/worker");
    lab.run("cart", 1, 40, &silent()).run("checkout", 1, 30, &silent());
    let incident = lab.report().incidents.remove(0);
    assert!(incident.title(now()).ends_with("(2 services)"));
    let alone = landfall::analysis::Incident { services: vec![named("cart")], ..incident };
    assert!(alone.title(now()).ends_with("(1 service, 2 images)"), "{}", alone.title(now()));
}
