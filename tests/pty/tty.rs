//! A terminal for tests: feeds keys to the binary, draws what it writes, and remembers every byte.

use std::fs::OpenOptions;
use std::io::{Read as _, Write};
use std::num::NonZeroU16;
use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtyPair, PtySize, native_pty_system};
use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

/// Longer than any of this takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(40);

/// What the terminal was asked beyond drawing.
#[derive(Default)]
pub(crate) struct Heard {
    /// What was put into the clipboard, still in base64.
    pub(crate) clipboard: Vec<String>,
    /// Titles, queries and other sequences that a dashboard has no business to send.
    pub(crate) strange: Vec<String>,
}

impl vt100::Callbacks for Heard {
    fn copy_to_clipboard(&mut self, _: &mut vt100::Screen, _: &[u8], text: &[u8]) {
        self.clipboard.push(String::from_utf8_lossy(text).into_owned());
    }

    fn set_window_title(&mut self, _: &mut vt100::Screen, title: &[u8]) {
        self.strange.push(format!("title {title:?}"));
    }

    fn unhandled_csi(&mut self, _: &mut vt100::Screen, first: Option<u8>, _: Option<u8>, params: &[&[u16]], c: char) {
        let synchronised = first == Some(b'?') && params == [&[2026][..]] && matches!(c, 'h' | 'l');
        if !synchronised {
            self.strange.push(format!("CSI {first:?} {params:?} {c}"));
        }
    }

    fn unhandled_osc(&mut self, _: &mut vt100::Screen, params: &[&[u8]]) {
        self.strange.push(format!("OSC {params:?}"));
    }
}

/// A terminal with a program on it.
pub(crate) struct Tty {
    master: Option<Box<dyn MasterPty + Send>>,
    keys: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    child: Box<dyn Child + Send + Sync>,
    parser: vt100::Parser<Heard>,
    pub(crate) bytes: Vec<u8>,
    found: String,
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap()
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

impl Tty {
    /// Starts `landfall demo` in 80 columns and 24 rows.
    pub(crate) fn demo() -> Self {
        Self::landfall(&["demo"], &[])
    }

    pub(crate) fn landfall(args: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_landfall"));
        command.args(args);
        Self::start(command, environment)
    }

    pub(crate) fn start(command: CommandBuilder, environment: &[(&str, &str)]) -> Self {
        let pair = native_pty_system().openpty(size(80, 24)).unwrap();
        let (sender, output) = channel();
        let mut reader = pair.master.try_clone_reader().unwrap();
        thread::spawn(move || {
            let mut chunk = [0; 8192];
            while let Ok(length @ 1..) = reader.read(&mut chunk) {
                if sender.send(chunk.get(..length).unwrap_or_default().to_vec()).is_err() {
                    return;
                }
            }
        });
        Self::on(pair, output, command, environment)
    }

    /// Starts landfall on a terminal that is full and that nobody reads.
    pub(crate) fn jammed(args: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_landfall"));
        command.args(args);
        let pair = native_pty_system().openpty(size(80, 24)).unwrap();
        let mut flood = OpenOptions::new();
        flood.write(true).custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed());
        let mut flood = flood.open(pair.master.tty_name().unwrap()).unwrap();
        // In raw mode it takes more than otherwise, and what it took it hands on a moment later.
        let found = tcgetattr(&flood).unwrap();
        let mut raw = found.clone();
        raw.make_raw();
        tcsetattr(&flood, OptionalActions::Now, &raw).unwrap();
        while flood.write(b" ").is_ok() {
            while flood.write(&[b' '; 512]).is_ok() || flood.write(b" ").is_ok() {}
            thread::sleep(Duration::from_millis(50));
        }
        tcsetattr(&flood, OptionalActions::Now, &found).unwrap();
        let (mute, output) = channel();
        // Whoever waits for what never comes waits, and is not told that nobody is there.
        std::mem::forget(mute);
        Self::on(pair, output, command, environment)
    }

