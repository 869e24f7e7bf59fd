//! The command line, as typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::SignedDuration;

use crate::analysis::{Depth, Verdict};
use crate::config::parse_duration;

/// Did it land? Cross-references successful CI runs with the image tags that really exist.
#[derive(Debug, Parser)]
#[command(version, about, after_help = AFTER_HELP, disable_help_subcommand = true)]
pub struct Cli {
    /// The configuration [default: `$LANDFALL_CONFIG`, else the file that `landfall config path` prints]
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Where the history of what landed is kept [default: the platform's state folder]
    #[arg(long, value_name = "DIR", global = true, conflicts_with = "no_state")]
    pub state: Option<PathBuf>,
    /// Keep no history, read none
    #[arg(long, global = true)]
    pub no_state: bool,
    /// Leave the names of credentials out, for pictures and reports of faults
    #[arg(long, global = true)]
    pub redact_names: bool,
    /// What to do; the dashboard where there is none
    #[command(subcommand)]
    pub command: Option<Command>,
}

const AFTER_HELP: &str = "\
Without a command the dashboard is shown; `?` in it lists the keys.
landfall only reads: nothing is re-run, cancelled or changed anywhere.";

const EXIT_CODES: &str = "\
Exit codes:
  0  everything that was looked at is fine
  1  at least one finding (see --fail-on)
  2  the command line or the configuration is wrong
  3  no finding, but something could not be looked at, or was not final when --wait was over";

const DOCTOR_EXIT_CODES: &str = "\
Exit codes:
  0  everything is ok, but for warnings
  1  at least one thing does not work
  2  the command line or the configuration is wrong
  3  nothing is known not to work, but something could not be looked at";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the dashboard on a made-up world, served on loopback; needs no token and no network
    Demo(DemoArgs),
    /// Look once, answer, exit: the last step of a pipeline
    #[command(after_help = EXIT_CODES)]
    Check(CheckArgs),
    /// Test every token, every registry login, the history and the terminal, and say how to mend what is wrong
    #[command(after_help = DOCTOR_EXIT_CODES)]
    Doctor(DoctorArgs),
    /// Look at the configuration itself
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Write a short starter configuration, unless there is one
    Init,
}

/// What `check` takes.
#[derive(Debug, Clone, Args)]
pub struct CheckArgs {
    /// How to answer
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Only this service; may be given several times
    #[arg(long = "service", value_name = "NAME")]
    pub services: Vec<String>,
    /// Only runs of this commit: at least its first 7 digits
    #[arg(long, value_name = "SHA", value_parser = sha_prefix)]
    pub sha: Option<String>,
    /// Keep looking until every verdict is final, at most this long, such as 90s or 5m
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub wait: Option<SignedDuration>,
    /// Also read the jobs and test reports of the runs that are listed: how far green and red can be trusted
    #[arg(long)]
    pub flaky: bool,
    /// Also read the jobs of the runs that are listed: how long they take, and what could be done about it
    #[arg(long)]
    pub durations: bool,
    /// Also look at credentials: what has ended, ends soon or is overdue is a finding, what nobody knows is unsure
    #[arg(long)]
    pub credentials: bool,
    /// The verdicts that count as findings, with commas between
    #[arg(
        long,
        value_name = "VERDICT,…",
        value_delimiter = ',',
        value_parser = verdict,
        default_value = "missing,stale,mismatch,incomplete,misrouted,pruned"
    )]
    pub fail_on: Vec<Verdict>,
}

impl CheckArgs {
    /// Returns what is to be read of runs that are over; `None` for no more than the verdicts need.
    #[must_use]
    pub fn depth(&self) -> Option<Depth> {
        match (self.flaky, self.durations) {
            (true, _) => Some(Depth::Reports),
            (false, true) => Some(Depth::Tries),
            (false, false) => None,
        }
    }
}

/// What `doctor` takes.
#[derive(Debug, Clone, Args)]
pub struct DoctorArgs {
    /// How to answer
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// How long to wait for answers at most, such as 10s or 1m; what is not answered by then is unknown
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "30s")]
    pub within: SignedDuration,
}

/// How `check` and `doctor` answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// Aligned text for people
    #[default]
    Table,
    /// JSON of the published schema
    Json,
}

/// What `demo` takes.
#[derive(Debug, Clone, Args)]
pub struct DemoArgs {
    /// Print a configuration for the demo's servers and keep them up until interrupted
    #[arg(long, conflicts_with = "check")]
    pub serve_only: bool,
    /// Run the one-shot check on the demo's world instead of the dashboard
    #[arg(long)]
    pub check: bool,
    /// Milliseconds that every answer of the demo's servers is late
    #[arg(long, value_name = "MS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=60_000))]
    pub latency: u64,
    /// With --check
    #[command(flatten)]
    pub args: CheckArgs,
}

/// What can be done with the configuration.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum ConfigCommand {
    /// Say everything that is wrong with it, with line, column and hint
    Check,
    /// Print what is in force, defaults included, secrets never
    Show,
    /// Print its JSON Schema
    Schema,
    /// Print where it is read from
    Path,
}

fn verdict(word: &str) -> Result<Verdict, String> {
    Verdict::parse(word).ok_or_else(|| {
        let known: Vec<_> = Verdict::ALL.iter().map(|verdict| verdict.word()).collect();
        format!("the verdicts are {}", known.join(", "))
    })
}

fn sha_prefix(digits: &str) -> Result<String, String> {
    let hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !hex || !(7..=64).contains(&digits.len()) {
        return Err("7 to 64 hex digits are needed".to_owned());
    }
    Ok(digits.to_ascii_lowercase())
}
