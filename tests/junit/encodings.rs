//! The same report in every encoding that is found, and in those that are not what they say.

use landfall::domain::TestReport;
use landfall::junit::parse;

fn names(bytes: &[u8]) -> Vec<String> {
    let report: TestReport = parse(bytes).unwrap();
    report.cases().map(|(_, case)| case.name.to_owned()).collect()
}

fn xml(encoding: &str) -> String {
    format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?><testsuite name='a'><testcase name='größer'/></testsuite>")
}

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(unit).collect()
}

#[test]
fn utf_8_is_read_with_and_without_a_mark() {
    assert_eq!(names(xml("UTF-8").as_bytes()), ["größer"]);
    assert_eq!(names(format!("\u{feff}{}", xml("UTF-8")).as_bytes()), ["größer"]);
}

#[test]
fn utf_16_is_read_in_both_orders_with_and_without_a_mark() {
    let marked = format!("\u{feff}{}", xml("UTF-16"));
    for text in [xml("UTF-16"), marked] {
        assert_eq!(names(&utf16(&text, u16::to_le_bytes)), ["größer"]);
        assert_eq!(names(&utf16(&text, u16::to_be_bytes)), ["größer"]);
    }
}

#[test]
fn half_a_letter_at_the_end_of_utf_16_is_a_cut_and_no_panic() {
    let whole = utf16(&xml("UTF-16"), u16::to_le_bytes);
    let report = parse(whole.get(..whole.len() - 3).unwrap()).unwrap();
    assert_ne!(report.ending, landfall::domain::Ending::Whole);
}

#[test]
fn latin_1_is_read_where_it_is_declared() {
    let latin: Vec<u8> = xml("ISO-8859-1").chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect();
    assert_eq!(names(&latin), ["größer"]);
    let quoted =
        b"<?xml version='1.0' encoding='windows-1252'?><testsuite><testcase name='\x84a\x93 \x80'/></testsuite>";
    assert_eq!(names(quoted), ["„a“ €"]);
}

#[test]
fn what_is_utf_8_is_read_as_such_whatever_it_declares() {
    assert_eq!(names(xml("ISO-8859-1").as_bytes()), ["größer"]);
}

#[test]
fn a_stray_byte_does_not_cost_the_file() {
    assert_eq!(names(b"<testsuite><testcase name='a\xffb'/><testcase name='c'/></testsuite>"), ["a\u{fffd}b", "c"]);
}
