//! Small rows as bytes: numbers by their length, texts behind theirs. A field that is added comes last.

use super::words::Unreadable;

/// Writes fields one behind the other.
#[derive(Debug, Default)]
pub(super) struct Packer(Vec<u8>);

impl Packer {
    pub(super) fn count(&mut self, mut count: u64) -> &mut Self {
        while count >= 0x80 {
            self.0.push(low(count) | 0x80);
            count >>= 7;
        }
        self.0.push(low(count));
        self
    }

    /// Small numbers stay short whatever their sign.
    pub(super) fn number(&mut self, number: i64) -> &mut Self {
        self.count((number << 1 ^ number >> 63).cast_unsigned())
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.count(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    /// Appends what was packed elsewhere, as it is.
    pub(super) fn rest(&mut self, packed: &[u8]) -> &mut Self {
        self.0.extend_from_slice(packed);
        self
    }

    pub(super) fn maybe<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T) -> &mut Self) -> &mut Self {
        self.count(value.is_some().into());
        match value {
            Some(value) => write(self, value),
            None => self,
        }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }
}

fn low(count: u64) -> u8 {
    let [lowest, ..] = count.to_le_bytes();
    lowest & 0x7f
}

/// Reads them in the order in which they were written; nothing where they end too soon.
#[derive(Debug)]
pub(super) struct Unpacker<'a>(&'a [u8]);

impl<'a> Unpacker<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn count(&mut self) -> Option<u64> {
        let mut count = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            count |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(count);
            }
        }
        None
    }

    pub(super) fn number(&mut self) -> Option<i64> {
        let count = self.count()?;
        Some((count >> 1).cast_signed() ^ -(count & 1).cast_signed())
    }

    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.count()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    /// Returns what was not read yet.
    pub(super) fn rest(self) -> &'a [u8] {
        self.0
    }

    pub(super) fn maybe<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Result<Option<T>, Unreadable> {
        match self.count() {
            Some(0) => Ok(None),
            Some(1) => read(self).map(Some).ok_or(Unreadable),
            Some(_) | None => Err(Unreadable),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_comes_out_again() {
        let numbers = [0, 1, -1, 63, 64, -65, 1_767_225_600_000_000, i64::MIN, i64::MAX];
        let mut packer = Packer::default();
        for number in numbers {
            packer.number(number).count(number.cast_unsigned());
        }
        packer.bytes(b"landed").maybe(Some(7), |to, seven| to.number(seven).count(1));
        packer.maybe(None, Packer::number);
        let bytes = packer.finish();
        let mut from = Unpacker::new(&bytes);
        for number in numbers {
            assert_eq!((from.number(), from.count()), (Some(number), Some(number.cast_unsigned())));
        }
        assert_eq!(from.text(), Some("landed"));
        assert_eq!(from.maybe(|from| from.number().zip(from.count())), Ok(Some((7, 1))));
        assert_eq!(from.maybe(Unpacker::number), Ok(None));
        assert_eq!((from.count(), from.bytes()), (None, None));
    }

    #[test]
    fn bytes_that_nobody_packed_are_refused() {
        assert_eq!(Unpacker::new(&[0xff; 20]).count(), None);
        assert_eq!(Unpacker::new(&[200, 1, 7]).bytes(), None);
        assert_eq!(Unpacker::new(&[2, 0xc3, 0x28]).text(), None);
        assert_eq!(Unpacker::new(&[9, 1]).maybe(Unpacker::number), Err(Unreadable));
    }
}
