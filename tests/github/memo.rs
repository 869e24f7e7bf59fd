//! A list that did not change is given again as it was, run for run, and never where a page was not confirmed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use landfall::domain::{Batch, Run, Service};
use landfall::http::Archive;
use landfall::source::{CiOptions, CiProvider, GitHub};

use crate::archive::Shelf;
use crate::ci::{fixture, key, options, runs, service};
use crate::loopback::{Loopback, Seen, answer};
use crate::{JSON, REPO, anonymous};

/// Which page a request is for.
fn page(seen: &Seen) -> usize {
    match seen.path.as_str() {
        path if path.contains("/tags") => 2,
        path if path.ends_with("page=2") => 1,
        _ => 0,
    }
}

/// Two pages of runs and one of git tags, each with a mark that a test can change.
struct Marked {
    server: Loopback,
    marks: Arc<[AtomicUsize; 3]>,
}

impl Marked {
    async fn new() -> Self {
        let marks: Arc<[AtomicUsize; 3]> = Arc::default();
        let told = Arc::clone(&marks);
        let server = Loopback::answering(move |seen| {
            let number = told[page(seen)].load(Ordering::SeqCst);
            let (mark, host) = (format!("\"{number}\""), seen.header("host").unwrap());
            if seen.header("if-none-match") == Some(&mark) {
                return answer(304, &[("etag", &mark)], "");
            }
            let link = format!("<http://{host}{}&page=2>; rel=\"next\"", seen.path);
            let headers = [JSON, ("etag", mark.as_str()), ("link", link.as_str())];
            match (page(seen), number) {
                (_, BROKEN) => answer(502, &[], ""),
                (2, _) => answer(200, &headers[..2], fixture("github/tags.json")),
                (1, _) => answer(200, &headers[..2], fixture("github/runs_page2.json")),
                // One run came to its end.
                (_, 1..) => answer(200, &headers, first_page().replacen("in_progress", "completed", 1)),
                (_, 0) => answer(200, &headers, first_page()),
            }
        })
        .await;
        Self { server, marks }
    }

    fn mark(&self, page: usize, mark: usize) {
        self.marks[page].store(mark, Ordering::SeqCst);
    }
}

/// Returns how many answers were 304, and how many requests were sent, since the last time.
fn sent(github: &GitHub, before: &mut (u64, u64)) -> (u64, u64) {
    let traffic = github.traffic();
    let sent = (traffic.not_modified - before.0, traffic.requests - before.1);
    *before = (traffic.not_modified, traffic.requests);
    sent
}

/// The mark with which a page answers 502.
const BROKEN: usize = 99;

fn first_page() -> String {
    fixture("github/runs_page1.json")
}

fn watched(tag: &str) -> Service {
    service(REPO, &["release.yml"], &[], tag)
}

/// How many runs of both lists are the very same.
fn shared(one: &Batch<Arc<Run>>, other: &Batch<Arc<Run>>) -> usize {
    let same = |run: &&Arc<Run>| other.items.iter().any(|known| Arc::ptr_eq(known, run));
    one.items.iter().filter(same).count()
}

#[tokio::test]
async fn where_every_page_is_confirmed_the_very_same_runs_come_back() {
    for (tag, pages) in [("{sha}", 2), ("{tag}", 3)] {
        let marked = Marked::new().await;
        let (github, service) = (anonymous(&marked.server), watched(tag));
        let first = github.runs(&service, 20).await.unwrap();
        let mut before = (0, 0);
        assert_eq!(sent(&github, &mut before), (0, pages));
        for _ in 0..2 {
            let again = github.runs(&service, 20).await.unwrap();
            assert_eq!(again, first);
            assert_eq!(shared(&again, &first), first.items.len());
            assert_eq!(sent(&github, &mut before), (pages, pages));
        }
    }
}

#[tokio::test]
async fn one_changed_page_makes_the_list_anew_and_no_page_is_asked_for_twice() {
    for changed in 0..3 {
        let marked = Marked::new().await;
        let (github, service) = (anonymous(&marked.server), watched("{tag}"));
        let first = github.runs(&service, 20).await.unwrap();
        let mut before = (0, 0);
        sent(&github, &mut before);
        marked.mark(changed, 1);
        let again = github.runs(&service, 20).await.unwrap();
        assert_eq!(sent(&github, &mut before), (2, 3), "page {changed}");
        let differ = usize::from(changed == 0);
        let other = runs(&again).iter().zip(runs(&first)).filter(|(one, other)| *one != other).count();
        assert_eq!(other, differ, "page {changed}");
        // What is as it was is the very same run, also in a list that was made anew.
        assert_eq!(shared(&again, &first), first.items.len() - differ, "page {changed}");
        let last = github.runs(&service, 20).await.unwrap();
        assert_eq!(shared(&last, &again), again.items.len(), "page {changed}");
        assert_eq!(sent(&github, &mut before), (3, 3), "page {changed}");
    }
}

