//! The dashboard as a process on a terminal of 200 x 50: how soon it shows something, what it holds, what it costs while
//! nothing happens. `LANDFALL_IDLE_SECONDS` says for how long it is watched, 60 where it says nothing. Arguments choose
//! worlds: `small`, `middle`, `quiet` (the same, where nothing happened for a day), `large`.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    dead_code,
    reason = "a bench, with facts that another one shares"
)]

#[path = "store/facts.rs"]
mod facts;
#[path = "live/kernel.rs"]
mod kernel;
#[path = "live/terminal.rs"]
mod terminal;

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use kernel::Cost;
use landfall::demo::{Servers, World};
use landfall::store::{Retention, Store};
use terminal::Terminal;

const LANDFALL: &str = env!("CARGO_BIN_EXE_landfall");

/// The dashboard has settled when it wrote nothing for this time.
const QUIET: Duration = Duration::from_secs(5);

/// And it is idle once it was woken so seldom a second for half a minute: after a start it reads for a while what no row
/// of the screen shows, and looks again at what the newest commits left behind.
const WAKE_UPS: u64 = 3;

/// By then everything is written that the first start learnt.
const WRITTEN: Duration = Duration::from_secs(30);

/// How many runs of a service are looked at where the configuration does not say.
const DEFAULT_RUNS: usize = 20;

/// How often each of the keys is pressed.
const ROUNDS: usize = 4;

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let named: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let is_wanted = |name: &str| named.is_empty() || named.iter().any(|wanted| wanted == name);
    let worlds = [("small", 20, 20), ("middle", 200, 50), ("quiet", 200, 50)];
    for (name, services, runs) in
        worlds.into_iter().filter(|(name, ..)| is_wanted(name) && !(is_smoke() && *name != "small"))
    {
        let is_quiet = name == "quiet";
        let world = if is_quiet { World::bench_of_yesterday(services, runs) } else { World::bench(services, runs) };
        let servers = runtime.block_on(Servers::start(world, Duration::from_millis(50), Timestamp::now())).unwrap();
        let state = tempfile::tempdir().unwrap();
        let config = servers.config_file().unwrap();
        let text = std::fs::read_to_string(&config).unwrap();
        // All of them are looked at, however many that are.
        let all = config.with_file_name("all.toml");
        std::fs::write(&all, format!("[policy]\nruns = {runs}\n\n{text}")).unwrap();
        println!("{name}: {services} services x {runs} runs, every answer 50 ms late");
        if services > 20 {
            look(&all, state.path());
        } else {
            idle(&start("first start", &all, state.path(), "bench-"));
        }
        idle(&start("second start", &all, state.path(), "bench-"));
        if runs > DEFAULT_RUNS && !is_quiet {
            idle(&start("of the same, the newest 20 of each", &config, state.path(), "bench-"));
        }
        println!();
    }
    if is_wanted("large") {
        many(if is_smoke() { 100 } else { 5_000 }, 20);
    }
}

/// Whoever only wants to know that it runs does not want to wait for large worlds.
fn is_smoke() -> bool {
    std::env::args().any(|argument| argument == "--test")
}

/// A world that only the history knows: nobody answers.
fn many(services: u64, runs: u64) {
    println!("{services} services x {runs} runs from the history, nobody answers");
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    std::fs::create_dir(&state).unwrap();
    let now = Timestamp::now();
    let facts: Vec<_> = (0..services).flat_map(|service| facts::service_facts(service, runs, now)).collect();
    let mut store = Store::open(&state, now, Retention::default()).unwrap();
    store.keep(&facts, now).unwrap();
    store.shelve(&facts::shelved(services, runs)).unwrap();
    drop(store);
    let config = folder.path().join("landfall.toml");
    std::fs::write(&config, configured(services)).unwrap();
    drop(facts);
    let first = start("first start", &config, &state, "service-");
    sleep(QUIET);
    tell_memory(&first);
    // What it learnt by itself is written at some thousands a second.
    sleep(WRITTEN);
    drop(first);
    let mut terminal = start("second start", &config, &state, "service-");
    sleep(QUIET);
    tell_memory(&terminal);
    keys(&mut terminal);
}

/// What is pressed, and what that is called. Each leads to another screen than the one before.
const KEYS: [(&str, &[&str]); 12] = [
    ("j and k", &["j", "j", "k"]),
    ("G and g", &["G", "g"]),
    ("page down and up", &["\x1b[6~", "\x1b[5~"]),
    ("Tab to each pane", &["\t", "\t", "\t", "\t", "\t", "\t", "\t"]),
    ("Divergence: j, G and g", &["2", "j", "G", "g"]),
    ("Divergence: s, three times", &["s", "s", "s"]),
    ("Divergence: n and N", &["n", "N"]),
    ("Divergence: Enter and Esc", &["j", "\r", "\x1b"]),
    (
        "Divergence: a filter, letter by letter, and Esc",
        &["/", "s", "e", "r", "v", "i", "c", "e", "-", "4", "2", "\x1b"],
    ),
    ("Divergence: a filter that nothing passes", &["/", "z", "q", "\x7f", "\x1b"]),
    ("Overview: a filter, letter by letter, and Esc", &["1", "/", "s", "e", "-", "4", "\x1b"]),
    ("? and Esc", &["?", "\x1b"]),
];

