//! The only file that touches the socket, the clock and the state machine. It moves things between them, and
//! decides when to write: everything that is ready goes out in one write.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use countersign_proto::limits::OUTBOX_LEN_MAX;
use tokio::io::{AsyncBufRead, AsyncWrite};
use tokio::time::{Sleep, sleep_until, timeout};

use super::buffer::Inbox;
use super::{ConnectionError, End, Step, Wish, is_cut};

/// Reads in one turn, after which other tasks come first.
const READS_PER_TURN: usize = 8;

/// How long the last words may take: a peer that does not read them is not worth more.
const CLOSING_MAX: Duration = Duration::from_millis(500);

/// How long the peer may take to close its side after we closed ours.
const LISTENING_MAX: Duration = Duration::from_millis(500);

/// Moves bytes until the connection ends, and tells `end` why it did. Both stay where their owner has them, since what
/// a future is given by value it holds twice.
pub(crate) async fn drive<S: AsyncBufRead + AsyncWrite + Unpin, E: End>(io: &mut S, end: &mut E) {
    let mut driver = Driver {
        io,
        inbox: Inbox::default(),
        unjudged: false,
        outbox: Vec::new(),
        written: 0,
        untaken: 0,
        flushed: true,
        write_error: None,
        yielded: false,
    };
    let mut timer = pin!(sleep_until(end.poll_timeout().into()));
    let reason = poll_fn(|cx| driver.poll(end, timer.as_mut(), cx)).await;
    if let Some((code, words)) = reason.last_words() {
        end.close(code, &words);
    }
    // An error on the way out changes nothing about why the connection ended.
    let closed = timeout(CLOSING_MAX, driver.close(end)).await;
    end.end(reason);
    if let Ok(Ok(())) = closed {
        let _ = timeout(LISTENING_MAX, driver.listen_out()).await;
    }
}

struct Driver<S> {
    io: S,
    inbox: Inbox,
    /// The inbox has bytes that the end has not seen.
    unjudged: bool,
    outbox: Vec<u8>,
    /// How much of the outbox has been written.
    written: usize,
    /// Bytes for the peer that the end has not given away, as far as is known.
    untaken: usize,
    flushed: bool,
    write_error: Option<io::Error>,
    /// Others had their turn since the outbox began to fill.
    yielded: bool,
}

impl<S: AsyncBufRead + AsyncWrite + Unpin> Driver<S> {
    /// Resolves when the connection is over.
    fn poll<E: End>(
        &mut self,
        end: &mut E,
        mut timer: Pin<&mut Sleep>,
        cx: &mut Context<'_>,
    ) -> Poll<ConnectionError> {
        if timer.as_mut().poll(cx).is_ready()
            && let Err(reason) = end.handle_timeout(Instant::now())
        {
            return Poll::Ready(reason);
        }
        let wish = match end.collect(cx.waker()) {
            Wish::Fail(reason) => return Poll::Ready(reason),
            wish => wish,
        };
        match self.poll_work(end, cx) {
            Err(reason) => return Poll::Ready(reason),
            Ok(Writing::Done) if matches!(wish, Wish::Close) => {
                return Poll::Ready(ConnectionError::ClosedHere);
            }
            Ok(Writing::Done | Writing::Stalled) => {}
        }
        let next = end.poll_timeout().into();
        if next < timer.deadline() || timer.is_elapsed() {
            timer.as_mut().reset(next);
            if timer.poll(cx).is_ready() {
                cx.waker().wake_by_ref();
            }
        }
        Poll::Pending
    }

    /// Reads, lets the end work, and writes, until there is nothing to do but to wait.
    fn poll_work<E: End>(&mut self, end: &mut E, cx: &mut Context<'_>) -> Result<Writing, ConnectionError> {
        let mut reads = 0;
        loop {
            let mut turn = Turn::AfterOthers;
            let congested = loop {
                if self.is_congested() {
                    break true;
                }
                if reads == READS_PER_TURN {
                    cx.waker().wake_by_ref();
                    break false;
                }
                let Poll::Ready(step) = self.poll_receive(end, cx) else { break false };
                let step = step?;
                if step.replies {
                    turn = Turn::Now;
                }
                if step.more {
                    // Both ends work at once: the peer begins with these replies while we go on.
                    self.poll_write(end, cx, turn);
                } else {
                    reads += 1;
                }
            };
            let writing = self.poll_write(end, cx, turn);
            // A peer that reads again is read from again.
            if !congested || self.is_congested() {
                return Ok(writing);
            }
        }
    }

