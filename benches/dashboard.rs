//! How long the dashboard takes: a key in a world of 5,000 services × 20 runs, an answer in it, a full screen.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    dead_code,
    reason = "a bench, with a part of the cast that the tests share"
)]

#[path = "../tests/support/cast.rs"]
mod cast;

use std::time::{Duration, Instant};

use landfall::analysis::Policy;
use landfall::app::{Act, Charset, Key, Model, Msg, Settings, update};
use landfall::ui::{Canvas, Theme};

const SERVICES: usize = 5000;
const RUNS: u64 = 20;
const SIZE: (u16, u16) = (200, 50);

struct Stage {
    model: Model,
    canvas: Canvas,
}

impl Stage {
    fn key(&mut self, key: Key) {
        update(&mut self.model, Msg::Acted(Act::Key(key)));
        self.frame();
    }

    fn frame(&mut self) {
        update(&mut self.model, Msg::Passed(cast::now()));
        self.canvas.frame(&self.model.screen(), SIZE);
    }
}

fn world() -> Stage {
    let names: Vec<String> = (0..SERVICES).map(|place| format!("service-{place:04}")).collect();
    let services = names.iter().map(|name| cast::service(name)).collect();
    let settings = Settings { title: "landfall", charset: Charset::Unicode, browser: false };
    let mut model = Model::new(services, Policy::default(), settings, cast::now(), SIZE);
    for (place, name) in names.iter().enumerate() {
        let ended = |number: u64| 10 * (RUNS - number).cast_signed() + 5;
        let runs: Vec<_> = (0..RUNS).rev().map(|number| cast::run(name, number, ended(number), "Change it")).collect();
        let mut seen = cast::runs(name, &runs);
        for run in runs.iter().skip(usize::from(place % 7 == 0)) {
            seen.extend(cast::pushed(name, run, &run.sha));
        }
        update(&mut model, Msg::Seen(seen));
    }
    Stage { model, canvas: Canvas::new(Theme::Ansi) }
}

/// Does it many times, and prints the median and the worst.
fn measure(what: &str, mut once: impl FnMut()) {
    tell(what, &mut (0..40).map(|_| timed(&mut once)).collect::<Vec<_>>());
}

fn timed(once: impl FnOnce()) -> Duration {
    let start = Instant::now();
    once();
    start.elapsed()
}

fn tell(what: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let (median, worst) = (times.get(times.len() / 2).unwrap(), times.last().unwrap());
    println!("{what:<44} median {median:>10.3?}   worst {worst:>10.3?}");
}

/// Types filters in a pane of a row a run: one that more and more services pass not, one that rows alone decide, and one
/// that nothing passes.
fn filters(stage: &mut Stage) {
    for (letters, what) in [("service-42", "service-42"), ("cccccc", "cccccc"), ("zq", "zq, which nothing passes")] {
        let mut keys: Vec<Key> = [Key::Char('/')].into_iter().chain(letters.chars().map(Key::Char)).collect();
        keys.extend([Key::Backspace, Key::Esc]);
        let pressed = keys.iter().cycle().take(4 * keys.len());
        let mut times: Vec<_> = pressed
            .map(|key| {
                let took = timed(|| stage.key(*key));
                // The rest is done before the next key, as it is between two keys of people.
                while stage.model.is_behind() {
                    stage.model.catch_up();
                }
                took
            })
            .collect();
        tell(&format!("/{what}: letter by letter, and Esc"), &mut times);
    }
}

#[global_allocator]
static HEAP: landfall::runtime::Heap = landfall::runtime::HEAP;

fn main() {
    let mut stage = world();
    stage.frame();
    println!("{SERVICES} services × {RUNS} runs, {} columns × {} rows", SIZE.0, SIZE.1);
    measure("a full screen, every cell", || {
        stage.canvas.forget();
        stage.frame();
    });
    measure("j: the next row", || stage.key(Key::Char('j')));
    measure("Tab: the next pane", || stage.key(Key::Tab));
    for (pane, key, parts) in
        [("Flaky", '4', "j in the parts of a service"), ("Durations", '5', "j in the parts of a workflow")]
    {
        stage.key(Key::Char(key));
        measure(&format!("j in {pane}"), || stage.key(Key::Char('j')));
        measure(&format!("s in {pane}"), || stage.key(Key::Char('s')));
        stage.key(Key::Enter);
        measure(parts, || stage.key(Key::Char('j')));
        stage.key(Key::Esc);
    }
    stage.key(Key::Char('2'));
    measure("j in Divergence", || stage.key(Key::Char('j')));
    measure("s: sorted another way", || stage.key(Key::Char('s')));
    measure("n: the next finding", || stage.key(Key::Char('n')));
    filters(&mut stage);
    stage.key(Key::Char('G'));
    let run = cast::run("service-2500", 21, 1, "One more");
    measure("an answer, and the frame that shows it", || {
        update(&mut stage.model, Msg::Seen(cast::runs("service-2500", std::slice::from_ref(&run))));
        stage.frame();
    });
}
