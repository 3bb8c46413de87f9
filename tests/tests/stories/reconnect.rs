//! Servers that restart, vanish and come back, and what becomes of the calls meanwhile.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use countersign::builtin::connections::ConnectionsClient;
use countersign::{
    CallError, Client, ClientState, Code, ConnectError, Credentials, HandlerRan, Limits, Policy, Refusal,
    Server, ServerBuilder, Status,
};
use countersign_tests::forge::Forge;
use countersign_tests::mill::MillClient;
use countersign_tests::script::{Line, Script};
use countersign_tests::{Clerk, DeskClient, DeskServer, Office, Running, soon};
use tokio::sync::mpsc;

/// The text `again`, as an answer.
const AGAIN: &[u8] = b"\x65again";

fn desk(office: &Office, clerk: &Clerk) -> ServerBuilder {
    let credentials = office.server("desk", &["localhost"]);
    Server::builder(credentials, Policy::any_trusted_peer()).service(DeskServer::new(clerk.clone()))
}

/// Waits until a client stands so with its server.
async fn until(client: &Client, stands: impl Fn(&ClientState) -> bool) -> ClientState {
    let mut states = client.states();
    soon("the state", async {
        loop {
            let state = states.next().await.expect("the client lives");
            if stands(&state) {
                return state;
            }
        }
    })
    .await
}

/// What comes of it without waiting.
async fn now_or_later<F: Future>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

fn is_connected(state: &ClientState) -> bool {
    matches!(state, ClientState::Connected { .. })
}

#[tokio::test]
async fn a_call_waits_while_its_server_restarts() {
    let (office, clerk) = (Office::of("test.internal"), Clerk::default());
    let running = Running::start(desk(&office, &clerk)).await;
    let address = running.address;
    let client = running.connect(office.client("alice")).await.expect("a good client");
    soon("the stop", running.stop()).await.expect("no panic");
    until(&client, |state| !is_connected(state)).await;
    let call = tokio::spawn({
        let desk = DeskClient::new(client.clone());
        async move { desk.echo("there you are").await }
    });
    let _again = Running::start_at(address, desk(&office, &clerk)).await;
    assert_eq!(soon("the answer", call).await.expect("no panic").expect("an answer"), "there you are");
    assert!(is_connected(&client.state()));
}

#[tokio::test]
async fn a_call_that_fails_fast_does_not_wait() {
    let (office, clerk) = (Office::of("test.internal"), Clerk::default());
    let running = Running::start(desk(&office, &clerk)).await;
    let client = running.connect(office.client("alice")).await.expect("a good client");
    let name = running.name();
    soon("the stop", running.stop()).await.expect("no panic");
    let error = DeskClient::new(client).echo("hello?").fail_fast().await.expect_err("nobody is there");
    assert!(matches!(error, CallError::NotConnected(_)), "{error}");
    assert_eq!((error.code(), error.handler_ran()), (Some(Code::Unavailable), HandlerRan::No));
    assert!(error.is_retryable() && error.to_string().contains(&name), "{error}");
    let impatient =
        Client::builder(office.client("alice")).fail_fast().connect_lazy(&name).expect("an address");
    let error =
        soon("the end", DeskClient::new(impatient).echo("hello?")).await.expect_err("nobody is there");
    let CallError::NotConnected(reason) = error else { panic!("{error}") };
    assert!(matches!(*reason, ConnectError::Unreachable { .. }), "{reason}");
}

#[tokio::test]
async fn a_call_waits_for_a_connection_no_longer_than_its_deadline() {
    let office = Office::of("test.internal");
    let unheard = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = unheard.local_addr().expect("it listens").to_string();
    drop(unheard);
    let client = Client::builder(office.client("alice")).connect_lazy(&address).expect("an address");
    let error = DeskClient::new(client).echo("hello?").timeout(Duration::from_millis(20)).await;
    let error = error.expect_err("nobody is there");
    assert!(matches!(error, CallError::NotConnected(_)), "{error}");
    assert_eq!(error.handler_ran(), HandlerRan::No);
}

#[tokio::test]
async fn a_lazy_client_needs_no_server_until_it_calls() {
    let (office, clerk) = (Office::of("test.internal"), Clerk::default());
    let before = Running::start(desk(&office, &clerk)).await;
    let (address, name) = (before.address, before.name());
    soon("the stop", before.stop()).await.expect("no panic");
    let client = Client::builder(office.client("alice")).connect_lazy(&name).expect("an address");
    assert!(client.peer().is_none() && client.server_software().is_none());
    let _running = Running::start_at(address, desk(&office, &clerk)).await;
    let desk = DeskClient::new(client.clone());
    assert_eq!(soon("the answer", desk.echo("first")).await.expect("an answer"), "first");
    assert_eq!(client.peer().expect("it is connected").id().to_string(), "spiffe://test.internal/desk");
    let error = Client::builder(office.client("alice")).connect_lazy("localhost").expect_err("no port");
    assert!(matches!(error, ConnectError::Address(_)), "{error}");
}

