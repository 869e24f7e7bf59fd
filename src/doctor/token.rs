//! A CI provider's token: whether it is accepted, what it may do beyond what is needed, and when it ends.

use jiff::{SignedDuration, Timestamp};

use super::{Check, Grade, Provider, failure};
use crate::analysis::utc;
use crate::domain::{AuthStage, Failure, Text, TokenEnd, TokenFacts, TokenKind, TokenReport};

/// A token that ends before this long has passed is to be renewed now.
const SOON: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Returns what there is to tell of a token. `report` is nothing where no answer came in time; `lists` is whether a list
/// was read with it.
pub(super) fn checks(
    provider: Provider,
    from: Option<&str>,
    report: Option<&Result<Option<TokenReport>, Failure>>,
    lists: bool,
    now: Timestamp,
) -> Vec<Check> {
    let (Some(from), Some(report)) = (from, report) else {
        let late = || Check::new("token", Grade::Unknown, "no answer in time");
        return vec![if from.is_none() { anonymous(provider) } else { late() }];
    };
    match report {
        Err(failure) => vec![failure::check("token".to_owned(), "", failure)],
        Ok(None) => vec![anonymous(provider)],
        Ok(Some(TokenReport { kind, told: Err(failure) })) => vec![untold(provider, *kind, from, failure, lists)],
        Ok(Some(TokenReport { kind, told: Ok(facts) })) => {
            vec![accepted(*kind, from, facts), rights(provider, *kind, facts), expiry(provider, *kind, facts, now)]
        }
    }
}

fn anonymous(provider: Provider) -> Check {
    let why = match provider {
        Provider::GitHub => "Without one GitHub shows public repositories only, and answers 60 requests an hour.",
        Provider::GitLab => "Without one GitLab shows public projects only.",
    };
    let fix = "Set token = { env = \"…\" }, { file = \"…\" } or { command = […] } under this [[ci]].";
    Check::new("token", Grade::Warn, "none is set: asked anonymously").why(why).fix(fix)
}

fn untold(provider: Provider, kind: TokenKind, from: &str, failure: &Failure, lists: bool) -> Check {
    let cannot_ask = matches!(kind, TokenKind::Deploy | TokenKind::Job);
    let refused = matches!(failure, Failure::Auth { stage: AuthStage::Api, .. } | Failure::Forbidden(_));
    let says_nothing = matches!(failure, Failure::NotFound(_));
    if cannot_ask && refused || says_nothing || refused && lists {
        let says = format!("from {from}: {} cannot ask for its own rights and end", kind.words());
        let why = format!("Whether it is good enough shows in the lists below. ({failure})");
        let fix = format!("An access token with {} can tell.", provider.least());
        return Check::new("token", Grade::Unknown, says).why(why).fix(fix);
    }
    let check = failure::check("token".to_owned(), "", failure);
    if refused {
        check.fix(format!("Make a new one with {}, and put it where {from} reads it.", provider.least()))
    } else {
        check
    }
}

fn accepted(kind: TokenKind, from: &str, facts: &TokenFacts) -> Check {
    if facts.revoked {
        return Check::new("token", Grade::Fail, format!("from {from}: revoked, or not active any more"))
            .fix("Make a new one.");
    }
    let kind = if kind == TokenKind::Unnamed { String::new() } else { format!(", {}", kind.words()) };
    Check::new("token", Grade::Ok, format!("from {from}: accepted{kind}"))
}

