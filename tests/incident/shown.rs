//! Where an incident stands on the screen and in what `check` prints.

use std::path::Path;

use landfall::analysis::{Policy, Report};
use landfall::app::{Act, Charset, Key, Model, Msg, Settings, update};
use landfall::output::{Selection, Style, json, table};
use serde_json::Value;

use crate::cast::{now, tag_of};
use crate::lab::{DENIED, Fate, Lab, refused};

fn lab() -> (Lab, Vec<landfall::domain::Observation>) {
    let mut lab = Lab::of(&["cart", "checkout", "storefront"]);
    let mut all = lab.observe("cart", 1, 150, &Fate::Landed);
    all.extend(lab.observe("cart", 2, 50, &refused(DENIED)));
    all.extend(lab.observe("checkout", 1, 40, &refused("unauthorized: authentication required")));
    all.extend(lab.observe("storefront", 1, 20, &Fate::Landed));
    for observation in all.clone() {
        lab.snapshot.absorb(observation);
    }
    (lab, all)
}

struct Seen(Model);

impl Seen {
    fn new(size: (u16, u16)) -> Self {
        let (lab, observations) = lab();
        let settings = Settings { title: "landfall", charset: Charset::Unicode, browser: false };
        let mut model = Model::new(lab.services(), Policy::default(), settings, now(), size);
        update(&mut model, Msg::Seen(observations));
        update(&mut model, Msg::Passed(now()));
        Self(model)
    }

    fn press(mut self, keys: &str) -> Self {
        for key in keys.chars() {
            let key = if key == '\n' { Key::Enter } else { Key::Char(key) };
            update(&mut self.0, Msg::Acted(Act::Key(key)));
        }
        self
    }

    fn text(&self) -> String {
        self.0.screen().text()
    }
}

#[test]
fn what_stands_still_before_the_next_frame_has_its_incident() {
    let (lab, observations) = lab();
    let settings = Settings { title: "landfall", charset: Charset::Unicode, browser: false };
    let mut model = Model::new(lab.services(), Policy::default(), settings, now(), (80, 16));
    update(&mut model, Msg::Seen(observations));
    update(&mut model, Msg::Acted(Act::Key(Key::Char('f'))));
    update(&mut model, Msg::Passed(now()));
    let text = model.screen().text();
    assert!(text.contains("✗ push credentials of ghcr.io/acme refused") && text.contains("✗ missing"), "{text}");
}

