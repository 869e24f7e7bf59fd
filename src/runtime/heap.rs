//! One heap for all threads.

/// The variable of glibc that says how many heaps a process has.
pub(super) const HEAPS: &str = "MALLOC_ARENA_MAX";

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
        if std::env::var_os(HEAPS).is_some() {
            return;
        }
        let Ok(program) = std::env::current_exe() else { return };
        let mut again = std::process::Command::new(program);
        let mut arguments = std::env::args_os();
        if let Some(name) = arguments.next() {
            again.arg0(name);
        }
        // It comes back only where that failed.
        let _ = again.args(arguments).env(HEAPS, "1").exec();
    }
}
