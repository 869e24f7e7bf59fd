//! What each pane shows of the cast.

use crate::shown;

#[test]
fn the_overview_puts_the_worst_first() {
    insta::assert_snapshot!(shown((80, 24), ""), @r"
     Overview  Divergence  Sources  Flaky  Durations  Credentials         ○ looking
     looking… 4/6 · ✗ 2 missing · ≠ 1 mismatch · ? 1 unknown · ✓ 3 landed
     Service       CI  Verdict             Commit   Landed   Behind  Since  Flakes
    ▸checkout      ✓   ✗ missing           5160aa9  871c243       2    95m  … 3/20
     search        ✓   ≠ mismatch          17987ff  bd51566       1    25m  … 2/20
     ledger        ✓   ? unknown (✓ now)   ef70561  ef70561             4h  … 1/20
     legacy-crm        ? unknown (not fo…
     newcomer          … looking
     cart          ✓   ✓ landed            3a60314  3a60314       0    44m  … 1/20














     Enter open  / filter  n next finding  s sort:worst  ? help  q quit         1/6
    ");
}

#[test]
fn the_divergence_has_a_row_for_each_run_and_tag() {
    insta::assert_snapshot!(shown((80, 24), "2"), @r"
     Overview  Divergence  Sources  Flaky  Durations  Credentials         ○ looking
     looking… 4/6 · ✗ 2 missing · ≠ 1 mismatch · ? 1 unknown · ✓ 3 landed
     Verdict             Service       Tag               Commit   Branch        Age
    ▸✗ missing           checkout      sha-5160aa9       5160aa9  main          12m
     ✗ missing           checkout      sha-6c3e676       6c3e676  main          95m
     ≠ mismatch          search        sha-17987ff       17987ff  main          25m
     ? unknown (✓ now)   ledger        sha-ef70561       ef70561  main           4h
     ✓ landed            cart          sha-3a60314       3a60314  main          44m
     ✓ landed            checkout      sha-871c243       871c243  main           3h
     ✓ landed            search        sha-bd51566       bd51566  main           5h













     Enter open  / filter  n next finding  s sort:worst  ? help  q quit         1/7
    ");
}

#[test]
fn the_sources_show_the_servers_own_words() {
    insta::assert_snapshot!(shown((80, 24), "3"), @r"
     Overview  Divergence  Sources  Flaky  Durations  Credentials         ○ looking
     looking… 4/6 · ✗ 2 missing · ≠ 1 mismatch · ? 1 unknown · ✓ 3 landed
     Source        State           Answered    In 1h    304  Last failure
    ▸ghcr.io       ! unauthorized       now    1,200     4%  denied: permission_de…
     github        ! not found          now        0         Not Found (runs of le…


















     Enter open  / filter  n next finding  s sort:trouble  ? help  q quit       1/2
    ");
}

#[test]
fn the_detail_of_a_row_is_its_evidence() {
    insta::assert_snapshot!(shown((80, 50), "2\n"), @r"
    Overview  Divergence  Sources  Flaky  Durations  Credentials         ○ looking
    looking… 4/6 · ✗ 2 missing · ≠ 1 mismatch · ? 1 unknown · ✓ 3 landed
    ✗ missing  ghcr.io/acme/checkout:sha-5160aa9
      since 2026-03-02 11:59:00 UTC (1m ago)

    Evidence
      1  Run #42 of release ended as success at 2026-03-02T11:48:00Z.
      2  ghcr.io/acme/checkout:sha-5160aa9 is expected.
      3  ghcr.io answered MANIFEST_UNKNOWN for sha-5160aa9 at
         2026-03-02T12:00:00Z.
      4  Push job docker ended as success at 2026-03-02T11:48:00Z.
      5  Never claimed: the log names no push of
         ghcr.io/acme/checkout:sha-5160aa9.
      6  The same credential read ghcr.io/acme/checkout, so the answer is not a
         hidden refusal.
      7  It was absent in 2 looks since 2026-03-02T11:59:00Z.

    Next steps
      1  Push ghcr.io/acme/checkout:sha-5160aa9 again from the same commit, and
         watch the push step's own output.

    Image
      repository  ghcr.io/acme/checkout
      tag         sha-5160aa9

    Run
      run         #42 of release  ✓ success
      started by  push on main
      commit      5160aa9ccccccccccccccccccccccccccccccccc
      title       Show the delivery date before payment
      finished    2026-03-02 11:48:00 UTC (12m ago)
      page        https://github.com/acme/checkout/actions/runs/1042
      project     acme/checkout at github
















    Esc back  n next finding  R look now  o page  y copy  ? help  q quit       1/7
    ");
}

#[test]
fn the_detail_of_a_service_shows_the_way_back() {
    insta::assert_snapshot!(shown((80, 50), "\n"), @r"
    Overview  Divergence  Sources  Flaky  Durations  Credentials         ○ looking
    looking… 4/6 · ✗ 2 missing · ≠ 1 mismatch · ? 1 unknown · ✓ 3 landed
    ✗ missing  checkout  2 behind
      nothing lands since 2026-03-02 10:25:00 UTC (95m ago)

    Newest green commit
      ✗ missing  ghcr.io/acme/checkout:sha-5160aa9

    Next steps
      1  Push ghcr.io/acme/checkout:sha-5160aa9 again from the same commit, and
         watch the push step's own output.

    The way back: the newest green commit that landed
      run         #40  ✓ success
      commit      871c243ccccccccccccccccccccccccccccccccc
      title       Close idle connections after 30 s
      finished    2026-03-02 09:00:00 UTC (3h ago)
      image       ghcr.io/acme/checkout@sha256:636865636b6f75742d3430000000000000
                  000000000000000000000000000000

    Evidence
      1  Run #42 of release ended as success at 2026-03-02T11:48:00Z.
      2  ghcr.io/acme/checkout:sha-5160aa9 is expected.
      3  ghcr.io answered MANIFEST_UNKNOWN for sha-5160aa9 at
         2026-03-02T12:00:00Z.
      4  Push job docker ended as success at 2026-03-02T11:48:00Z.
      5  Never claimed: the log names no push of
         ghcr.io/acme/checkout:sha-5160aa9.
      6  The same credential read ghcr.io/acme/checkout, so the answer is not a
         hidden refusal.
      7  It was absent in 2 looks since 2026-03-02T11:59:00Z.

    Its run
      run         #42 of release  ✓ success
      started by  push on main
      commit      5160aa9ccccccccccccccccccccccccccccccccc
      title       Show the delivery date before payment
      finished    2026-03-02 11:48:00 UTC (12m ago)
      page        https://github.com/acme/checkout/actions/runs/1042
      project     acme/checkout at github









    Esc back  n next finding  R look now  o page  y copy  ? help  q quit       1/6
    ");
}

#[test]
fn a_wide_screen_shows_how_each_source_is_asked() {
    let wide = shown((200, 24), "3");
    for head in ["Gate", "Next", "Slower", "Clock", "Cache"] {
        assert!(wide.contains(head), "no {head} in\n{wide}");
    }
    assert!(wide.lines().any(|line| line.contains("ghcr.io") && line.contains("open")), "{wide}");
}

#[test]
fn the_detail_of_a_source_says_what_helps_and_who_depends_on_it() {
    insta::assert_snapshot!(shown((80, 24), "3\n"), @r"
    Overview  Divergence  Sources  Flaky  Durations  Credentials         ○ looking
    looking… 4/6 · ✗ 2 missing · ≠ 1 mismatch · ? 1 unknown · ✓ 3 landed
    ! unauthorized  ghcr.io  registry

    Refused
      acme/ledger: the registry says that the login lacks this right: denied:
      permission_denied: read_package (just now)
      what helps  Somebody must mend it; asking again would not help. R asks once
                  more.

    Health
      last answer 2026-03-02 12:00:00 UTC (just now)

    Services that depend on it
      cart, checkout, ledger, legacy-crm, newcomer, search

    Traffic
      last hour   1,200 requests, 54 of them answered by 304
      since start 1,234 requests, 56 of them answered by 304
      billed      1,178 count against the budget

    Pace
      gate        open
    Esc back  n next finding  R look now  o page  y copy  ? help  q quit       1/2
    ");
}

#[test]
fn the_help_lists_every_key_and_verdict() {
    insta::assert_snapshot!(shown((80, 40), "?"), @r"
    Overview  Divergence  Sources  Flaky  Durations  Credentials         ○ looking
    looking… 4/6 · ✗ 2 missing · ≠ 1 mismatch · ? 1 unknown · ✓ 3 landed
    Keys

    j ↓       a row down                  Enter     its parts, or its evidence
    k ↑       a row up                    Esc       back; else clears the filter
    PgDn ^F   a page down                 /         filter; !word leaves out
    PgUp ^B   a page up                   n         the next finding
    ^D        half a page down            N         the previous finding
    ^U        half a page up              s         sort another way
    g Home    the first row               R         look now, at this row
    G End     the last row                o         the run's page
    l → Tab   the next pane               y         copy; again: what comes next
    h ← S-Tab the previous pane           f         freeze the screen, or thaw it
    1         Overview                    ?         these keys
    2         Divergence                  :         :service :pane :sort :q
    3         Sources                     ^L        paint the screen anew
    4         Flaky                       ^Z        suspend
    5         Durations                   q ^C      quit
    6         Credentials                 Q         quit, leaving the screen

    Verdicts

    ✗ missing       the registry says no such tag, and was able to say so
    ↶ stale         the tag is there with an older commit's content
    ≠ mismatch      the image's revision label names another commit
    ◐ incomplete    the tag is there but cannot be pulled whole
    ⇢ misrouted     absent where expected, present where the log says
    ∅ pruned        it landed once and is absent now
    ? unknown       could not look; what was known last is shown
    … pending       not final: still running, or within grace
    ✓ landed        there, this commit's, and whole (landed… : layers yet unseen)
    - not expected  this run was not to publish

    Trust in jobs and tests

    ✗ broken        red on three commits or more, never green
    ≈ flaky         passed and failed on the same code, on two commits in 14 days
      ↓ 8 more lines
    Esc back  q quit
    ");
}
