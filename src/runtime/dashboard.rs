//! The loop of the dashboard: keys first, then what was seen, then time; one frame for all of it.

use std::collections::BTreeSet;
use std::future::{Future, ready};
use std::io;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::EventStream;
use futures_util::StreamExt as _;
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::browse::browse;
use super::clock::SystemClock;
pub use super::connected::{Connected, Keep, Kept, Shown};
use super::keys;
use super::pace::Pace;
use super::remember;
use super::signals::{Ending, Signals};
use crate::analysis::ServiceReport;
#[cfg(debug_assertions)]
use crate::app::Falling;
use crate::app::{Act, Charset, Cmd, Model, Msg, Screen, Settings, update};
use crate::domain::{Observation, Part, Seen, Snapshot, Wanted};
use crate::http;
use crate::poll::{Clock as _, ExpiryWatch, Poller};
use crate::terminal::{self, Abilities, Terminal};
use crate::ui::{Canvas, Theme};

/// Observations that may wait for the loop before their senders do.
const WAITING: usize = 256;
/// Observations taken in between two looks at the keyboard.
const AT_ONCE: usize = 32;

/// What earlier processes kept, and the verdicts over every service by it.
pub type Recalled = (Snapshot, Vec<ServiceReport>);

/// Time passes at least this often, whatever the user does.
const PASSES: Duration = Duration::from_secs(1);

/// How long the first frame waits for what earlier processes kept.
const RECALL: Duration = Duration::from_millis(150);

/// Shows the dashboard until the user quits or a signal comes. The first frame shows what earlier processes kept, where
/// that is read in time, and never waits for `connect`; where that fails the terminal is given back and its message
/// said. Exit codes are those of `terminal`.
pub async fn run(
    shown: Shown,
    ending: Ending,
    recalled: oneshot::Receiver<Recalled>,
    notices: mpsc::UnboundedReceiver<(Part, Option<String>)>,
    connect: impl Future<Output = Result<Connected, String>> + Send + 'static,
) -> ExitCode {
    let connecting = tokio::spawn(connect);
    if let Err(why) = terminal::usable() {
        // Standard error is mostly that terminal, and may take no bytes either.
        ending.end_at_once();
        return refuse(&why);
    }
    let taken = Terminal::watched(http::catches, ending.last.clone()).and_then(|terminal| {
        // A terminal that takes no bytes must keep nobody from ending what waits for it.
        let signals = Signals::tell(ending, terminal.clone())?;
        terminal.enter()?;
        Ok((signals, terminal))
    });
    let (signals, terminal) = match taken {
        Ok(taken) => taken,
        Err(error) => return refuse(&format!("the terminal cannot be used: {error}")),
    };
    let ended = match Dashboard::new(terminal.clone(), shown) {
        Ok(mut dashboard) => dashboard.run(signals, recalled, notices, connecting).await,
        Err(error) => Err(error),
    };
    terminal.leave();
    match ended {
        Ok(End { code, said, left }) => {
            // Where the terminal is gone there is nobody to leave anything to.
            let _ = terminal::send(left.replace('\n', "\r\n").as_bytes());
            said.map_or(ExitCode::from(code), |said| refuse(&said))
        }
        Err(_) => ExitCode::from(129),
    }
}

fn refuse(why: &str) -> ExitCode {
    let _ = rustix::io::write(rustix::stdio::stderr(), format!("landfall: {why}\n").as_bytes());
    ExitCode::from(2)
}

/// How it ended.
#[derive(Default)]
struct End {
    code: u8,
    /// Why it could not go on.
    said: Option<String>,
    /// What stays in the scrollback.
    left: String,
}

struct Dashboard {
    terminal: Terminal,
    model: Model,
    canvas: Canvas,
    size: (u16, u16),
    screen: Screen,
    started: Instant,
    pace: Pace,
    /// Whether anything happened since the last frame, and whether the user waits for it.
    changed: Option<bool>,
    /// When time last passed.
    passed: Instant,
    poller: Option<Poller>,
    watch: Option<ExpiryWatch>,
    /// What was wanted before anybody could be asked.
    wanted: Vec<Wanted>,
    keep: Option<Keep>,
    /// What was to be kept before anybody could.
    unkept: Vec<Kept>,
}

impl Dashboard {
    fn new(terminal: Terminal, shown: Shown) -> io::Result<Self> {
        let abilities = Abilities::from_environment();
        let charset = if abilities.unicode { Charset::Unicode } else { Charset::Ascii };
        let settings = Settings { title: shown.title, charset, browser: abilities.browser };
        let size = terminal::size()?;
        Ok(Self {
            terminal,
            model: Model::new(shown.services, shown.policy, settings, now(), size).judging(shown.credentials),
            canvas: Canvas::new(if abilities.colour { Theme::Ansi } else { Theme::Mono }),
            size,
            screen: Screen::default(),
            started: Instant::now(),
            pace: Pace::new(),
            changed: None,
            passed: Instant::now(),
            poller: None,
            watch: None,
            wanted: Vec::new(),
            keep: None,
            unkept: Vec::new(),
        })
    }

