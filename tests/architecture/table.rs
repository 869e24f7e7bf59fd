//! The rules as data: who may import whom, which crate belongs to whom, and what pure means.

/// Who may name what of ours. The first word is the module below the crate; then the paths it may use.
/// A path admits everything below it.
pub(crate) const IMPORTS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("analysis", &["domain"]),
    ("pane", &["analysis", "domain"]),
    ("doctor", &["analysis", "domain", "store::Contents", "store::Inspection", "store::StoreError"]),
    ("output", &["analysis", "doctor", "domain"]),
    ("app", &["analysis", "domain", "pane"]),
    ("ui", &["app::Screen", "pane"]),
    ("http", &["domain"]),
    ("auth", &["domain", "http"]),
    ("job_log", &[]),
    ("push_log", &["domain", "job_log"]),
    ("junit", &["domain"]),
    ("retry_log", &["domain", "job_log"]),
    ("workflow", &["domain"]),
    ("source", &["auth", "domain", "http", "junit", "push_log", "retry_log", "workflow"]),
    ("poll", &["domain", "http::caught", "http::supervised", "source"]),
    ("store", &["domain"]),
    ("config", &["analysis::CredentialPolicy", "analysis::Policy", "domain"]),
    ("cli", &["analysis::Depth", "analysis::Verdict", "config::parse_duration"]),
    ("command", &["cli", "config", "domain"]),
    ("demo", &["analysis::Verdict", "domain"]),
    ("terminal", &[]),
    (
        "runtime",
        &[
            "analysis", "app", "cli", "command", "config", "demo", "doctor", "domain", "http", "output", "pane",
            "poll", "source", "store", "terminal", "ui",
        ],
    ),
    ("main", &["cli", "command", "config", "runtime"]),
    ("lib", &[]),
];

/// Crates that belong to a few modules only. What is not listed here is free to all that are not pure.
pub(crate) const CRATES: &[(&str, &[&str])] = &[
    ("ratatui", &["ui", "runtime", "terminal"]),
    ("crossterm", &["ui", "runtime", "terminal"]),
    ("reqwest", &["http"]),
    ("http_auth", &["auth"]),
    ("octocrab", &["source"]),
    ("gitlab", &["source"]),
    ("oci_distribution", &["source", "demo"]),
    ("axum", &["demo"]),
    ("rusqlite", &["store"]),
    ("rusqlite_migration", &["store"]),
    ("clap", &["cli", "main"]),
    ("backon", &["poll"]),
    ("quick_xml", &["junit", "source"]),
    ("aws_sigv4", &["source"]),
    ("aws_credential_types", &["source"]),
    ("saphyr_parser", &["workflow"]),
    ("cronexpr", &["analysis"]),
    ("zip", &["source", "demo"]),
    ("rustls", &["source"]),
    ("tokio_rustls", &["source"]),
];

/// Modules in which the same input gives the same output: no IO, no clock, no task, no colour, no terminal.
pub(crate) const PURE: &[&str] =
    &["domain", "analysis", "job_log", "push_log", "junit", "retry_log", "workflow", "pane", "doctor", "output", "app"];

/// What a pure module may not name, as the beginning of a path.
pub(crate) const IMPURE_PATHS: &[&str] = &[
    "std::env",
    "std::fs",
    "std::net",
    "std::os",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "std::io::stdin",
    "std::io::stdout",
    "std::io::stderr",
    "tokio",
    "reqwest",
    "axum",
    "rusqlite",
    "ratatui",
    "crossterm",
    "rustix",
    "fastrand",
    "tracing",
];

/// What a pure module may not name anywhere in a path.
pub(crate) const IMPURE_WORDS: &[&str] = &[
    "Instant",
    "SystemTime",
    "await",
    "async",
    "unsafe",
    "Mutex",
    "RwLock",
    "RefCell",
    "print!",
    "println!",
    "eprint!",
    "eprintln!",
    "dbg!",
    "thread_local!",
];

/// What a pure module may not name as the end of a path.
pub(crate) const IMPURE_ENDS: &[&str] = &["Timestamp::now", "Zoned::now", "TimeZone::system", "env::var", "fs::read"];

/// The longest file, in lines.
pub(crate) const LONGEST: usize = 400;

/// Words that say nothing about what a file is for.
pub(crate) const EMPTY_NAMES: &[&str] =
    &["manager", "handler", "helper", "util", "common", "data", "info", "item", "process"];