#[tokio::test]
async fn a_waiting_call_is_told_of_a_refusal_that_waiting_will_not_change() {
    let (office, clerk) = (Office::of("test.internal"), Clerk::default());
    let running = Running::start(desk(&office, &clerk)).await;
    let address = running.address;
    let client = running.connect(office.client("alice")).await.expect("a good client");
    soon("the stop", running.stop()).await.expect("no panic");
    let call = tokio::spawn({
        let desk = DeskClient::new(client.clone());
        async move { desk.echo("is it still you?").await }
    });
    let _impostor = Running::start_at(address, desk(&Office::of("test.internal"), &clerk)).await;
    let error = soon("the refusal", call).await.expect("no panic").expect_err("another authority");
    let CallError::NotConnected(reason) = &error else { panic!("{error}") };
    assert!(matches!(**reason, ConnectError::Refused { refusal: Refusal::UnknownAuthority, .. }), "{reason}");
    assert!(!error.is_retryable() && !error.to_string().contains('\n'));
    let ClientState::Waiting { until, .. } = until(&client, |_| true).await else {
        panic!("it does not hammer")
    };
    assert!(Duration::from_secs(10) < until.saturating_duration_since(std::time::Instant::now()));
}

#[tokio::test]
async fn a_refused_client_says_why_the_server_probably_refused_it() {
    let forge = Forge::of("test.internal");
    let running = Running::desk(forge.credentials(forge.leaf()), &Clerk::default()).await;
    let expired = Client::builder(forge.credentials(forge.leaf().expired())).connect_lazy(&running.name());
    let error = DeskClient::new(expired.expect("an address")).echo("hello?");
    let error = soon("the refusal", error).await.expect_err("its time is over").to_string();
    assert!(error.contains("certificate expired on"), "{error}");
}

#[tokio::test]
async fn a_call_that_was_never_started_is_made_again() {
    let forge = Forge::of("test.internal");
    for code in [Code::Unavailable, Code::ResourceExhausted, Code::Aborted] {
        let script = Script::play(&forge, move |number| match number {
            0 | 1 => Line::Fail(Status::new(code, "not now").with_handler_ran(HandlerRan::No)),
            _ => Line::Answer(AGAIN.to_vec()),
        })
        .await;
        let client = Client::builder(forge.credentials(forge.leaf())).connect(&script.address).await;
        let client = client.expect("a good server");
        let desk = DeskClient::new(client.clone());
        assert_eq!(soon("the answer", desk.echo("same")).await.expect("an answer"), "again");
        let seen = script.seen();
        assert_eq!((seen.len(), client.retries()), (3, 2));
        assert!(seen.iter().all(|attempt| attempt.arguments == seen[0].arguments));
    }
}

#[tokio::test]
async fn every_attempt_of_a_call_has_what_is_left_of_its_deadline() {
    const PAUSE: Duration = Duration::from_millis(20);
    let forge = Forge::of("test.internal");
    let mut busy = Status::new(Code::Unavailable, "not now").with_handler_ran(HandlerRan::No);
    busy.retry_after_ms = Some(20);
    let script = Script::play(&forge, move |number| match number {
        0..3 => Line::Fail(busy.clone()),
        _ => Line::Answer(AGAIN.to_vec()),
    })
    .await;
    let client = Client::builder(forge.credentials(forge.leaf())).connect(&script.address).await;
    let desk = DeskClient::new(client.expect("a good server"));
    let timeout = Duration::from_secs(30);
    desk.echo("same").timeout(timeout).await.expect("an answer");
    let seen = script.seen();
    assert!(seen.len() == 4 && seen[0].time_left <= timeout);
    assert!(seen.windows(2).all(|pair| pair[1].time_left + PAUSE <= pair[0].time_left), "{seen:?}");
}

#[tokio::test]
async fn a_server_says_when_to_come_back() {
    let forge = Forge::of("test.internal");
    let mut busy = Status::new(Code::ResourceExhausted, "not now").with_handler_ran(HandlerRan::No);
    busy.retry_after_ms = Some(60_000);
    let script = Script::play(&forge, move |_| Line::Fail(busy.clone())).await;
    let client = Client::builder(forge.credentials(forge.leaf())).connect(&script.address).await;
    let desk = DeskClient::new(client.expect("a good server"));
    // It would be over before the server takes it: nothing is gained by waiting.
    let call = desk.echo("same").timeout(Duration::from_secs(30));
    let error = soon("the end", call).await.expect_err("not within the deadline");
    assert_eq!((error.code(), script.seen().len()), (Some(Code::ResourceExhausted), 1));
}