fn rights(provider: Provider, kind: TokenKind, facts: &TokenFacts) -> Check {
    let permitted = matches!(kind, TokenKind::FineGrained | TokenKind::AppUser | TokenKind::Installation);
    let Some(scopes) = facts.scopes.as_ref().filter(|scopes| !(permitted && scopes.is_empty())) else {
        return Check::new(
            "rights",
            Grade::Ok,
            "no scopes are told: it has permissions instead, as fine-grained tokens do",
        )
        .why(format!("Whether they are enough shows in the lists below; {} is all it needs.", provider.least()));
    };
    let has = |scope: &str| scopes.iter().any(|known| known.raw() == scope);
    let listed = || if scopes.is_empty() { "none".to_owned() } else { joined(scopes.iter()) };
    let above = facts.above_need();
    if provider == Provider::GitLab && !has("read_api") && !has("api") {
        let fix = "Make a token with read_api.";
        return Check::new("rights", Grade::Fail, format!("scopes {}: read_api is not among them", listed())).fix(fix);
    }
    if !above.is_empty() {
        let fix = format!("Make a token with no more than {}.", provider.least());
        return Check::new("rights", Grade::Warn, format!("scopes {}", listed()))
            .why(format!(
                "Above need: {}. Whoever gets hold of it can change things with them.",
                joined(above.into_iter())
            ))
            .fix(fix);
    }
    let check = Check::new("rights", Grade::Ok, format!("scopes {}", listed()));
    match provider {
        Provider::GitHub if scopes.is_empty() => check.why("Public repositories only."),
        Provider::GitHub if has("repo") => {
            check.why("Needed for private repositories, though repo can write as well; a fine-grained token need not.")
        }
        Provider::GitHub | Provider::GitLab => check,
    }
}

fn expiry(provider: Provider, kind: TokenKind, facts: &TokenFacts, now: Timestamp) -> Check {
    let endless = || {
        let year = match provider {
            Provider::GitHub => " It lasts until somebody revokes it, or a year passes without use.",
            Provider::GitLab => "",
        };
        Check::new("expiry", Grade::Warn, "it has no end")
            .why(format!("A token that leaks and never ends does harm for ever.{year}"))
            .fix("Make one with an end; landfall reads it anew where it is put.")
    };
    let fix = "Make a new one and put it in the same place; landfall reads it anew.";
    match facts.end {
        TokenEnd::At(end) if end <= now => Check::new("expiry", Grade::Fail, format!("ended at {}", utc(end))).fix(fix),
        TokenEnd::At(end) => {
            let left = end.duration_since(now);
            let says = format!("ends at {}, in {}", utc(end), span(left));
            if left <= SOON {
                Check::new("expiry", Grade::Warn, says).fix(fix)
            } else {
                Check::new("expiry", Grade::Ok, says)
            }
        }
        TokenEnd::Never => endless(),
        TokenEnd::Untold => match kind {
            TokenKind::Installation => {
                Check::new("expiry", Grade::Ok, "ends by itself within hours; that of Actions with its job")
            }
            TokenKind::OAuth => Check::new(
                "expiry",
                Grade::Ok,
                "none is told: it lasts until it is revoked, or a year passes without use",
            ),
            TokenKind::Classic | TokenKind::FineGrained => endless(),
            TokenKind::Unnamed if facts.scopes.is_some() => endless(),
            TokenKind::AppUser | TokenKind::Access | TokenKind::Deploy | TokenKind::Job | TokenKind::Unnamed => {
                Check::new("expiry", Grade::Unknown, "no end is told: it has none, or is one of an app that renews it")
            }
        },
    }
}

impl Provider {
    /// Returns the least rights that are needed.
    fn least(self) -> &'static str {
        match self {
            Self::GitHub => "Actions read and Contents read (fine-grained)",
            Self::GitLab => "read_api",
        }
    }
}

fn joined<'a>(scopes: impl Iterator<Item = &'a Text>) -> String {
    scopes.map(Text::as_str).collect::<Vec<_>>().join(", ")
}

/// Returns a span in its largest unit.
fn span(left: SignedDuration) -> String {
    let (hours, minutes) = (left.as_hours(), left.as_mins());
    match hours {
        48.. => format!("{} days", hours / 24),
        2.. => format!("{hours} hours"),
        _ => format!("{} minutes", minutes.max(1)),
    }
}
