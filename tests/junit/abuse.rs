//! Files that are too much, files that are no reports, and files that end too early.

use landfall::domain::{Ending, TestReport, Text, Unreadable};
use landfall::junit::parse;
use proptest::prelude::{ProptestConfig, any, prop, proptest};
use rstest::rstest;

fn refusal(bytes: &[u8]) -> Unreadable {
    parse(bytes).unwrap_err()
}

fn cut(bytes: &[u8]) -> (TestReport, Option<Text>) {
    let report = parse(bytes).unwrap();
    match report.ending.clone() {
        Ending::Cut { open, .. } => (report, open),
        Ending::Whole => panic!("the report is whole"),
    }
}

#[rstest]
#[case::nothing(b"", "the file is empty")]
#[case::blanks(b" \n\t ", "the file is empty")]
#[case::only_a_declaration(b"<?xml version='1.0'?>", "the file is empty")]
#[case::words(b"no tests were run", "the file is no XML")]
#[case::half_a_tag(b"<testsui", "the file is no XML")]
#[case::a_fragment_of_a_dtd(b"<!ENTITY % a 'b'>", "the file is no XML")]
#[case::nunit(
    b"<test-run><test-suite><test-case name='a'/></test-suite></test-run>",
    "the file is no JUnit report: its root is <test-run>"
)]
#[case::a_lone_case(b"<testcase name='a'/>", "the file is no JUnit report: its root is <testcase>")]
#[case::a_login_page(
    b"<!DOCTYPE html><html><body>Sign in</body></html>",
    "the file is no JUnit report: its root is <html>"
)]
#[case::an_entity(
    b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><testsuite><testcase name='&x;'/></testsuite>",
    "the file declares a document type (DTD), which is refused"
)]
#[case::an_entity_bomb(
    b"<?xml version='1.0'?><!DOCTYPE z [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><testsuite/>",
    "the file declares a document type (DTD), which is refused"
)]
#[case::a_doctype_without_a_name(
    b"<!DOCTYPE ><testsuite/>",
    "the file declares a document type (DTD), which is refused"
)]
#[case::a_late_doctype(
    b"<testsuite><!DOCTYPE a><testcase name='b'/></testsuite>",
    "the file declares a document type (DTD), which is refused"
)]
fn what_is_no_report_is_refused_with_its_reason(#[case] bytes: &[u8], #[case] reason: &str) {
    assert_eq!(refusal(bytes).to_string(), reason);
}

#[test]
fn elements_nested_20_000_deep_are_refused_without_a_stack_overflow() {
    let deep = "<testsuite>".repeat(20_000);
    assert_eq!(refusal(deep.as_bytes()), Unreadable::TooDeep(128));
    let other = format!("<testsuite>{}", "<a>".repeat(20_000));
    assert_eq!(refusal(other.as_bytes()), Unreadable::TooDeep(128));
}

#[test]
fn elements_nested_128_deep_are_read() {
    let xml = format!("{}<testcase name='a'/>{}", "<testsuite>".repeat(127), "</testsuite>".repeat(127));
    assert_eq!(parse(xml.as_bytes()).unwrap().len(), 1);
    let xml = format!("{}<testcase name='a'/>{}", "<testsuite>".repeat(128), "</testsuite>".repeat(128));
    assert_eq!(refusal(xml.as_bytes()), Unreadable::TooDeep(128));
}

#[test]
fn more_than_30_megabytes_are_refused_unread() {
    let mut xml = b"<testsuite/>".to_vec();
    xml.resize(30 << 20, b' ');
    assert!(parse(&xml).is_ok());
    xml.push(b' ');
    assert_eq!(refusal(&xml), Unreadable::TooLarge(30));
}

#[test]
fn more_than_200_000_cases_are_refused() {
    let cases = |count: usize| format!("<testsuite>{}</testsuite>", "<testcase name='a'/>".repeat(count));
    assert_eq!(parse(cases(200_000).as_bytes()).unwrap().len(), 200_000);
    assert_eq!(refusal(cases(200_001).as_bytes()), Unreadable::TooMany(200_000));
}

#[test]
fn names_that_take_too_much_memory_are_refused() {
    let case = |number: usize| format!("<testcase name='{number:0>500}'/>");
    let xml = format!("<testsuite>{}</testsuite>", (0..40_000).map(case).collect::<Vec<_>>().concat());
    assert_eq!(refusal(xml.as_bytes()), Unreadable::TooWordy(16));
}

