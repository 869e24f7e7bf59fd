//! Turns the bytes of a report into text: UTF-8 as it is, UTF-16 and Latin-1 decoded, stray bytes replaced.

use std::borrow::Cow;

/// How far the XML declaration is looked for.
const DECLARATION: usize = 200;

/// What the bytes 0x80 to 0x9f mean to those who write `ISO-8859-1` and mean Windows' own.
const WINDOWS: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Returns the text. What is valid UTF-8 is taken for it, whatever the declaration says.
pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes).into(),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes).into(),
        [b'<', 0, _, 0, ..] => utf16(bytes, u16::from_le_bytes).into(),
        [0, b'<', 0, _, ..] => utf16(bytes, u16::from_be_bytes).into(),
        [0xef, 0xbb, 0xbf, rest @ ..] | rest => eight_bit(rest),
    }
}

fn eight_bit(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    if says_latin(bytes) { latin(bytes).into() } else { String::from_utf8_lossy(bytes) }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).filter_map(|pair| pair.try_into().ok()).map(unit);
    char::decode_utf16(units).map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

fn says_latin(bytes: &[u8]) -> bool {
    let start = String::from_utf8_lossy(bytes.get(..DECLARATION).unwrap_or(bytes)).to_ascii_lowercase();
    let declaration = start.split_once("?>").map_or("", |(declaration, _)| declaration);
    ["iso-8859-1\"", "iso-8859-1'", "iso-8859-15", "latin1", "latin-1", "windows-1252", "cp1252"]
        .iter()
        .any(|name| declaration.contains(name))
}

fn latin(bytes: &[u8]) -> String {
    let letter = |&byte: &u8| match byte {
        0x80..=0x9f => WINDOWS.get(usize::from(byte - 0x80)).copied().unwrap_or(char::REPLACEMENT_CHARACTER),
        _ => char::from(byte),
    };
    bytes.iter().map(letter).collect()
}