    async fn run(
        &mut self,
        mut signals: Signals,
        mut recalled: oneshot::Receiver<Recalled>,
        mut notices: mpsc::UnboundedReceiver<(Part, Option<String>)>,
        connecting: JoinHandle<Result<Connected, String>>,
    ) -> io::Result<End> {
        let mut connecting = pin!(connecting);
        let mut waiting = true;
        if let Ok(kept) = timeout(RECALL, &mut recalled).await {
            waiting = false;
            self.recall(kept.unwrap_or_default());
        }
        self.draw(false)?;
        let (seen, mut observations) = mpsc::channel(WAITING);
        let mut events = EventStream::new();
        let mut batch = Vec::with_capacity(AT_ONCE);
        loop {
            if let Some(urgent) = self.changed
                && self.pace.due(self.started.elapsed(), urgent) <= self.started.elapsed()
            {
                self.draw(urgent)?;
            }
            let connected = self.keep.is_some();
            let end = tokio::select! {
                biased;
                code = signals.end.recv() => Some(End { code: code.unwrap_or(0), ..End::default() }),
                event = events.next() => match event {
                    Some(event) => self.acted(keys::act(event?), &mut signals).await?,
                    None => Some(End { code: 129, ..End::default() }),
                },
                _ = signals.go_on.recv() => {
                    self.come_back()?;
                    None
                }
                kept = &mut recalled, if waiting => {
                    waiting = false;
                    self.recall(kept.unwrap_or_default());
                    None
                }
                done = &mut connecting, if !connected => self.connected(done.map_err(io::Error::other)?, &seen),
                () = ready(()), if self.model.is_behind() => {
                    self.catch_up();
                    None
                }
                _ = observations.recv_many(&mut batch, AT_ONCE) => {
                    self.seen(std::mem::take(&mut batch));
                    None
                }
                Some((part, words)) = notices.recv() => {
                    self.seen(vec![of_landfall(Seen::Notice(part, words.map(Into::into)))]);
                    None
                }
                () = sleep_until(self.next()) => {
                    self.changed = self.changed.or(Some(false));
                    None
                }
            };
            if let Some(end) = end {
                // What was seen is kept, judged or not.
                while self.model.is_behind() {
                    self.catch_up();
                }
                return Ok(end);
            }
        }
    }

    /// Returns when the next frame is due, or when time may have changed something.
    fn next(&self) -> Instant {
        if let Some(urgent) = self.changed {
            return self.started + self.pace.due(self.started.elapsed(), urgent);
        }
        let wait = self.model.wakes_at().duration_since(now());
        Instant::now() + Duration::try_from(wait).unwrap_or_default().min(Duration::from_mins(1))
    }

    /// Fits the screen to the terminal: a resize before the first frame, or while we were stopped, is told to nobody.
    fn fit(&mut self) {
        let Some(size) = terminal::size_now().filter(|size| *size != self.size) else { return };
        self.size = size;
        let todo = update(&mut self.model, Msg::Acted(Act::Resized(size.0, size.1)));
        self.do_quietly(todo);
    }

    /// Draws what is known. A frame that the user waits for comes first, and another one follows that shows what time
    /// changed.
    fn draw(&mut self, urgent: bool) -> io::Result<()> {
        self.fit();
        // Whoever holds a key down sees time pass all the same.
        if !urgent || self.passed.elapsed() >= PASSES {
            self.passed = Instant::now();
            let todo = update(&mut self.model, Msg::Passed(now()));
            self.do_quietly(todo);
        }
        let screen = self.model.screen();
        // Mostly nothing that is shown has changed, and then nothing is laid out.
        if screen != self.screen || !self.canvas.is_known(self.size) {
            let frame = self.canvas.frame(&screen, self.size);
            if !frame.is_empty() {
                self.terminal.draw(frame.as_bytes())?;
                self.pace.count(self.started.elapsed());
            }
            self.screen = screen;
        }
        self.changed = urgent.then_some(false);
        Ok(())
    }

    async fn acted(&mut self, act: Option<Act>, signals: &mut Signals) -> io::Result<Option<End>> {
        let Some(act) = act else { return Ok(None) };
        // A resize only wakes the next frame, which asks how large the terminal is by then.
        self.changed = Some(self.changed.unwrap_or(false) || matches!(act, Act::Key(_)));
        for cmd in update(&mut self.model, Msg::Acted(act)) {
            match cmd {
                Cmd::Quit { leave_screen } => {
                    let text = self.screen.text();
                    let lines = text.split_inclusive('\n').filter(|line| leave_screen && !line.trim().is_empty());
                    let left = lines.collect();
                    return Ok(Some(End { left, ..End::default() }));
                }
                Cmd::Suspend => self.suspend(signals).await?,
                Cmd::Repaint => self.canvas.forget(),
                Cmd::Copy(text) => self.terminal.copy(&text)?,
                other => self.do_quietly(vec![other]),
            }
        }
        Ok(None)
    }

