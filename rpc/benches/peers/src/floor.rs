//! The physical limit, and what single design decisions cost.
//!
//! `floor[-FLAG]*`. Frame: u32 length of the rest, u64 correlation id, u8 op, payload.
//! Without flags: TLS, one task per connection on both sides, no task per request on the server,
//! every queued frame coalesced into one write, large reads.
//!
//!   tcp       no TLS                          nobatch   one write and flush per frame
//!   raw       client without calls or tasks: one loop that answers each answer with a request
//!   spawn     server: a task per request, an mpsc to a writer task
//!   mpsc      client: mpsc to a writer task, a oneshot per call, a HashMap of pending calls
//!   naive     spawn + mpsc + nobatch + noyield
//!   noyield   a driver or writer task writes as soon as it is woken by the first frame of a burst;
//!             without this flag it lets the tasks that are already runnable go first, once
//!   smallbuf  4 KiB application read buffer   bufio     64 KiB BufReader between TCP and rustls
//!   chunk1k, chunk2k  server: write after 1 or 2 KiB of answers, not only after the whole burst
//!   ciborium, minicbor, prost, bincode: `small` is decoded and encoded on both sides
//!   cborenv   a ciborium envelope (id, method, deadline, body as byte string) around ciborium
use crate::certs::Pki;
use crate::drive::{self, Cfg, Client, NAME, TAGS};
use crate::stats::{self, Shared};
use anyhow::{Result, ensure};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Instant;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio_rustls::{TlsAcceptor, TlsConnector};

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Codec {
    None,
    Ciborium,
    CborEnv,
    Minicbor,
    #[cfg(feature = "others")]
    Prost,
    Bincode,
}

#[derive(Clone, Copy, Debug)]
pub struct Variant {
    tls: bool,
    batch: bool,
    raw: bool,
    spawn: bool,
    mpsc: bool,
    yields: bool,
    rbuf: usize,
    bufio: bool,
    /// the inline server writes once it has this many bytes of answers
    flush_at: usize,
    codec: Codec,
}

pub fn parse(peer: &str) -> Option<Variant> {
    let mut v = Variant {
        tls: true,
        batch: true,
        raw: false,
        spawn: false,
        mpsc: false,
        yields: true,
        rbuf: 64 << 10,
        bufio: false,
        flush_at: 256 << 10,
        codec: Codec::None,
    };
    let mut it = peer.split('-');
    if it.next()? != "floor" {
        return None;
    }
    for f in it {
        match f {
            "tcp" => v.tls = false,
            "nobatch" => v.batch = false,
            "raw" => v.raw = true,
            "spawn" => v.spawn = true,
            "mpsc" => v.mpsc = true,
            "naive" => (v.spawn, v.mpsc, v.batch, v.yields) = (true, true, false, false),
            "noyield" => v.yields = false,
            "smallbuf" => v.rbuf = 4 << 10,
            "bufio" => v.bufio = true,
            "chunk1k" => v.flush_at = 1 << 10,
            "chunk2k" => v.flush_at = 2 << 10,
            "ciborium" => v.codec = Codec::Ciborium,
            "cborenv" => v.codec = Codec::CborEnv,
            "minicbor" => v.codec = Codec::Minicbor,
            #[cfg(feature = "others")]
            "prost" => v.codec = Codec::Prost,
            "bincode" => v.codec = Codec::Bincode,
            "mimalloc" => {} // a build feature; the name only tells runs apart
            _ => return None,
        }
    }
    Some(v)
}

const ECHO: u8 = 0;
const SMALL: u8 = 1;
const STREAM: u8 = 2;
const ITEM: u8 = 3;
const END: u8 = 4;
const HEAD: usize = 13;

trait Io: AsyncRead + AsyncWrite + Unpin + Send + 'static {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + 'static> Io for T {}

// ---- codecs ---------------------------------------------------------------------------------