    fn on(pair: PtyPair, output: Receiver<Vec<u8>>, mut command: CommandBuilder, environment: &[(&str, &str)]) -> Self {
        for name in ["NO_COLOR", "LANDFALL_CONFIG", "DISPLAY", "WAYLAND_DISPLAY", "LANG", "LC_CTYPE", "RUST_BACKTRACE"]
        {
            command.env_remove(name);
        }
        command.env("TERM", "xterm-256color");
        command.env("LC_ALL", "C.UTF-8");
        for (name, value) in environment {
            command.env(name, value);
        }
        let found = format!("{:?}", pair.master.get_termios());
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let keys = pair.master.take_writer().unwrap();
        let parser = vt100::Parser::new_with_callbacks(cells(24), cells(80), 500, Heard::default());
        Self { master: Some(pair.master), keys, output, child, parser, bytes: Vec::new(), found }
    }

    pub(crate) fn send(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        self.master.as_ref().unwrap().resize(size(columns, rows)).unwrap();
        self.parser.screen_mut().set_size(cells(rows), cells(columns));
    }

    /// Takes the terminal away.
    pub(crate) fn unplug(&mut self) {
        // The reader lets go of its end with the first bytes that nobody takes any more.
        let (_, deaf) = channel();
        self.output = deaf;
        self.send("?");
        self.keys = Box::new(Vec::new());
        self.master = None;
    }

    /// Draws what was written, until the screen is as wanted.
    pub(crate) fn until(&mut self, what: &str, wanted: impl Fn(&vt100::Screen) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !wanted(self.parser.screen()) {
            let left = end.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(chunk) => self.draw(&chunk),
                Err(error) => panic!("waited for {what}: {error}; the screen is\n{}", self.text()),
            }
        }
    }

    /// Waits until the program has made the terminal its own.
    pub(crate) fn until_raw(&self) {
        let end = Instant::now() + PATIENCE;
        while format!("{:?}", self.master.as_ref().unwrap().get_termios()) == self.found {
            assert!(Instant::now() < end, "the terminal is not taken");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until a signal no longer ends the program by itself.
    #[cfg(target_os = "linux")]
    pub(crate) fn until_caught(&self, signal: Signal) {
        let end = Instant::now() + PATIENCE;
        let is_caught = || {
            let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
            let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
            u64::from_str_radix(caught.trim(), 16).unwrap() & (1 << (signal.as_raw() - 1)) != 0
        };
        while !is_caught() {
            assert!(Instant::now() < end, "the signal is not caught");
            thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn until_shown(&mut self, text: &str) {
        self.until(text, |screen| screen.contents().contains(text));
    }

    fn draw(&mut self, chunk: &[u8]) {
        self.bytes.extend_from_slice(chunk);
        self.parser.process(chunk);
    }

    /// Takes in what comes within this time, and returns how many bytes that were.
    pub(crate) fn listen(&mut self, time: Duration) -> usize {
        let (end, before) = (Instant::now() + time, self.bytes.len());
        while let Ok(chunk) = self.output.recv_timeout(end.saturating_duration_since(Instant::now())) {
            self.draw(&chunk);
        }
        self.bytes.len() - before
    }

    pub(crate) fn text(&self) -> String {
        self.parser.screen().contents()
    }

    /// The screen, and what was scrolled off its top.
    pub(crate) fn scrolled(&mut self) -> String {
        self.parser.screen_mut().set_scrollback(500);
        let above = self.text();
        self.parser.screen_mut().set_scrollback(0);
        above + &self.text()
    }

    pub(crate) fn screen(&self) -> &vt100::Screen {
        self.parser.screen()
    }

    pub(crate) fn heard(&self) -> &Heard {
        self.parser.callbacks()
    }

    /// Waits for the program's end, takes in its last words, and returns its exit code.
    pub(crate) fn ended(&mut self) -> u32 {
        let end = Instant::now() + PATIENCE;
        let code = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status.exit_code();
            }
            assert!(Instant::now() < end, "it does not end; the screen is\n{}", self.text());
            self.listen(Duration::from_millis(20));
        };
        while let Ok(chunk) = self.output.recv_timeout(Duration::from_millis(200)) {
            self.draw(&chunk);
        }
        code
    }

    /// Checks that the terminal is as it was before the program.
    pub(crate) fn is_as_found(&self) {
        let screen = self.parser.screen();
        assert!(!screen.alternate_screen(), "the alternate screen was not left");
        assert!(!screen.hide_cursor(), "the cursor is still hidden");
        assert!(!screen.bracketed_paste(), "bracketed paste is still on");
        assert_eq!(format!("{:?}", self.master.as_ref().unwrap().get_termios()), self.found);
        assert_eq!(self.heard().strange, Vec::<String>::new());
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        // What has ended cannot be killed, and that is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
