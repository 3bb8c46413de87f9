//! Coming back, in virtual time.

use std::io;
use std::sync::{Mutex, MutexGuard};
use std::task::Waker;

use countersign_proto::{Code, Connection, Limits};
use tokio::task::yield_now;
use tokio::time::{advance, timeout};

use super::*;
use crate::client::ClientState;
use crate::context;
use crate::link::client::{ClientEnd, pair};
use crate::link::{End as _, Wish};
use crate::link::{Lapse, Tenure};
use crate::tls::Refusal;

const ADDRESS: &str = "ledger:7443";

/// What comes of the attempts to connect, and when they were made.
#[derive(Clone, Default)]
struct Stage(Arc<Mutex<Played>>);

#[derive(Default)]
struct Played {
    /// An attempt fails if there is something here, and this is how.
    obstacle: Option<fn() -> ConnectError>,
    attempts: Vec<Instant>,
    /// When the connections that are made are to be replaced.
    due: Option<std::time::Instant>,
    servers: Vec<ServerSide>,
}

/// The far end of a connection that has no network in it.
struct ServerSide {
    end: ClientEnd,
    proto: Connection<()>,
}

impl Stage {
    fn played(&self) -> MutexGuard<'_, Played> {
        self.0.lock().unwrap()
    }

    fn obstacle(&self, obstacle: Option<fn() -> ConnectError>) {
        self.played().obstacle = obstacle;
    }

    /// The server of the latest connection.
    fn server(&self) -> ServerSide {
        self.played().servers.pop().expect("a connection")
    }

    fn attempts(&self) -> usize {
        self.played().attempts.len()
    }

    /// The times between the attempts.
    fn waits(&self) -> Vec<Duration> {
        self.played().attempts.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }
}

impl Way for Stage {
    const LEADS_BACK: bool = true;

    async fn connect(&mut self) -> Result<Arc<Handle>, ConnectError> {
        let mut played = self.played();
        played.attempts.push(Instant::now());
        if let Some(obstacle) = played.obstacle {
            return Err(obstacle());
        }
        let (link, end) = pair(Limits::default(), "client");
        let tenure = Tenure { due: played.due, end: far_off(), why: Lapse::Expired("server") };
        end.authenticated(Arc::new(context::Context::of_a_test().peer().clone()), tenure);
        let proto = Connection::server(Limits::default(), "server", None, std::time::Instant::now());
        let mut server = ServerSide { end, proto };
        server.speak();
        played.servers.push(server);
        Ok(link)
    }
}

impl ServerSide {
    /// What the server has to say arrives.
    fn speak(&mut self) {
        let bytes = self.proto.take_outbox();
        let mut heard = 0;
        while heard < bytes.len() {
            heard +=
                self.end.receive(std::time::Instant::now(), &bytes[heard..]).expect("a good server").taken;
        }
    }

    fn goes_away(&mut self, code: Code) {
        self.proto.go_away(code, "as the test says");
        self.speak();
    }

    /// Time passes for the client's end of it.
    fn lets_pass(&mut self, until: std::time::Instant) {
        self.end.handle_timeout(until).expect("it goes on");
    }

    /// The client has something to say, and the driver takes it.
    fn listens(&mut self) -> Wish {
        let wish = self.end.collect(Waker::noop());
        let mut bytes = Vec::new();
        self.end.take_outbox(&mut bytes);
        let mut heard = 0;
        while heard < bytes.len() {
            let received =
                self.proto.receive(std::time::Instant::now(), &bytes[heard..]).expect("a good client");
            heard += received.taken;
        }
        wish
    }

    fn vanishes(mut self) {
        self.end.end(ConnectionError::Cut);
    }
}

fn far_off() -> std::time::Instant {
    std::time::Instant::now() + Duration::from_secs(1_000_000)
}

fn unreachable() -> ConnectError {
    ConnectError::Unreachable { address: ADDRESS.to_owned(), source: io::ErrorKind::ConnectionRefused.into() }
}

fn not_tls() -> ConnectError {
    ConnectError::Refused { address: ADDRESS.to_owned(), refusal: Refusal::NotTls }
}

fn keeping(stage: &Stage) -> Post {
    let post = Post::new(ADDRESS);
    tokio::spawn(keep(stage.clone(), None, post.clone()));
    post
}

/// Waits for it in virtual time, of which an hour has to do.
async fn until(post: &Post, stands: impl Fn(&ClientState) -> bool) -> ClientState {
    let mut board = post.board.subscribe();
    let told = board.wait_for(|board| stands(&board.standing.told()));
    let told = timeout(Duration::from_secs(3_600), told).await;
    told.expect("within an hour").expect("the task lives").standing.told()
}

fn is_connected(state: &ClientState) -> bool {
    matches!(state, ClientState::Connected { .. })
}

