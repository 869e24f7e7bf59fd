//! How the panes of trust and time stand on the screen, and what the keys do in them.

use std::sync::Arc;

use landfall::app::{Charset, Cmd, Key, Settings};
use landfall::domain::{Batch, Conclusion, Job, JobId, Run, RunState, Seen, ServiceName};
use landfall::ui::Theme;

use crate::cast::{Stage, now, run, seen};
use crate::{cells, painted};

/// Commits of cart.
const COMMITS: u64 = 40;

fn jobs(run: &Run, conclusion: &Conclusion, names: &[&str]) -> Seen {
    let job = |(place, name): (u64, &&str)| Job {
        id: JobId(run.key.id * 10 + place),
        name: (*name).into(),
        stage: None,
        state: RunState::Finished(conclusion.clone()),
        allow_failure: false,
        started_at: run.started_at,
        finished_at: run.finished_at,
    };
    let items = (0..).zip(names).map(job).collect();
    Seen::Jobs(run.key.clone(), Arc::new(Batch { items, skipped: 0, complete: true }))
}

/// Every fifth commit ran twice: it failed, and passed in another run.
fn history(stage: &mut Stage, commits: u64, names: &[&str]) {
    let title = "Change it";
    let mut runs: Vec<Arc<Run>> = Vec::new();
    let mut all = Vec::new();
    for number in (0..commits).rev() {
        let green = run("cart", 100 + number, 60 * (commits - number).cast_signed(), title);
        if number % 5 == 0 {
            let mut red = (*green).clone();
            red.state = RunState::Finished(Conclusion::Failure);
            let mut again = (*green).clone();
            (again.key.id, again.number) = (again.key.id + 5_000, again.number + 5_000);
            again.url = format!("{}-again", again.url).into();
            all.push(seen(now(), "github", jobs(&again, &Conclusion::Success, names)));
            all.push(seen(now(), "github", jobs(&red, &Conclusion::Failure, names)));
            runs.extend([Arc::new(again), Arc::new(red)]);
        } else {
            all.push(seen(now(), "github", jobs(&green, &Conclusion::Success, names)));
            runs.push(green);
        }
    }
    let batch = Batch { items: runs, skipped: 0, complete: true };
    all.insert(0, seen(now(), "github", Seen::Runs(ServiceName::parse("cart").unwrap(), batch)));
    stage.see(all);
}

fn stage(size: (u16, u16)) -> Stage {
    let mut stage = Stage::new(size);
    history(&mut stage, COMMITS, &["e2e (chrome)"]);
    stage
}

fn shown(size: (u16, u16), keys: &str) -> String {
    let mut stage = stage(size);
    for key in keys.chars() {
        match key {
            '\n' => stage.key(Key::Enter),
            '\u{1b}' => stage.key(Key::Esc),
            key => stage.press(&key.to_string()),
        };
    }
    cells(&painted(&stage, size, Theme::Ansi))
}

