//! The answers of AWS's query APIs: the texts of an element's children, and nothing of what lies deeper.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::domain::Failure;

/// Elements within each other.
const DEEPEST: usize = 32;
/// Elements of one name in one answer.
const MOST: usize = 10_000;

/// Returns for each element of this name what its children hold, by their names.
pub(super) fn elements(xml: &[u8], name: &str) -> Result<Vec<BTreeMap<String, String>>, Failure> {
    let odd = |why: &str| Failure::Malformed(format!("XML that differs: {why}").into());
    let text = std::str::from_utf8(xml).map_err(|_| odd("it is not UTF-8"))?;
    let mut reader = Reader::from_str(text);
    let mut walk = Walk { name, open: Vec::new(), found: Vec::new(), roots: 0 };
    loop {
        match reader.read_event() {
            Ok(Event::Start(element)) => walk.start(element.local_name().as_ref()),
            Ok(Event::Empty(element)) => {
                walk.start(element.local_name().as_ref());
                walk.open.pop();
            }
            Ok(Event::End(_)) => drop(walk.open.pop()),
            Ok(Event::Text(text)) => walk.text(&text),
            Ok(Event::CData(text)) => walk.text(&text),
            // Names and dates hold none; in the words of an error one that is left out does no harm.
            Ok(Event::GeneralRef(_) | Event::Decl(_) | Event::PI(_) | Event::Comment(_)) => {}
            Ok(Event::DocType(_)) => return Err(odd("a document type")),
            Ok(Event::Eof) if walk.roots == 1 && walk.open.is_empty() => return Ok(walk.found),
            Ok(Event::Eof) => return Err(odd("it breaks off, or is none")),
            Err(error) => return Err(odd(&error.to_string())),
        }
        if walk.open.len() > DEEPEST || walk.found.len() > MOST {
            return Err(odd("too deep, or too much of it"));
        }
    }
}

struct Walk<'a> {
    name: &'a str,
    open: Vec<String>,
    found: Vec<BTreeMap<String, String>>,
    roots: usize,
}

impl Walk<'_> {
    fn start(&mut self, element: &str) {
        self.roots += usize::from(self.open.is_empty());
        if element == self.name {
            self.found.push(BTreeMap::new());
        }
        self.open.push(element.to_owned());
    }

    fn text(&mut self, text: &str) {
        if let [.., outer, inner] = self.open.as_slice()
            && outer == self.name
            && let Some(element) = self.found.last_mut()
        {
            element.entry(inner.clone()).or_default().push_str(text);
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    #[test]
    fn the_texts_of_children_are_read_and_nothing_deeper() {
        let xml = b"<?xml version=\"1.0\"?><r xmlns=\"x\"><m><a>1</a><b/><c><d>deep</d></c></m><m><a>2</a></m></r>";
        let found = elements(xml, "m").unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!((found[0]["a"].as_str(), found[0].get("b"), found[0].get("d")), ("1", None, None));
        assert_eq!(found[1]["a"], "2");
        assert_eq!(elements(xml, "none").unwrap(), []);
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        let deep = "<a>".repeat(100);
        for odd in
            ["", "Internal error", "<r><m><a>1", "<r></m></r>", "<!DOCTYPE r [<!ENTITY x 'y'>]><r/>", "<r/><r/>", &deep]
        {
            assert!(matches!(elements(odd.as_bytes(), "m"), Err(Failure::Malformed(_))), "{odd}");
        }
        assert!(elements(b"\xff<r/>", "m").is_err());
    }
}
