//! Writing on threads of its own: nobody who keeps something waits for the disk, and the newest is never lost to it.

use std::io;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender, TryRecvError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::answers::AnswerKey;
use super::pending::{AnswerChange, Changes, Pending};
use super::{Archive, Store, Written, open};
use crate::domain::{Fact, Look};

/// The shortest time between two writes, and the first pause after one that failed.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest pause after one that failed.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// How long `drop` waits for what is not written yet.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long an overdue sweep goes on while somebody waits for the end. Whoever only ever looks once sweeps then alone.
const LAST_STEPS: Duration = Duration::from_millis(250);

/// Takes what is to be kept, and never blocks. One thread gathers, one writes; while there is nothing to write,
/// neither wakes up.
#[derive(Debug)]
pub struct Writer {
    inbox: Sender<Message>,
    archive: Option<Archive>,
    ended: bool,
}

/// What the gathering thread is told.
#[derive(Debug)]
pub(super) enum Message {
    Facts(Vec<Fact>),
    Shelf(Vec<Look>),
    Answer(AnswerKey, AnswerChange),
    /// The writing thread has written, or could not.
    Written(Result<(), Changes>),
    /// It is ready for more.
    Ready,
    /// The file was read as a whole, and is damaged.
    Damaged,
    Recall(usize, Give),
    End(SyncSender<bool>),
}

/// Takes what was read back.
pub(super) struct Give(Box<dyn FnMut(Vec<Fact>) + Send>);

impl std::fmt::Debug for Give {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Give")
    }
}

impl Writer {
    /// Starts writing to a history. `sweeps` is how long ago the last sweep may be; `clock` tells the time; `tell` is
    /// called with a sentence for the screen when the history cannot be written, and with nothing when it can again.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn start(
        store: Store,
        sweeps: SignedDuration,
        clock: impl Fn() -> Timestamp + Send + 'static,
        tell: impl Fn(Option<String>) + Send + 'static,
    ) -> io::Result<Self> {
        let (inbox, messages) = mpsc::channel();
        let archive = store.secret.map(|secret| Archive::new(inbox.clone(), secret, store.readable_path()));
        let (orders, ordered) = mpsc::channel();
        let writing = Writing {
            store,
            sweeps,
            clock,
            tell,
            told: None,
            pause: PAUSE,
            sweeping: false,
            hurry: false,
            replies: inbox.clone(),
        };
        let writing = thread::Builder::new().name("history-disk".to_owned()).spawn(move || writing.run(&ordered))?;
        let gathering =
            Gathering { pending: Pending::default(), busy: false, failed: false, orders, writing, end: None };
        thread::Builder::new().name("history".to_owned()).spawn(move || gathering.run(&messages))?;
        Ok(Self { inbox, archive, ended: false })
    }

    /// Keeps facts. They are written within a second or so.
    pub fn keep(&self, facts: Vec<Fact>) {
        self.send(Message::Facts(facts));
    }

    /// Puts what these looks gave on the shelf.
    pub fn shelve(&self, looks: Vec<Look>) {
        self.send(Message::Shelf(looks));
    }

    /// Reads back what is remembered of the newest so many runs of each repository, and gives it away from another
    /// thread, as far as it can be read: piece by piece, of one repository or service each, and each before the next is
    /// read. Nothing is written meanwhile.
    pub fn remembered(&self, runs: usize, give: impl FnMut(Vec<Fact>) + Send + 'static) {
        self.send(Message::Recall(runs, Give(Box::new(give))));
    }

    /// Returns the kept answers, if they can be read.
    #[must_use]
    pub fn archive(&self) -> Option<Archive> {
        self.archive.clone()
    }

    /// Writes what is not written yet, waits for it no longer than this, and returns whether all of it was written.
    #[must_use]
    pub fn finish(mut self, within: Duration) -> bool {
        self.end(within)
    }

    fn end(&mut self, within: Duration) -> bool {
        if std::mem::replace(&mut self.ended, true) {
            return true;
        }
        let (done, wait) = mpsc::sync_channel(1);
        self.send(Message::End(done));
        wait.recv_timeout(within).unwrap_or(false)
    }

    fn send(&self, message: Message) {
        // The other end goes only after `End`.
        let _ = self.inbox.send(message);
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.end(PATIENCE);
    }
}

/// The thread that gathers: it holds the newest of each, and touches no disk.
struct Gathering {
    pending: Pending,
    busy: bool,
    failed: bool,
    orders: Sender<Order>,
    writing: JoinHandle<()>,
    end: Option<SyncSender<bool>>,
}

/// What the writing thread is told.
enum Order {
    Write(Changes),
    /// The file is damaged: a new one is begun.
    Renew,
    /// Somebody wants what is remembered of runs.
    Recall(usize, Give),
    /// Somebody waits: no more pauses.
    Hurry,
}

impl Gathering {
    fn run(mut self, messages: &Receiver<Message>) {
        while let Ok(message) = messages.recv() {
            self.take(message);
            while let Ok(message) = messages.try_recv() {
                self.take(message);
            }
            let given_up = self.failed && self.end.is_some();
            if !self.busy && !given_up && !self.pending.is_empty() {
                self.busy = self.orders.send(Order::Write(self.pending.take())).is_ok();
                continue;
            }
            if let Some(end) = self.end.take_if(|_| !self.busy) {
                drop(self.orders);
                // The file is closed when the thread has ended.
                let _ = self.writing.join();
                let _ = end.send(self.pending.is_empty());
                return;
            }
        }
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Facts(facts) => self.pending.keep(facts),
            Message::Shelf(looks) => self.pending.shelve(looks),
            Message::Answer(key, change) => self.pending.answer(key, change),
            Message::Written(Ok(())) => self.failed = false,
            Message::Written(Err(changes)) => {
                self.failed = true;
                self.pending.give_back(changes);
            }
            Message::Ready => self.busy = false,
            Message::Damaged => drop(self.orders.send(Order::Renew)),
            Message::Recall(runs, give) => drop(self.orders.send(Order::Recall(runs, give))),
            Message::End(done) => {
                self.end = Some(done);
                // One more try, however the last one went.
                self.failed = false;
                let _ = self.orders.send(Order::Hurry);
            }
        }
    }
}

