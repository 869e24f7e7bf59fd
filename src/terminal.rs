//! The terminal: taken, and given back as it was found, whatever happens in between.
//!
//! Nothing here asks the terminal a question, and nothing goes through the standard library's output, whose locks a
//! panic may find taken. Exit codes: 0 where the user quit, 128 + n after signal n, 129 where the terminal is gone,
//! 101 after a panic, 2 where there is no terminal to begin with.

mod ability;
mod watchdog;

use std::io;
use std::panic::{PanicHookInfo, set_hook};
use std::process::exit;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::thread;
use std::time::Duration;

use crossterm::clipboard::CopyToClipboard;
use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::queue;
use crossterm::style::{Attribute, SetAttribute};
use crossterm::terminal::{
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

pub use ability::{Abilities, usable};

/// What is done last where the process ends and nothing is dropped any more.
pub type Last = Arc<dyn Fn() + Send + Sync>;

/// How long a frame that is being written is waited for.
const FRAME_TRIES: usize = 100;
const FRAME_PAUSE: Duration = Duration::from_millis(5);

/// The terminal while it is ours.
#[derive(Clone)]
pub struct Terminal {
    taken: Arc<AtomicBool>,
    /// Held while a frame is written.
    writing: Arc<Mutex<()>>,
    is_caught: fn() -> bool,
    last: Last,
}

impl Terminal {
    /// Returns the terminal, which is not taken yet. From here on a panic in any thread gives it back, says what happened,
    /// and ends the process, unless it `is_caught` by somebody who tells it; so does a terminal that goes away. Whatever
    /// ends the process from here does `last` before.
    ///
    /// # Errors
    /// The terminal cannot be watched.
    pub fn watched(is_caught: fn() -> bool, last: Last) -> io::Result<Self> {
        let terminal = Self { taken: Arc::default(), writing: Arc::default(), is_caught, last };
        let on_panic = terminal.clone();
        set_hook(Box::new(move |panic| on_panic.fall_over(panic)));
        let on_loss = terminal.clone();
        watchdog::start(move || on_loss.end(129))?;
        Ok(terminal)
    }

    /// Takes the terminal: raw mode, alternate screen, hidden cursor, bracketed paste; also again after `leave`, or after
    /// another program had it. It waits for a terminal that takes no bytes.
    ///
    /// # Errors
    /// The terminal cannot be put into raw mode, or written to.
    pub fn enter(&self) -> io::Result<()> {
        // The library believes itself in raw mode where a shell switched it off behind our back.
        if self.taken.load(Ordering::SeqCst) {
            disable_raw_mode()?;
        }
        enable_raw_mode()?;
        self.taken.store(true, Ordering::SeqCst);
        let mut bytes = Vec::new();
        queue!(bytes, EnterAlternateScreen, Hide, EnableBracketedPaste)?;
        send(&bytes)
    }

    /// Gives the terminal back as it was found. Does nothing the second time.
    pub fn leave(&self) {
        if !self.taken.swap(false, Ordering::SeqCst) {
            return;
        }
        self.await_frame();
        let mut bytes = Vec::new();
        let reset = SetAttribute(Attribute::Reset);
        let queued = queue!(bytes, EndSynchronizedUpdate, reset, DisableBracketedPaste, Show, LeaveAlternateScreen);
        // There is nobody to tell that the terminal cannot be written to: it is the terminal that would say so.
        let _ = queued.and_then(|()| send(&bytes));
        let _ = disable_raw_mode();
    }

    /// Writes a frame, unless the terminal was given back meanwhile: it may be another thread that falls over.
    ///
    /// # Errors
    /// The terminal cannot be written to.
    pub fn draw(&self, frame: &[u8]) -> io::Result<()> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.taken.load(Ordering::SeqCst) { send(frame) } else { Ok(()) }
    }

    /// Waits until no frame is being written, which would take back what is written now; not for ever, where the terminal
    /// takes no bytes.
    fn await_frame(&self) {
        for _ in 0..FRAME_TRIES {
            if !matches!(self.writing.try_lock(), Err(TryLockError::WouldBlock)) {
                return;
            }
            thread::sleep(FRAME_PAUSE);
        }
    }

    /// Ends the process from whatever thread. Gives back what can be given back without writing: the terminal may be
    /// gone, or not take any more bytes.
    pub fn end(&self, code: u8) -> ! {
        if self.taken.swap(false, Ordering::SeqCst) {
            let _ = disable_raw_mode();
        }
        (self.last)();
        exit(code.into());
    }

    /// Puts text into the clipboard of whoever sits at the terminal: OSC 52.
    ///
    /// # Errors
    /// The terminal cannot be written to.
    pub fn copy(&self, text: &str) -> io::Result<()> {
        let mut bytes = Vec::new();
        queue!(bytes, CopyToClipboard::to_clipboard_from(text))?;
        self.draw(&bytes)
    }

    fn fall_over(&self, panic: &PanicHookInfo<'_>) {
        if (self.is_caught)() {
            return;
        }
        if !self.taken.load(Ordering::SeqCst) {
            complain(panic);
            return;
        }
        self.leave();
        complain(panic);
        self.end(101);
    }
}

fn complain(panic: &PanicHookInfo<'_>) {
    let said = panic.payload_as_str().unwrap_or("no reason given");
    let clean: String = said.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let place = panic.location().map(|at| format!(" at {}:{}", at.file(), at.line())).unwrap_or_default();
    let line = format!("landfall fell over{place}: {clean}\nThis is a bug in landfall.\n");
    let _ = rustix::io::write(rustix::stdio::stderr(), line.as_bytes());
}

/// Returns the terminal's columns and rows.
///
/// # Errors
/// There is no terminal.
pub fn size() -> io::Result<(u16, u16)> {
    crossterm::terminal::size()
}

/// Returns the columns and rows that the terminal has at this moment, from one call of the kernel; `None` where it does
/// not say. Cheap enough for every frame.
#[must_use]
pub fn size_now() -> Option<(u16, u16)> {
    let size = rustix::termios::tcgetwinsize(rustix::stdio::stdout()).ok()?;
    (size.ws_col > 0 && size.ws_row > 0).then_some((size.ws_col, size.ws_row))
}

/// Writes the bytes to the terminal, all of them and at once.
///
/// # Errors
/// The terminal cannot be written to.
pub fn send(mut bytes: &[u8]) -> io::Result<()> {
    let out = rustix::stdio::stdout();
    while !bytes.is_empty() {
        match rustix::io::write(out, bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(rustix::io::Errno::INTR) => {}
            // Another program set our shared terminal to non-blocking.
            Err(rustix::io::Errno::AGAIN) => {
                let second = Timespec { tv_sec: 1, tv_nsec: 0 };
                poll(&mut [PollFd::new(&out, PollFlags::OUT)], Some(&second))?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