/// Presses keys of many kinds, for long enough that everything that is done now and then is done meanwhile.
fn keys(terminal: &mut Terminal) {
    let mut all = Vec::new();
    let rounds = if is_smoke() { 1 } else { ROUNDS };
    for (what, keys) in KEYS {
        let pressed = (0..rounds).flat_map(|_| keys);
        // A key that changes nothing has no frame.
        let mut times: Vec<Duration> = pressed.filter_map(|key| terminal.key(key)).collect();
        all.extend_from_slice(&times);
        tell_times(what, rounds * keys.len(), &mut times);
    }
    tell_times("every key", rounds * KEYS.iter().map(|(_, keys)| keys.len()).sum::<usize>(), &mut all);
}

fn tell_times(what: &str, pressed: usize, times: &mut [Duration]) {
    times.sort_unstable();
    let (median, worst) = (times.get(times.len() / 2).unwrap(), times.last().unwrap());
    let shown = times.len();
    println!("  {what:<48} {shown:>4} of {pressed:>3} keys: median {median:>7.1?}, worst {worst:>7.1?}");
}

fn configured(services: u64) -> String {
    let mut text = format!(
        "[[ci]]\nname = \"github\"\nkind = \"github\"\nurl = \"http://127.0.0.1:9\"\ntoken = {{ env = \"USER\" }}\n\n\
         [[registry]]\nhost = \"{}\"\nplain_http = true\ncredential = \"anonymous\"\n",
        facts::REGISTRY
    );
    for service in 0..services {
        let image = format!("{}/acme/service-{service}", facts::REGISTRY);
        write!(
            text,
            "\n[[service]]\nname = \"service-{service}\"\nci = \"github\"\nrepo = \"acme/service-{service}\"\n\
             branch = [\"main\"]\npush_job = \"docker\"\n[[service.image]]\nrepository = \"{image}\"\n\
             tags = [\"sha-{{sha:7}}\"]\nplatforms = [\"linux/amd64\"]\n"
        )
        .unwrap();
    }
    text
}

/// Lets `check` see all of it, and keep it.
fn look(config: &Path, state: &Path) {
    let mut check = Command::new(LANDFALL);
    check.arg("--config").arg(config).arg("--state").arg(state).args(["check", "--format", "json"]);
    check.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
}

fn start(what: &str, config: &Path, state: &Path, shows: &str) -> Terminal {
    let terminal = Terminal::start(&[config, state], shows);
    println!("{what}: something after {:.1?}, the first service after {:.1?}", terminal.first, terminal.shown);
    terminal
}

fn tell_memory(terminal: &Terminal) {
    println!("  {:.1} MB resident", kernel::resident(terminal.pid));
}

/// For how many seconds it is watched.
fn seconds() -> u64 {
    std::env::var("LANDFALL_IDLE_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(60)
}

/// Waits until it is idle, or for five times as long as it is then watched, and tells what it did meanwhile.
fn tell_work(pid: u32) {
    let (begin, started) = (Cost::of(pid), Instant::now());
    while started.elapsed() < Duration::from_secs(5 * seconds()) {
        let (before, window) = (Cost::of(pid), seconds().min(30));
        sleep(Duration::from_secs(window));
        if Cost::of(pid).since(&before).waits <= WAKE_UPS * window {
            break;
        }
    }
    let spent = Cost::of(pid).since(&begin);
    let (took, worked) = (started.elapsed(), Duration::from_nanos(spent.nanoseconds));
    println!("  idle {took:.0?} after the screen was quiet: {worked:.1?} of work, {} wake-ups meanwhile", spent.waits);
}

/// Watches it while nothing happens.
fn idle(terminal: &Terminal) {
    terminal.settle(QUIET);
    tell_work(terminal.pid);
    tell_memory(terminal);
    let seconds = seconds();
    let (before, written) = (Cost::of(terminal.pid), terminal.written());
    sleep(Duration::from_secs(seconds));
    let cost = Cost::of(terminal.pid).since(&before);
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let per_second = |count: u64| count as f64 / seconds as f64;
    println!(
        "  {seconds} s of nothing: {:.3} % of a core, {:.2} wake-ups a second, {} bytes written",
        per_second(cost.nanoseconds) / 1e7,
        per_second(cost.waits),
        terminal.written() - written
    );
}
