//! Lists of several pages, read until there is enough.

use std::sync::Arc;

use http::{HeaderMap, header};

use super::memo::{Memo, Pages, Reading};
use crate::domain::{Batch, Failure, Fault, Globs, Run, Service, TagTemplate};
use crate::http::Answer;

/// No list is read further than this.
const MOST: usize = 10;

/// One page.
#[derive(Debug)]
pub(super) struct Page<T> {
    /// What could be read.
    pub(super) items: Vec<T>,
    /// How many could not.
    pub(super) skipped: u64,
    /// Where the list goes on.
    pub(super) next: Next,
}

/// Where a list goes on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Nowhere: this is its end.
    End,
    /// At this address.
    At(String),
    /// Where we do not go: another origin.
    Elsewhere,
}

/// Whether more of a list is wanted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Enough {
    Yes,
    No,
}

/// Reads page after page. `keep` takes an item in, or leaves it, and says whether that was enough.
///
/// A page that fails after the first leaves what was read, marked as incomplete, unless it says that too much was asked or
/// refuses the token; so does one that the page before promised and that holds nothing.
pub(super) async fn read<T, P: Pages>(
    first: String,
    reading: &mut Reading<'_, P>,
    page: impl Fn(&str, &Answer) -> Result<Page<T>, Failure>,
    mut keep: impl FnMut(&mut Vec<T>, T) -> Enough,
) -> Result<Batch<T>, Failure> {
    let mut batch = Batch { items: Vec::new(), skipped: 0, complete: false };
    let mut at = first;
    for number in 0..MOST {
        let answer = reading.get(at.clone()).await;
        let page = match answer.and_then(|answer| page(&at, &answer).inspect_err(|_| reading.distrust(&answer))) {
            Ok(page) => page,
            // Whoever asks is to know that the source wants to be left alone.
            Err(failure) if number == 0 || matches!(Fault::of(&failure), Fault::Limit | Fault::Login) => {
                return Err(failure);
            }
            Err(_) => return Ok(batch),
        };
        if number > 0 && page.items.is_empty() && page.skipped == 0 {
            return Ok(batch);
        }
        batch.skipped += page.skipped;
        for item in page.items {
            if keep(&mut batch.items, item) == Enough::Yes {
                batch.complete = true;
                return Ok(batch);
            }
        }
        match page.next {
            Next::At(next) => at = next,
            Next::End => {
                batch.complete = true;
                return Ok(batch);
            }
            Next::Elsewhere => return Ok(batch),
        }
    }
    Ok(batch)
}

/// Reads a whole list, or returns the very one that was read last where each of its pages is confirmed by a 304.
pub(super) async fn whole<T, P: Pages>(
    memo: &Memo<Arc<Batch<T>>>,
    first: String,
    pages: &P,
    page: impl Fn(&str, &Answer) -> Result<Page<T>, Failure>,
) -> Result<Arc<Batch<T>>, Failure> {
    let mut reading = Reading::new(pages);
    if let Some(known) = memo.confirmed(&first, &mut reading).await {
        return Ok(known);
    }
    let batch = Arc::new(read(first.clone(), &mut reading, page, everything).await?);
    memo.keep(first, &reading, 0, Arc::clone(&batch));
    Ok(batch)
}

/// Takes everything in.
pub(super) fn everything<T>(items: &mut Vec<T>, item: T) -> Enough {
    items.push(item);
    Enough::No
}

/// Takes in the runs of the watched workflow until `count` of them are to publish.
/// A run that moved to the next page while the list was read comes twice and is kept once.
pub(super) fn newest(service: &Service, count: usize) -> impl FnMut(&mut Vec<Arc<Run>>, Arc<Run>) -> Enough {
    let mut missing = count;
    move |runs, run| {
        if !service.watches(&run) || runs.iter().any(|known| known.key.id == run.key.id) {
            return Enough::No;
        }
        if service.is_to_publish(&run) {
            missing = missing.saturating_sub(1);
        }
        runs.push(run);
        if missing == 0 { Enough::Yes } else { Enough::No }
    }
}

/// Returns all that decides what is made of a list of runs, besides its pages.
pub(super) fn question(first: &str, service: &Service, count: usize) -> String {
    let [workflow, event, branch] = [&service.workflow, &service.event, &service.branch].map(Globs::patterns);
    format!("{first} {count} {workflow:?} {event:?} {branch:?} {}", wants_git_tag(service))
}

/// Returns how many runs to ask for at once: some of them will be filtered out.
pub(super) fn per_page(count: usize) -> usize {
    count.saturating_mul(3).div_ceil(2).clamp(30, 100)
}

/// Returns the address that a `Link` header calls `next` (RFC 8288, as far as GitHub and GitLab write it).
pub(super) fn next_link(headers: &HeaderMap) -> Option<&str> {
    let links = headers.get_all(header::LINK).iter().filter_map(|value| value.to_str().ok());
    links.flat_map(|value| value.split(',')).find_map(|link| {
        let (address, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        let mut parameters = parameters.split(';').map(str::trim);
        parameters.any(|parameter| matches!(parameter, r#"rel="next""# | "rel=next")).then_some(address)
    })
}

/// Returns whether some tag of the service is built from the git tag, so that it must be known which run has one.
pub(super) fn wants_git_tag(service: &Service) -> bool {
    let templates = service.images.iter().flat_map(|image| &image.tags);
    templates.map(TagTemplate::as_str).any(|text| text.contains("{tag}") || text.contains("{tag|"))
}
