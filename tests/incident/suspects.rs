//! Which credentials are named as the possible cause, and what is to be done first.

use jiff::SignedDuration;
use landfall::analysis::{CredentialPolicy, Incident};
use landfall::domain::{Batch, CredentialKind, CredentialRecord, CredentialScan, Expiry, Seen, Standing};

use crate::cast::{now, seen};
use crate::lab::{DENIED, Fate, Lab, refused, silent};

fn secret(place: &str, name: &str, days: i64) -> CredentialRecord {
    let id = format!("github/{place}/{name}");
    let expiry = Expiry::At(now() + SignedDuration::from_hours(24 * days));
    let replace = Some(format!("gh secret set {name}").into());
    CredentialRecord { expiry, replace, ..CredentialRecord::new(id, name, CredentialKind::Secret, now()) }
}

fn incident(fate: &Fate, records: Vec<CredentialRecord>, policy: &CredentialPolicy) -> Incident {
    let mut lab = Lab::of(&["cart", "checkout"]);
    lab.run("cart", 1, 50, fate).run("checkout", 1, 40, fate);
    for record in records {
        let source = if record.kind.is_own() { "ghcr.io" } else { "github" };
        let found = Ok(Batch { items: vec![record.clone()], skipped: 0, complete: true });
        let scan = CredentialScan { scope: record.id.clone(), found };
        lab.snapshot.absorb(seen(now(), source, Seen::Credentials(scan)));
    }
    lab.with_credentials(policy, now()).incidents.remove(0)
}

fn names(incident: &Incident) -> Vec<&str> {
    incident.suspects.iter().map(|suspect| suspect.name.as_str()).collect()
}

#[test]
fn what_the_services_can_use_for_this_registry_is_suspect_the_worst_first() {
    let records = vec![
        secret("acme/cart/actions", "GHCR_TOKEN", 300),
        secret("acme/checkout/actions", "GHCR_TOKEN_2", 300),
        secret("acme/checkout/actions", "DOCKER_PASSWORD", -2),
        secret("acme/organization", "REGISTRY_TOKEN", 3),
        secret("acme/cart/actions", "NPM_TOKEN", -9),
        secret("acme/cart/actions", "QUAY_TOKEN", -9),
        secret("acme/website/actions", "GHCR_TOKEN_3", -9),
        secret("acme/cartography/actions", "GHCR_TOKEN_4", -9),
    ];
    let found = incident(&refused(DENIED), records, &CredentialPolicy::default());
    assert_eq!(names(&found), ["DOCKER_PASSWORD", "REGISTRY_TOKEN", "GHCR_TOKEN", "GHCR_TOKEN_2"]);
    assert_eq!(found.next_steps[0], "gh secret set DOCKER_PASSWORD", "to be copied as it is");
    assert!(found.suspects[0].reason.as_ref().unwrap().starts_with("expired"));
    assert_eq!(found.suspects[0].why, "by its name it is for a registry, and checkout can use it");
}

#[test]
fn landfalls_own_login_is_suspect_only_where_something_is_wrong_with_it() {
    let own = |standing| {
        let record = CredentialRecord::new("own/ghcr.io", "login for ghcr.io", CredentialKind::OwnLogin, now());
        CredentialRecord { standing, ..record }
    };
    let found = incident(&refused(DENIED), vec![own(Standing::Accepted)], &CredentialPolicy::default());
    assert!(found.suspects.is_empty());
    let refusal = Standing::Ended("token expired".into());
    let found = incident(&refused(DENIED), vec![own(refusal)], &CredentialPolicy::default());
    assert_eq!(names(&found), ["login for ghcr.io"]);
}

#[test]
fn without_a_suspect_it_says_what_to_look_at() {
    let found = incident(&refused(DENIED), Vec::new(), &CredentialPolicy::default());
    insta::assert_snapshot!(found.next_steps.join("\n"), @r"
    Renew the credential with which the pipelines push to ghcr.io/acme, in every place that holds it.
    Then have the newest commits of cart and checkout pushed again: this closes when one lands.
    ");
    let found = incident(&silent(), vec![secret("acme/cart/actions", "GHCR_TOKEN", 300)], &CredentialPolicy::default());
    insta::assert_snapshot!(found.next_steps.join("\n"), @r"
    Read what the push of checkout #1 printed (https://github.com/acme/checkout/actions/runs/1001); where it was refused, renew the push credential of ghcr.io/acme.
    Then have the newest commits of cart and checkout pushed again: this closes when one lands.
    ");
}

#[test]
fn no_name_is_told_where_names_are_left_out() {
    let policy = CredentialPolicy { redact: true, ..CredentialPolicy::default() };
    let found = incident(&refused(DENIED), vec![secret("acme/cart/actions", "GHCR_TOKEN", -2)], &policy);
    assert!(!format!("{found:?}").contains("GHCR_TOKEN"));
}