#[test]
fn the_flaky_pane_has_a_row_a_service() {
    insta::assert_snapshot!(shown((80, 24), "4"), @r"
     Overview  Divergence  Sources  Flaky  Durations  Credentials         ○ looking
     looking… 4/6 · ✗ 2 missing · 1 other finding · looking at 17 · ? 1 unknown
     Service       Gate                                  Flaked  To settle  Firm
    ▸cart          ✗ stay on Continuous Delivery    20% (10–34)  270 clean  firm
     checkout      … not enough data                     0 of 3   70 clean
     ledger        … not enough data                     0 of 1   72 clean
     search        … not enough data                     0 of 2   71 clean
     legacy-crm    - no run that is over
     newcomer      … reading














     Enter open  / filter  n next finding  s sort:worst  ? help  q quit         1/6
    ");
}

#[test]
fn enter_on_a_service_shows_its_builds_and_jobs_below_its_gate() {
    insta::assert_snapshot!(shown((80, 24), "4\n"), @r"
     Overview  Divergence  Sources  Flaky  Durations  Credentials         ○ looking
     looking… 4/6 · ✗ 2 missing · 1 other finding · looking at 17 · ? 1 unknown
     cart  ✗ stay on Continuous Delivery: flakes failed 20% (10–34) of the builds,
       over 5%
     8 of 41 commits ran more than once
           Job or test      State               Flaked   Last  Recent commits
    ▸runs  all builds       ✗ stay         20% (10–34)
     job   e2e (chrome)     ≈ flaky        20% (10–35)     5h  ≈••••≈••••≈••••≈••••















     Enter open  Esc back  / filter  n next finding  o page  ? help  q quit     1/2
    ");
}

#[test]
fn the_smallest_screen_shows_the_parts_of_a_service() {
    insta::assert_snapshot!(shown((60, 16), "4\n"), @r"
     1  2  3  4 Flaky  5  6                           ○ looking
     looking… 4/6 · ✗ 2 · +1 · looking at 17 · ? 1
     cart  ✗ stay on Continuous Delivery: flakes failed 20%
       (10–34) of the builds, over 5%
     8 of 41 commits ran more than once
     Job or test      State               Flaked   Last
    ▸all builds       ✗ stay         20% (10–34)
     e2e (chrome)     ≈ flaky        20% (10–35)     5h







     Enter open  Esc back  / filter  ? help  q quit         1/2
    ");
    insta::assert_snapshot!(shown((60, 16), "5"), @r"
     1  2  3  4  5 Durations  6                       ○ looking
     looking… 4/6 · ✗ 2 · +1 · looking at 17 · ? 1
     Service       Typical run          p50         p95   Queue
    ▸cart          ✓ under 10:00       5:00 →      5:00    1:00
     checkout      ✓ under 10:00       5:00       ~5:00    1:00
     ledger        ✓ under 10:00       5:00       ~5:00    1:00
     search        ✓ under 10:00       5:00       ~5:00    1:00
     legacy-crm    - no run yet
     newcomer      … reading






     Enter open  / filter  R look now  ? help  q quit       1/6
    ");
}

#[test]
fn the_durations_pane_has_a_row_a_workflow() {
    insta::assert_snapshot!(shown((80, 24), "5"), @r"
     Overview  Divergence  Sources  Flaky  Durations  Credentials         ○ looking
     looking… 4/6 · ✗ 2 missing · 1 other finding · looking at 17 · ? 1 unknown
     Service       Typical run          p50         p95   Queue  Trend
    ▸cart          ✓ under 10:00       5:00 →      5:00    1:00  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁
     checkout      ✓ under 10:00       5:00       ~5:00    1:00  ▁▁▁
     ledger        ✓ under 10:00       5:00       ~5:00    1:00  ▁
     search        ✓ under 10:00       5:00       ~5:00    1:00  ▁▁
     legacy-crm    - no run yet
     newcomer      … reading














     Enter open  / filter  n next finding  s sort:slowest  ? help  q quit       1/6
    ");
}

#[test]
fn a_wide_screen_shows_the_detail_of_a_job_beside_the_parts() {
    insta::assert_snapshot!(shown((200, 30), "4\nj\n"), @r"
     landfall   1 Overview   2 Divergence   3 Sources   4 Flaky   5 Durations   6 Credentials                                                                                                     ○ looking
     looking… 4 of 6 services read · ✗ 2 missing · ≠ 1 mismatch · looking at 17 · ? 1 unknown · ✓ 2 landed
     cart  ✗ stay on Continuous Delivery: flakes failed 20% (10–34) of the builds, over 5%              │ ≈ flaky  e2e (chrome)  20% (10–35)
     8 of 41 commits ran more than once                                                                 │   a job of release in cart
           Job or test      State               Flaked   Last  Recent commits         Commits  Evidence │
     runs  all builds       ✗ stay         20% (10–34)                                   8/41  medium   │ Behaviour
    ▸job   e2e (chrome)     ≈ flaky        20% (10–35)     5h  ≈••••≈••••≈••••≈••••      8/40  medium   │   recent      ≈••••≈••••≈••••≈••••  a sign for each commit, the newest last
                                                                                                        │               • green  ≈ flaky
                                                                                                        │   flaked      20% (10–35): 8 of 40 commits passed and failed
                                                                                                        │   observed    8 of 40 commits ran more than once
                                                                                                        │   commits     32 green, 8 flaky
                                                                                                        │   ran         48 times, 8 of them failed
                                                                                                        │   evidence    medium: separate runs of one commit
                                                                                                        │   last flake  2026-03-02 07:00:00 UTC (5h ago)
                                                                                                        │
                                                                                                        │ Next steps, to copy with y; landfall runs none of them
                                                                                                        │   run again   gh run rerun 6135 --repo acme/cart  gh
                                                                                                        │   quarantine  continue-on-error: true  GitHub Actions
                                                                                                        │
                                                                                                        │ Runs, newest first
                                                                                                        │   ≈ flaky  #5135  72f34a3  2026-03-02 07:00:00 UTC (5h ago)
                                                                                                        │     https://github.com/acme/cart/actions/runs/1135-again
                                                                                                        │   ≈ flaky  #5130  5bd66a8  2026-03-02 02:00:00 UTC (10h ago)
                                                                                                        │     https://github.com/acme/cart/actions/runs/1130-again
                                                                                                        │   ≈ flaky  #5125  44b98ad  2026-03-01 21:00:00 UTC (15h ago)
                                                                                                        │     https://github.com/acme/cart/actions/runs/1125-again
                                                                                                        │   ≈ flaky  #5120  2d9cab2  2026-03-01 16:00:00 UTC (20h ago)
                                                                                                        │     https://github.com/acme/cart/actions/runs/1120-again
                                                                                                        │
     Esc back  n next finding  R look now  o page  y copy  ? help  q quit                                                                                                                               2/2
    ");
}

#[test]
fn a_wide_overview_has_the_flake_gate_and_the_typical_time() {
    insta::assert_snapshot!(shown((200, 16), ""), @r"
     landfall   1 Overview   2 Divergence   3 Sources   4 Flaky   5 Durations   6 Credentials                                                                                                     ○ looking
     looking… 4 of 6 services read · ✗ 2 missing · ≠ 1 mismatch · looking at 17 · ? 1 unknown · ✓ 2 landed
     Service       CI           Verdict                   Commit   Title                                    Landed   Behind  Since  Flake gate                           p50    Branch      Repository
    ▸checkout      ✓ success    ✗ missing                 5160aa9  Show the delivery date before payment    871c243       2    95m  … not enough data                   5:00    main        acme/checkout
     search        ✓ success    ≠ mismatch                17987ff  Boost exact matches                      bd51566       1    25m  … not enough data                   5:00    main        acme/search
     ledger        ✓ success    ? unknown (✓ now)         ef70561  Round half to even                       ef70561             4h  … not enough data                   5:00    main        acme/ledger
     legacy-crm                 ? unknown (not found)                                                                                                                                       acme/legacy-crm
     cart          ✓ success    ? unknown…                8570c9f  Change it                                ?                  60m  ✗ stay on Continuous Delivery       5:00 →  main        acme/cart
     newcomer                   … looking                                                                                                                                                   acme/newcomer






     Enter open  / filter  n next finding  s sort:worst  R look now  o page  y copy  ? help  q quit                                                                                                     1/6
    ");
}

#[test]
fn escape_leaves_the_detail_then_the_filter_then_the_parts() {
    let mut stage = stage((80, 24));
    stage.press("4/cart");
    stage.key(Key::Enter);
    stage.key(Key::Enter);
    assert!(
        stage.text().contains("all builds") && !stage.text().contains("/cart"),
        "the filter is that of the services"
    );
    stage.press("/e2e");
    stage.key(Key::Enter);
    assert!(!stage.text().contains("all builds"), "{}", stage.text());
    stage.key(Key::Enter);
    assert!(stage.text().contains("Next steps"), "{}", stage.text());
    stage.key(Key::Esc);
    stage.key(Key::Esc);
    assert!(stage.text().contains("all builds"), "{}", stage.text());
    stage.key(Key::Esc);
    let text = stage.text();
    assert!(text.contains("Ran again") || text.contains("To settle"), "{text}");
    assert!(text.contains("/cart"), "the services are filtered as before\n{text}");
}

#[test]
fn another_pane_shows_all_of_its_rows() {
    let mut stage = stage((80, 24));
    stage.press("4");
    stage.key(Key::Enter);
    stage.press("/e2e");
    stage.key(Key::Enter);
    stage.press("l");
    assert!(stage.text().contains("Typical run") && !stage.text().contains("/e2e"), "{}", stage.text());
    stage.press("h");
    assert!(stage.text().contains("To settle"), "{}", stage.text());
}

#[test]
fn what_could_be_done_is_copied_one_after_the_other() {
    let mut stage = stage((80, 24));
    stage.press("4");
    stage.key(Key::Enter);
    stage.press("j");
    let mut copied = || match stage.press("y").remove(0) {
        Cmd::Copy(text) => text,
        other => panic!("{other:?}"),
    };
    assert_eq!(copied(), "gh run rerun 6135 --repo acme/cart");
    assert_eq!(copied(), "continue-on-error: true");
    assert_eq!(copied(), "e2e (chrome)");
    assert_eq!(copied(), "gh run rerun 6135 --repo acme/cart");
    stage.press("kj");
    assert_eq!(stage.press("y"), [Cmd::Copy("gh run rerun 6135 --repo acme/cart".to_owned())]);
}

#[test]
fn the_page_of_a_flaky_job_is_the_newest_run_in_which_it_flaked() {
    let settings = Settings { title: "landfall", charset: Charset::Unicode, browser: true };
    let mut stage = Stage::with((80, 24), settings);
    history(&mut stage, COMMITS, &["e2e (chrome)"]);
    stage.press("4");
    stage.key(Key::Enter);
    stage.press("j");
    let page = "https://github.com/acme/cart/actions/runs/1135-again";
    assert_eq!(stage.press("o"), [Cmd::Browse(page.to_owned())]);
}

#[test]
fn the_next_finding_is_a_service_over_its_gate_and_within_it_a_flaky_job() {
    let mut stage = stage((80, 24));
    stage.press("4Gn");
    let selected = |stage: &Stage| stage.text().lines().find(|line| line.starts_with('▸')).unwrap().to_owned();
    assert!(selected(&stage).contains("cart"), "{}", stage.text());
    stage.key(Key::Enter);
    stage.press("n");
    assert!(selected(&stage).contains("e2e (chrome)"), "{}", stage.text());
}

#[test]
fn a_selected_job_stays_selected_when_more_is_seen() {
    let mut stage = stage((80, 24));
    stage.press("4");
    stage.key(Key::Enter);
    stage.press("G");
    let selected = |stage: &Stage| stage.text().lines().find(|line| line.starts_with('▸')).unwrap().to_owned();
    assert!(selected(&stage).contains("e2e (chrome)"), "{}", stage.text());
    history(&mut stage, COMMITS, &["a job that is new", "e2e (chrome)"]);
    assert!(stage.text().contains("a job that is …") && selected(&stage).contains("e2e"), "{}", stage.text());
}

#[test]
fn in_ascii_strips_and_trends_keep_their_meaning() {
    let settings = Settings { title: "landfall", charset: Charset::Ascii, browser: false };
    let mut stage = Stage::with((80, 24), settings);
    history(&mut stage, COMMITS, &["e2e (chrome)"]);
    stage.press("4");
    stage.key(Key::Enter);
    let text = stage.text();
    assert!(text.contains("20% (10-35)") && text.contains("~ flaky"), "{text}");
    assert!(text.contains("~....~....~....~...."), "{text}");
    assert!(text.contains("over 5%"), "{text}");
    stage.press("5");
    assert!(stage.text().contains("..................") && stage.text().contains("5:00 >"), "{}", stage.text());
}

#[test]
fn the_selected_part_is_in_sight_however_much_stands_above_the_rows() {
    let names: Vec<String> = (0..30).map(|place| format!("job number {place:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for size in [(60, 16), (80, 24), (200, 20)] {
        let mut stage = Stage::new(size);
        history(&mut stage, COMMITS, &names);
        stage.press("4");
        stage.key(Key::Enter);
        for keys in ["G", "g", "G"] {
            stage.press(keys);
            stage.key(Key::Enter);
            stage.key(Key::Esc);
            let text = stage.text();
            assert!(text.lines().any(|line| line.starts_with('▸')), "{size:?} {keys}\n{text}");
        }
    }
}