#[derive(Serialize, Deserialize, minicbor::Encode, minicbor::Decode)]
struct Small {
    #[n(0)]
    id: u64,
    #[n(1)]
    name: String,
    #[n(2)]
    tags: Vec<u32>,
}
#[derive(Serialize, Deserialize)]
struct Env {
    id: u64,
    method: String,
    deadline_ms: u64,
    body: serde_bytes::ByteBuf,
}

fn enc_small(c: Codec, s: &Small, out: &mut Vec<u8>) {
    match c {
        Codec::None => {
            // the same 48 bytes or so, unencoded
            out.extend_from_slice(&s.id.to_le_bytes());
            out.extend_from_slice(NAME.as_bytes());
            out.extend_from_slice(&[0u8; 16]);
        }
        Codec::Ciborium => ciborium::into_writer(s, out).unwrap(),
        Codec::CborEnv => {
            let mut body = Vec::with_capacity(64);
            ciborium::into_writer(s, &mut body).unwrap();
            let e = Env { id: s.id, method: "echo.Small".into(), deadline_ms: 5000, body: body.into() };
            ciborium::into_writer(&e, out).unwrap()
        }
        Codec::Minicbor => minicbor::encode(s, out).unwrap(),
        #[cfg(feature = "others")]
        Codec::Prost => {
            let m = crate::tonic_peer::pb::Small { id: s.id, name: s.name.clone(), tags: s.tags.clone() };
            prost::Message::encode(&m, out).unwrap()
        }
        Codec::Bincode => bincode::serialize_into(out, s).unwrap(),
    }
}
fn dec_small(c: Codec, b: &[u8]) -> Small {
    match c {
        Codec::None => Small { id: u64::from_le_bytes(b[..8].try_into().unwrap()), name: String::new(), tags: vec![] },
        Codec::Ciborium => ciborium::from_reader(b).unwrap(),
        Codec::CborEnv => {
            let e: Env = ciborium::from_reader(b).unwrap();
            ciborium::from_reader(&e.body[..]).unwrap()
        }
        Codec::Minicbor => minicbor::decode(b).unwrap(),
        #[cfg(feature = "others")]
        Codec::Prost => {
            let m: crate::tonic_peer::pb::Small = prost::Message::decode(b).unwrap();
            Small { id: m.id, name: m.name, tags: m.tags }
        }
        Codec::Bincode => bincode::deserialize(b).unwrap(),
    }
}

// ---- framing --------------------------------------------------------------------------------

struct RBuf {
    buf: Vec<u8>,
    s: usize,
    e: usize,
    cap: usize,
}
impl RBuf {
    fn new(cap: usize) -> Self {
        RBuf { buf: vec![0; cap.min(4096)], s: 0, e: 0, cap }
    }
    fn make_room(&mut self) {
        if self.s == self.e {
            (self.s, self.e) = (0, 0);
        }
        let need = if self.e - self.s >= 4 { 4 + self.frame_len() } else { 0 };
        if self.s > 0 && (self.buf.len() - self.e < self.cap / 2 || self.buf.len() - self.s < need) {
            self.buf.copy_within(self.s..self.e, 0);
            (self.s, self.e) = (0, self.e - self.s);
        }
        let want = (self.s + need).max(if self.e == self.buf.len() { self.cap } else { 0 });
        if want > self.buf.len() {
            self.buf.resize(want, 0);
        }
        if self.e == self.buf.len() {
            self.buf.resize(self.buf.len() * 2, 0);
        }
    }
    fn frame_len(&self) -> usize {
        u32::from_le_bytes(self.buf[self.s..self.s + 4].try_into().unwrap()) as usize
    }
    fn poll_fill<S: AsyncRead + Unpin>(&mut self, io: &mut S, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.make_room();
        let mut rb = ReadBuf::new(&mut self.buf[self.e..]);
        match Pin::new(io).poll_read(cx, &mut rb) {
            Poll::Ready(Ok(())) => {
                let n = rb.filled().len();
                self.e += n;
                Poll::Ready(Ok(n))
            }
            Poll::Ready(Err(e)) => Poll::Ready(Err(e)),
            Poll::Pending => Poll::Pending,
        }
    }
    async fn fill<S: AsyncRead + Unpin>(&mut self, io: &mut S) -> io::Result<usize> {
        self.make_room();
        let n = io.read(&mut self.buf[self.e..]).await?;
        self.e += n;
        Ok(n)
    }
    /// (id, op, payload) of the next whole frame.
    fn next(&mut self) -> Option<(u64, u8, &[u8])> {
        if self.e - self.s < 4 {
            return None;
        }
        let len = self.frame_len();
        if self.e - self.s < 4 + len {
            return None;
        }
        let f = &self.buf[self.s + 4..self.s + 4 + len];
        self.s += 4 + len;
        Some((u64::from_le_bytes(f[..8].try_into().unwrap()), f[8], &f[9..]))
    }
}

