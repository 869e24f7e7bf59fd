//! Ends the process when the terminal is gone: reading from a dead terminal would burn a core for ever.

use std::io;
use std::thread;

/// Calls `lost` once the terminal is gone. Costs a sleeping thread and nothing else.
pub(super) fn start(lost: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let watch = move || {
        wait();
        lost();
    };
    thread::Builder::new().name("watchdog".to_owned()).stack_size(64 * 1024).spawn(watch)?;
    Ok(())
}

/// A hang-up is reported whether it is asked for or not, so nothing else is asked for and nothing else wakes us.
#[cfg(target_os = "linux")]
fn wait() {
    use rustix::event::{PollFd, PollFlags, poll};
    let out = rustix::stdio::stdout();
    loop {
        let mut watched = [PollFd::new(&out, PollFlags::empty())];
        let polled = poll(&mut watched, None);
        let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
        match polled {
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return,
            Ok(_) if watched.iter().any(|fd| fd.revents().intersects(gone)) => return,
            Ok(_) => {}
        }
    }
}

/// Elsewhere terminals cannot be polled everywhere; their settings cannot be read once they are gone.
#[cfg(not(target_os = "linux"))]
fn wait() {
    while rustix::termios::tcgetattr(rustix::stdio::stdout()).is_ok() {
        thread::sleep(std::time::Duration::from_secs(2));
    }
}
