//! Layers as real tools unpack them: a tar archive of one file, stored in gzip without compression.

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use crate::domain::Digest;

/// One layer of an image.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    /// The blob, in gzip.
    pub(super) blob: Bytes,
    /// The blob's digest.
    pub(super) digest: String,
    /// The digest of the archive within, by which the config names the layer.
    pub(super) diff_id: String,
}

/// Returns the digest as the OCI image specification writes it.
pub(super) fn sha256(bytes: &[u8]) -> String {
    Digest::sha256(Sha256::digest(bytes).into()).to_string()
}

/// Returns a layer that holds one file.
pub(super) fn layer(path: &str, content: &str) -> Layer {
    let archive = tar(path, content.as_bytes());
    let blob = gzip(&archive);
    Layer { digest: sha256(&blob), diff_id: sha256(&archive), blob: blob.into() }
}

/// The size of a tar record.
const RECORD: usize = 512;

fn tar(path: &str, content: &[u8]) -> Vec<u8> {
    let size = format!("{:011o}\0", content.len());
    // Name, mode, user, group, size, time, checksum as blanks, type, magic: POSIX ustar.
    let fields: [(usize, &[u8]); 9] = [
        (0, path.as_bytes()),
        (100, b"0000644\0"),
        (108, b"0000000\0"),
        (116, b"0000000\0"),
        (124, size.as_bytes()),
        (136, b"00000000000\0"),
        (148, b"        "),
        (156, b"0"),
        (257, b"ustar\x0000"),
    ];
    let mut header = [0; RECORD];
    for (at, field) in fields {
        put(&mut header, at, field);
    }
    let sum: u32 = header.iter().copied().map(u32::from).sum();
    put(&mut header, 148, format!("{sum:06o}\0 ").as_bytes());
    let padding = content.len().next_multiple_of(RECORD) - content.len();
    let mut archive = header.to_vec();
    archive.extend_from_slice(content);
    archive.resize(archive.len() + padding + 2 * RECORD, 0);
    archive
}

fn put(header: &mut [u8; RECORD], at: usize, field: &[u8]) {
    for (slot, &byte) in header.iter_mut().skip(at).zip(field) {
        *slot = byte;
    }
}

/// RFC 1952 around RFC 1951's stored blocks: a demo need not be small, and needs no compressor for this.
fn gzip(content: &[u8]) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    let mut blocks = content.chunks(usize::from(u16::MAX)).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        out.push(u8::from(blocks.peek().is_none()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend_from_slice(block);
    }
    out.extend(crc32(content).to_le_bytes());
    out.extend(u32::try_from(content.len()).unwrap_or(u32::MAX).to_le_bytes());
    out
}

fn crc32(content: &[u8]) -> u32 {
    let step = |sum: u32, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 };
    !content.iter().fold(u32::MAX, |sum, &byte| (0..8).fold(sum ^ u32::from(byte), step))
}
