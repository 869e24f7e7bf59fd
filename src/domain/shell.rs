//! Commands that people paste into a shell.

use std::borrow::Cow;

/// Returns the text as one word of a POSIX shell: as it is where that is one, and else between single quotes.
#[must_use]
pub fn shell_word(text: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:=@%+,".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::process::Command;

    use super::*;

    #[test]
    fn a_shell_reads_each_word_as_it_was() {
        let words = ["", "/tmp/plain-1.toml", "/tmp/a b", "it's", "$HOME`id`\"\\", "a;b|c&d>e", "*?[x]~#!", "-é\n"];
        for word in words {
            let command = format!("printf %s {}", shell_word(word));
            let said = Command::new("sh").args(["-c", &command]).output().unwrap().stdout;
            assert_eq!(String::from_utf8(said).unwrap(), word, "{command}");
        }
        assert_eq!(shell_word("/tmp/plain-1.toml"), "/tmp/plain-1.toml");
    }
}