    fn connected(&mut self, connected: Result<Connected, String>, seen: &mpsc::Sender<Observation>) -> Option<End> {
        let Connected { sources, expiry, rhythm, mut keep, remembered } = match connected {
            Ok(connected) => connected,
            Err(said) => return Some(End { code: 2, said: Some(said), ..End::default() }),
        };
        std::mem::take(&mut self.unkept).into_iter().for_each(&mut keep);
        self.keep = Some(keep);
        // It ends with the loop, which then receives nothing any more.
        tokio::spawn(remember::hand_on(remembered, seen.clone()));
        let services = self.model.services();
        let doors = sources.doors.clone();
        let poller = Poller::start(sources, services, rhythm, Arc::new(SystemClock), seen.clone());
        poller.begin_with(self.model.health());
        let images = services.iter().flat_map(|service| &service.images).map(|image| image.repository.clone());
        for image in images.collect::<BTreeSet<_>>() {
            poller.warm(image);
        }
        poller.want(std::mem::take(&mut self.wanted));
        self.poller = Some(poller);
        let every = self.model.credential_policy().every;
        self.watch = Some(ExpiryWatch::start(expiry, every, Arc::new(SystemClock), seen.clone(), &doors));
        let todo = self.model.begin();
        self.do_quietly(todo);
        None
    }

    fn seen(&mut self, observations: Vec<Observation>) {
        let todo = update(&mut self.model, Msg::Seen(observations));
        self.do_quietly(todo);
        self.changed = self.changed.or(Some(false));
    }

    fn catch_up(&mut self) {
        let todo = self.model.catch_up();
        self.do_quietly(todo);
        self.changed = self.changed.or(Some(false));
    }

    fn recall(&mut self, (kept, judged): Recalled) {
        self.model.recall(kept, judged);
        self.changed = self.changed.or(Some(false));
    }

    fn keep(&mut self, kept: Kept) {
        match &mut self.keep {
            Some(keep) => keep(kept),
            None => self.unkept.push(kept),
        }
    }

    /// Does what touches neither the screen nor the loop.
    fn do_quietly(&mut self, todo: Vec<Cmd>) {
        for cmd in todo {
            match cmd {
                Cmd::Want(wanted) => match &self.poller {
                    Some(poller) => poller.want(wanted),
                    None => self.wanted.extend(wanted),
                },
                Cmd::Remember(facts) => self.keep(Kept::Facts(facts)),
                Cmd::RememberAgain(facts) => self.keep(Kept::Again(facts)),
                Cmd::Shelve(looks) => {
                    if let Some(poller) = &self.poller {
                        poller.let_go(looks.clone());
                    }
                    self.keep(Kept::Shelved(looks));
                }
                // A browser that does not start is seen by the user, and what it says would ruin the screen.
                Cmd::Browse(page) => drop(tokio::task::spawn_blocking(move || browse(&page))),
                Cmd::LookAtCredentials => {
                    if let Some(watch) = &self.watch {
                        watch.look_now();
                    }
                }
                #[cfg(debug_assertions)]
                Cmd::Panic(falling) => self.fall_over(falling),
                Cmd::Copy(_) | Cmd::Repaint | Cmd::Suspend | Cmd::Quit { .. } => {}
            }
        }
    }

    #[cfg(debug_assertions)]
    #[expect(clippy::panic, reason = "what is left of the terminal after a panic is tested by having one")]
    fn fall_over(&self, falling: Falling) {
        match falling {
            Falling::Loop => panic!("asked to"),
            Falling::Task => drop(tokio::spawn(async { panic!("asked to, in a task") })),
            Falling::Poller => self.poller.iter().for_each(Poller::fall_over),
        }
    }

    /// Stops like any other program; the shell's `fg` brings us back.
    async fn suspend(&mut self, signals: &mut Signals) -> io::Result<()> {
        self.terminal.leave();
        rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)?;
        // The signal may stop another thread first, and without a shell above us it stops none.
        tokio::select! {
            _ = signals.go_on.recv() => {}
            () = sleep(Duration::from_millis(200)) => {}
        }
        self.come_back()
    }

    fn come_back(&mut self) -> io::Result<()> {
        self.terminal.enter()?;
        self.canvas.forget();
        self.changed = Some(true);
        Ok(())
    }
}

/// What landfall says of itself is no answer of a source; the name is not kept.
fn of_landfall(seen: Seen) -> Observation {
    Observation::own(now(), seen)
}

fn now() -> Timestamp {
    SystemClock.now()
}
