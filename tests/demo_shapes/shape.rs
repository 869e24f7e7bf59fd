//! Our own notation of what an answer looks like, in `tests/fixtures/shapes`: a kind, or an object with every field that
//! may come.
//!
//! | written | means |
//! |---|---|
//! | `"string"` `"integer"` `"number"` `"boolean"` `"object"` `"array"` | that kind |
//! | `"time"` `"day"` `"sha"` | a string that holds a moment, a date, a full commit |
//! | `"… or null"`, `{"or null": …}` | the same, or null |
//! | `{"one of": […]}` | one of these values |
//! | `{"each": …}` | an array of such |
//! | `{"same as": "…"}` | what that file holds |
//! | `{"field": …, "field?": …}` | an object with these fields and no others; those with a `?` may lack |

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value};

/// Every shape, by the name of its file.
pub(crate) struct Shapes(BTreeMap<String, Value>);

impl Shapes {
    pub(crate) fn read() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/shapes");
        let each = std::fs::read_dir(folder).unwrap().map(|entry| {
            let path = entry.unwrap().path();
            let file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            (path.file_stem().unwrap().to_str().unwrap().to_owned(), file["shape"].clone())
        });
        Self(each.collect())
    }

    /// Returns where a value differs from the shape of this name, and how.
    pub(crate) fn faults(&self, name: &str, value: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        self.hold(&self.0[name], value, "", &mut faults);
        faults
    }

    fn hold(&self, shape: &Value, value: &Value, place: &str, faults: &mut Vec<String>) {
        match shape {
            Value::String(kind) => {
                if !is(kind, value) {
                    faults.push(format!("{place}: {value:.80} is no {kind}"));
                }
            }
            Value::Object(fields) => self.hold_object(fields, value, place, faults),
            other => panic!("{other} is no shape"),
        }
    }

    fn hold_object(&self, fields: &Map<String, Value>, value: &Value, place: &str, faults: &mut Vec<String>) {
        let mark = fields.iter().next().filter(|_| fields.len() == 1);
        match mark.map(|(name, shape)| (name.as_str(), shape)) {
            Some(("or null", _)) if value.is_null() => {}
            Some(("or null", shape)) => self.hold(shape, value, place, faults),
            Some(("same as", name)) => self.hold(&self.0[name.as_str().unwrap()], value, place, faults),
            Some(("one of", values)) => {
                if !values.as_array().unwrap().contains(value) {
                    faults.push(format!("{place}: {value} is none of {values}"));
                }
            }
            Some(("each", shape)) => match value.as_array() {
                Some(all) => {
                    for (index, one) in all.iter().enumerate() {
                        self.hold(shape, one, &format!("{place}/{index}"), faults);
                    }
                }
                None => faults.push(format!("{place}: {value:.80} is no array")),
            },
            _ => self.hold_fields(fields, value, place, faults),
        }
    }

    fn hold_fields(&self, fields: &Map<String, Value>, value: &Value, place: &str, faults: &mut Vec<String>) {
        let Some(found) = value.as_object() else {
            faults.push(format!("{place}: {value:.80} is no object"));
            return;
        };
        for (field, shape) in fields {
            let name = field.trim_end_matches('?');
            match found.get(name) {
                Some(value) => self.hold(shape, value, &format!("{place}/{name}"), faults),
                None if field.ends_with('?') => {}
                None => faults.push(format!("{place}: {name} is not there")),
            }
        }
        let known = |name: &String| fields.contains_key(name) || fields.contains_key(&format!("{name}?"));
        faults.extend(found.keys().filter(|name| !known(name)).map(|name| format!("{place}: nobody knows {name}")));
    }
}

fn is(kind: &str, value: &Value) -> bool {
    if let Some(kind) = kind.strip_suffix(" or null") {
        return value.is_null() || is(kind, value);
    }
    let says = |holds: fn(&str) -> bool| value.as_str().is_some_and(holds);
    match kind {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "time" => says(|text| text.ends_with('Z') && text.parse::<Timestamp>().is_ok()),
        "day" => says(|text| text.len() == 10 && text.parse::<Date>().is_ok()),
        "sha" => says(|text| text.len() == 40 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))),
        other => panic!("{other} is no kind"),
    }
}