fn frame(out: &mut Vec<u8>, id: u64, op: u8, body: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&id.to_le_bytes());
    out.push(op);
    body(out);
    let len = (out.len() - at - 4) as u32;
    out[at..at + 4].copy_from_slice(&len.to_le_bytes());
}

// ---- server ---------------------------------------------------------------------------------

pub async fn serve(peer: &str, addr: &str, pki: Pki) -> Result<()> {
    let v = parse(peer).unwrap();
    let acc = TlsAcceptor::from(Arc::new(pki.server("x25519")?));
    let l = TcpListener::bind(addr).await?;
    crate::ready();
    loop {
        let (s, _) = l.accept().await?;
        s.set_nodelay(true)?;
        let acc = acc.clone();
        tokio::spawn(async move {
            match (v.tls, v.bufio) {
                (false, _) => conn(s, v).await,
                (true, false) => match acc.accept(s).await {
                    Ok(s) => conn(s, v).await,
                    Err(_) => Ok(()),
                },
                (true, true) => match acc.accept(BufReader::with_capacity(64 << 10, s)).await {
                    Ok(s) => conn(s, v).await,
                    Err(_) => Ok(()),
                },
            }
        });
    }
}

async fn conn<S: Io>(s: S, v: Variant) -> io::Result<()> {
    if v.spawn { conn_spawn(s, v).await } else { conn_inline(s, v).await }
}

fn answer(v: Variant, id: u64, op: u8, body: &[u8], out: &mut Vec<u8>) {
    frame(out, id, op, |o| {
        if op == SMALL && v.codec != Codec::None {
            enc_small(v.codec, &dec_small(v.codec, body), o)
        } else {
            o.extend_from_slice(body)
        }
    })
}

async fn conn_inline<S: Io>(mut s: S, v: Variant) -> io::Result<()> {
    let mut rd = RBuf::new(v.rbuf);
    let mut out: Vec<u8> = Vec::new();
    loop {
        if rd.fill(&mut s).await? == 0 {
            return Ok(());
        }
        while let Some((id, op, body)) = rd.next() {
            if op == STREAM {
                let count = u64::from_le_bytes(body[..8].try_into().unwrap());
                let size = u32::from_le_bytes(body[8..12].try_into().unwrap()) as usize;
                let data = drive::blob_of(size);
                for _ in 0..count {
                    frame(&mut out, id, ITEM, |o| o.extend_from_slice(&data));
                    if !v.batch || out.len() >= 64 << 10 {
                        s.write_all(&out).await?;
                        s.flush().await?;
                        out.clear();
                    }
                }
                frame(&mut out, id, END, |_| ());
            } else {
                answer(v, id, op, body, &mut out);
            }
            if !v.batch || out.len() >= v.flush_at {
                s.write_all(&out).await?;
                s.flush().await?;
                out.clear();
            }
        }
        if !out.is_empty() {
            s.write_all(&out).await?;
            s.flush().await?;
            out.clear();
        }
    }
}

async fn conn_spawn<S: Io>(s: S, v: Variant) -> io::Result<()> {
    let (mut r, w) = tokio::io::split(s);
    let (tx, rx) = mpsc::channel::<Vec<u8>>(1024);
    tokio::spawn(write_queue(w, rx, v));
    let mut rd = RBuf::new(v.rbuf);
    loop {
        if rd.fill(&mut r).await? == 0 {
            return Ok(());
        }
        while let Some((id, op, body)) = rd.next() {
            let (body, tx) = (body.to_vec(), tx.clone());
            tokio::spawn(async move {
                let mut out = Vec::with_capacity(HEAD + body.len());
                answer(v, id, op, &body, &mut out);
                let _ = tx.send(out).await;
            });
        }
    }
}