#[test]
fn it_stands_above_the_rows_in_one_line_where_there_is_little_room() {
    insta::assert_snapshot!(Seen::new((80, 16)).text(), @r"
     Overview  Divergence  Sources  Flaky  Durations  Credentials            ● live
     ✗ 1 incident · ✗ 2 missing · ✓ 2 landed
     Service       CI  Verdict         Commit   Landed   Behind  Since  Flakes
    ▸✗ push credentials of ghcr.io/acme refused since 11:10 UTC (2 services)
     cart          ✓   ✗ missing       0c2671e  078711f       1    50m  … 2/20
     checkout      ✓   ✗ missing       9ee3e92  none               40m  … 1/20
     storefront    ✓   ✓ landed        d2c5d41  d2c5d41       0    20m  … 1/20








     Enter open  / filter  n next finding  s sort:worst  ? help  q quit         1/4
    ");
    insta::assert_snapshot!(Seen::new((80, 16)).press("2").text(), @r"
     Overview  Divergence  Sources  Flaky  Durations  Credentials            ● live
     ✗ 1 incident · ✗ 2 missing · ✓ 2 landed
     Verdict             Service       Tag               Commit   Branch        Age
    ▸✗ push credentials of ghcr.io/acme refused since 11:10 UTC (2 services)
     ✗ missing           checkout      sha-9ee3e92       9ee3e92  main          40m
     ✗ missing           cart          sha-0c2671e       0c2671e  main          50m
     ✓ landed            storefront    sha-d2c5d41       d2c5d41  main          20m
     ✓ landed            cart          sha-078711f       078711f  main           2h







     Enter open  / filter  n next finding  s sort:worst  ? help  q quit         1/5
    ");
}

#[test]
fn it_has_a_second_line_where_there_is_room() {
    insta::assert_snapshot!(Seen::new((180, 16)).press("j").text(), @r"
     landfall   1 Overview   2 Divergence   3 Sources   4 Flaky   5 Durations   6 Credentials                                                                                    ● live
     ✗ 1 incident · ✗ 2 missing · ✓ 2 landed
     Service       CI           Verdict         Commit   Title                          Landed   Behind  Since  Flake gate                           p50    Branch      Repository
     ✗ push credentials of ghcr.io/acme refused since 11:10 UTC (2 services)
       last good push cart 078711f, 2h ago · next Renew the credential with which the pipelines push to ghcr.io/acme, in every place that holds it.
    ▸cart          ✓ success    ✗ missing       0c2671e  Change something               078711f       1    50m  … not enough data                   5:00    main        acme/cart
     checkout      ✓ success    ✗ missing       9ee3e92  Change something               none               40m  … not enough data                   5:00    main        acme/checkout
     storefront    ✓ success    ✓ landed        d2c5d41  Change something               d2c5d41       0    20m  … not enough data                   5:00    main        acme/storefront







     Enter open  / filter  n next finding  s sort:worst  R look now  o page  y copy  ? help  q quit                                                                                 2/4
    ");
}

#[test]
fn it_is_opened_like_a_row() {
    insta::assert_snapshot!(Seen::new((80, 40)).press("\n").text(), @r"
    Overview  Divergence  Sources  Flaky  Durations  Credentials            ● live
    ✗ 1 incident · ✗ 2 missing · ✓ 2 landed
    ✗ push credentials of ghcr.io/acme refused since 11:10 UTC (2 services)
      since 2026-03-02 11:10:00 UTC (50m ago)

    Evidence
      1  2 runs of cart and checkout left no image at ghcr.io, which itself
         answered.
      2  The log of checkout #1 says: unauthorized: authentication required
      3  The log of cart #2 says: denied: requested access to the resource is
         denied
      4  The last good push was that of cart 078711f, at 2026-03-02 09:30:00 UTC.
      5  Images of storefront landed since: they may be pushed with another
         credential.

    Credentials that could be the cause
      none was looked at

    Next steps
      1  Renew the credential with which the pipelines push to ghcr.io/acme, in
         every place that holds it.
      2  Then have the newest commits of cart and checkout pushed again: this
         closes when one lands.

    Last good push
      service     cart
      commit      078711fccccccccccccccccccccccccccccccccc
      image       ghcr.io/acme/cart
      pushed      2026-03-02 09:30:00 UTC (2h ago)

    Services
      ✗ missing  cart
      ✗ missing  checkout






    Esc back  n next finding  R look now  o page  y copy  ? help  q quit       1/4
    ");
}

#[test]
fn it_is_selected_found_and_filtered_like_a_row() {
    let screen = Seen::new((80, 16)).press("jnN");
    assert!(screen.text().contains("▸cart"), "{}", screen.text());
    assert!(Seen::new((80, 16)).press("2jg").text().contains("▸✗ push credentials"));
    let filtered = Seen::new((80, 16)).press("/checkout\n").text();
    assert!(filtered.contains("▸✗ push credentials") && !filtered.contains("storefront"), "{filtered}");
    let filtered = Seen::new((80, 16)).press("/storefront\n").text();
    assert!(!filtered.contains("push credentials"), "{filtered}");
    let sorted = Seen::new((80, 16)).press("sss").text();
    assert!(sorted.contains("▸✗ push credentials"), "{sorted}");
    let copied = Seen::new((80, 16)).press("y").text();
    assert!(copied.contains("copied 1 of 2 Renew the credential"), "{copied}");
    for other in ["3", "4", "5", "6"] {
        assert!(!Seen::new((80, 16)).press(other).text().contains("push credentials"), "{other}");
    }
}

#[test]
fn no_row_is_lost_below_it() {
    for size in [(60, 16), (80, 16), (150, 16), (200, 16)] {
        let end = Seen::new(size).press("2G").text();
        assert!(end.contains('▸'), "{size:?}\n{end}");
    }
}

fn report() -> (Lab, Report) {
    let (lab, _) = lab();
    let report = lab.report();
    (lab, report)
}

#[test]
fn the_json_is_what_the_published_schema_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/schema/report.schema.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let (_, report) = report();
    let value: Value =
        serde_json::from_str(&json(&Selection::all(report), &|_| landfall::analysis::Explanation::default(), now()))
            .unwrap();
    let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let told = &value["incidents"][0];
    assert_eq!(told["title"], "push credentials of ghcr.io/acme refused since 11:10 UTC (2 services)");
    assert_eq!(told["last_good_push"]["service"], "cart");
    let mut value = value;
    value["incidents"][0].as_object_mut().unwrap().remove("since");
    assert!(!validator.is_valid(&value), "a schema that accepts anything proves nothing");
}

#[test]
fn the_table_begins_with_it() {
    let (_, report) = report();
    let style = Style { colour: false, width: Some(80) };
    let text = table(&Selection::all(report), &|_| landfall::analysis::Explanation::default(), now(), style);
    let (head, _) = text.split_once("missing").unwrap();
    insta::assert_snapshot!(head, @r"
    INCIDENT: push credentials of ghcr.io/acme refused since 11:10 UTC (2 services)
        2 runs of cart and checkout left no image at ghcr.io, which itself answered.
        The log of checkout #1 says: unauthorized: authentication required
        The log of cart #2 says: denied: requested access to the resource is denied
        The last good push was that of cart 078711f, at 2026-03-02 09:30:00 UTC.
        Images of storefront landed since: they may be pushed with another
        credential.
        next: Renew the credential with which the pipelines push to ghcr.io/acme, in
              every place that holds it.
        next: Then have the newest commits of cart and checkout pushed again: this
              closes when one lands.
    ");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn who_asks_for_one_commit_is_told_of_an_incident_that_concerns_it() {
    let told = |number: u64, name: &str| {
        let (_, report) = report();
        let tag = tag_of(name, number);
        let digits = tag.as_str().trim_start_matches("sha-").to_owned();
        Selection::of_commit(report, &digits, 20).report().incidents.len()
    };
    assert_eq!((told(2, "cart"), told(1, "storefront")), (1, 0));
}
