//! What lists gave last, given again where each page that it was made from is confirmed to be unchanged.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::domain::{Batch, Failure, PageUrl, Run, Text};
use crate::http::{Answer, Edition};

/// How many lists are remembered; the longest unused goes first. What they hold is shared with whoever looks at it.
const MOST: usize = 1_024;

/// Who reads one page of a list.
pub(super) trait Pages: Sync {
    /// Asks for the page at this address. Where it is the edition that is known, it may come without its body.
    fn get(&self, address: String, known: Option<Edition>) -> impl Future<Output = Result<Answer, Failure>> + Send;

    /// Forgets a page that could not be read, so that it is asked for in full next time.
    fn distrust(&self, answer: &Answer);
}

/// A page by its address, as it was when something was made of it.
type Made = (String, Edition);

/// One reading of a list, or of several that belong together: every page is asked for once, in the order of reading.
#[derive(Debug)]
pub(super) struct Reading<'a, P> {
    pages: &'a P,
    /// What was asked for already, to see whether it had changed.
    ahead: VecDeque<(String, Result<Answer, Failure>)>,
    /// What was read; nothing for a page that failed, or that is not remembered.
    read: Vec<Option<Made>>,
}

impl<'a, P: Pages> Reading<'a, P> {
    pub(super) fn new(pages: &'a P) -> Self {
        Self { pages, ahead: VecDeque::new(), read: Vec::new() }
    }

    /// Returns the page at this address.
    pub(super) async fn get(&mut self, address: String) -> Result<Answer, Failure> {
        let outcome = self.fetch(&address, None).await;
        let edition = outcome.as_ref().ok().and_then(|answer| answer.edition);
        self.read.push(edition.map(|edition| (address, edition)));
        outcome
    }

    /// Forgets a page that could not be read.
    pub(super) fn distrust(&self, answer: &Answer) {
        self.pages.distrust(answer);
    }

    async fn fetch(&mut self, address: &str, known: Option<Edition>) -> Result<Answer, Failure> {
        match self.ahead.iter().position(|(known, _)| known == address).and_then(|at| self.ahead.remove(at)) {
            Some((_, outcome)) => outcome,
            None => self.pages.get(address.to_owned(), known).await,
        }
    }

    /// Returns how many pages were read, to tell later which came after.
    pub(super) fn place(&self) -> usize {
        self.read.len()
    }

    /// Asks for the same pages again. Where one is not confirmed, or fails, the rest is not asked for, and what came
    /// is kept for the reading that follows, unless it came without what is to be read: that is asked for once more.
    async fn confirms(&mut self, made: &[Made]) -> bool {
        let mut asked = Vec::new();
        for (address, edition) in made {
            let outcome = self.fetch(address, Some(*edition)).await;
            let same = |answer: &Answer| answer.not_modified && answer.edition == Some(*edition);
            let confirmed = outcome.as_ref().is_ok_and(same);
            asked.push((address.clone(), outcome));
            if !confirmed {
                self.ahead
                    .extend(asked.into_iter().filter(|(_, outcome)| !outcome.as_ref().is_ok_and(Answer::is_bare)));
                return false;
            }
        }
        self.read.extend(made.iter().cloned().map(Some));
        true
    }

    /// Returns the pages read since then, if all of them are remembered.
    fn made_since(&self, place: usize) -> Option<Arc<[Made]>> {
        self.read.get(place..)?.iter().cloned().collect()
    }
}

/// What was made of lists, by what was asked.
#[derive(Debug)]
pub(super) struct Memo<T>(Mutex<Held<T>>);

#[derive(Debug)]
struct Held<T> {
    given: FxHashMap<String, Given<T>>,
    uses: u64,
}

#[derive(Debug)]
struct Given<T> {
    /// Nothing where it cannot be made again by asking whether pages changed.
    made: Option<Arc<[Made]>>,
    value: T,
    used: u64,
}

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self(Mutex::new(Held { given: FxHashMap::default(), uses: 0 }))
    }
}

impl<T: Clone> Memo<T> {
    /// Returns what was given last, if every page that it was made from is confirmed by a 304 now.
    pub(super) async fn confirmed<P: Pages>(&self, question: &str, reading: &mut Reading<'_, P>) -> Option<T> {
        let (made, value) =
            self.held().find(question).and_then(|given| Some((given.made.clone()?, given.value.clone())))?;
        reading.confirms(&made).await.then_some(value)
    }

    /// Remembers what was made of the pages read since that place.
    pub(super) fn keep<P: Pages>(&self, question: String, reading: &Reading<'_, P>, since: usize, value: T) {
        let mut held = self.held();
        held.uses += 1;
        let used = held.uses;
        held.given.insert(question, Given { made: reading.made_since(since), value, used });
        if held.given.len() > MOST {
            let oldest = held.given.iter().min_by_key(|(_, given)| given.used).map(|(question, _)| question.clone());
            oldest.and_then(|oldest| held.given.remove(&oldest));
        }
    }

    fn held(&self) -> MutexGuard<'_, Held<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Held<T> {
    fn find(&mut self, question: &str) -> Option<&Given<T>> {
        self.uses += 1;
        let given = self.given.get_mut(question)?;
        given.used = self.uses;
        Some(given)
    }
}

impl Memo<Batch<Arc<Run>>> {
    /// Puts in, for each run that is just as it was, the very one that was given last; the others share what words they
    /// have in common.
    pub(super) fn reuse(&self, question: &str, runs: &mut [Arc<Run>]) {
        share_words(runs);
        let mut held = self.held();
        let Some(given) = held.find(question) else { return };
        let known: FxHashMap<u64, &Arc<Run>> = given.value.items.iter().map(|run| (run.key.id, run)).collect();
        for run in runs {
            if let Some(same) = known.get(&run.key.id).filter(|known| **known == run) {
                *run = Arc::clone(same);
            }
        }
    }
}

/// Lets runs share the words that most have in common: a list of fifty holds `push` and `main` once.
fn share_words(runs: &mut [Arc<Run>]) {
    let mut words = FxHashSet::<Text>::default();
    let mut page = PageUrl::default();
    for run in runs.iter_mut().filter_map(Arc::get_mut) {
        run.url.share(&page);
        page.clone_from(&run.url);
        let own = [Some(&mut run.event.0), Some(&mut run.workflow), run.workflow_file.as_mut(), run.branch.as_mut()];
        for word in own.into_iter().flatten() {
            match words.get(word) {
                Some(known) => *word = known.clone(),
                None => {
                    words.insert(word.clone());
                }
            }
        }
    }
}
