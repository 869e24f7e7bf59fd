//! What the pane of credentials shows.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use landfall::analysis::CredentialPolicy;
use landfall::app::{Charset, Cmd, Key, Settings};
use landfall::domain::{
    Batch, CredentialKind, CredentialRecord, CredentialScan, Evidence, Expiry, Failure, JobEnvironment, LastUse, Level,
    NamedSecret, Observation, Pipeline, PipelineScan, Reach, Renewal, RepoPath, Schedule, SecretUse, Seen, SourceId,
    Standing, Text,
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
            reach: Some(Reach { repos: vec![RepoPath::parse("acme/checkout").unwrap()], level: Level::Repository }),
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


     GHCR_TOKEN · acme/checkout · ended
     expired Sat 28 Feb 12:00 UTC, 2 days ago
     next: gh secret set GHCR_TOKEN --repo acme/checkout
     Enter open  / filter  n next finding  s sort:severity  R look now  o page  y copy  ? help  q quit                  1/7
    ");
}

fn pipelines(crons: &[&str]) -> Observation {
    let used = |job: &str, secret| SecretUse {
        job: Some(job.into()),
        through: None,
        secret,
        environment: JobEnvironment::Unset,
        only_environment: false,
        decided: false,
    };
    let named = NamedSecret::Exactly("GHCR_TOKEN".into());
    let nightly = Pipeline {
        file: ".github/workflows/nightly.yml".into(),
        name: "nightly-release".into(),
        triggers: vec!["schedule".into()],
        schedules: crons.iter().map(|cron| Schedule { cron: (*cron).into(), ..Schedule::default() }).collect(),
        uses: vec![used("push", named), used("sign", NamedSecret::All)],
        ..Pipeline::default()
    };
    let file = Text::from(".github/workflows/odd\u{1b}[2J.yml");
    let odd = Pipeline {
        name: file.clone(),
        file,
        unread: Some("line 3: it goes deeper than 64".into()),
        ..Pipeline::default()
    };
    let found = Ok(Arc::new(Batch { items: vec![nightly, odd], skipped: 0, complete: true }));
    let seen = Seen::Pipelines(PipelineScan { repo: RepoPath::parse("acme/checkout").unwrap(), found });
    Observation { at: now(), source: SourceId::parse("github").unwrap(), seen }
}

#[test]
fn what_breaks_first_is_named_and_the_detail_tells_who_uses_it() {
    let size = (180, 30);
    let mut stage = stage(size, false);
    stage.see(vec![pipelines(&["0 2 * * 0", "whenever"])]);
    let row = shown(&stage, size);
    assert!(row.contains("expired Sat 28 Feb 12:00 UTC, 2 days ago · next scheduled: nightly-release, Sun"), "{row}");
    stage.key(Key::Enter);
    let detail = shown(&stage, size);
    let detail: Vec<&str> =
        detail.lines().filter_map(|line| line.split_once('│')).map(|(_, line)| line.trim()).collect();
    let text = detail.join("\n");
    insta::assert_snapshot!(text.split("\nWhere").next().unwrap(), @r"
    ✗ expired  GHCR_TOKEN  secret
    expired Sat 28 Feb 12:00 UTC, 2 days ago
    next scheduled: nightly-release, Sun 02:00 UTC

    Next steps
    1  gh secret set GHCR_TOKEN --repo acme/checkout

    Who uses it
    1  release.yml
    2  acme/checkout: nightly-release, job push · names it · scheduled for 2026-03-08
    02:00:00 UTC · its schedule `whenever` cannot be read
    3  acme/checkout: nightly-release, job sign · is handed every secret · scheduled for
    2026-03-08 02:00:00 UTC · its schedule `whenever` cannot be read
    4  acme/checkout: .github/workflows/odd.yml · unknown whether it reads it · line 3:
    it goes deeper than 64
    ");
}

#[test]
fn the_narrowest_screens_tell_what_where_how_long_by_when_and_what_breaks() {
    for size in [(80, 24), (60, 16), (97, 17)] {
        let mut stage = stage(size, false);
        stage.see(vec![pipelines(&["0 2 * * 0"])]);
        let text = shown(&stage, size);
        for words in [
            "GHCR_TOKEN · acme/checkout · ended",
            "expired Sat 28 Feb 12:00 UTC, 2 days ago",
            "next scheduled: nightly-release, Sun 02:00 UTC",
        ] {
            assert!(text.contains(words), "{words} at {size:?}\n{text}");
        }
        stage.press("jj");
        let text = shown(&stage, size);
        for words in ["push · acme/web · 6 days", "act by Fri 6 Mar 16:00 UTC", "next: "] {
            assert!(text.contains(words), "{words} at {size:?}\n{text}");
        }
    }
}

#[test]
fn what_a_server_says_is_not_taken_for_what_is_to_be_done() {
    let size = (160, 16);
    let mut stage = stage(size, false);
    let refused = CredentialRecord {
        standing: Standing::Refused("denied: act as yourself".into()),
        ..record("REFUSED", CredentialKind::Secret, "acme/web", Expiry::Untold)
    };
    stage.see(vec![seen("github/acme/web", Ok(Batch { items: vec![refused], skipped: 0, complete: true }))]);
    stage.press("/REFUSED");
    let text = shown(&stage, size);
    let foot = text.lines().filter(|line| line.contains("it was refused: denied: act as yourself"));
    assert_eq!(foot.count(), 2, "in its row and below the rows\n{text}");
}

#[test]
fn what_has_no_end_counts_to_its_replacement_and_what_nobody_saw_for_long_is_stale() {
    let size = (100, 16);
    let mut stage = stage(size, false);
    let planned = CredentialRecord {
        rotate_by: Some(hours(24 * 21)),
        ..record("PLANNED", CredentialKind::Secret, "acme/web", Expiry::Untold)
    };
    let old = CredentialRecord {
        observed_at: hours(-15),
        ..record("OLD", CredentialKind::Secret, "acme/web", Expiry::At(hours(9000)))
    };
    let items = vec![planned, old];
    stage.see(vec![seen("github/acme/web", Ok(Batch { items, skipped: 0, complete: true }))]);
    let text = shown(&stage, size);
    let line = |name: &str| text.lines().find(|line| line.contains(name)).unwrap().to_owned();
    assert!(line("PLANNED").contains("21 days"), "{text}");
    assert!(line("OLD").contains("? stale"), "{text}");
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
      expired Sat 28 Feb 12:00 UTC, 2 days ago

    Next steps
      1  gh secret set GHCR_TOKEN --repo acme/checkout

    Who uses it
      1  release.yml

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

    To be known
      1  who uses it in acme/checkout is not known, its pipelines were not read
      2  It was used within the last hour: let the old one live until the new one is in place.


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
