//! How long a report of 30 MB takes to read, and how much memory beside the file's own; and the same from the request
//! for its artifact on, where the file itself is counted too.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench")]

#[expect(dead_code, reason = "shared with tests that need more of it")]
#[path = "../tests/support/ci.rs"]
mod ci;
#[expect(dead_code, reason = "shared with tests that need more of it")]
#[path = "../tests/support/loopback.rs"]
mod loopback;
#[path = "../tests/support/zipped.rs"]
mod zipped;

use std::fmt::Write;
use std::sync::OnceLock;

use divan::counter::BytesCount;
use divan::{AllocProfiler, Bencher};
use landfall::domain::{Globs, Reports, TestReport};
use landfall::junit::parse;
use landfall::source::{CiProvider as _, GitHub};
use loopback::{Loopback, answer};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

const SIZE: usize = (30 << 20) - 1_000;

fn main() {
    for (name, report) in [("many_small_cases", small()), ("long_outputs", outputs()), ("many_failures", failures())] {
        let parsed = parse(report.as_bytes()).unwrap();
        println!("{name}: {} MB, {} cases, {} kB kept", report.len() >> 20, parsed.len(), parsed.bytes() >> 10);
    }
    divan::main();
}

fn filled(case: impl Fn(usize) -> String) -> String {
    let mut xml = String::with_capacity(SIZE + 10_000);
    xml.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?><testsuites><testsuite name=\"all\">");
    for number in 0.. {
        let case = case(number);
        if xml.len() + case.len() > SIZE {
            break;
        }
        xml.push_str(&case);
    }
    xml.push_str("</testsuite></testsuites>");
    xml
}

/// As many cases as are read at all.
fn small() -> &'static str {
    static XML: OnceLock<String> = OnceLock::new();
    XML.get_or_init(|| {
        filled(|number| {
            let class = number / 40;
            format!(
                "<testcase classname=\"com.acme.shop.module{class}.CheckoutServiceIntegrationTest\" \
                 name=\"places_an_order_with_parameters_{number}\" time=\"0.{number:0>3}\" file=\"src/{class}.java\"/>"
            )
        })
    })
}

/// Output of whole test runs, as surefire writes it.
fn outputs() -> &'static str {
    static XML: OnceLock<String> = OnceLock::new();
    XML.get_or_init(|| {
        let mut output = String::new();
        for line in 0..2_000 {
            let _ = writeln!(output, "2026-03-02 10:00:00 INFO  [main] a.b.C - handled request {line} & went on");
        }
        filled(|number| {
            format!(
                "<testcase classname=\"C\" name=\"t{number}\"><system-out><![CDATA[{output}]]></system-out></testcase>"
            )
        })
    })
}

fn failures() -> &'static str {
    static XML: OnceLock<String> = OnceLock::new();
    XML.get_or_init(|| {
        let stack = "\tat com.acme.shop.Cart.add(Cart.java:42) &lt;init&gt;\n".repeat(20);
        filled(|number| {
            format!("<testcase classname=\"C{number}\" name=\"größer{number}\"><failure message=\"expected &lt;{number}&gt;\">{stack}</failure></testcase>")
        })
    })
}

fn read(bencher: Bencher<'_, '_>, xml: &'static str) {
    bencher.counter(BytesCount::new(xml.len())).bench(|| -> TestReport { parse(xml.as_bytes()).unwrap() });
}

#[divan::bench]
fn many_small_cases(bencher: Bencher<'_, '_>) {
    read(bencher, small());
}

#[divan::bench]
fn long_outputs(bencher: Bencher<'_, '_>) {
    read(bencher, outputs());
}

#[divan::bench]
fn many_failures(bencher: Bencher<'_, '_>) {
    read(bencher, failures());
}

#[divan::bench]
fn many_small_cases_in_an_artifact(bencher: Bencher<'_, '_>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let archive = zipped::zipped(&[("target/junit.xml", small().as_bytes())]);
    println!("the archive: {} kB", archive.len() >> 10);
    let server = runtime.block_on(Loopback::answering(move |seen| {
        if seen.path.ends_with("/zip") {
            return answer(200, &[("content-type", "application/zip")], archive.clone());
        }
        let artifact = format!(
            r#"{{"id":1,"name":"junit","size_in_bytes":{},"expired":false,"created_at":"2026-03-04T05:04:00Z"}}"#,
            archive.len()
        );
        let list = format!(r#"{{"total_count":1,"artifacts":[{artifact}]}}"#);
        answer(200, &[("content-type", "application/json; charset=utf-8")], list)
    }));
    let folder = tempfile::tempdir().unwrap();
    let token = Some(ci::token(&folder, "t0ken"));
    let github = GitHub::new(ci::options(server.url.clone(), token)).unwrap();
    let (run, names) = (ci::key("acme/shop", 1, 1), Globs::parse(&["junit".to_owned()]).unwrap());
    bencher.bench(|| -> Reports { runtime.block_on(github.reports(&run, &names)).unwrap() });
}
