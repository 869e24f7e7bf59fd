//! landfall on a pseudo-terminal, and what it writes there.

use std::io::{Read as _, Write};
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

const ROWS: NonZero<u16> = NonZero::new(50).unwrap();
const COLUMNS: NonZero<u16> = NonZero::new(200).unwrap();

/// It is ended when this is dropped.
pub(crate) struct Terminal {
    pub(crate) pid: u32,
    /// When it wrote anything at all.
    pub(crate) first: Duration,
    /// When it showed the first service.
    pub(crate) shown: Duration,
    written: Arc<AtomicUsize>,
    news: Receiver<Instant>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    _master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    /// Starts it with a configuration and a state folder, and waits until it shows this text.
    pub(crate) fn start([config, state]: &[&Path; 2], shows: &str) -> Self {
        let size = PtySize { rows: ROWS.get(), cols: COLUMNS.get(), pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(super::LANDFALL);
        command.args(["--config".as_ref(), config.as_os_str(), "--state".as_ref(), state.as_os_str()]);
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        let mut reader = pair.master.try_clone_reader().unwrap();
        let keys = pair.master.take_writer().unwrap();
        let started = Instant::now();
        let child = pair.slave.spawn_command(command).unwrap();
        let written = Arc::new(AtomicUsize::new(0));
        let (sender, news) = channel();
        let (seen, sight) = channel();
        let (count, text) = (written.clone(), shows.to_owned());
        thread::spawn(move || {
            let mut screen = vt100::Parser::new(ROWS, COLUMNS, 0);
            let mut buffer = vec![0; 65_536];
            let mut first = None;
            let mut is_shown = false;
            while let Ok(length) = reader.read(&mut buffer) {
                let now = Instant::now();
                let Some(bytes) = buffer.get(..length).filter(|bytes| !bytes.is_empty()) else { return };
                count.fetch_add(length, Ordering::Relaxed);
                if !is_shown {
                    let first = *first.get_or_insert(now);
                    screen.process(bytes);
                    is_shown = screen.screen().contents().contains(&text);
                    if is_shown {
                        seen.send((first, now)).unwrap();
                    }
                }
                if sender.send(now).is_err() {
                    return;
                }
            }
        });
        let (first, complete) = sight.recv_timeout(Duration::from_secs(30)).unwrap();
        Self {
            pid: child.process_id().unwrap(),
            first: first.duration_since(started),
            shown: complete.duration_since(started),
            written,
            news,
            keys,
            child,
            _master: pair.master,
        }
    }

    /// Waits until nothing was written for so long, or for two minutes.
    pub(crate) fn settle(&self, quiet: Duration) {
        let end = Instant::now() + Duration::from_mins(2);
        while Instant::now() < end && self.news.recv_timeout(quiet).is_ok() {}
    }

    /// Returns how many bytes were written.
    pub(crate) fn written(&self) -> usize {
        self.written.load(Ordering::Relaxed)
    }

    /// Presses a key, and returns how long it takes until something is written; nothing where nothing is for a second.
    pub(crate) fn key(&mut self, key: &str) -> Option<Duration> {
        while self.news.try_recv().is_ok() {}
        let pressed = Instant::now();
        self.keys.write_all(key.as_bytes()).unwrap();
        let written = self.news.recv_timeout(Duration::from_secs(1)).ok()?;
        thread::sleep(Duration::from_millis(200));
        Some(written.duration_since(pressed))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.keys.write_all(b"q");
        let _ = self.child.wait();
    }
}
