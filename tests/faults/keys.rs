//! The real binary on a real terminal while every server does its worst: keys are answered at once all the same.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::fault::{Fault, Host, number};
use crate::proxy::Weather;
use crate::street::{Street, Town};
use crate::table::FAULTS;
use crate::tty::Tty;
use crate::wire::Manner;

/// What a key has an effect by, and the binary its end. A person calls a tenth of it at once; the machine may be busy.
const AT_ONCE: Duration = Duration::from_secs(1);
/// How long a request is waited for: it is under way as long as the test takes.
const LATE: Duration = Duration::from_secs(30);
/// How often all keys are pressed.
const ROUNDS: usize = 4;

/// Returns the weather in which no host answers as it should: half-open connections, drips, answers that come late and
/// those without an end.
fn worst() -> Weather {
    let bombs = FAULTS.iter().find(|case| case.name == "a bomb").unwrap().fault;
    Arc::new(move |host, request| {
        let one_of = |faults: &[Fault]| {
            faults.get(usize::try_from(number(&request.target) % 60).unwrap() % faults.len()).copied()
        };
        match host {
            Host::GitHub => one_of(&[Fault::Sent(Manner::Silence), Fault::Late(LATE), Fault::Sent(Manner::Endless)]),
            Host::GitLab => one_of(&[Fault::Sent(Manner::Drip), Fault::Sent(Manner::DripBody)]),
            Host::Registry => one_of(&[Fault::Sent(Manner::EndlessChunked), Fault::Late(LATE), bombs]),
            Host::Token | Host::Logs => Some(Fault::Late(LATE)),
        }
    })
}

/// The binary on its terminal, and how long the slowest of its answers took.
struct Typist {
    tty: Tty,
    slowest: (Duration, String),
}

impl Typist {
    fn start(street: &Street) -> Self {
        let folder = street.folder();
        let (config, state) = (folder.join("config.toml"), folder.join("state"));
        std::fs::write(&config, &street.text).unwrap();
        let mut tty = Tty::landfall(
            &["--config", config.to_str().unwrap(), "--state", state.to_str().unwrap()],
            &[("NO_PROXY", "*")],
        );
        tty.resize(120, 40);
        tty.until_shown("Overview");
        Self { tty, slowest: (Duration::ZERO, String::new()) }
    }

    /// Presses keys, and waits for what they do.
    fn press(&mut self, keys: &str, what: &str, done: impl Fn(&vt100::Screen) -> bool) {
        assert!(!done(self.tty.screen()), "{what} before {keys:?}: {}", self.tty.text());
        let begun = Instant::now();
        self.tty.send(keys);
        self.tty.until(what, done);
        self.took(begun.elapsed(), format!("{keys:?} for {what}"));
    }

    fn took(&mut self, time: Duration, what: String) {
        if time > self.slowest.0 {
            self.slowest = (time, what);
        }
    }

    fn until_shows(&mut self, keys: &str, text: &str) {
        self.press(keys, text, |screen| screen.contents().contains(text));
    }

    fn until_hides(&mut self, keys: &str, text: &str) {
        self.press(keys, &format!("no {text}"), |screen| !screen.contents().contains(text));
    }

    /// Goes to another row: the next, or from the last the one before. Rows change their order meanwhile, and the mark
    /// stays with its own.
    fn go_on(&mut self) {
        self.tty.until("a marked row", |screen| marked(screen).is_some());
        // The rest of the frame.
        self.tty.listen(AT_ONCE / 20);
        let (before, is_last) = marked(self.tty.screen()).unwrap();
        let key = if is_last { "k" } else { "j" };
        self.press(key, "another row", |screen| marked(screen).is_some_and(|(row, _)| row != before));
    }

    /// Looks anew at two sources, whatever it takes.
    fn look_now(&mut self) {
        self.until_shows("3", "Budget left");
        self.tty.send("R");
        self.go_on();
        self.tty.send("R");
    }

    /// Leaves one service alone on the overview, and comes back to all.
    fn filter(&mut self) {
        self.until_shows("1", "Behind");
        self.until_hides("/gateway\r", "checkout");
        self.until_shows("\u{1b}", "checkout");
    }

    /// Ends it.
    fn quit(mut self) {
        let begun = Instant::now();
        self.tty.send("q");
        assert_eq!(self.tty.ended(), 0);
        self.took(begun.elapsed(), "the end".to_owned());
        self.tty.is_as_found();
        assert!(self.slowest.0 < AT_ONCE, "{:?}", self.slowest);
    }
}

/// Returns the marked row by what does not change of it, its tag and run or its name, and whether it is the last.
fn marked(screen: &vt100::Screen) -> Option<(String, bool)> {
    let text = screen.contents();
    let mut lines = text.lines().skip_while(|line| !line.starts_with('▸'));
    let words: Vec<&str> = lines.next()?.split_whitespace().collect();
    let run = words.iter().position(|word| word.starts_with('#'));
    let row = run.map_or_else(|| words[0].to_owned(), |run| words[run - 1..=run].join(" "));
    Some((row, lines.next().is_none_or(|line| line.trim().is_empty())))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_key_is_answered_at_once_while_no_server_answers_as_it_should() {
    let town = Town::start().await;
    let street = Street::to(&town, false).await;
    let mut typist = Typist::start(&street);
    typist.tty.until_shown("stale");
    let before = street.tally().asked();
    street.change(worst());
    for _ in 0..ROUNDS {
        typist.look_now();
        typist.until_shows("2", "Branch");
        typist.go_on();
        typist.go_on();
        typist.go_on();
        typist.until_shows("\r", "Evidence");
        typist.until_hides("\u{1b}", "Evidence");
        typist.until_shows("?", "Verdicts");
        typist.until_hides("?", "Verdicts");
        typist.filter();
        typist.tty.listen(AT_ONCE / 2);
    }
    // A machine that is busy besides may not have come round to one of them.
    let unasked = || {
        let asked = street.tally().asked();
        [Host::GitHub, Host::GitLab, Host::Registry].into_iter().find(|host| asked[host] <= before[host])
    };
    for _ in 0..20 {
        if unasked().is_some() {
            typist.tty.listen(AT_ONCE);
        }
    }
    assert_eq!(unasked(), None, "it was not asked meanwhile");
    typist.quit();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_starts_into_it_shows_itself_and_answers_as_well() {
    let town = Town::start().await;
    let street = Street::to(&town, false).await;
    street.change(worst());
    let mut typist = Typist::start(&street);
    while street.tally().faults() < 3 {
        typist.tty.listen(AT_ONCE / 20);
    }
    for _ in 0..ROUNDS {
        typist.look_now();
        typist.until_shows("?", "Verdicts");
        typist.until_hides("?", "Verdicts");
        typist.filter();
        typist.tty.listen(AT_ONCE / 2);
    }
    typist.quit();
}
