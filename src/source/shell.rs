//! Commands that somebody copies: what others named stands in them as one word, or not at all.

use crate::domain::Text;

/// Returns a name as one word of a POSIX shell that no command takes for an option; nothing where that cannot be told.
pub(super) fn word(name: &str) -> Option<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./:@%+,=-".contains(c);
    if name.is_empty() || name.starts_with('-') || name.contains('\'') || Text::new(name).as_str() != name {
        return None;
    }
    Some(if name.chars().all(is_plain) { name.to_owned() } else { format!("'{name}'") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_named_is_one_word_or_none() {
        for (name, expected) in [
            ("app/db", Some("app/db")),
            ("two words", Some("'two words'")),
            ("$(rm -rf ~); `x` & y", Some("'$(rm -rf ~); `x` & y'")),
            ("größe", Some("'größe'")),
            ("it's", None),
            ("--help", None),
            ("", None),
            ("line\nbreak", None),
            ("\u{1b}[2J", None),
            ("left\u{202e}right", None),
        ] {
            assert_eq!(word(name).as_deref(), expected, "{name:?}");
        }
    }
}
