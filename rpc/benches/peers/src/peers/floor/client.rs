//! The client: callers, and for each connection one task that carries their requests and wakes them.

use std::future::poll_fn;
use std::io;
use std::mem;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use anyhow::{Result, bail, ensure};
use bytes::Bytes;
use tokio_rustls::TlsConnector;

use super::frame::{self, Inbox, Kind};
use super::{Io, Variant, record};
use crate::load::{self, Dial, Task};
use crate::peers::{connect, connect_tls};

pub(super) struct Dialler {
    pub(super) variant: Variant,
    pub(super) addr: SocketAddr,
    pub(super) connector: TlsConnector,
}

impl Dial for Dialler {
    type Client = Client;

    async fn dial(&self) -> Result<Client> {
        Ok(if self.variant.tls {
            start(connect_tls(self.addr, &self.connector).await?, self.variant)
        } else {
            start(connect(self.addr).await?, self.variant)
        })
    }
}

fn start(io: impl Io, variant: Variant) -> Client {
    let desk = Arc::new(Mutex::new(Desk::default()));
    let mut driver = Driver {
        io,
        desk: desk.clone(),
        inbox: Inbox::new(),
        outbox: Vec::new(),
        written: 0,
        flush: false,
        yielded: false,
        wake: Vec::new(),
    };
    tokio::spawn(async move { poll_fn(|cx| driver.poll(cx)).await });
    Client { desk, variant }
}

/// Where callers and driver meet.
#[derive(Default)]
struct Desk {
    out: Vec<u8>,
    slots: Vec<Slot>,
    free: Vec<usize>,
    driver: Option<Waker>,
}

/// One call: who waits for it, or its answer.
#[derive(Default)]
struct Slot {
    waker: Option<Waker>,
    answer: Option<Vec<u8>>,
}

fn lock(desk: &Mutex<Desk>) -> MutexGuard<'_, Desk> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Clone)]
pub(super) struct Client {
    desk: Arc<Mutex<Desk>>,
    variant: Variant,
}

impl Client {
    async fn call(&self, kind: Kind, payload: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let slot = {
            let mut desk = lock(&self.desk);
            let slot = desk.free.pop().unwrap_or_else(|| {
                desk.slots.push(Slot::default());
                desk.slots.len() - 1
            });
            frame::write(&mut desk.out, slot as u64, kind, payload);
            if let Some(driver) = desk.driver.take() {
                driver.wake();
            }
            slot
        };
        poll_fn(|cx| self.poll_answer(slot, cx)).await
    }

    fn poll_answer(&self, slot: usize, cx: &mut Context<'_>) -> Poll<Vec<u8>> {
        let mut desk = lock(&self.desk);
        if let Some(answer) = desk.slots[slot].answer.take() {
            desk.free.push(slot);
            return Poll::Ready(answer);
        }
        desk.slots[slot].waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl load::Client for Client {
    async fn small(&self, id: u64) -> Result<()> {
        let codec = self.variant.codec;
        let reply = self.call(Kind::Small, |out| record::encode(codec, id, out)).await;
        ensure!(record::decode(codec, &reply) == id, "another record came back");
        Ok(())
    }

    async fn blob(&self, data: &Bytes) -> Result<()> {
        let reply = self.call(Kind::Blob, |out| out.extend_from_slice(data)).await;
        ensure!(reply.len() == data.len(), "other bytes came back");
        Ok(())
    }

    async fn stream(&self, count: u64, size: u32) -> Result<()> {
        self.call(Kind::Stream, |out| frame::ask_for_stream(out, count, size)).await;
        Ok(())
    }

    async fn sleep(&self, _: u32) -> Result<()> {
        bail!("the bare loop has no handlers")
    }

    fn start(self, task: Task<Self>) {
        tokio::spawn(task.run(self));
    }
}

/// Reads in one turn, before others have theirs.
const READS: usize = 8;

struct Driver<S> {
    io: S,
    desk: Arc<Mutex<Desk>>,
    inbox: Inbox,
    outbox: Vec<u8>,
    /// How much of the outbox.
    written: usize,
    flush: bool,
    /// Callers had their chance to join the next write.
    yielded: bool,
    wake: Vec<Waker>,
}

impl<S: Io> Driver<S> {
    /// Reads first: answers free callers, whose next requests join this turn's write.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut reads = 0;
        while let Poll::Ready(read) = self.inbox.poll_fill(&mut self.io, cx)? {
            if read == 0 {
                return Poll::Ready(Ok(()));
            }
            self.deliver();
            reads += 1;
            if reads == READS {
                cx.waker().wake_by_ref();
                break;
            }
        }
        self.poll_write(cx)
    }

    fn deliver(&mut self) {
        let (mut desk, mut items) = (None, 0);
        while let Some(frame) = self.inbox.next() {
            if frame.kind == Kind::Item {
                items += 1;
                continue;
            }
            let desk = desk.get_or_insert_with(|| lock(&self.desk));
            let slot = &mut desk.slots[frame.number as usize];
            slot.answer = Some(frame.payload.to_vec());
            self.wake.extend(slot.waker.take());
        }
        drop(desk);
        load::count(items);
        self.wake.drain(..).for_each(Waker::wake);
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            if self.written < self.outbox.len() {
                let rest = &self.outbox[self.written..];
                self.written += ready!(Pin::new(&mut self.io).poll_write(cx, rest))?;
                self.flush = true;
                continue;
            }
            if self.flush {
                ready!(Pin::new(&mut self.io).poll_flush(cx))?;
                self.flush = false;
            }
            self.outbox.clear();
            self.written = 0;
            let mut desk = lock(&self.desk);
            if desk.out.is_empty() {
                desk.driver = Some(cx.waker().clone());
                self.yielded = false;
                return Poll::Pending;
            }
            if !mem::replace(&mut self.yielded, true) {
                // Every caller that is ready to go may still join.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            mem::swap(&mut desk.out, &mut self.outbox);
            self.yielded = false;
        }
    }
}
