//! One line of a log without the CI's own marks: timestamps, colours, groups, echoed commands.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::bytes;

use crate::job_log::stamp;

/// What a line is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// Something that a tool printed.
    Said(Cow<'a, str>),
    /// A command that the shell or the runner is about to run.
    Command(Cow<'a, str>),
    /// A line of a script, printed by the runner before the script runs.
    Script(Cow<'a, str>),
    /// The runner starts to print a step's script and inputs.
    StepStart(Cow<'a, str>),
    /// A group ends.
    GroupEnd,
    /// Nothing that says anything about a push.
    Noise,
}

/// Words of which one is in every line that matters; most lines of a log hold none.
#[expect(clippy::unwrap_used, reason = "a literal pattern, compiled by every test")]
static MAY_MATTER: LazyLock<bytes::Regex> = LazyLock::new(|| {
    let words = concat!(
        r"push|Push|denied|DENIED|nauthorized|UNAUTHORIZED|oomanyrequests|TOOMANYREQUESTS|ooManyRequests|",
        r"oo Many Requests|orbidden|FORBIDDEN|Publish|sha256:|manifest|COMMIT |Trying to pull|##\[|",
        r"\[command\]|\x1b\[36;1m|\$ |\+ |shell: |with:|env:|exporting to|output specified|",
        r"build definition|build context| DONE|redential|assword|scope|auth|xpired|EXPIRED|token|Token|",
        r"client secret|mmutable|IMMUTABLE|ame unknown|does not exist|imit|uota|413|imeout|deadline|",
        r"refused|reset by|misbehaving|no such host|EOF|x509|tls: |no space|status|blob",
    );
    bytes::Regex::new(words).unwrap()
});

/// Returns whether the line is worth reading at all. Costs one search for literals.
pub(super) fn may_matter(raw: &[u8]) -> bool {
    MAY_MATTER.is_match(raw)
}

/// Returns what the line is.
pub(super) fn read(raw: &[u8]) -> Line<'_> {
    let mut text = String::from_utf8_lossy(raw);
    let (start, goes_on) = stamp(&text);
    if goes_on {
        return Line::Noise;
    }
    text = after(text, start);
    let is_script = text.starts_with("\u{1b}[36;1m");
    if text.contains('\u{1b}') {
        text = Cow::Owned(strip_ansi_escapes::strip_str(&*text));
    }
    let blanks = text.len() - text.trim_start().len();
    text = after(text, blanks);
    if is_script { Line::Script(text) } else { sort(text) }
}

fn sort(text: Cow<'_, str>) -> Line<'_> {
    if let Some(rest) = text.strip_prefix("##[") {
        return mark(&text, rest);
    }
    if text.starts_with("[command]") {
        return Line::Command(after(text, "[command]".len()));
    }
    let echo = text.trim_start_matches('+');
    let echoed = if echo.len() < text.len() { echo.starts_with(' ') } else { text.starts_with("$ ") };
    if echoed { Line::Command(text) } else { Line::Said(text) }
}

/// `##[kind]rest`, as GitHub's runner writes its workflow commands to the log.
fn mark<'a>(text: &str, rest: &str) -> Line<'a> {
    let (kind, rest) = rest.split_once(']').unwrap_or((rest, ""));
    match kind {
        "endgroup" => Line::GroupEnd,
        "group" => match rest.strip_prefix("Run ") {
            Some(first) => Line::StepStart(Cow::Owned(first.to_owned())),
            None => Line::Noise,
        },
        "command" => Line::Command(Cow::Owned(rest.to_owned())),
        "debug" | "section" => Line::Noise,
        "error" | "warning" | "notice" => Line::Said(Cow::Owned(rest.to_owned())),
        _ => Line::Said(Cow::Owned(text.to_owned())),
    }
}

fn after(text: Cow<'_, str>, start: usize) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(start..).unwrap_or_default().trim_end()),
        Cow::Owned(text) => Cow::Owned(text.get(start..).unwrap_or_default().trim_end().to_owned()),
    }
}
