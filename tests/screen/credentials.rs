//! What the pane of credentials shows.

use jiff::{SignedDuration, Timestamp};
use landfall::analysis::CredentialPolicy;
use landfall::app::{Charset, Cmd, Key, Settings};
use landfall::domain::{
    Batch, CredentialKind, CredentialRecord, CredentialScan, Evidence, Expiry, Failure, LastUse, Observation, Renewal,
    Seen, SourceId, Standing,
};
use landfall::ui::Theme;

use crate::cast::{Stage, now};
use crate::{cells, painted};

fn hours(hours: i64) -> Timestamp {
    now() + SignedDuration::from_hours(hours)
}

fn record(name: &str, kind: CredentialKind, place: &str, expiry: Expiry) -> CredentialRecord {
    let id = format!("github/{place}/{name}");
    CredentialRecord { place: place.into(), expiry, ..CredentialRecord::new(id, name, kind, now()) }
}

fn seen(scope: &str, found: Result<Batch<CredentialRecord>, Failure>) -> Observation {
    let seen = Seen::Credentials(CredentialScan { scope: scope.into(), found });
    Observation { at: now(), source: SourceId::parse("github").unwrap(), seen }
}

fn stage(size: (u16, u16), redact: bool) -> Stage {
    let mut stage = Stage::with(size, Settings { title: "landfall", charset: Charset::Unicode, browser: false });
    let policy = CredentialPolicy { redact, ..CredentialPolicy::default() };
    stage.model = stage.model.judging(policy);
    let items = vec![
        CredentialRecord {
            replace: Some("gh secret set GHCR_TOKEN --repo acme/checkout".into()),
            consumers: vec!["release.yml".into()],
            owner: Some("platform".into()),
            last_use: LastUse::At(hours(-1)),
            ..record("GHCR_TOKEN", CredentialKind::Secret, "acme/checkout", Expiry::At(hours(-48)))
        },
        CredentialRecord {
            renewal: Renewal::Manual,
            ..record("push", CredentialKind::AccessToken, "acme/web", Expiry::At(hours(24 * 5 + 14)))
        },
        CredentialRecord {
            evidence: Evidence::Age,
            ..record("CHAT_WEBHOOK", CredentialKind::Secret, "acme/checkout", Expiry::Untold)
        },
        CredentialRecord {
            standing: Standing::Refused("revoked".into()),
            ..record("deployer", CredentialKind::DeployKey, "acme/web", Expiry::At(hours(9000)))
        },
        record("api.example", CredentialKind::Certificate, "tls/api.pem", Expiry::At(hours(9000))),
        record("app key", CredentialKind::Other("app key".into()), "declared", Expiry::Never),
    ];
    stage.see(vec![
        seen("github/acme", Ok(Batch { items, skipped: 0, complete: true })),
        seen("github/acme/api/actions", Err(Failure::Forbidden("Resource not accessible".into()))),
    ]);
    stage.press("6");
    stage
}

fn shown(stage: &Stage, size: (u16, u16)) -> String {
    cells(&painted(stage, size, Theme::Ansi))
}

