//! A server that does what a script says, for stories about what a client makes of it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use countersign::{Code, Limits, Status};
use countersign_proto::{Connection, Event};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::forge::Forge;

/// What to do with a call.
#[derive(Debug, Clone)]
pub enum Line {
    /// Answer it with this.
    Answer(Vec<u8>),
    /// Send this item, and go on.
    Begin(Vec<u8>, Box<Line>),
    /// End it with this.
    Fail(Status),
    /// Send this as an item, whatever the procedure.
    Item(Vec<u8>),
    /// Cut the connection.
    Cut,
    /// Say that the server goes away, and let the call wait for ever.
    GoAway,
}

/// One attempt of a call, as the server saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The bytes of the arguments.
    pub arguments: Vec<u8>,
    /// What was left until its deadline.
    pub time_left: Duration,
}

/// A server on loopback that plays a script.
pub struct Script {
    /// Where it listens: `localhost:PORT`.
    pub address: String,
    seen: Arc<Mutex<Vec<Attempt>>>,
    _playing: JoinSet<()>,
}

impl Script {
    /// Plays `line` for each call, which is told how many there were before it.
    pub async fn play(forge: &Forge, line: impl Fn(usize) -> Line + Send + Sync + 'static) -> Self {
        let mut config = forge.sign(forge.leaf()).server(b"countersign/1");
        config.send_tls13_tickets = 0;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("localhost:{}", listener.local_addr().expect("it listens").port());
        let seen = Seen::default();
        let mut playing = JoinSet::new();
        let lines: Lines = Arc::new(line);
        playing.spawn(accept(listener, acceptor, lines, Arc::clone(&seen)));
        Self { address, seen, _playing: playing }
    }

    /// The attempts that have arrived so far.
    pub fn seen(&self) -> Vec<Attempt> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

type Lines = Arc<dyn Fn(usize) -> Line + Send + Sync>;
type Seen = Arc<Mutex<Vec<Attempt>>>;

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, lines: Lines, seen: Seen) {
    let mut conversations = JoinSet::new();
    loop {
        let (tcp, _) = listener.accept().await.expect("a client");
        let (acceptor, lines, seen) = (acceptor.clone(), lines.clone(), seen.clone());
        conversations.spawn(async move {
            // A client that leaves in the middle is no failure of the story.
            if let Ok(tls) = acceptor.accept(tcp).await {
                let _ = converse(tls, lines, seen).await;
            }
        });
    }
}

async fn converse(mut tls: TlsStream<TcpStream>, lines: Lines, seen: Seen) -> std::io::Result<()> {
    let mut proto = Connection::<()>::server(Limits::default(), "script", None, Instant::now());
    let mut inbox = Vec::new();
    loop {
        tls.write_all(&proto.take_outbox()).await?;
        if tls.read_buf(&mut inbox).await? == 0 {
            return Ok(());
        }
        loop {
            let now = Instant::now();
            let received = proto.receive(now, &inbox).expect("the client keeps to the protocol");
            let taken = received.taken;
            if let Some(Event::Opened(opened)) = received.event {
                let attempt =
                    Attempt { arguments: opened.arguments.to_vec(), time_left: opened.deadline - now };
                let id = opened.id;
                let number = {
                    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                    seen.push(attempt);
                    seen.len() - 1
                };
                let mut line = lines(number);
                while let Line::Begin(item, next) = line {
                    proto.send(id, &item).expect("the client has room for an item");
                    line = *next;
                }
                match line {
                    Line::Begin(..) => unreachable!("they have been sent"),
                    Line::Answer(result) => proto.reply(id, Ok(&result)),
                    Line::Fail(status) => proto.reply(id, Err(&status)),
                    Line::Item(item) => drop(proto.send(id, &item)),
                    Line::GoAway => proto.go_away(Code::Unavailable, "as the script says"),
                    Line::Cut => return Ok(()),
                }
            }
            if taken == 0 {
                break;
            }
            inbox.drain(..taken);
        }
    }
}