async fn write_queue<W: AsyncWrite + Unpin>(mut w: W, mut rx: mpsc::Receiver<Vec<u8>>, v: Variant) -> io::Result<()> {
    let mut got = Vec::new();
    let mut out = Vec::new();
    let batch = v.batch;
    while rx.recv_many(&mut got, if batch { 256 } else { 1 }).await > 0 {
        if batch && v.yields {
            // Whoever is runnable now may still join this write.
            tokio::task::yield_now().await;
            while let Ok(m) = rx.try_recv() {
                got.push(m);
            }
        }
        if batch {
            out.clear();
            for g in got.drain(..) {
                out.extend_from_slice(&g);
            }
            w.write_all(&out).await?;
        } else {
            w.write_all(&got.pop().unwrap()).await?;
        }
        w.flush().await?;
    }
    Ok(())
}

// ---- client: one driver task per connection -------------------------------------------------

#[derive(Default)]
struct Slot {
    waker: Option<Waker>,
    done: bool,
    resp: Vec<u8>,
}
#[derive(Default)]
struct Inner {
    out: Vec<u8>,
    ends: Vec<usize>,
    slots: Vec<Slot>,
    free: Vec<usize>,
    driver: Option<Waker>,
}
#[derive(Clone)]
struct Driven {
    st: Arc<Mutex<Inner>>,
    v: Variant,
}
struct Call<'a> {
    c: &'a Driven,
    slot: usize,
}
impl Future for Call<'_> {
    type Output = Vec<u8>;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Vec<u8>> {
        let mut st = self.c.st.lock().unwrap();
        let s = &mut st.slots[self.slot];
        if s.done {
            s.done = false;
            let r = std::mem::take(&mut s.resp);
            st.free.push(self.slot);
            return Poll::Ready(r);
        }
        s.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}
impl Driven {
    fn call(&self, op: u8, body: impl FnOnce(&mut Vec<u8>)) -> Call<'_> {
        let (slot, wake) = {
            let mut st = self.st.lock().unwrap();
            let slot = st.free.pop().unwrap_or_else(|| {
                st.slots.push(Slot::default());
                st.slots.len() - 1
            });
            frame(&mut st.out, slot as u64, op, body);
            if !self.v.batch {
                let e = st.out.len();
                st.ends.push(e);
            }
            (slot, st.driver.take())
        };
        if let Some(w) = wake {
            w.wake();
        }
        Call { c: self, slot }
    }
}

