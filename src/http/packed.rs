//! Bodies that are remembered: packed as long as nobody looks at them.

use std::fmt;
use std::io::Read;
use std::ops::Deref;
use std::sync::OnceLock;

use bytes::Bytes;
use flate2::Compression;
use flate2::read::{ZlibDecoder, ZlibEncoder};

/// A packed body: zlib (RFC 1950), which carries a checksum.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Packed {
    bytes: Bytes,
    length: usize,
}

/// By what a body that is not at hand is known again: its length, and the checksum at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Summary(usize, [u8; 4]);

impl Packed {
    /// Packs a body. Lists of runs repeat themselves so much that the fastest way makes them a tenth already.
    pub(super) fn pack(body: &[u8]) -> Option<Self> {
        let mut bytes = Vec::with_capacity(body.len() / 8);
        ZlibEncoder::new(body, Compression::fast()).read_to_end(&mut bytes).ok()?;
        bytes.shrink_to_fit();
        Some(Self { bytes: bytes.into(), length: body.len() })
    }

    /// Takes in what was packed elsewhere, if it unpacks whole to no more than `cap` bytes.
    pub(super) fn verified(bytes: Bytes, cap: usize) -> Option<Self> {
        let length = unpack(&bytes, 0, cap)?.len();
        Some(Self { bytes, length })
    }

    pub(super) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    pub(super) fn summary(&self) -> Summary {
        Summary(self.length, self.bytes.last_chunk().copied().unwrap_or_default())
    }

    /// Returns the body's length, unpacked.
    pub(super) fn length(&self) -> usize {
        self.length
    }
}

impl fmt::Debug for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes, packed in {}", self.length, self.bytes.len())
    }
}

fn unpack(bytes: &[u8], guess: usize, cap: usize) -> Option<Vec<u8>> {
    let mut body = Vec::with_capacity(guess);
    let most = u64::try_from(cap).ok()?.saturating_add(1);
    // The end of the stream, where its checksum is compared, is reached only by reading on until nothing comes.
    ZlibDecoder::new(bytes).take(most).read_to_end(&mut body).ok()?;
    (body.len() <= cap).then_some(body)
}

/// The body of an answer. It is its bytes; those of a remembered answer are unpacked when first looked at.
#[derive(Debug, Clone, Default)]
pub struct Body {
    packed: Option<Packed>,
    plain: OnceLock<Bytes>,
    is_away: bool,
}

impl Body {
    pub(super) fn packed(packed: Packed) -> Self {
        Self { packed: Some(packed), ..Self::default() }
    }

    /// Returns one that is not at hand, and reads as if it were empty.
    pub(super) fn away() -> Self {
        Self { is_away: true, ..Self::default() }
    }

    pub(super) fn is_away(&self) -> bool {
        self.is_away
    }
}

impl From<Bytes> for Body {
    fn from(plain: Bytes) -> Self {
        Self { plain: plain.into(), ..Self::default() }
    }
}

impl Deref for Body {
    type Target = [u8];

    /// What is packed here was packed or verified here, so that it unpacks; if it did not, it would be an empty body,
    /// which no list and no manifest is.
    fn deref(&self) -> &[u8] {
        self.plain.get_or_init(|| {
            let unpacked = self.packed.as_ref().and_then(|packed| unpack(&packed.bytes, packed.length, packed.length));
            unpacked.unwrap_or_default().into()
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_list_that_repeats_itself_takes_a_tenth() {
        let list = r#"{"url":"https://api.example.com/repos/acme/checkout/actions/runs/1","id":1},"#.repeat(4_000);
        let packed = Packed::pack(list.as_bytes()).unwrap();
        assert!(packed.bytes().len() < list.len() / 10, "{packed:?}");
        assert_eq!(&*Body::packed(packed), list.as_bytes());
    }

    #[test]
    fn what_unpacks_to_more_than_the_cap_is_none() {
        let bytes = Packed::pack(&vec![b' '; 1 << 20]).unwrap().bytes;
        assert_eq!(Packed::verified(bytes.clone(), (1 << 20) - 1), None);
        assert_eq!(Packed::verified(bytes, 1 << 20).unwrap().length(), 1 << 20);
    }

    #[test]
    fn what_was_cut_or_damaged_anywhere_is_none() {
        let whole = Packed::pack(b"[{\"id\":1},{\"id\":2},{\"id\":3}]").unwrap().bytes;
        for end in 0..whole.len() {
            assert_eq!(Packed::verified(whole.slice(..end), 1 << 20), None, "cut at {end}");
            let mut damaged = whole.to_vec();
            damaged[end] ^= 0x10;
            let read = Packed::verified(damaged.into(), 1 << 20);
            // The level of packing, which zlib's second byte also names, is nobody's business but its check bits'.
            assert_eq!(read, None, "damaged at {end}");
        }
    }

    proptest! {
        #[test]
        fn every_body_comes_back_as_it_was(body in proptest::collection::vec(any::<u8>(), 0..2_000)) {
            let packed = Packed::pack(&body).unwrap();
            prop_assert_eq!(Packed::verified(packed.bytes.clone(), body.len()), Some(packed.clone()));
            prop_assert_eq!(&*Body::packed(packed), &body[..]);
        }

        #[test]
        fn no_rubbish_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Packed::verified(bytes.into(), 1 << 16);
        }
    }
}
