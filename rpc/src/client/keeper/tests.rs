//! Coming back, in virtual time.

use std::io;
use std::sync::{Mutex, MutexGuard};

use countersign_proto::{Code, Connection, Limits};
use tokio::task::yield_now;
use tokio::time::{advance, timeout};

use super::*;
use crate::client::ClientState;
use crate::context;
use crate::link::End as _;
use crate::link::client::{ClientEnd, pair};
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
        end.authenticated(Arc::new(context::Context::of_a_test().peer().clone()));
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

    fn vanishes(mut self) {
        self.end.end(ConnectionError::Cut);
    }
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
