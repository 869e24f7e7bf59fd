//! One heap for all threads.

use std::process::Command;

/// The variable of glibc that says how many heaps a process has.
const HEAPS: &str = "MALLOC_ARENA_MAX";

/// Says that this process began itself anew: of one with more rights than its user glibc takes the other variable away.
const BEGUN: &str = "LANDFALL_BEGUN_ANEW";

/// Begins this process anew with one heap for all of its threads, unless somebody said how many it is to have; where it
/// cannot be begun anew, it goes on as it is.
///
/// glibc gives most threads a heap of their own, and keeps what becomes free in each. A dashboard reads on some threads
/// what another one gives away, days later: that leaves holes which nobody fills, a sixth of its memory. How many heaps
/// there are must be said before the process begins.
pub fn keep_to_one_heap() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        use std::os::unix::process::CommandExt as _;
        if [HEAPS, BEGUN].into_iter().any(|name| std::env::var_os(name).is_some()) {
            return;
        }
        let Some(program) = std::env::current_exe().ok().filter(|program| is_landfall(program)) else { return };
        let mut again = Command::new(program);
        let mut arguments = std::env::args_os();
        if let Some(name) = arguments.next() {
            again.arg0(name);
        }
        // It comes back only where that failed; `Signals` mends what that leaves behind.
        let _ = again.args(arguments).env(HEAPS, "1").env(BEGUN, "1").exec();
    }
}

/// Takes from a command what we said to ourselves alone.
pub(super) fn hide(command: &mut Command) {
    if std::env::var_os(BEGUN).is_some() {
        command.env_remove(HEAPS).env_remove(BEGUN);
    }
}

/// Returns whether a program is landfall by its name: whoever runs it for us (a loader, an emulator) would take our
/// arguments for its own.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn is_landfall(program: &std::path::Path) -> bool {
    program.file_name().and_then(std::ffi::OsStr::to_str).is_some_and(|name| name.starts_with(env!("CARGO_PKG_NAME")))
}

#[cfg(all(test, target_os = "linux", target_env = "gnu"))]
mod tests {
    use std::path::Path;

    use super::is_landfall;

    #[test]
    fn only_what_is_called_landfall_is_begun_anew() {
        assert!(is_landfall(Path::new("/usr/bin/landfall")) && is_landfall(Path::new("/opt/landfall-0.1.0")));
        assert!(
            !is_landfall(Path::new("/lib64/ld-linux-x86-64.so.2")) && !is_landfall(Path::new("/usr/bin/qemu-x86_64"))
        );
    }
}
