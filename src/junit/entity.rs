//! References to characters: those that XML knows are resolved, all others stay as they were written.

use std::borrow::Cow;

/// A reference that is longer than this is an ampersand that somebody forgot to write as one.
const LONGEST: usize = 12;

/// Returns the character that `&name;` stands for.
pub(super) fn resolve(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "apos" => Some('\''),
        "quot" => Some('"'),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            code.ok().filter(|&code| code != 0).and_then(char::from_u32)
        }
    }
}

/// Returns an attribute's value with its references resolved.
pub(super) fn unescape(raw: &str) -> Cow<'_, str> {
    let Some((plain, rest)) = raw.split_once('&') else { return Cow::Borrowed(raw) };
    let mut text = String::with_capacity(raw.len());
    text.push_str(plain);
    for part in rest.split('&') {
        let named = part.split_once(';').filter(|(name, _)| name.len() <= LONGEST);
        if let Some((letter, after)) = named.and_then(|(name, after)| Some((resolve(name)?, after))) {
            text.push(letter);
            text.push_str(after);
        } else {
            text.push('&');
            text.push_str(part);
        }
    }
    Cow::Owned(text)
}
