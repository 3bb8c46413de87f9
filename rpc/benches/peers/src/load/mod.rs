//! What a load process does: calls of one kind on some connections, the same for every peer.

mod closed;
mod figures;
mod gauge;
mod handshake;
mod histogram;
mod idle;
mod open;

use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Result, bail};
use bytes::Bytes;

pub(crate) use self::closed::Caller;
use self::figures::Figures;
pub(crate) use self::gauge::Gauge;
pub(crate) use self::histogram::record;
pub(crate) use self::open::{Arrivals, Due, Pace, Pacer};
use crate::args;
use crate::case::{Case, Work};

/// The name in the small record.
pub(crate) const NAME: &str = "abcdefghijklmnop";
/// The numbers in it: each of another length in an encoding that has lengths.
pub(crate) const TAGS: [u32; 4] = [7, 300, 70_000, 4_000_000_000];

/// What is taken for large: 64 MiB of a payload, and what is around it.
pub(crate) const LARGE: u32 = 65 << 20;

/// A connection of a peer, as each of its callers holds it.
pub(crate) trait Client: Clone + Sized + 'static {
    /// Sends the small record with this id, and checks the one that comes back.
    async fn small(&self, id: u64) -> Result<()>;
    /// Sends these bytes, and checks that as many come back.
    async fn blob(&self, data: &Bytes) -> Result<()>;
    /// Takes one stream of so many messages of so many bytes, and [counts](count) each.
    async fn stream(&self, messages: u64, size: u32) -> Result<()>;
    /// Waits for a handler that sleeps.
    async fn sleep(&self, milliseconds: u32) -> Result<()>;
    /// Runs a task of the load with this client: `task.run(self)`, spawned. Here and not above, since only a
    /// peer knows whether its calls may change threads.
    fn start(self, task: Task<Self>);
}

/// How a peer's client connects.
pub(crate) trait Dial {
    type Client: Client;
    async fn dial(&self) -> Result<Self::Client>;
}

/// A task of a load.
pub(crate) enum Task<C> {
    /// One caller of a closed loop.
    Caller(Caller),
    /// One call of an open loop.
    Due(Due),
    /// Who makes those.
    Pacer(Box<Pacer<C>>),
}

impl<C: Client> Task<C> {
    pub(crate) async fn run(self, client: C) {
        match self {
            Self::Caller(caller) => caller.run(client).await,
            Self::Due(due) => due.run(client).await,
            Self::Pacer(pacer) => Box::pin(pacer.run()).await,
        }
    }
}

/// What a load is to do.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) peer: String,
    pub(crate) case: Case,
    pub(crate) secs: f64,
    pub(crate) warmup: f64,
    pub(crate) server_pid: Option<u32>,
    /// When calls are due, in an open loop.
    pub(crate) pace: Option<Pace>,
    /// What else goes on, on the same connections.
    pub(crate) beside: Option<Case>,
    /// Connections beside those of the case, on which nothing goes on.
    pub(crate) at_rest: usize,
}

impl Plan {
    pub(crate) fn new(load: &args::Load) -> Self {
        Self {
            peer: load.end.peer.to_string(),
            case: load.case(),
            secs: load.secs,
            warmup: load.warmup,
            server_pid: load.server_pid,
            pace: load.rate.map(|rate| Pace { rate, arrivals: load.arrivals }),
            beside: load.beside.clone(),
            at_rest: load.at_rest,
        }
    }
}

/// Runs a load, and prints its line.
pub(crate) async fn run(dial: impl Dial + 'static, plan: &Plan) -> Result<()> {
    match plan.case.work {
        Work::Idle => idle::run(dial, plan).await,
        Work::Handshake => handshake::run(dial, plan).await,
        _ => match plan.pace {
            Some(pace) => open::run(dial, plan, pace).await,
            None => closed::run(dial, plan).await,
        },
    }
}

/// The connections of a load, made before any of them calls, or the last ones would hardly come to it.
struct Connected<C> {
    clients: Vec<C>,
    /// Those that rest, for as long as this is held.
    _at_rest: Vec<C>,
}

async fn connect<D: Dial>(dial: &D, plan: &Plan) -> Result<Connected<D::Client>> {
    let clients = connections(dial, plan.case.connections).await?;
    Ok(Connected { clients, _at_rest: connections(dial, plan.at_rest).await? })
}

async fn connections<D: Dial>(dial: &D, number: usize) -> Result<Vec<D::Client>> {
    let mut clients = Vec::with_capacity(number);
    for _ in 0..number {
        clients.push(dial.dial().await?);
    }
    Ok(clients)
}

/// Measures callers that have been started, and prints the line.
pub(crate) async fn measure(gauge: &Gauge, plan: &Plan) -> Result<()> {
    let seen = gauge.measure(plan).await?;
    Figures::of_calls(plan, &seen).print()
}

/// One call, whatever the work is.
async fn call(client: &impl Client, case: &Case, id: u64, data: &Bytes) -> Result<()> {
    match case.work {
        Work::Small => client.small(id).await,
        Work::Blob => client.blob(data).await,
        Work::Stream => client.stream(case.messages(), case.size as u32).await,
        Work::Sleep => client.sleep(case.size as u32).await,
        Work::Idle | Work::Handshake => bail!("{} is no call", case.work),
    }
}

/// The payload of so many bytes.
pub(crate) fn blob(len: usize) -> Bytes {
    (0..len).map(|i| (i * 31 + 7) as u8).collect()
}

/// Messages of streams that came in, of all calls of this process.
static MESSAGES: AtomicU64 = AtomicU64::new(0);

/// Notes that so many messages of streams came in.
pub(crate) fn count(messages: u64) {
    MESSAGES.fetch_add(messages, Ordering::Relaxed);
}

fn counted() -> u64 {
    MESSAGES.load(Ordering::SeqCst)
}
