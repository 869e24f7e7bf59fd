//! A server's own words, out of whatever it sent as the body of an error.

use http::{HeaderMap, header};
use serde_json::Value;

use crate::domain::Text;

/// How much of a body is looked at.
const HEAD: usize = 64 << 10;
/// How much of plain text is quoted, in characters.
const LONGEST: usize = 200;

/// Returns what the body of an error says: the message in its JSON, the title of its HTML, or its first line.
#[must_use]
pub fn says(headers: &HeaderMap, body: &[u8]) -> Text {
    let head = body.get(..HEAD).unwrap_or(body);
    if let Some(words) = serde_json::from_slice(body).ok().as_ref().and_then(from_json) {
        return Text::new(&cut(&words));
    }
    let text = String::from_utf8_lossy(head);
    let text = text.trim();
    let html = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if html || text.starts_with('<') {
        return match title(text) {
            Some(title) => Text::new(&cut(&format!("an HTML page: {title}"))),
            None => "an HTML page".into(),
        };
    }
    if text.starts_with(['{', '[']) {
        return "JSON without a message".into();
    }
    Text::new(&cut(text.lines().next().unwrap_or_default()))
}

/// Reads `{"errors":[{"code","message"}]}`, `{"error","error_description"}`, `{"message"}`, `{"details"}`.
fn from_json(body: &Value) -> Option<String> {
    let said = |value: &Value, key: &str| value.get(key).and_then(plain);
    if let Some(first) = body.get("errors").and_then(|errors| errors.get(0)) {
        return match (said(first, "code"), said(first, "message")) {
            (Some(code), Some(message)) => Some(format!("{code}: {message}")),
            (code, message) => message.or(code).or_else(|| plain(first)),
        };
    }
    said(body, "error_description")
        .or_else(|| said(body, "message"))
        .or_else(|| said(body, "details"))
        .or_else(|| said(body, "error"))
        .or_else(|| said(body.get("error")?, "message"))
        .or_else(|| plain(body))
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(words) if !words.trim().is_empty() => Some(words.trim().to_owned()),
        Value::Object(fields) => {
            let (name, first) = fields.iter().next()?;
            let words = first.as_str().or_else(|| first.get(0)?.as_str())?;
            (!matches!(name.as_str(), "token" | "access_token" | "refresh_token")).then(|| format!("{name}: {words}"))
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    }
}

fn title(html: &str) -> Option<String> {
    let lower = html.to_ascii_lowercase();
    let start = lower.find("<title")?;
    let open = start + lower.get(start..)?.find('>')? + 1;
    let close = open + lower.get(open..)?.find('<')?;
    let words = html.get(open..close)?.split_whitespace().collect::<Vec<_>>().join(" ");
    (!words.is_empty()).then_some(words)
}

fn cut(words: &str) -> String {
    match words.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", words.get(..end).unwrap_or_default()),
        None => words.to_owned(),
    }
}
