//! The heap that the program and its benches live on.

/// One heap for all threads, with a little of it at hand for each; how it is set is in `.cargo/config.toml`, and where a
/// build does not read that, there are several.
///
/// glibc gives most threads a heap of their own, and keeps what becomes free in each. A dashboard reads on some threads
/// what another one gives away, days later: that leaves holes which nobody fills.
#[cfg(target_os = "linux")]
pub type Heap = tikv_jemallocator::Jemalloc;
/// What the system has.
#[cfg(not(target_os = "linux"))]
pub type Heap = std::alloc::System;

/// The heap, as a program names it.
#[cfg(target_os = "linux")]
pub const HEAP: Heap = tikv_jemallocator::Jemalloc;
/// The heap, as a program names it.
#[cfg(not(target_os = "linux"))]
pub const HEAP: Heap = std::alloc::System;