    /// Shows the end what is here, and reads if that is nothing new.
    fn poll_receive<E: End>(
        &mut self,
        end: &mut E,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Step, ConnectionError>> {
        if !self.unjudged {
            let chunk = match ready!(Pin::new(&mut self.io).poll_fill_buf(cx)) {
                Ok([]) => return Poll::Ready(Err(self.reading_ended())),
                Ok(chunk) => chunk,
                Err(error) => return Poll::Ready(Err(self.reading_failed(error))),
            };
            if self.inbox.is_empty() {
                let step = end.receive(Instant::now(), chunk)?;
                self.untaken = step.output_len;
                // Of a chunk that was seen to its end, the beginning of a frame may be left.
                let used = if step.more { step.taken } else { chunk.len() };
                self.inbox.put(&chunk[step.taken..used]);
                Pin::new(&mut self.io).consume(used);
                end.count(used as u64, 0);
                return Poll::Ready(Ok(step));
            }
            let len = chunk.len();
            self.inbox.put(chunk);
            Pin::new(&mut self.io).consume(len);
            end.count(len as u64, 0);
        }
        let step = end.receive(Instant::now(), self.inbox.unread())?;
        self.untaken = step.output_len;
        self.inbox.consume(step.taken);
        self.unjudged = step.more;
        Poll::Ready(Ok(step))
    }

    fn reading_ended(&mut self) -> ConnectionError {
        self.write_error.take().map_or(ConnectionError::Cut, ended_by)
    }

    /// What TLS says, such as the alert of a peer that refused us, tells more than a failed write.
    fn reading_failed(&mut self, error: io::Error) -> ConnectionError {
        match self.write_error.take() {
            Some(write_error) if error.kind() != io::ErrorKind::InvalidData => ended_by(write_error),
            _ => ended_by(error),
        }
    }

    /// Whether so much waits to be written that nothing should be read that asks for more.
    fn is_congested(&self) -> bool {
        OUTBOX_LEN_MAX <= self.outbox.len() - self.written + self.untaken
    }

    /// Writes what there is. A failure is kept until reading has come to its end, since the peer may have
    /// said why.
    fn poll_write<E: End>(&mut self, end: &mut E, cx: &mut Context<'_>, turn: Turn) -> Writing {
        if self.write_error.is_none() {
            match self.try_write(end, cx, turn) {
                Ok(writing) => return writing,
                Err(error) => {
                    self.write_error = Some(error);
                    cx.waker().wake_by_ref();
                }
            }
        }
        // What is queued will not go out any more, and must not keep us from reading.
        end.take_outbox(&mut Vec::new());
        (self.outbox, self.written, self.untaken) = (Vec::new(), 0, 0);
        Writing::Stalled
    }

    fn try_write<E: End>(&mut self, end: &mut E, cx: &mut Context<'_>, turn: Turn) -> io::Result<Writing> {
        loop {
            if self.written == self.outbox.len() {
                self.outbox.clear();
                self.written = 0;
                if turn == Turn::Now || self.yielded {
                    end.take_outbox(&mut self.outbox);
                } else if !end.take_complete(&mut self.outbox) {
                    // Whoever can run now may still join this write.
                    self.yielded = true;
                    cx.waker().wake_by_ref();
                    return Ok(Writing::Stalled);
                }
                self.yielded = false;
                self.untaken = 0;
                if self.outbox.is_empty() {
                    return self.try_flush(cx);
                }
            }
            match Pin::new(&mut self.io).poll_write(cx, &self.outbox[self.written..]) {
                Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(len)) => {
                    end.count(0, len as u64);
                    self.written += len;
                    self.flushed = false;
                }
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => return Ok(Writing::Stalled),
            }
        }
    }

    fn try_flush(&mut self, cx: &mut Context<'_>) -> io::Result<Writing> {
        if !self.flushed {
            match Pin::new(&mut self.io).poll_flush(cx) {
                Poll::Ready(flushed) => flushed?,
                Poll::Pending => return Ok(Writing::Stalled),
            }
            self.flushed = true;
        }
        Ok(Writing::Done)
    }

    /// Writes what is left and ends the stream properly.
    async fn close<E: End>(&mut self, end: &mut E) -> io::Result<()> {
        poll_fn(|cx| match self.try_write(end, cx, Turn::Now) {
            Ok(Writing::Stalled) => Poll::Pending,
            Ok(Writing::Done) => Poll::Ready(Ok(())),
            Err(error) => Poll::Ready(Err(error)),
        })
        .await?;
        poll_fn(|cx| Pin::new(&mut self.io).poll_shutdown(cx)).await
    }

    /// Reads and forgets what the peer still sends until it ends its side too. A socket that is dropped with
    /// unread bytes in it is reset, and a reset takes from the peer what it has not read yet: our last words.
    async fn listen_out(&mut self) {
        poll_fn(|cx| {
            while let Ok(len @ 1..) = ready!(Pin::new(&mut self.io).poll_fill_buf(cx)).map(<[u8]>::len) {
                Pin::new(&mut self.io).consume(len);
            }
            Poll::Ready(())
        })
        .await;
    }
}

/// A stream that just ends is one thing, in whatever way the system says it.
fn ended_by(error: io::Error) -> ConnectionError {
    if is_cut(&error) { ConnectionError::Cut } else { error.into() }
}

/// When to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Now,
    /// Once those who can run now had their turn.
    AfterOthers,
}

/// How far writing came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writing {
    /// Everything is with the socket.
    Done,
    /// Something is left, and the waker is set.
    Stalled,
}
