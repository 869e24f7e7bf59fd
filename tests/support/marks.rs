//! What text that others wrote must never bring along.

/// Returns whether a character hides, or reorders what stands around it.
pub(crate) fn hides(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
    )
}

/// Returns the first character that could move the cursor, hide, or reorder what stands around it.
pub(crate) fn harmful(text: &str) -> Option<char> {
    text.chars().find(|c| c.is_control() && *c != '\n' || hides(*c))
}
