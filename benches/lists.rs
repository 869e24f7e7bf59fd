//! What a list of 30 runs costs: unchanged, unchanged since another process, and anew. Requests go over loopback.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench"
)]

#[path = "lists/served.rs"]
mod served;

use std::sync::Arc;

use divan::{AllocProfiler, Bencher, black_box};
use landfall::source::{CiProvider, GitHub};
use served::{Kept, Served};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    let served = Served::new();
    let github = served.github(None);
    served.here.block_on(github.runs(&served.service(Served::STEADY), 20)).unwrap();
    println!("{}\n", served.report(&github));
    divan::main();
}

/// Every page is answered 304, and what was made of it last is given again.
#[divan::bench]
fn unchanged(bencher: Bencher<'_, '_>) {
    let served = Served::new();
    let (github, service) = (served.github(None), served.service(Served::STEADY));
    served.here.block_on(github.runs(&service, 20)).unwrap();
    bencher.bench_local(|| served.here.block_on(github.runs(black_box(&service), 20)).unwrap());
}

/// Every page is answered 304, and its body comes packed from the archive.
#[divan::bench]
fn unchanged_since_another_process(bencher: Bencher<'_, '_>) {
    let served = Served::new();
    let kept = Arc::new(Kept::default());
    let service = served.service(Served::STEADY);
    served.here.block_on(served.github(Some(&kept)).runs(&service, 20)).unwrap();
    let connected = || {
        let github = served.github(Some(&kept));
        served.here.block_on(github.runs(&served.service(Served::OTHER), 20)).unwrap();
        github
    };
    let look = |github: GitHub| (served.here.block_on(github.runs(&service, 20)).unwrap(), github);
    bencher.with_inputs(connected).bench_local_values(look);
}

/// Every page is answered in full, parsed and packed.
#[divan::bench]
fn anew(bencher: Bencher<'_, '_>) {
    let served = Served::new();
    let (github, service) = (served.github(None), served.service(Served::CHANGING));
    served.here.block_on(github.runs(&service, 20)).unwrap();
    bencher.bench_local(|| served.here.block_on(github.runs(black_box(&service), 20)).unwrap());
}
