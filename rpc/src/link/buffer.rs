//! Large buffers that are held only while something is in them, so that an idle connection stays small.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes of one buffer: four TLS records, which makes a burst of small calls one system call.
const BUFFER_LEN: usize = 64 << 10;

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

/// Bytes that were read and not yet taken.
#[derive(Default)]
pub(super) struct Inbox {
    /// Empty when nothing is held.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl Inbox {
    /// Reads once. 0 is the end of the stream.
    pub(super) fn poll_fill<S: AsyncRead + Unpin>(
        &mut self,
        io: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        self.make_room();
        let mut space = ReadBuf::new(&mut self.buffer[self.end..]);
        let polled = Pin::new(io).poll_read(cx, &mut space);
        let len = space.filled().len();
        self.end += len;
        self.release_if_empty();
        polled.map_ok(|()| len)
    }

    pub(super) fn unread(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    pub(super) fn consume(&mut self, len: usize) {
        self.start += len;
        self.release_if_empty();
    }

    /// A frame longer than the buffer makes it grow as its bytes arrive, never ahead of them.
    fn make_room(&mut self) {
        if self.buffer.is_empty() {
            self.buffer = take();
        } else if self.buffer.len() - self.end < BUFFER_LEN / 4 {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
            if self.buffer.len() - self.end < BUFFER_LEN / 4 {
                self.buffer.resize(2 * self.buffer.len(), 0);
            }
        }
    }

    fn release_if_empty(&mut self) {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            give_back(std::mem::take(&mut self.buffer));
        }
    }
}

impl Drop for Inbox {
    /// A connection may end with something unread.
    fn drop(&mut self) {
        give_back(std::mem::take(&mut self.buffer));
    }
}

/// A reader below TLS, which asks for 4 KiB at a time where a socket often has more.
pub(crate) struct Buffered<S> {
    io: S,
    held: Inbox,
}

impl<S> Buffered<S> {
    pub(crate) fn new(io: S) -> Self {
        Self { io, held: Inbox::default() }
    }
}

impl<S: AsyncRead + Unpin> Buffered<S> {
    /// Waits for the first bytes, or the end, and holds nothing until then.
    pub(crate) async fn arrived(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.held.poll_fill(&mut self.io, cx)).await.map(drop)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Buffered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { io, held } = &mut *self;
        if held.unread().is_empty() {
            ready!(held.poll_fill(io, cx))?;
        }
        let len = held.unread().len().min(buf.remaining());
        buf.put_slice(&held.unread()[..len]);
        held.consume(len);
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
