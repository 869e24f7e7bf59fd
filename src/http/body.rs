//! An answer's body, counted after decompression while it comes in, so that no bomb reaches memory.

use bytes::{Bytes, BytesMut};
use reqwest::Response;

use super::{OverCap, fault};
use crate::domain::Failure;

/// What is set aside before the first byte came, at most; a server can claim any length.
const FIRST_GUESS: u64 = 64 << 10;

/// Reads the body to its end or to the cap. Returns it and whether a middle was left out.
pub(super) async fn read(response: Response, cap: u64, over_cap: OverCap) -> Result<(Bytes, bool), Failure> {
    let claimed = response.content_length();
    match over_cap {
        OverCap::LeaveUnread if response.status().is_success() => Ok((Bytes::new(), true)),
        OverCap::Refuse | OverCap::LeaveUnread if claimed.is_some_and(|length| length > cap) => {
            Err(Failure::TooLarge { limit: cap })
        }
        OverCap::Refuse | OverCap::LeaveUnread => Ok((whole(response, cap, claimed).await?, false)),
        OverCap::KeepEnds => ends(response, cap).await,
    }
}

async fn whole(mut response: Response, cap: u64, claimed: Option<u64>) -> Result<Bytes, Failure> {
    let guess = usize::try_from(claimed.unwrap_or(0).min(cap).min(FIRST_GUESS)).unwrap_or(0);
    let mut body = BytesMut::with_capacity(guess);
    while let Some(chunk) = next(&mut response).await? {
        if body.len() as u64 + chunk.len() as u64 > cap {
            return Err(Failure::TooLarge { limit: cap });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

async fn ends(mut response: Response, cap: u64) -> Result<(Bytes, bool), Failure> {
    let half = usize::try_from(cap / 2).unwrap_or(usize::MAX);
    let mut head = BytesMut::new();
    let mut tail: Vec<u8> = Vec::new();
    let mut truncated = false;
    while let Some(mut chunk) = next(&mut response).await? {
        let room = half.saturating_sub(head.len()).min(chunk.len());
        head.extend_from_slice(&chunk.split_to(room));
        tail.extend_from_slice(&chunk);
        // Twice the half before the front is dropped: each byte is moved once on average.
        if tail.len() > half.saturating_mul(2) {
            truncated = true;
            tail.drain(..tail.len() - half);
        }
    }
    if tail.len() > half {
        truncated = true;
        tail.drain(..tail.len() - half);
    }
    head.extend_from_slice(&tail);
    Ok((head.freeze(), truncated))
}

async fn next(response: &mut Response) -> Result<Option<Bytes>, Failure> {
    response.chunk().await.map_err(|error| fault::read(&error))
}
