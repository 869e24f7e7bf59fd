//! What was seen, graded: the sentences that no server is needed for.

use jiff::{SignedDuration, Timestamp};
use landfall::doctor::{
    Check, CiLook, Diagnosis, Grade, Multiplexer, Provider, PushLook, RegistryLook, Section, Stands, TerminalLook,
};
use landfall::domain::{
    Batch, CredentialKind, CredentialRecord, Failure, SourceId, Standing, Text, TokenEnd, TokenFacts, TokenKind,
    TokenReport,
};
use rstest::rstest;

fn now() -> Timestamp {
    "2026-03-04T05:00:00Z".parse().unwrap()
}

fn of_token(provider: Provider, kind: TokenKind, scopes: Option<&[&str]>, end: TokenEnd) -> Vec<Check> {
    let scopes = scopes.map(|scopes| scopes.iter().map(|scope| Text::new(scope)).collect());
    let facts = TokenFacts { scopes, end, revoked: false };
    let id = SourceId::parse("ci").unwrap();
    let token = Some(Ok(Some(TokenReport { kind, told: Ok(facts) })));
    let from = Some("$TOKEN".to_owned());
    CiLook { id: &id, provider, url: "https://ci.test", from, token, services: vec![], health: None }
        .section(now())
        .checks
}

fn named<'a>(checks: &'a [Check], name: &str) -> &'a Check {
    checks.iter().find(|check| check.name.as_str() == name).unwrap()
}

#[rstest]
#[case(Provider::GitHub, Some(&["repo"][..]), Grade::Ok)]
#[case(Provider::GitHub, Some(&["public_repo", "read:packages", "user:email"][..]), Grade::Ok)]
#[case(Provider::GitHub, Some(&[][..]), Grade::Ok)]
#[case(Provider::GitHub, None, Grade::Ok)]
#[case(Provider::GitHub, Some(&["repo", "workflow"][..]), Grade::Warn)]
#[case(Provider::GitHub, Some(&["repo", "write:packages"][..]), Grade::Warn)]
#[case(Provider::GitHub, Some(&["admin:org"][..]), Grade::Warn)]
#[case(Provider::GitHub, Some(&["delete_repo"][..]), Grade::Warn)]
#[case(Provider::GitHub, Some(&["a scope of tomorrow"][..]), Grade::Warn)]
#[case(Provider::GitLab, Some(&["read_api"][..]), Grade::Ok)]
#[case(Provider::GitLab, Some(&["read_api", "read_user", "read_registry"][..]), Grade::Ok)]
#[case(Provider::GitLab, Some(&["api"][..]), Grade::Warn)]
#[case(Provider::GitLab, Some(&["read_api", "sudo"][..]), Grade::Warn)]
#[case(Provider::GitLab, Some(&["read_repository"][..]), Grade::Fail)]
#[case(Provider::GitLab, Some(&[][..]), Grade::Fail)]
fn what_can_write_beyond_need_is_a_warning_and_too_little_a_failure(
    #[case] provider: Provider,
    #[case] scopes: Option<&[&str]>,
    #[case] grade: Grade,
) {
    let checks = of_token(provider, TokenKind::Unnamed, scopes, TokenEnd::Never);
    let rights = named(&checks, "rights");
    assert_eq!(rights.grade, grade, "{rights:?}");
    assert_eq!(rights.fix.is_some(), grade != Grade::Ok, "what is wrong has a fix: {rights:?}");
}

#[test]
fn an_end_within_seven_days_is_a_warning() {
    let day = SignedDuration::from_hours(24);
    let grade = |left: SignedDuration| {
        let checks = of_token(Provider::GitLab, TokenKind::Access, Some(&["read_api"]), TokenEnd::At(now() + left));
        named(&checks, "expiry").grade
    };
    let second = SignedDuration::from_secs(1);
    let cases = [
        (day * 7 + second, Grade::Ok),
        (day * 7, Grade::Warn),
        (second, Grade::Warn),
        (SignedDuration::ZERO, Grade::Fail),
        (-day, Grade::Fail),
    ];
    for (left, expected) in cases {
        assert_eq!(grade(left), expected, "{left:#}");
    }
}

#[rstest]
#[case(TokenKind::Classic, None, Grade::Warn)]
#[case(TokenKind::FineGrained, None, Grade::Warn)]
#[case(TokenKind::OAuth, Some(&["repo"][..]), Grade::Ok)]
#[case(TokenKind::Installation, None, Grade::Ok)]
#[case(TokenKind::AppUser, None, Grade::Unknown)]
#[case(TokenKind::Unnamed, None, Grade::Unknown)]
#[case(TokenKind::Unnamed, Some(&["repo"][..]), Grade::Warn)]
fn an_end_that_is_not_told_means_what_the_kind_of_token_means_by_it(
    #[case] kind: TokenKind,
    #[case] scopes: Option<&[&str]>,
    #[case] grade: Grade,
) {
    assert_eq!(named(&of_token(Provider::GitHub, kind, scopes, TokenEnd::Untold), "expiry").grade, grade);
}