#[tokio::test]
async fn what_is_idempotent_is_called_again_after_its_connection_was_lost() {
    let forge = Forge::of("test.internal");
    let line = |number| if number == 0 { Line::Cut } else { Line::Answer(AGAIN.to_vec()) };
    for idempotent in [true, false] {
        let script = Script::play(&forge, line).await;
        let client = Client::builder(forge.credentials(forge.leaf())).connect(&script.address).await;
        let call = client.expect("a good server").call_raw("test.Desk/echo", vec![0xa0]);
        match (idempotent, soon("the end", if idempotent { call.idempotent() } else { call }).await) {
            (true, outcome) => assert_eq!(outcome.expect("an answer").payload, AGAIN),
            (false, outcome) => {
                let error = outcome.expect_err("it may have run");
                assert!(matches!(error, CallError::Lost(_)), "{error}");
            }
        }
        assert_eq!(script.seen().len(), if idempotent { 2 } else { 1 });
    }
}

#[tokio::test]
async fn what_may_have_run_is_called_again_only_if_it_is_idempotent() {
    let forge = Forge::of("test.internal");
    for ran in [HandlerRan::Yes, HandlerRan::Unknown] {
        let line = move |number| match number {
            0 => Line::Fail(Status::new(Code::Unavailable, "sorry").with_handler_ran(ran)),
            _ => Line::Answer(AGAIN.to_vec()),
        };
        for idempotent in [true, false] {
            let script = Script::play(&forge, line).await;
            let client = Client::builder(forge.credentials(forge.leaf())).connect(&script.address).await;
            let call = client.expect("a good server").call_raw("test.Desk/echo", vec![0xa0]);
            let outcome = soon("the end", if idempotent { call.idempotent() } else { call }).await;
            assert_eq!(outcome.is_ok(), idempotent);
        }
    }
}

#[tokio::test]
async fn what_fails_again_and_again_is_called_five_times_and_no_more() {
    let forge = Forge::of("test.internal");
    let sorry = Status::new(Code::Unavailable, "sorry").with_handler_ran(HandlerRan::Yes);
    let script = Script::play(&forge, move |_| Line::Fail(sorry.clone())).await;
    let client = Client::builder(forge.credentials(forge.leaf())).connect(&script.address).await;
    let call = client.expect("a good server").call_raw("test.Desk/echo", vec![0xa0]).idempotent();
    let error = soon("the end", call).await.expect_err("it never goes well");
    assert_eq!((error.code(), script.seen().len()), (Some(Code::Unavailable), 5));
}

#[tokio::test]
async fn a_stream_that_was_never_started_is_opened_again() {
    let forge = Forge::of("test.internal");
    let script = Script::play(&forge, |number| match number {
        0 => Line::Fail(Status::new(Code::Unavailable, "not now").with_handler_ran(HandlerRan::No)),
        _ => Line::Begin(vec![7], Box::new(Line::Answer(vec![1]))),
    })
    .await;
    let client = Client::builder(forge.credentials(forge.leaf())).connect(&script.address).await;
    let mill = MillClient::new(client.expect("a good server"));
    let mut numbers = mill.count(1).await.expect("it is on its way");
    assert_eq!(soon("the item", numbers.next()).await.expect("an item"), Some(7));
    assert_eq!(soon("the last item", numbers.next()).await.expect("no item"), None);
    assert_eq!((numbers.finish().await.expect("a result"), script.seen().len()), (1, 2));
}

#[tokio::test]
async fn a_stream_that_has_brought_an_item_is_not_opened_again() {
    let forge = Forge::of("test.internal");
    let script = Script::play(&forge, |_| {
        let end = Status::new(Code::Unavailable, "sorry").with_handler_ran(HandlerRan::No);
        Line::Begin(vec![7], Box::new(Line::Fail(end)))
    })
    .await;
    let client = Client::builder(forge.credentials(forge.leaf())).connect(&script.address).await;
    let mill = MillClient::new(client.expect("a good server"));
    let mut numbers = mill.count(1).await.expect("it is on its way");
    assert_eq!(soon("the item", numbers.next()).await.expect("an item"), Some(7));
    for _ in 0..2 {
        let error = soon("the end", numbers.next()).await.expect_err("it ended too early");
        assert_eq!((error.code(), script.seen().len()), (Some(Code::Unavailable), 1));
    }
}

