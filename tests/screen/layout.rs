//! The same at every size.

use landfall::analysis::Policy;
use landfall::app::{Act, Charset, Model, Msg, Settings, update};
use landfall::ui::Theme;

use crate::cast::{Stage, cast, now};
use crate::{cells, painted, shown};

#[test]
fn before_anybody_answered_it_says_what_it_waits_for() {
    let settings = Settings { title: "landfall", charset: Charset::Unicode, browser: false };
    let stage = Stage { model: Model::new(cast().0, Policy::default(), settings, now(), (80, 24)) };
    insta::assert_snapshot!(cells(&painted(&stage, (80, 24), Theme::Ansi)), @r"
     Overview  Divergence  Sources  Flaky  Durations  Credentials         ○ looking
     looking… 0 of 6 services read
     Service       CI  Verdict         Commit   Landed   Behind  Since  Flakes
    ▸cart              … looking
     checkout          … looking
     ledger            … looking
     legacy-crm        … looking
     newcomer          … looking
     search            … looking














     Enter open  / filter  n next finding  s sort:worst  ? help  q quit         1/6
    ");
}

#[test]
fn a_wide_screen_shows_the_detail_beside_the_rows() {
    insta::assert_snapshot!(shown((200, 50), "\n"), @r"
     landfall   1 Overview   2 Divergence   3 Sources   4 Flaky   5 Durations   6 Credentials                                                                                                     ○ looking
     looking… 4 of 6 services read · ✗ 2 missing · ≠ 1 mismatch · ? 1 unknown · ✓ 3 landed
     Service       CI         Verdict                   Commit   Landed   Behind  Since  Flakes     p50 │ ✗ missing  checkout  2 behind
    ▸checkout      ✓ success  ✗ missing                 5160aa9  871c243       2    95m  … 3/20     5m  │   nothing lands since 2026-03-02 10:25:00 UTC (95m ago)
     search        ✓ success  ≠ mismatch                17987ff  bd51566       1    25m  … 2/20     5m  │
     ledger        ✓ success  ? unknown (✓ now)         ef70561  ef70561             4h  … 1/20     5m  │ Newest green commit
     legacy-crm               ? unknown (not found)                                                     │   ✗ missing  ghcr.io/acme/checkout:sha-5160aa9
     newcomer                 … looking                                                                 │
     cart          ✓ success  ✓ landed                  3a60314  3a60314       0    44m  … 1/20     5m  │ Next steps
                                                                                                        │   1  Push ghcr.io/acme/checkout:sha-5160aa9 again from the same commit, and watch the push step's
                                                                                                        │      own output.
                                                                                                        │
                                                                                                        │ The way back: the newest green commit that landed
                                                                                                        │   run         #40  ✓ success
                                                                                                        │   commit      871c243ccccccccccccccccccccccccccccccccc
                                                                                                        │   title       Close idle connections after 30 s
                                                                                                        │   finished    2026-03-02 09:00:00 UTC (3h ago)
                                                                                                        │   image       ghcr.io/acme/checkout@sha256:636865636b6f75742d343000000000000000000000000000000000
                                                                                                        │               0000000000
                                                                                                        │
                                                                                                        │ Evidence
                                                                                                        │   1  Run #42 of release ended as success at 2026-03-02T11:48:00Z.
                                                                                                        │   2  ghcr.io/acme/checkout:sha-5160aa9 is expected.
                                                                                                        │   3  ghcr.io answered MANIFEST_UNKNOWN for sha-5160aa9 at 2026-03-02T12:00:00Z.
                                                                                                        │   4  Push job docker ended as success at 2026-03-02T11:48:00Z.
                                                                                                        │   5  Never claimed: the log names no push of ghcr.io/acme/checkout:sha-5160aa9.
                                                                                                        │   6  The same credential read ghcr.io/acme/checkout, so the answer is not a hidden refusal.
                                                                                                        │   7  It was absent in 2 looks since 2026-03-02T11:59:00Z.
                                                                                                        │
                                                                                                        │ Its run
                                                                                                        │   run         #42 of release  ✓ success
                                                                                                        │   started by  push on main
                                                                                                        │   commit      5160aa9ccccccccccccccccccccccccccccccccc
                                                                                                        │   title       Show the delivery date before payment
                                                                                                        │   finished    2026-03-02 11:48:00 UTC (12m ago)
                                                                                                        │   page        https://github.com/acme/checkout/actions/runs/1042
                                                                                                        │   project     acme/checkout at github
                                                                                                        │
                                                                                                        │
                                                                                                        │
                                                                                                        │
                                                                                                        │
                                                                                                        │
                                                                                                        │
                                                                                                        │
                                                                                                        │
                                                                                                        │
                                                                                                        │
                                                                                                        │
     Esc back  n next finding  R look now  o page  y copy  ? help  q quit                                                                                                                               1/6
    ");
}

#[test]
fn a_wide_screen_shows_titles_and_images() {
    insta::assert_snapshot!(shown((200, 20), "2"), @r"
     landfall   1 Overview   2 Divergence   3 Sources   4 Flaky   5 Durations   6 Credentials                                                                                                     ○ looking
     looking… 4 of 6 services read · ✗ 2 missing · ≠ 1 mismatch · ? 1 unknown · ✓ 3 landed
     Verdict             Service       Tag                               Run  Commit   Branch                  Age  Title                                                         Image
    ▸✗ missing           checkout      sha-5160aa9                       #42  5160aa9  main                    12m  Show the delivery date before payment                         ghcr.io/acme/checkout
     ✗ missing           checkout      sha-6c3e676                       #41  6c3e676  main                    95m  Fix the rounding of split payments                            ghcr.io/acme/checkout
     ≠ mismatch          search        sha-17987ff                        #7  17987ff  main                    25m  Boost exact matches                                           ghcr.io/acme/search
     ? unknown (✓ now)   ledger        sha-ef70561                        #3  ef70561  main                     4h  Round half to even                                            ghcr.io/acme/ledger
     ✓ landed            cart          sha-3a60314                       #12  3a60314  main                    44m  Drop sold-out lines with a notice                             ghcr.io/acme/cart
     ✓ landed            checkout      sha-871c243                       #40  871c243  main                     3h  Close idle connections after 30 s                             ghcr.io/acme/checkout
     ✓ landed            search        sha-bd51566                        #6  bd51566  main                     5h  Index titles                                                  ghcr.io/acme/search









     Enter open  / filter  n next finding  s sort:worst  R look now  o page  y copy  ? help  q quit                                                                                                     1/7
    ");
}

#[test]
fn the_smallest_screen_still_shows_service_verdict_and_age() {
    insta::assert_snapshot!(shown((60, 16), ""), @r"
     1 Overview  2  3  4  5  6                        ○ looking
     looking… 4/6 · ✗ 2 missing · 1 other finding · ? 1 unknown
     Service       Verdict              Commit   Landed   Since
    ▸checkout      ✗ missing            5160aa9  871c243    95m
     search        ≠ mismatch           17987ff  bd51566    25m
     ledger        ? unknown (✓ now)    ef70561  ef70561     4h
     legacy-crm    ? unknown (not fou…
     newcomer      … looking
     cart          ✓ landed             3a60314  3a60314    44m






     Enter open  / filter  s sort:worst  ? help  q quit     1/6
    ");
    insta::assert_snapshot!(shown((60, 16), "2"), @r"
     1  2 Divergence  3  4  5  6                      ○ looking
     looking… 4/6 · ✗ 2 missing · 1 other finding · ? 1 unknown
     Verdict             Service       Tag                  Age
    ▸✗ missing           checkout      sha-5160aa9          12m
     ✗ missing           checkout      sha-6c3e676          95m
     ≠ mismatch          search        sha-17987ff          25m
     ? unknown (✓ now)   ledger        sha-ef70561           4h
     ✓ landed            cart          sha-3a60314          44m
     ✓ landed            checkout      sha-871c243           3h
     ✓ landed            search        sha-bd51566           5h





     Enter open  / filter  s sort:worst  ? help  q quit     1/7
    ");
    insta::assert_snapshot!(shown((60, 16), "3"), @r"
     1  2  3 Sources  4  5  6                         ○ looking
     looking… 4/6 · ✗ 2 missing · 1 other finding · ? 1 unknown
     Source        State           Answered
    ▸ghcr.io       ! unauthorized       now
     github        ! not found          now










     Enter open  / filter  R look now  ? help  q quit       1/2
    ");
}

#[test]
fn a_smaller_screen_says_in_one_line_what_is_needed() {
    insta::assert_snapshot!(shown((40, 10), "").trim_end(), @"landfall needs 60x16; this is 40x10");
    for (width, line) in [(31, "needs 60x16, is 31x10"), (12, "needs 60x16"), (5, "60x16"), (1, "…")] {
        assert_eq!(shown((width, 10), "").trim_end(), line);
    }
}

#[test]
fn no_size_makes_a_line_too_long_or_a_screen_too_high() {
    let mut stage = Stage::new((80, 24));
    stage.press("2");
    for width in (0..240).step_by(7) {
        for height in 0..40 {
            update(&mut stage.model, Msg::Acted(Act::Resized(width, height)));
            let screen = stage.screen();
            assert!(screen.lines.len() <= usize::from(height).max(1), "{width}x{height}");
            assert!(screen.lines.iter().all(|line| line.width() == usize::from(width)), "{width}x{height}");
        }
    }
}
