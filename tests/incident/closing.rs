//! An incident closes by itself when images land again: time passes, nothing is acknowledged.

use landfall::analysis::{Incident, Policy};
use landfall::app::{Charset, Model, Msg, Settings, update};

use crate::cast::minutes_ago;
use crate::lab::{DENIED, Fate, Lab, named, refused, silent};

/// Three services landed and were refused since.
fn incident() -> Lab {
    let mut lab = Lab::of(&["cart", "checkout", "ledger", "storefront"]);
    for (ended, name) in (150..).zip(["cart", "checkout", "ledger", "storefront"]) {
        lab.run(name, 1, ended, &Fate::Landed);
    }
    lab.run("cart", 2, 50, &refused(DENIED)).run("checkout", 2, 40, &refused(DENIED));
    lab.run("ledger", 2, 30, &refused(DENIED));
    lab
}

fn after(lab: &Lab, minutes: i64) -> Vec<Incident> {
    lab.report_in(minutes).incidents
}

#[test]
fn it_closes_when_one_of_its_images_lands_again() {
    let mut lab = incident();
    assert_eq!(after(&lab, 0).len(), 1);
    lab.run("cart", 3, -10, &Fate::Landed);
    assert!(after(&lab, 20).is_empty(), "the credential works again");
    assert_eq!(lab.report_in(20).count(landfall::analysis::Verdict::Missing), 3, "the rows stay: nobody pushed those");
}

#[test]
fn it_stays_open_as_long_as_nothing_lands() {
    let lab = incident();
    assert_eq!(after(&lab, 60 * 24 * 3).len(), 1, "a weekend closes nothing");
}

#[test]
fn an_image_that_always_landed_closes_nothing_that_logs_call_refused() {
    let mut lab = incident();
    lab.run("storefront", 2, 20, &Fate::Landed).run("storefront", 3, -10, &Fate::Landed);
    let open = after(&lab, 20);
    assert_eq!(open[0].services, [named("cart"), named("checkout"), named("ledger")]);
    let evidence = open[0].evidence.join("\n");
    assert!(evidence.contains("Images of storefront landed since: they may be pushed with another"), "{evidence}");
}

#[test]
fn what_no_log_calls_refused_is_closed_by_any_image_of_the_namespace() {
    let mut lab = Lab::of(&["cart", "checkout", "storefront"]);
    lab.run("cart", 1, 50, &silent()).run("checkout", 1, 40, &silent());
    assert_eq!(after(&lab, 0).len(), 1);
    lab.run("storefront", 1, -10, &Fate::Landed);
    assert!(after(&lab, 20).is_empty());
}

#[test]
fn what_stops_again_after_it_closed_opens_a_new_one() {
    let mut lab = incident();
    lab.run("cart", 3, -10, &Fate::Landed);
    lab.run("cart", 4, -100, &refused(DENIED));
    assert!(after(&lab, 120).is_empty(), "one image alone");
    lab.run("ledger", 3, -110, &refused(DENIED));
    let open = after(&lab, 130);
    assert_eq!((open[0].services.clone(), open[0].since), (vec![named("cart"), named("ledger")], minutes_ago(-100)));
}

#[test]
fn the_screen_closes_it_when_images_land_again() {
    let mut lab = Lab::of(&["cart", "checkout"]);
    let settings = Settings { title: "landfall", charset: Charset::Unicode, browser: false };
    let mut model = Model::new(lab.services(), Policy::default(), settings, minutes_ago(0), (80, 24));
    let mut see = |lab: &mut Lab, name: &str, number, ended, fate: &Fate| {
        let observations = lab.observe(name, number, ended, fate);
        update(&mut model, Msg::Seen(observations));
        update(&mut model, Msg::Passed(minutes_ago(ended.min(0)) + jiff::SignedDuration::from_mins(6)));
        model.screen().text()
    };
    see(&mut lab, "cart", 1, 150, &Fate::Landed);
    assert!(!see(&mut lab, "cart", 2, 50, &refused(DENIED)).contains("push credentials"));
    let open = see(&mut lab, "checkout", 2, 40, &refused(DENIED));
    assert!(open.contains("✗ push credentials of ghcr.io/acme refused since 11:10 UTC (2 services)"), "{open}");
    assert!(open.contains("✗ 1 incident · ✗ 2 missing"), "{open}");
    let closed = see(&mut lab, "cart", 3, -60, &Fate::Landed);
    assert!(!closed.contains("push credentials") && !closed.contains("incident"), "{closed}");
    assert!(closed.contains("✗ 2 missing"), "{closed}");
}
