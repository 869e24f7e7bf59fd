//! What is in memory stays there.

/// Keeps the memory of this process, and of the commands that it runs, out of core files, and closes it to other
/// processes of the same user. A system that cannot do so goes on as it was.
pub fn keep_out_of_cores() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}
