//! So many things in words.

use std::fmt::Display;

/// Returns so many things in words: `1 layer`, `2 layers`.
#[must_use]
pub fn counted<N: Copy + Display + PartialEq + From<u8>>(count: N, noun: &str) -> String {
    if count == N::from(1) { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_told_apart_from_many_and_from_none() {
        assert_eq!([0_u32, 1, 2].map(|count| counted(count, "image")), ["0 images", "1 image", "2 images"]);
    }
}
