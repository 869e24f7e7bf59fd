//! What the panes of trust and time show: services, jobs, tests, and the words for each.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "support/executions.rs"]
#[expect(dead_code, reason = "short notations are for other tests")]
mod executions;
#[path = "support/reliable.rs"]
mod reliable;

#[path = "trust_panes/durations.rs"]
mod durations;
#[path = "trust_panes/flaky.rs"]
mod flaky;

use landfall::analysis::{Policy, Report};
use landfall::domain::Snapshot;
use landfall::pane::{Filter, Identity, Layout, Line, PANES, Pane, Passing, Place, Scope, Subject, Tone, View, detail};

use executions::now;

const FLAKY: usize = 3;
const DURATIONS: usize = 4;

/// A report to look at.
struct Looked {
    report: Report,
    snapshot: Snapshot,
    policy: Policy,
}

impl Looked {
    fn new(report: Report) -> Self {
        Self { report, snapshot: Snapshot::default(), policy: Policy::default() }
    }

    fn view(&self) -> View<'_> {
        View { report: &self.report, snapshot: &self.snapshot, policy: &self.policy, now: now() }
    }

    fn order(&self, pane: &dyn Pane, within: Option<&Identity>, filter: &str, sort: usize) -> Vec<Place> {
        let rows = pane.order(Scope { report: &self.report, within }, sort);
        let mut passing = Passing::none_of(rows);
        passing.look(pane, &self.report, &Filter::new(filter), usize::MAX);
        passing.rows().to_vec()
    }

    /// The rows of a pane, or the parts of one of them, as wide as a screen of so many columns.
    fn rows(&self, pane: &dyn Pane, within: Option<&Identity>, width: usize) -> String {
        let columns = pane.columns(Scope { report: &self.report, within });
        let layout = Layout::new(&columns, width - 2);
        let notes = within.map(|within| pane.notes(&self.view(), within)).unwrap_or_default();
        let mut lines: Vec<Line> = notes
            .into_iter()
            .flat_map(|note| note.wrap(width - 2, 2))
            .map(|line| Line::of(Tone::Plain, " ").join(line))
            .collect();
        lines.push(layout.heads(&columns, width));
        let order = self.order(pane, within, "", 0);
        let row = |place| Line::of(Tone::Plain, " ").join(layout.row(&columns, pane.cells(&self.view(), place)));
        lines.extend(order.into_iter().map(row));
        assert!(lines.iter().all(|line| line.width() <= width));
        lines.iter().map(|line| line.text().trim_end().to_owned() + "\n").collect()
    }

    fn tab(&self, tab: usize, width: usize) -> String {
        self.rows(PANES[tab], None, width)
    }

    fn parts(&self, tab: usize, within: &Identity, width: usize) -> String {
        self.rows(PANES[tab].parts().unwrap(), Some(within), width)
    }

    fn detail(&self, identity: &Identity, width: usize) -> String {
        let subject = Subject::find(&self.report, identity).unwrap();
        let paragraphs = detail(&self.view(), subject).into_iter();
        let lines = paragraphs.flat_map(|paragraph| paragraph.line.wrap(width, paragraph.indent));
        lines.map(|line| line.text().trim_end().to_owned() + "\n").collect()
    }
}

fn builds(service: &str) -> Identity {
    Identity::Builds(landfall::domain::ServiceName::parse(service).unwrap())
}

fn runs(service: &str) -> Identity {
    Identity::Workflow(landfall::domain::ServiceName::parse(service).unwrap(), Some("release".into()))
}