/// The thread that writes.
struct Writing<C, T> {
    store: Store,
    sweeps: SignedDuration,
    clock: C,
    tell: T,
    told: Option<String>,
    /// How long it rests after the next write that fails.
    pause: Duration,
    sweeping: bool,
    /// Somebody waits for the end.
    hurry: bool,
    replies: Sender<Message>,
}

impl<C: Fn() -> Timestamp, T: Fn(Option<String>)> Writing<C, T> {
    fn run(mut self, orders: &Receiver<Order>) {
        loop {
            let order = if self.sweeping && !self.hurry {
                next_or_none(orders)
            } else {
                self.store.rest();
                orders.recv().map(Some).map_err(|_| Gone)
            };
            match order {
                Ok(Some(Order::Write(changes))) => self.write_and_rest(changes, orders),
                Ok(Some(order)) => self.obey(order),
                Ok(None) => self.sweep(),
                Err(_) => break,
            }
        }
        self.sweep_for(LAST_STEPS);
        // Whoever ends last does it otherwise, or the next to write.
        let _ = self.store.leave();
    }

    fn write_and_rest(&mut self, changes: Changes, orders: &Receiver<Order>) {
        let pause = self.write(changes);
        if !self.hurry
            && let Ok(order) = orders.recv_timeout(pause)
        {
            self.obey(order);
        }
        self.sweeping = self.sweeping || self.store.is_unswept((self.clock)(), self.sweeps).unwrap_or(false);
        let _ = self.replies.send(Message::Ready);
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Hurry => self.hurry = true,
            Order::Renew => {
                let renewed = self.store.renew();
                self.say(renewed.map_or_else(|error| Some(error.to_string()), |()| self.warning()));
            }
            Order::Recall(runs, Give(mut give)) => {
                let mut piece: Vec<Fact> = Vec::new();
                // What cannot be read is not remembered.
                let _ = self.store.remembered_each(runs, &mut |fact| {
                    if piece.last().is_some_and(|last| last.concerns() != fact.concerns()) {
                        give(std::mem::take(&mut piece));
                    }
                    piece.push(fact);
                });
                give(piece);
            }
            // Nothing is ordered to be written before this thread is ready for it.
            Order::Write(changes) => drop(self.write(changes)),
        }
    }

    /// Writes, or gives back what could not be written. Returns how long to rest.
    fn write(&mut self, changes: Changes) -> Duration {
        let warned = self.warning();
        let (written, pause) = match self.store.apply(Written::from(&changes), (self.clock)()) {
            Ok(()) => {
                // That the file was damaged meanwhile is worth a word. The new one works.
                let warning = self.warning().filter(|warning| warned.as_ref() != Some(warning));
                self.say(warning);
                self.pause = PAUSE;
                (Ok(()), PAUSE)
            }
            Err(error) => {
                self.say(Some(error.to_string()));
                let pause = self.pause;
                self.pause = (2 * pause).min(LONGEST_PAUSE);
                (Err(changes), pause)
            }
        };
        let _ = self.replies.send(Message::Written(written));
        pause
    }

    /// Goes on with a sweep for so long. Nobody stays to read the file as a whole after it.
    #[expect(clippy::disallowed_methods, reason = "how long somebody waits is no matter of the wall clock")]
    fn sweep_for(&mut self, time: Duration) {
        let begun = Instant::now();
        while self.sweeping && begun.elapsed() < time {
            self.sweeping = self.store.sweep((self.clock)()).unwrap_or(false);
        }
    }

    /// Does one step of a sweep. One that fails is begun again later.
    fn sweep(&mut self) {
        let now = (self.clock)();
        self.sweeping = self.store.sweep(now).unwrap_or(false);
        if !self.sweeping && self.store.is_unverified(now).unwrap_or(false) {
            self.verify();
        }
    }

    /// Reads the whole file on a thread of its own, which may take as long as it likes.
    fn verify(&self) {
        let Some(path) = self.store.readable_path() else { return };
        let replies = self.replies.clone();
        // Where no thread can be started there is a next time.
        let _ = thread::Builder::new().name("history-check".to_owned()).spawn(move || {
            if !open::is_sound(&path) {
                let _ = replies.send(Message::Damaged);
            }
        });
    }

    fn warning(&self) -> Option<String> {
        self.store.warning().map(ToOwned::to_owned)
    }

    fn say(&mut self, trouble: Option<String>) {
        if self.told != trouble {
            (self.tell)(trouble.clone());
            self.told = trouble;
        }
    }
}

/// Nobody is left to give orders.
struct Gone;

fn next_or_none(orders: &Receiver<Order>) -> Result<Option<Order>, Gone> {
    match orders.try_recv() {
        Ok(order) => Ok(Some(order)),
        Err(TryRecvError::Empty) => Ok(None),
        Err(TryRecvError::Disconnected) => Err(Gone),
    }
}