#[test]
fn the_prefix_tells_the_kind_and_nothing_else_of_a_token() {
    let kinds = [
        ("ghp_x", TokenKind::Classic),
        ("github_pat_x", TokenKind::FineGrained),
        ("ghs_1_ey", TokenKind::Installation),
        ("glpat-x", TokenKind::Access),
        ("glcbt-64_x", TokenKind::Job),
        ("gldt-x", TokenKind::Deploy),
        ("0123abc", TokenKind::Unnamed),
        ("", TokenKind::Unnamed),
    ];
    for (token, kind) in kinds {
        assert_eq!(TokenKind::of(token), kind, "{token}");
    }
}

fn terminal(size: (u16, u16)) -> TerminalLook {
    TerminalLook {
        stands: Stands::Output,
        size: Some(size),
        term: Some("xterm-256color".into()),
        unicode: true,
        ..TerminalLook::default()
    }
}

#[test]
fn a_terminal_that_is_small_is_a_warning_and_one_too_small_a_failure() {
    let size = |columns, rows| named(&terminal((columns, rows)).section().checks, "size").grade;
    assert_eq!((size(80, 24), size(79, 24), size(80, 23)), (Grade::Ok, Grade::Warn, Grade::Warn));
    assert_eq!((size(60, 16), size(59, 40), size(200, 15)), (Grade::Warn, Grade::Fail, Grade::Fail));
}

#[test]
fn what_stands_between_us_and_the_clipboard_is_told_with_what_to_set() {
    let copy = |multiplexer| {
        let look = TerminalLook { multiplexer, ..terminal((80, 24)) };
        named(&look.section().checks, "copy").clone()
    };
    assert!(copy(Some(Multiplexer::Tmux)).fix.unwrap().as_str().contains("set -s set-clipboard on"));
    assert_eq!((copy(Some(Multiplexer::Screen)).grade, copy(None).grade), (Grade::Warn, Grade::Ok));
}

#[test]
fn a_terminal_that_cannot_move_its_cursor_fails_and_one_without_utf_8_warns() {
    let look = TerminalLook { term: Some("dumb".into()), unicode: false, ..terminal((80, 24)) };
    let checks = look.section().checks;
    assert_eq!((named(&checks, "TERM").grade, named(&checks, "glyphs").grade), (Grade::Fail, Grade::Warn));
}

#[test]
fn the_worst_decides_the_exit_code_and_a_failure_outranks_the_unknown() {
    let with = |grades: &[Grade]| {
        let mut section = terminal((80, 24)).section();
        let check = section.checks[0].clone();
        section.checks = grades.iter().map(|grade| Check { grade: *grade, ..check.clone() }).collect();
        Diagnosis { sections: vec![section, Section::of_store(None, 256)] }.exit_code()
    };
    assert_eq!([with(&[]), with(&[Grade::Ok]), with(&[Grade::Warn])], [0, 0, 0]);
    assert_eq!([with(&[Grade::Unknown, Grade::Warn]), with(&[Grade::Fail, Grade::Unknown])], [3, 1]);
}

fn pushing(push: PushLook) -> Vec<Check> {
    let host = SourceId::parse("registry.test").unwrap();
    RegistryLook { host: &host, login: None, repositories: vec![], push, health: None }.section().checks
}

fn tried(standing: Standing, note: &str) -> PushLook {
    let kind = CredentialKind::Other("push login".into());
    let mut record = CredentialRecord::new("push/registry.test", "push login for registry.test", kind, now());
    (record.place, record.standing) = ("ci".into(), standing);
    record.notes = vec![note.into()];
    PushLook::Tried(Ok(Batch { items: vec![record], skipped: 0, complete: true }))
}

#[rstest]
#[case::pushes(tried(Standing::Accepted, "It may push to a/b."), Grade::Ok, "ci: accepted, and may push")]
#[case::opaque(tried(Standing::Accepted, "Push unverified: no."), Grade::Unknown, "whether it may push is not told")]
#[case::reads(tried(Standing::Refused("it may not push to a/b".into()), ""), Grade::Fail, "it may not push to a/b")]
#[case::dead(tried(Standing::Ended("it has expired".into()), ""), Grade::Fail, "it has expired")]
#[case::down(PushLook::Tried(Err(Failure::Ambiguous("502".into()))), Grade::Unknown, "502")]
#[case::late(PushLook::Late, Grade::Unknown, "no answer in time")]
fn the_login_that_pipelines_push_with_is_examined_too(
    #[case] push: PushLook,
    #[case] grade: Grade,
    #[case] words: &str,
) {
    let checks = pushing(push);
    let check = named(&checks, "push login");
    assert!(check.grade == grade && check.says.as_str().contains(words), "{check:?}");
    assert_eq!(check.fix.is_some(), grade == Grade::Fail, "{check:?}");
}

#[test]
fn where_no_push_login_is_named_nothing_is_said_of_one() {
    assert_eq!(pushing(PushLook::Unnamed).len(), 1);
}