#[tokio::test]
async fn one_changed_page_makes_the_list_anew_where_the_others_are_only_in_the_archive() {
    for changed in 0..3 {
        let marked = Marked::new().await;
        let options = CiOptions { archive: Some(Shelf::new()), ..options(marked.server.url.clone(), None) };
        let (github, service) = (GitHub::new(options).unwrap(), watched("{tag}"));
        let first = github.runs(&service, 20).await.unwrap();
        let held = github.traffic().cache_bytes;
        // Confirmed once they are let go; confirmed twice they come bare.
        for _ in 0..2 {
            assert_eq!(github.runs(&service, 20).await.unwrap(), first);
        }
        assert!(github.traffic().cache_bytes < held, "page {changed}");
        let mut before = (0, 0);
        sent(&github, &mut before);
        marked.mark(changed, 1);
        let again = github.runs(&service, 20).await.unwrap();
        // What came bare before it is asked for once more.
        assert_eq!(sent(&github, &mut before), (2 + changed as u64, 3 + changed as u64), "page {changed}");
        let differ = usize::from(changed == 0);
        assert_eq!(shared(&again, &first), first.items.len() - differ, "page {changed}");
        let told = |batch: &Batch<Arc<Run>>| batch.items.iter().filter(|run| run.git_tag.is_some()).count();
        assert_eq!((again.complete, told(&again)), (true, told(&first)), "page {changed}");
    }
}

#[tokio::test]
async fn a_list_that_lacks_a_page_is_not_given_again() {
    for broken in 1..3 {
        let marked = Marked::new().await;
        let (github, service) = (anonymous(&marked.server), watched("{tag}"));
        marked.mark(broken, BROKEN);
        let cut = github.runs(&service, 20).await.unwrap();
        marked.mark(broken, 0);
        let whole = github.runs(&service, 20).await.unwrap();
        assert_ne!(whole, cut, "page {broken}");
        let tagged = whole.items.iter().filter(|run| run.git_tag.is_some()).count();
        assert_eq!((whole.complete, tagged), (true, 2), "page {broken}");
    }
}

#[tokio::test]
async fn a_page_that_fails_later_is_told_as_if_nothing_had_been_remembered() {
    let marked = Marked::new().await;
    let (github, service) = (anonymous(&marked.server), watched("{sha}"));
    let first = github.runs(&service, 20).await.unwrap();
    marked.mark(1, BROKEN);
    let cut = github.runs(&service, 20).await.unwrap();
    assert!(first.complete && !cut.complete && cut.items.len() < first.items.len());
    marked.mark(0, BROKEN);
    github.runs(&service, 20).await.unwrap_err();
    assert_eq!(marked.server.asked(), 2 + 2 + 1);
    marked.mark(0, 0);
    marked.mark(1, 0);
    assert_eq!(github.runs(&service, 20).await.unwrap(), first);
}