#[test]
fn the_worst_come_first_under_counts_of_their_own() {
    let size = (120, 16);
    insta::assert_snapshot!(shown(&stage(size, false), size), @r"
     landfall   1 Overview   2 Divergence   3 Sources   4 Flaky   5 Durations   6 Credentials                     ○ looking
     1 expired · 1 broken · 1 warning · 2 unknown · 1 ok · 1 never
     Severity    Credential               Kind          Place                 Left  Evidence   Seen  Why
    ▸✗ expired   GHCR_TOKEN               secret        acme/checkout        ended  provider    now  expired Sat 28 Feb 12…
     ✗ broken    deployer                 deploy key    acme/web          375 days  provider    now  it was refused: revok…
     ! warning   push                     access token  acme/web            6 days  provider    now  expires Sun 8 Mar 02:…
     ? unknown   CHAT_WEBHOOK             secret        acme/checkout            ?  age         now  no expiry is known an…
     ? unknown   github/acme/api/actions  list          github                   ?  probe       now  could not look: acces…
     ✓ ok        api.example              certificate   tls/api.pem       375 days  provider    now  expires Fri 12 Mar 20…
     ∅ never     app key                  app key       declared            no end  provider    now  it has no end





     Enter open  / filter  n next finding  s sort:severity  R look now  o page  y copy  ? help  q quit                  1/7
    ");
}

#[test]
fn the_detail_has_the_reasons_the_next_step_and_the_evidence() {
    let size = (100, 30);
    let mut stage = stage(size, false);
    stage.key(Key::Enter);
    insta::assert_snapshot!(shown(&stage, size), @r"
    landfall 1 Overview  2 Divergence  3 Sources  4 Flaky  5 Durations  6 Credentials        ○ looking
    1 expired · 1 broken · 1 warning · 2 unknown · 1 ok · 1 never
    ✗ expired  GHCR_TOKEN  secret
      expired Sat 28 Feb 12:00, 2 days ago

    Next steps
      1  gh secret set GHCR_TOKEN --repo acme/checkout

    Where
      place       acme/checkout
      id          github/acme/checkout/GHCR_TOKEN
      owner       platform

    Evidence
      rests on    provider: whoever issued it says so
      seen        2026-03-02 12:00:00 UTC (just now)
      accepted    not tried
      ends        2026-02-28 12:00:00 UTC
      last used   2026-03-02 11:00:00 UTC (60m ago)
      renewed     unknown

    Who uses it
      1  release.yml

    To be known
      1  It was used within the last hour: let the old one live until the new one is in place.



    Esc back  n next finding  R look now  o page  y copy  ? help  q quit                           1/7
    ");
}

#[test]
fn without_names_none_is_on_the_screen() {
    for size in [(80, 24), (200, 50)] {
        let mut stage = stage(size, true);
        for _ in 0..2 {
            let text = shown(&stage, size);
            for name in ["GHCR_TOKEN", "CHAT_WEBHOOK", "deployer", "api.example", "app key", "acme/", "platform"] {
                assert!(!text.contains(name), "{name} in\n{text}");
            }
            assert!(text.contains("expired"), "{text}");
            stage.key(Key::Enter);
        }
    }
}

#[test]
fn the_filter_knows_severity_kind_place_and_owner() {
    let size = (120, 16);
    for (filter, name) in
        [("broken", "deployer"), ("certificate", "api.example"), ("platform", "GHCR_TOKEN"), ("tls/", "api.example")]
    {
        let mut stage = stage(size, false);
        stage.press("/");
        stage.press(filter);
        stage.key(Key::Enter);
        let text = shown(&stage, size);
        assert!(text.contains(name) && text.contains("1/1"), "{filter}\n{text}");
    }
}

#[test]
fn the_next_step_is_what_is_copied() {
    let mut stage = stage((120, 16), false);
    let copied = stage.press("y");
    assert!(
        matches!(copied.as_slice(), [Cmd::Copy(text)] if text == "gh secret set GHCR_TOKEN --repo acme/checkout"),
        "{copied:?}"
    );
}

#[test]
fn looking_now_looks_at_all_of_them_and_says_so() {
    let size = (120, 16);
    let mut stage = stage(size, false);
    assert!(matches!(stage.press("R").as_slice(), [Cmd::LookAtCredentials]));
    assert!(shown(&stage, size).contains("looking at all credentials now"));
}

#[test]
fn the_end_comes_nearer_by_itself() {
    let size = (120, 16);
    let mut stage = stage(size, false);
    assert!(shown(&stage, size).contains("1 expired"));
    stage.pass(hours(24 * 7));
    let text = shown(&stage, size);
    assert!(text.contains("2 expired"), "{text}");
}

#[test]
fn a_frozen_screen_stands_still_and_catches_up() {
    let size = (120, 16);
    let mut stage = stage(size, false);
    stage.press("f");
    stage.pass(hours(24 * 7));
    assert!(shown(&stage, size).contains("1 expired"));
    stage.press("f");
    assert!(shown(&stage, size).contains("2 expired"));
}