struct Driver<S> {
    io: S,
    st: Arc<Mutex<Inner>>,
    v: Variant,
    rd: RBuf,
    wbuf: Vec<u8>,
    ends: Vec<usize>,
    at: usize,
    flush: bool,
    yielded: bool,
    wake: Vec<Waker>,
}
impl<S: Io> Driver<S> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Read first: answers free the callers, whose next requests join this turn's write.
        for turn in 0..9 {
            if turn == 8 {
                // Still readable: come back, after the other tasks had their turn.
                cx.waker().wake_by_ref();
                break;
            }
            match self.rd.poll_fill(&mut self.io, cx)? {
                Poll::Ready(0) => return Poll::Ready(Ok(())),
                Poll::Ready(_) => {
                    let mut items = 0;
                    let mut st = None;
                    while let Some((id, op, body)) = self.rd.next() {
                        if op == ITEM {
                            items += 1;
                            continue;
                        }
                        let st = st.get_or_insert_with(|| self.st.lock().unwrap());
                        let s = &mut st.slots[id as usize];
                        s.resp.extend_from_slice(body);
                        s.done = true;
                        self.wake.extend(s.waker.take());
                    }
                    drop(st);
                    if items > 0 {
                        drive::got(items);
                    }
                    for w in self.wake.drain(..) {
                        w.wake();
                    }
                }
                Poll::Pending => break,
            }
        }
        loop {
            if self.at == self.wbuf.len() {
                if self.flush {
                    if Pin::new(&mut self.io).poll_flush(cx)?.is_pending() {
                        return Poll::Pending;
                    }
                    self.flush = false;
                }
                self.wbuf.clear();
                self.ends.clear();
                self.at = 0;
                let mut st = self.st.lock().unwrap();
                if st.out.is_empty() {
                    st.driver = Some(cx.waker().clone());
                    self.yielded = false;
                    return Poll::Pending;
                }
                if self.v.yields && !self.yielded {
                    // Let every caller that is already runnable queue its request first.
                    self.yielded = true;
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                std::mem::swap(&mut st.out, &mut self.wbuf);
                std::mem::swap(&mut st.ends, &mut self.ends);
                self.yielded = false;
            }
            let to = if self.v.batch {
                self.wbuf.len()
            } else {
                if self.flush && Pin::new(&mut self.io).poll_flush(cx)?.is_pending() {
                    return Poll::Pending;
                }
                *self.ends.iter().find(|e| **e > self.at).unwrap()
            };
            match Pin::new(&mut self.io).poll_write(cx, &self.wbuf[self.at..to])? {
                Poll::Ready(n) => {
                    self.at += n;
                    self.flush = true;
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

fn start_driven<S: Io>(io: S, v: Variant) -> Driven {
    let st = Arc::new(Mutex::new(Inner::default()));
    let mut d = Driver {
        io,
        st: st.clone(),
        v,
        rd: RBuf::new(v.rbuf),
        wbuf: vec![],
        ends: vec![],
        at: 0,
        flush: false,
        yielded: false,
        wake: vec![],
    };
    tokio::spawn(async move { poll_fn(|cx| d.poll(cx)).await });
    Driven { st, v }
}

// ---- client: mpsc, oneshot, HashMap ---------------------------------------------------------

type Pending = Arc<Mutex<HashMap<u64, oneshot::Sender<Vec<u8>>>>>;
#[derive(Clone)]
struct Queued {
    tx: mpsc::Sender<Vec<u8>>,
    pend: Pending,
    next: Arc<AtomicU64>,
    v: Variant,
}
impl Queued {
    async fn call(&self, op: u8, body: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (tx, rx) = oneshot::channel();
        self.pend.lock().unwrap().insert(id, tx);
        let mut out = Vec::with_capacity(128);
        frame(&mut out, id, op, body);
        self.tx.send(out).await.expect("connection closed");
        rx.await.expect("connection closed")
    }
}
fn start_queued<S: Io>(io: S, v: Variant) -> Queued {
    let (mut r, w) = tokio::io::split(io);
    let (tx, rx) = mpsc::channel(1024);
    let pend: Pending = Default::default();
    tokio::spawn(write_queue(w, rx, v));
    let p = pend.clone();
    tokio::spawn(async move {
        let mut rd = RBuf::new(v.rbuf);
        while rd.fill(&mut r).await.unwrap_or(0) > 0 {
            while let Some((id, op, body)) = rd.next() {
                if op == ITEM {
                    drive::got(1);
                    continue;
                }
                let tx = p.lock().unwrap().remove(&id);
                if let Some(tx) = tx {
                    let _ = tx.send(body.to_vec());
                }
            }
        }
    });
    Queued { tx, pend, next: Default::default(), v }
}

#[derive(Clone)]
enum C {
    D(Driven),
    Q(Queued),
}
impl C {
    async fn call(&self, op: u8, body: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        match self {
            C::D(d) => d.call(op, body).await,
            C::Q(q) => q.call(op, body).await,
        }
    }
}
impl Client for C {
    async fn small(&self, id: u64) -> Result<()> {
        let codec = match self {
            C::D(d) => d.v.codec,
            C::Q(q) => q.v.codec,
        };
        let m = Small { id, name: NAME.to_string(), tags: TAGS.to_vec() };
        let r = self.call(SMALL, |o| enc_small(codec, &m, o)).await;
        ensure!(dec_small(codec, &r).id == id, "wrong answer");
        Ok(())
    }
    async fn blob(&self, data: &Bytes) -> Result<()> {
        let r = self.call(ECHO, |o| o.extend_from_slice(data)).await;
        ensure!(r.len() == data.len(), "wrong answer");
        Ok(())
    }
    async fn stream(&self, count: u64, size: u32) -> Result<()> {
        self.call(STREAM, |o| {
            o.extend_from_slice(&count.to_le_bytes());
            o.extend_from_slice(&size.to_le_bytes());
        })
        .await;
        Ok(())
    }
}

// ---- client: no calls at all ----------------------------------------------------------------

async fn raw_loop<S: Io>(mut s: S, cfg: Cfg, v: Variant, sh: Arc<Shared>) {
    let data = drive::blob_of(cfg.payload);
    let mut sent = vec![Instant::now(); cfg.inflight];
    let mut rd = RBuf::new(v.rbuf);
    let mut out = Vec::new();
    let put = |out: &mut Vec<u8>, id: u64| match cfg.work.as_str() {
        "small" => frame(out, id, SMALL, |o| {
            enc_small(v.codec, &Small { id, name: NAME.to_string(), tags: TAGS.to_vec() }, o)
        }),
        "blob" => frame(out, id, ECHO, |o| o.extend_from_slice(&data)),
        _ => frame(out, id, STREAM, |o| {
            o.extend_from_slice(&cfg.count.to_le_bytes());
            o.extend_from_slice(&(cfg.payload as u32).to_le_bytes());
        }),
    };
    for i in 0..cfg.inflight {
        sent[i] = Instant::now();
        put(&mut out, i as u64);
    }
    loop {
        if s.write_all(&out).await.is_err() || s.flush().await.is_err() {
            return;
        }
        out.clear();
        if rd.fill(&mut s).await.unwrap_or(0) == 0 {
            return;
        }
        let (measuring, now) = (sh.measuring(), Instant::now());
        while let Some((id, op, body)) = rd.next() {
            if op == ITEM {
                drive::got(1);
                continue;
            }
            if op == SMALL && v.codec != Codec::None {
                assert_eq!(dec_small(v.codec, body).id, id);
            }
            if measuring {
                stats::record(now - sent[id as usize]);
            }
            sent[id as usize] = now;
            put(&mut out, id);
        }
    }
}

pub async fn load(cfg: Cfg) -> Result<()> {
    let v = parse(&cfg.peer).unwrap();
    let pki = Pki { dir: cfg.certs.clone() };
    let tls = TlsConnector::from(Arc::new(pki.client("x25519")?));
    async fn tcp(cfg: &Cfg) -> Result<TcpStream> {
        let s = TcpStream::connect(&cfg.addr).await?;
        s.set_nodelay(true)?;
        Ok(s)
    }
    if v.raw {
        let sh = Arc::new(Shared { phase: Default::default() });
        for _ in 0..cfg.conns {
            let s = tcp(&cfg).await?;
            if v.tls {
                let s = tls.connect("localhost".try_into()?, s).await?;
                tokio::spawn(raw_loop(s, cfg.clone(), v, sh.clone()));
            } else {
                tokio::spawn(raw_loop(s, cfg.clone(), v, sh.clone()));
            }
        }
        drive::measure(&cfg, &sh).await;
    }
    let connect = async |cfg: &Cfg| -> Result<C> {
        fn start<S: Io>(s: S, v: Variant) -> C {
            if v.mpsc { C::Q(start_queued(s, v)) } else { C::D(start_driven(s, v)) }
        }
        let s = tcp(cfg).await?;
        Ok(match (v.tls, v.bufio) {
            (false, _) => start(s, v),
            (true, false) => start(tls.connect("localhost".try_into()?, s).await?, v),
            (true, true) => {
                start(tls.connect("localhost".try_into()?, BufReader::with_capacity(64 << 10, s)).await?, v)
            }
        })
    };
    crate::drive_load!(cfg, tokio::spawn, connect)
}
