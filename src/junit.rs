//! Reads JUnit reports as they are found in the wild: bytes in, test cases out. Elements are counted, attributes of
//! suites are not believed, and what cannot be read is said.

mod case;
mod decode;
mod entity;
mod seconds;
mod walk;

use quick_xml::errors::{Error, IllFormedError};
use quick_xml::events::Event;
use quick_xml::reader::Reader;

use crate::domain::{TestReport, Text, Unreadable};
use walk::Walk;

/// GitLab's own limit for one report.
const LARGEST: usize = 30 << 20;

/// Reads one report. The text is never copied as a whole, unless it is not UTF-8.
///
/// A file that ends before its end gives the cases up to there, and says so in `TestReport::ending`.
///
/// # Errors
/// What is no JUnit report, and what is too large, too deep or too long to be one that a person wrote.
pub fn parse(bytes: &[u8]) -> Result<TestReport, Unreadable> {
    if bytes.len() > LARGEST {
        return Err(Unreadable::TooLarge(LARGEST >> 20));
    }
    let text = decode::text(bytes);
    let mut reader = Reader::from_str(&text);
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    config.allow_unmatched_ends = true;
    config.check_end_names = false;
    let mut walk = Walk::default();
    loop {
        match reader.read_event() {
            Ok(Event::Start(element)) => walk.start(element)?,
            Ok(Event::Empty(element)) => walk.empty(element)?,
            Ok(Event::End(element)) => walk.end(element.local_name().as_ref())?,
            Ok(Event::Text(text)) => walk.text(&text),
            Ok(Event::CData(text)) => walk.text(&text),
            Ok(Event::GeneralRef(name)) => walk.reference(&name),
            Ok(Event::DocType(name)) => return Err(refuse(&name)),
            Ok(Event::Decl(_) | Event::PI(_) | Event::Comment(_)) => {}
            Ok(Event::Eof) => return walk.finish(reader.buffer_position(), None),
            Err(Error::IllFormed(IllFormedError::MissingDoctypeName)) => return Err(Unreadable::Dtd),
            Err(error) => return walk.finish(reader.error_position(), Some(error.to_string())),
        }
    }
}

/// A document type is refused whatever is in it. A login page declares one too, and is better called what it is.
fn refuse(name: &str) -> Unreadable {
    let is_page = name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("html"));
    if is_page { Unreadable::NotJunit(Text::new("html")) } else { Unreadable::Dtd }
}