#[tokio::test]
async fn retries_of_what_may_have_run_keep_within_their_budget() {
    const CALLS: usize = 300;
    let forge = Forge::of("test.internal");
    let script = Script::play(&forge, |_| Line::Fail(Status::new(Code::Unavailable, "sorry"))).await;
    let client = Client::builder(forge.credentials(forge.leaf())).connect(&script.address).await;
    let client = client.expect("a good server");
    let calls: Vec<_> = (0..CALLS)
        .map(|_| tokio::spawn(client.call_raw("test.Desk/echo", vec![0xa0]).idempotent()))
        .collect();
    for call in calls {
        let error = soon("the end", call).await.expect("no panic").expect_err("it never works");
        assert_eq!(error.code(), Some(Code::Unavailable));
    }
    let retries = script.seen().len() - CALLS;
    // What a new client may spend, and a tenth of its calls.
    assert!((100..=150).contains(&retries), "{retries}");
    assert_eq!(client.retries(), retries as u64);
}

#[tokio::test]
async fn a_server_that_goes_away_keeps_its_calls_and_gets_no_new_ones() {
    let forge = Forge::of("test.internal");
    let script = Script::play(&forge, |number| match number {
        0 => Line::GoAway,
        _ => Line::Answer(AGAIN.to_vec()),
    })
    .await;
    let client = Client::builder(forge.credentials(forge.leaf())).connect(&script.address).await;
    let client = client.expect("a good server");
    let kept = client.call_raw("test.Desk/wait", vec![0xa0]);
    let mut kept = std::pin::pin!(kept);
    soon("the going-away", async {
        tokio::select! {
            _ = &mut kept => panic!("nobody answers it"),
            _ = async { until(&client, |state| !is_connected(state)).await } => {}
        }
    })
    .await;
    let answer = soon("the answer", client.call_raw("test.Desk/echo", vec![0xa0])).await;
    assert_eq!(answer.expect("over another connection").payload, AGAIN);
    assert!(now_or_later(kept).await.is_none());
}

#[tokio::test]
async fn a_call_over_the_servers_limit_waits_for_its_turn() {
    let (office, clerk) = (Office::of("test.internal"), Clerk::default());
    let limits = Limits { calls_open: 1, ..Limits::default() };
    let running = Running::start(desk(&office, &clerk).limits(limits)).await;
    let desk = DeskClient::new(running.connect(office.client("alice")).await.expect("a good client"));
    let first = tokio::spawn({
        let desk = desk.clone();
        async move { desk.wait().await }
    });
    soon("the first call", clerk.arrived()).await;
    let second = tokio::spawn({
        let desk = desk.clone();
        async move { desk.echo("my turn").await }
    });
    let error = desk.echo("at once").timeout(Duration::from_millis(5)).await.expect_err("there is no room");
    assert_eq!((error.code(), error.handler_ran()), (Some(Code::ResourceExhausted), HandlerRan::No));
    clerk.answer(1);
    assert_eq!(soon("the first answer", first).await.expect("no panic").expect("an answer"), 1);
    assert_eq!(soon("the second", second).await.expect("no panic").expect("an answer"), "my turn");
}

#[tokio::test]
async fn calls_over_the_servers_limit_are_answered_in_the_order_in_which_they_came() {
    let (office, clerk) = (Office::of("test.internal"), Clerk::default());
    let limits = Limits { calls_open: 2, ..Limits::default() };
    let running = Running::start(desk(&office, &clerk).limits(limits)).await;
    let client = running.connect(office.client("alice")).await.expect("a good client");
    let desk = DeskClient::new(client.clone());
    let mut open = [desk.wait(), desk.wait()].map(Box::pin);
    for call in &mut open {
        assert!(now_or_later(call.as_mut()).await.is_none());
        soon("the call", clerk.arrived()).await;
    }
    let mut calls: Vec<_> = (0..500).map(|number| Some(Box::pin(desk.echo(number.to_string())))).collect();
    for call in calls.iter_mut().flatten() {
        assert!(now_or_later(call.as_mut()).await.is_none());
    }
    calls.iter_mut().step_by(7).for_each(|cancelled| *cancelled = None);
    let (answered, mut answers) = mpsc::unbounded_channel();
    for call in calls.into_iter().flatten() {
        let answered = answered.clone();
        tokio::spawn(async move { answered.send(call.await.expect("an answer")) });
    }
    drop(answered);
    clerk.answer(1);
    for number in (0..500).filter(|number| number % 7 != 0) {
        assert_eq!(soon("an answer", answers.recv()).await, Some(number.to_string()));
    }
    assert_eq!(client.retries(), 0, "each was sent once");
}