#[tokio::test(start_paused = true)]
async fn attempts_become_rarer_while_nobody_is_there() {
    let stage = Stage::default();
    stage.obstacle(Some(unreachable));
    let post = keeping(&stage);
    let state = until(&post, |state| matches!(state, ClientState::Waiting { failed: 12, .. })).await;
    let waits = stage.waits();
    for (failed, wait) in waits.iter().enumerate() {
        let longest = CONNECTING.wait(failed as u32 + 1, 1.0);
        assert!(longest / 2 <= *wait && *wait <= longest + Duration::from_millis(2), "{failed}: {wait:?}");
    }
    assert!(waits[10] > 40 * waits[0]);
    let ClientState::Waiting { until, error, .. } = state else { panic!("it was waited for") };
    assert!(Instant::from_std(until) - Instant::now() <= CONNECTING.longest);
    assert!(matches!(*error, ConnectError::Unreachable { .. }));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_for_a_person_is_not_hammered() {
    let stage = Stage::default();
    stage.obstacle(Some(not_tls));
    let post = keeping(&stage);
    until(&post, |state| matches!(state, ClientState::Waiting { failed: 4, .. })).await;
    assert!(stage.waits().into_iter().all(|wait| REFUSED.longest / 2 <= wait));
}

#[tokio::test(start_paused = true)]
async fn a_sound_connection_that_is_lost_is_made_again_at_once() {
    let stage = Stage::default();
    let post = keeping(&stage);
    until(&post, is_connected).await;
    advance(SOUND_AFTER).await;
    let lost = Instant::now();
    stage.server().vanishes();
    until(&post, |state| is_connected(state) && stage.attempts() == 2).await;
    assert_eq!(lost, Instant::now());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_accepts_and_hangs_up_is_not_dialled_in_a_loop() {
    let stage = Stage::default();
    let post = keeping(&stage);
    for _ in 0..8 {
        until(&post, is_connected).await;
        stage.server().vanishes();
        until(&post, |state| !is_connected(state)).await;
    }
    let waits = stage.waits();
    assert!(waits[0] >= CONNECTING.first / 2 && waits[6] > 10 * waits[0], "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn whoever_cannot_wait_need_not() {
    let stage = Stage::default();
    stage.obstacle(Some(not_tls));
    let post = keeping(&stage);
    until(&post, |state| matches!(state, ClientState::Waiting { .. })).await;
    let asked = Instant::now();
    stage.obstacle(None);
    // It is waiting, but may not have begun to listen.
    yield_now().await;
    post.now.notify_waiters();
    until(&post, is_connected).await;
    assert_eq!(asked, Instant::now());
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_was_idle_is_made_again_when_it_is_needed() {
    let stage = Stage::default();
    let post = keeping(&stage);
    until(&post, is_connected).await;
    advance(Duration::from_secs(300)).await;
    stage.server().goes_away(Code::Ok);
    until(&post, |state| matches!(state, ClientState::Idle)).await;
    advance(Duration::from_secs(300)).await;
    assert_eq!(stage.attempts(), 1);
    post.board.send_if_modified(Board::wake);
    until(&post, is_connected).await;
    assert_eq!(stage.attempts(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stops_is_followed_by_the_next_one() {
    let stage = Stage::default();
    let post = keeping(&stage);
    until(&post, is_connected).await;
    advance(SOUND_AFTER).await;
    stage.server().goes_away(Code::Unavailable);
    until(&post, |state| is_connected(state) && stage.attempts() == 2).await;
}

/// A connection that is due for the next one, by the clock that its driver has.
async fn due(stage: &Stage, post: &Post) -> (ServerSide, Arc<Handle>) {
    let due = std::time::Instant::now() + Duration::from_secs(30);
    stage.played().due = Some(due);
    until(post, is_connected).await;
    let link = post.board.borrow().link().cloned().expect("it is connected");
    let mut server = stage.server();
    server.listens();
    stage.played().due = None;
    server.lets_pass(due - Duration::from_secs(1));
    yield_now().await;
    assert_eq!(stage.attempts(), 1);
    server.lets_pass(due);
    (server, link)
}

#[tokio::test(start_paused = true)]
async fn the_next_connection_takes_the_place_of_one_that_is_due() {
    let stage = Stage::default();
    let post = keeping(&stage);
    let mut states = post.board.subscribe();
    let (mut server, old) = due(&stage, &post).await;
    states.mark_unchanged();
    states.changed().await.expect("the task lives");
    assert!(is_connected(&states.borrow_and_update().standing.told()), "calls always have a connection");
    assert_eq!(stage.attempts(), 2);
    assert!(matches!(old.leaving().as_deref(), Some(ConnectionError::ClosedHere)));
    assert!(matches!(server.listens(), Wish::Close), "there was no call on it");
    advance(Duration::from_secs(3_600)).await;
    assert_eq!(stage.attempts(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_due_goes_on_while_there_is_no_other() {
    let stage = Stage::default();
    let post = keeping(&stage);
    let mut states = post.board.subscribe();
    let (server, old) = due(&stage, &post).await;
    stage.obstacle(Some(unreachable));
    states.mark_unchanged();
    while stage.attempts() < 5 {
        advance(Duration::from_millis(50)).await;
    }
    assert!(!states.has_changed().expect("the task lives"), "nobody has to know");
    assert!(old.leaving().is_none());
    stage.obstacle(None);
    timeout(Duration::from_secs(60), states.changed()).await.expect("it is there").expect("the task lives");
    assert!(old.leaving().is_some());
    drop(server);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_due_may_end_before_there_is_another() {
    let stage = Stage::default();
    let post = keeping(&stage);
    let (server, _) = due(&stage, &post).await;
    stage.obstacle(Some(unreachable));
    yield_now().await;
    server.vanishes();
    until(&post, |state| matches!(state, ClientState::Waiting { .. })).await;
    stage.obstacle(None);
    until(&post, is_connected).await;
}