#[test]
fn long_names_of_nested_suites_do_not_multiply() {
    let name = "n".repeat(100_000);
    let suites = format!("<testsuite name='{name}'>").repeat(100);
    let report = parse(format!("{suites}<testcase name='a'/>").as_bytes()).unwrap();
    assert!(report.bytes() < 2 << 20, "{}", report.bytes());
}

#[test]
fn a_file_that_ends_too_early_gives_the_cases_up_to_there() {
    let start = "<testsuites><testsuite name='s'><testcase name='one'/><testcase name='two'><failure/></testcase>";
    let (report, open) = cut(format!("{start}<testcase name='three'><system-out>so far").as_bytes());
    assert_eq!((report.len(), report.counts.failed), (2, 1));
    assert_eq!(open, Some("three".into()));
    for rest in ["", "<testcase na", "<testcase name='three' time='1", "<!-- and", "<![CDATA[ and", "</testsuite>"] {
        let (report, open) = cut(format!("{start}{rest}").as_bytes());
        assert_eq!((report.len(), open), (2, None), "{rest}");
    }
}

#[test]
fn a_case_that_is_cut_off_is_never_called_passed() {
    let (report, _) = cut(b"<testsuite><testcase name='a'>");
    assert_eq!((report.len(), report.counts.passed), (0, 0));
}

#[test]
fn output_that_looks_like_a_case_is_none() {
    let xml = b"<testsuite><testcase name='a'><system-out><![CDATA[<testcase name='b'/>]]></system-out></testcase>\
        <!-- <testcase name='c'/> --><system-err>&lt;testcase/&gt;</system-err></testsuite>";
    assert_eq!(parse(xml).unwrap().len(), 1);
}

#[test]
fn ends_that_fit_nothing_end_nothing() {
    let report =
        parse(b"</testsuites></a><testsuite></testcase></b><testcase name='a'></b></testcase></testsuite></testsuite>");
    assert_eq!(report.unwrap().len(), 1);
}

/// Pieces of which reports are made, so that arbitrary rows of them reach every corner of the walk.
const PIECES: [&str; 24] = [
    "<testsuites>",
    "</testsuites>",
    "<testsuite name='s'>",
    "</testsuite>",
    "<testcase name='a' classname='b'>",
    "<testcase name='c' time='1,0'/>",
    "</testcase>",
    "<failure message='m'>",
    "</failure>",
    "<error/>",
    "<skipped/>",
    "<flakyFailure>",
    "</flakyFailure>",
    "<rerunError/>",
    "text",
    "&amp;",
    "&x;",
    "&",
    "<![CDATA[ c ]]>",
    "<!-- c -->",
    "<a>",
    "</a>",
    "<?pi?>",
    "\u{1b}[0m\u{202e}",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn bytes_after_a_good_start_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut xml = b"<testsuite><testcase name='a' ".to_vec();
        xml.extend(bytes);
        let _ = parse(&xml);
    }

    #[test]
    fn arbitrary_rows_of_pieces_are_counted_and_kept_in_bounds(pieces in prop::collection::vec(0..PIECES.len(), 0..200)) {
        let xml: String = pieces.iter().filter_map(|piece| PIECES.get(*piece)).copied().collect();
        if let Ok(report) = parse(xml.as_bytes()) {
            let starts = xml.matches("<testcase").count();
            assert!(report.len() <= starts, "{} of {starts}", report.len());
            assert_eq!(usize::try_from(report.counts.tests()).unwrap(), report.len());
            assert!(report.bytes() < 600_000 + 20 * xml.len(), "{} for {}", report.bytes(), xml.len());
            assert!(report.cases().all(|(_, case)| !case.name.contains('\u{1b}')));
        }
    }

    #[test]
    fn every_cut_of_a_report_gives_no_more_than_the_whole(at in 0_usize..1_400) {
        let xml = include_bytes!("../fixtures/junit/surefire.xml");
        let whole = parse(xml).unwrap();
        let part = parse(xml.get(..at.min(xml.len())).unwrap());
        if let Ok(part) = part {
            assert!(part.cases().zip(whole.cases()).all(|(one, two)| one == two), "cut at {at}");
            assert!(part.len() <= whole.len());
        }
    }
}
