//! Frames, and the buffer that they are read from.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

/// What a frame is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Bytes to give back, or given back.
    Blob,
    /// The same with the small record.
    Small,
    /// Asks for so many messages (u64) of so many bytes (u32).
    Stream,
    /// One of those.
    Item,
    /// The last of those.
    End,
}

const KINDS: [Kind; 5] = [Kind::Blob, Kind::Small, Kind::Stream, Kind::Item, Kind::End];

/// A whole frame.
pub(super) struct Frame<'a> {
    pub(super) number: u64,
    pub(super) kind: Kind,
    pub(super) payload: &'a [u8],
}

/// Bytes of a frame's length, and of its number and kind.
const LEN: usize = 4;
const HEAD: usize = 9;

/// Writes a frame with the payload that `payload` writes.
pub(super) fn write(out: &mut Vec<u8>, number: u64, kind: Kind, payload: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend_from_slice(&[0; LEN]);
    out.extend_from_slice(&number.to_le_bytes());
    out.push(kind as u8);
    payload(out);
    let len = (out.len() - at - LEN) as u32;
    out[at..at + LEN].copy_from_slice(&len.to_le_bytes());
}

/// The payload of a frame that asks for so many messages of so many bytes.
pub(super) fn ask_for_stream(out: &mut Vec<u8>, messages: u64, size: u32) {
    out.extend_from_slice(&messages.to_le_bytes());
    out.extend_from_slice(&size.to_le_bytes());
}

/// The same, read: how many messages, and of how many bytes.
pub(super) fn stream_asked_for(payload: &[u8]) -> (u64, u32) {
    (u64_at(payload, 0), u32_at(payload, 8))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes are eight bytes"))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes are four bytes"))
}

/// As many bytes as are read at once when there are as many.
const READ: usize = 64 << 10;

/// What was read and not yet taken. Begins small, so that a connection at rest is.
pub(super) struct Inbox {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl Inbox {
    pub(super) fn new() -> Self {
        Self { buffer: vec![0; READ / 16], start: 0, end: 0 }
    }

    /// Reads once; no bytes are the end.
    pub(super) async fn fill(&mut self, io: &mut (impl AsyncRead + Unpin)) -> io::Result<usize> {
        poll_fn(|cx| self.poll_fill(io, cx)).await
    }

    pub(super) fn poll_fill(
        &mut self,
        io: &mut (impl AsyncRead + Unpin),
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        self.make_room();
        let mut room = ReadBuf::new(&mut self.buffer[self.end..]);
        ready!(Pin::new(io).poll_read(cx, &mut room))?;
        let read = room.filled().len();
        self.end += read;
        Poll::Ready(Ok(read))
    }

    /// The next frame that is all here.
    pub(super) fn next(&mut self) -> Option<Frame<'_>> {
        let whole = self.next_len().filter(|len| self.end - self.start >= *len)?;
        let frame = &self.buffer[self.start + LEN..self.start + whole];
        self.start += whole;
        let kind = *KINDS.get(usize::from(frame[8])).expect("the other end of this program wrote a kind");
        Some(Frame { number: u64_at(frame, 0), kind, payload: &frame[HEAD..] })
    }

    /// Bytes of the next frame, if its length is here.
    fn next_len(&self) -> Option<usize> {
        (self.end - self.start >= LEN).then(|| LEN + u32_at(&self.buffer, self.start) as usize)
    }

    fn make_room(&mut self) {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        let needed = self.next_len().unwrap_or(0);
        let free = self.buffer.len() - self.end;
        if self.start > 0 && (free < READ / 2 || self.buffer.len() - self.start < needed) {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        let full = self.end == self.buffer.len();
        let wanted = (self.start + needed).max(if full { READ } else { 0 });
        if wanted > self.buffer.len() {
            self.buffer.resize(wanted, 0);
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(2 * self.end, 0);
        }
    }
}