#[tokio::test]
async fn a_closed_client_stays_closed() {
    let (office, clerk) = (Office::of("test.internal"), Clerk::default());
    let running = Running::start(desk(&office, &clerk)).await;
    let client = running.connect(office.client("alice")).await.expect("a good client");
    client.close();
    client.reconnect_now();
    let error =
        soon("the end", DeskClient::new(client.clone()).echo("hello?")).await.expect_err("it is closed");
    assert!(matches!(error, CallError::NotConnected(_)), "{error}");
    assert!(matches!(client.state(), ClientState::Closed { .. }));
}

#[tokio::test]
async fn a_client_that_is_dropped_does_not_come_back() {
    let (office, clerk) = (Office::of("test.internal"), Clerk::default());
    let running = Running::start(desk(&office, &clerk)).await;
    let client = running.connect(office.client("alice")).await.expect("a good client");
    let mut states = client.states();
    drop(client);
    let end = async { while states.next().await.is_some() {} };
    soon("the end of the client", end).await;
    // Nothing is left to drain.
    assert_eq!(soon("the stop", running.stop()).await.expect("no panic").connections_cut, 0);
}

#[tokio::test]
async fn an_idle_connection_goes_away_and_the_next_call_makes_another() {
    let (office, clerk) = (Office::of("test.internal"), Clerk::default());
    let limits = Limits { idle_limit: Some(Duration::from_millis(20)), ..Limits::default() };
    let running = Running::start(desk(&office, &clerk).limits(limits)).await;
    let client = running.connect(office.client("alice")).await.expect("a good client");
    let desk = DeskClient::new(client.clone());
    for _ in 0..3 {
        let call = desk.echo("still there?");
        assert_eq!(soon("the answer", call).await.expect("an answer"), "still there?");
        until(&client, |state| matches!(state, ClientState::Idle)).await;
    }
}

#[tokio::test]
async fn a_connection_that_is_too_old_keeps_its_calls_and_gets_no_new_ones() {
    let (office, clerk) = (Office::of("test.internal"), Clerk::default());
    let limits = Limits { age_max: Some(Duration::from_millis(20)), ..Limits::default() };
    let running = Running::start(desk(&office, &clerk).limits(limits)).await;
    let client = running.connect(office.client("alice")).await.expect("a good client");
    let waiting = tokio::spawn({
        let desk = DeskClient::new(client.clone());
        async move { desk.wait().await }
    });
    soon("the call", clerk.arrived()).await;
    let connections = ConnectionsClient::new(client);
    soon("a second connection", async {
        while connections.list(None::<u64>).await.expect("an answer").len() < 2 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    clerk.answer(17);
    assert_eq!(soon("the answer", waiting).await.expect("no panic").expect("an answer"), 17);
}

/// Restarts a server again and again under load. Not one call may be lost: each has either run to its end within
/// the grace, or was never started.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_rolling_restart_under_load_loses_no_call() {
    const RESTARTS: u64 = 4;
    const CALLERS: usize = 16;
    let (office, clerk) = (Office::of("test.internal"), Clerk::default());
    let credentials: Credentials = office.server("desk", &["localhost"]);
    let builder = || {
        let builder = Server::builder(credentials.clone(), Policy::any_trusted_peer());
        builder.service(DeskServer::new(clerk.clone()))
    };
    let mut running = Running::start(builder()).await;
    let address = running.address;
    let client = running.connect(office.client("alice")).await.expect("a good client");
    let (answered, stop) = (Arc::new(AtomicU64::new(0)), tokio::sync::watch::Sender::new(false));
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (desk, answered, stop) =
                (DeskClient::new(client.clone()), answered.clone(), stop.subscribe());
            tokio::spawn(async move {
                while !*stop.borrow() {
                    desk.echo("under load").await?;
                    answered.fetch_add(1, Ordering::Relaxed);
                }
                Ok::<(), CallError>(())
            })
        })
        .collect();
    for restart in 1..=RESTARTS {
        soon("calls between the restarts", async {
            while answered.load(Ordering::Relaxed) < 200 * restart {
                tokio::task::yield_now().await;
            }
        })
        .await;
        let stopped = soon("the stop", running.stop()).await.expect("no panic");
        assert_eq!(stopped.connections_cut, 0);
        running = Running::start_at(address, builder()).await;
    }
    stop.send_replace(true);
    for caller in callers {
        soon("the last calls", caller).await.expect("no panic").expect("no call is lost");
    }
}
