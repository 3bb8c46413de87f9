//! Large buffers that are held only while something is in them, so that an idle connection stays small.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes that TLS takes in one write: as many as calls that take turns leave for it, and some more. Its records then go
/// out in one system call, and wake the peer once.
pub(crate) const TLS_WRITE_LEN: usize = 192 << 10;

/// Bytes of one buffer: all that the other side writes at once, and the heads of its TLS records, so that it takes one
/// system call here as it does there.
const BUFFER_LEN: usize = TLS_WRITE_LEN + (1 << 10);

/// Buffers that a thread keeps for the next connection that has something to read.
const SPARE_MAX: usize = 4;

thread_local! {
    static SPARE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

fn take() -> Vec<u8> {
    SPARE.with_borrow_mut(Vec::pop).unwrap_or_else(|| vec![0; BUFFER_LEN])
}

fn give_back(buffer: Vec<u8>) {
    if buffer.len() == BUFFER_LEN {
        // A thread that ends keeps none.
        let _ = SPARE.try_with(|spare| {
            let mut spare = spare.borrow_mut();
            if spare.len() < SPARE_MAX {
                spare.push(buffer);
            }
        });
    }
}

/// The beginning of a frame, until its end is here.
#[derive(Default)]
pub(super) struct Inbox {
    bytes: Vec<u8>,
    start: usize,
}

impl Inbox {
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn put(&mut self, bytes: &[u8]) {
        if self.bytes.capacity() - self.bytes.len() < bytes.len() {
            self.bytes.drain(..std::mem::take(&mut self.start));
        }
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn unread(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    pub(super) fn consume(&mut self, len: usize) {
        self.start += len;
        if self.start == self.bytes.len() {
            *self = Self::default();
        }
    }
}

/// A reader below TLS, which asks for 4 KiB at a time where a socket often has more.
pub(crate) struct Buffered<S> {
    io: S,
    /// Empty when nothing is held.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl<S> Buffered<S> {
    pub(crate) fn new(io: S) -> Self {
        Self { io, buffer: Vec::new(), start: 0, end: 0 }
    }
}

impl<S: AsyncRead + Unpin> Buffered<S> {
    /// Waits for the first bytes, or the end, and holds nothing until then.
    pub(crate) async fn arrived(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll_fill(cx)).await
    }

    /// Reads once, with nothing held.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.buffer.is_empty() {
            self.buffer = take();
        }
        let mut space = ReadBuf::new(&mut self.buffer);
        let polled = Pin::new(&mut self.io).poll_read(cx, &mut space);
        (self.start, self.end) = (0, space.filled().len());
        self.release_if_empty();
        polled
    }

    fn release_if_empty(&mut self) {
        if self.start == self.end {
            give_back(std::mem::take(&mut self.buffer));
        }
    }
}

impl<S> Drop for Buffered<S> {
    /// A connection may end with something unread.
    fn drop(&mut self) {
        give_back(std::mem::take(&mut self.buffer));
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Buffered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.start == self.end {
            ready!(self.poll_fill(cx))?;
        }
        let len = (self.end - self.start).min(buf.remaining());
        buf.put_slice(&self.buffer[self.start..self.start + len]);
        self.start += len;
        self.release_if_empty();
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Buffered<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
