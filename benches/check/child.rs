//! Runs a program and notes its time and the most memory that it held.

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How a program went.
pub(crate) struct Child {
    pub(crate) wall: Duration,
    pub(crate) code: Option<i32>,
    /// Bytes written to standard output.
    pub(crate) output: usize,
    /// The peak of its resident memory, where the system tells it.
    pub(crate) peak_kib: Option<u64>,
}

/// Runs it to its end.
pub(crate) fn run(program: &Path, arguments: &[&str]) -> Child {
    let started = Instant::now();
    let mut child = Command::new(program).args(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut pipe = child.stdout.take().unwrap();
    let reader = thread::spawn(move || {
        let mut output = Vec::new();
        pipe.read_to_end(&mut output).unwrap();
        output.len()
    });
    let status = format!("/proc/{}/status", child.id());
    let mut peak_kib = None;
    let code = loop {
        // The mark only rises, so that the last one read before the end is the peak but for the last millisecond.
        peak_kib = high_water(&status).or(peak_kib);
        if let Some(code) = child.try_wait().unwrap() {
            break code.code();
        }
        thread::sleep(Duration::from_millis(1));
    };
    Child { wall: started.elapsed(), code, output: reader.join().unwrap(), peak_kib }
}

fn high_water(status: &str) -> Option<u64> {
    let text = std::fs::read_to_string(status).ok()?;
    text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.split_whitespace().next()?.parse().ok()
}