#[tokio::test]
async fn a_page_that_cannot_be_read_is_asked_for_in_full_next_time() {
    let turn = AtomicUsize::new(0);
    let server =
        Loopback::answering(move |seen| match (turn.fetch_add(1, Ordering::SeqCst), seen.header("if-none-match")) {
            (_, Some(_)) => answer(304, &[("etag", "\"one\"")], ""),
            (0, None) => answer(200, &[JSON, ("etag", "\"one\"")], fixture("github/truncated.json")),
            (_, None) => answer(200, &[JSON, ("etag", "\"one\"")], fixture("github/runs_page2.json")),
        })
        .await;
    let (github, service) = (anonymous(&server), watched("{sha}"));
    github.runs(&service, 20).await.unwrap_err();
    assert!(!github.runs(&service, 20).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn another_question_over_the_same_pages_has_its_own_answer() {
    let marked = Marked::new().await;
    let github = anonymous(&marked.server);
    let all = service(REPO, &["release.y*"], &[], "{sha}");
    let requests = service(REPO, &["release.y*"], &["schedule"], "{sha}");
    let narrow = service(REPO, &["release.ym*"], &[], "{sha}");
    let counts = [(&all, 20), (&all, 3), (&requests, 3), (&narrow, 20), (&all, 20)];
    let mut lengths = Vec::new();
    for (service, count) in counts {
        lengths.push(github.runs(service, count).await.unwrap().items.len());
    }
    let alone =
        async |service: &Service, count| anonymous(&marked.server).runs(service, count).await.unwrap().items.len();
    for ((service, count), length) in counts.into_iter().zip(lengths) {
        assert_eq!(length, alone(service, count).await);
    }
}

#[tokio::test]
async fn a_304_for_what_another_question_brought_in_confirms_nothing_older() {
    let marked = Marked::new().await;
    let github = anonymous(&marked.server);
    let (one, other) = (watched("{sha}"), service(REPO, &["release.yml"], &[], "{tag}"));
    let first = github.runs(&one, 20).await.unwrap();
    marked.mark(0, 1);
    github.runs(&other, 20).await.unwrap();
    let mut before = (0, 0);
    sent(&github, &mut before);
    let again = github.runs(&one, 20).await.unwrap();
    assert_eq!(sent(&github, &mut before), (2, 2));
    assert_eq!(shared(&again, &first), first.items.len() - 1, "one run came to its end");
}

#[tokio::test]
async fn after_a_restart_the_first_look_is_a_304_and_says_the_same() {
    let marked = Marked::new().await;
    let shelf = Shelf::new();
    let process = || {
        let archive = Some(Arc::clone(&shelf) as Arc<dyn Archive>);
        GitHub::new(CiOptions { archive, ..options(marked.server.url.clone(), None) }).unwrap()
    };
    let service = watched("{tag}");
    let first = process().runs(&service, 20).await.unwrap();
    assert_eq!(shelf.written(), ["save"; 3]);
    let second = process();
    let again = second.runs(&service, 20).await.unwrap();
    assert_eq!(again, first);
    let mut before = (0, 0);
    assert_eq!(sent(&second, &mut before), (3, 3));
    let later = second.runs(&service, 20).await.unwrap();
    assert_eq!(shared(&later, &again), again.items.len(), "it was read once");
    assert!(shelf.written().is_empty());
}

#[tokio::test]
async fn jobs_whose_pages_are_confirmed_are_the_very_list_of_before() {
    let jobs = Loopback::answering(|seen| {
        let host = seen.header("host").unwrap();
        if seen.header("if-none-match") == Some("\"one\"") {
            return answer(304, &[("etag", "\"one\"")], "");
        }
        let link = format!("<http://{host}{}&page=2>; rel=\"next\"", seen.path);
        if seen.path.ends_with("page=2") {
            return answer(200, &[JSON, ("etag", "\"one\"")], fixture("github/jobs_page2.json"));
        }
        answer(200, &[JSON, ("etag", "\"one\""), ("link", &link)], fixture("github/jobs_page1.json"))
    })
    .await;
    let github = anonymous(&jobs);
    let first = github.jobs(&key(REPO, 101, 1)).await.unwrap();
    let again = github.jobs(&key(REPO, 101, 1)).await.unwrap();
    assert!(Arc::ptr_eq(&first, &again) && first.complete);
    let other = github.jobs(&key(REPO, 102, 1)).await.unwrap();
    assert!(!Arc::ptr_eq(&first, &other), "another run has its own");
    let mut before = (0, 0);
    assert_eq!(sent(&github, &mut before), (2, 6));
}

#[tokio::test]
async fn jobs_of_which_a_page_was_lacking_are_read_anew() {
    let broken = Arc::new(AtomicUsize::new(1));
    let told = Arc::clone(&broken);
    let server = Loopback::answering(move |seen| {
        let host = seen.header("host").unwrap();
        let link = format!("<http://{host}{}&page=2>; rel=\"next\"", seen.path);
        match (seen.path.ends_with("page=2"), told.load(Ordering::SeqCst)) {
            (true, 1) => answer(502, &[], ""),
            _ if seen.header("if-none-match").is_some() => answer(304, &[("etag", "\"one\"")], ""),
            (true, _) => answer(200, &[JSON, ("etag", "\"one\"")], fixture("github/jobs_page2.json")),
            (false, _) => answer(200, &[JSON, ("etag", "\"one\""), ("link", &link)], fixture("github/jobs_page1.json")),
        }
    })
    .await;
    let github = anonymous(&server);
    let cut = github.jobs(&key(REPO, 101, 1)).await.unwrap();
    broken.store(0, Ordering::SeqCst);
    let whole = github.jobs(&key(REPO, 101, 1)).await.unwrap();
    assert!(!cut.complete && whole.complete && whole.items.len() > cut.items.len());
}
