//! Calls that go well, and calls that do not.

use std::time::Duration;

use countersign::{CallError, Client, Code, ConnectionError, HandlerRan};
use countersign_tests::{Clerk, DeskClient, DeskServer, Office, Running, soon};

async fn desk(clerk: &Clerk) -> (Running, DeskClient) {
    let office = Office::of("test.internal");
    let running = Running::desk(office.server("desk", &["localhost"]), clerk).await;
    let client = running.connect(office.client("alice")).await.expect("a good client");
    (running, DeskClient::new(client))
}

#[tokio::test]
async fn both_sides_know_who_the_other_is() {
    let office = Office::of("test.internal");
    let running = Running::desk(office.server("desk", &["localhost"]), &Clerk::default()).await;
    let client = running.connect(office.client("alice")).await.expect("a good client");
    let server = client.peer().expect("it is connected");
    assert_eq!(server.id().to_string(), "spiffe://test.internal/desk");
    assert_eq!(server.key_exchange(), "X25519MLKEM768");
    assert_eq!(server.cipher(), "TLS13_AES_256_GCM_SHA384");
    assert_eq!(DeskClient::new(client).whoami().await.expect("an answer"), "spiffe://test.internal/alice");
}

#[tokio::test]
async fn many_calls_at_once_each_get_their_own_answer() {
    let (_running, desk) = desk(&Clerk::default()).await;
    let calls: Vec<_> = (0..500)
        .map(|number| {
            let desk = desk.clone();
            tokio::spawn(async move { (number, desk.echo(number.to_string()).await) })
        })
        .collect();
    for call in calls {
        let (number, answer) = call.await.expect("no panic");
        assert_eq!(answer.expect("an answer"), number.to_string());
    }
}

#[tokio::test]
async fn a_message_of_megabytes_arrives_whole() {
    let (_running, desk) = desk(&Clerk::default()).await;
    let text = "x".repeat(3 << 20);
    assert!(desk.echo(text.as_str()).await.expect("an answer") == text);
}

#[tokio::test]
async fn a_message_over_the_limit_fails_its_call_alone() {
    let (_running, desk) = desk(&Clerk::default()).await;
    let error = desk.echo("x".repeat(5 << 20)).await.expect_err("over 4 MiB");
    assert_eq!(error.code(), Some(Code::ResourceExhausted));
    assert_eq!(desk.echo("still here").await.expect("an answer"), "still here");
}

#[tokio::test]
async fn a_handler_that_panics_ends_its_call_and_nothing_else() {
    let (_running, desk) = desk(&Clerk::default()).await;
    let CallError::Status(status) = desk.panic().await.expect_err("it panics") else { panic!() };
    assert_eq!((status.code, status.handler_ran), (Code::Internal, HandlerRan::Yes));
    assert!(!status.message.contains("on purpose"), "{status}");
    assert_eq!(desk.echo("still here").await.expect("an answer"), "still here");
}

#[tokio::test]
async fn a_procedure_that_is_not_there_is_unimplemented() {
    let office = Office::of("test.internal");
    let running = Running::desk(office.server("desk", &["localhost"]), &Clerk::default()).await;
    let client = running.connect(office.client("alice")).await.expect("a good client");
    let CallError::Status(status) = client.call_raw("test.Desk/nap", vec![0xa0]).await.expect_err("none")
    else {
        panic!()
    };
    assert_eq!((status.code, status.handler_ran), (Code::Unimplemented, HandlerRan::No));
}

#[tokio::test]
async fn arguments_that_do_not_fit_fail_the_call_with_their_name() {
    let office = Office::of("test.internal");
    let running = Running::desk(office.server("desk", &["localhost"]), &Clerk::default()).await;
    let client = running.connect(office.client("alice")).await.expect("a good client");
    let number_for_text = vec![0xa1, 0x64, b't', b'e', b'x', b't', 0x01];
    for (arguments, named) in [(vec![0xa0], "text"), (number_for_text, "text"), (vec![0x01], "map")] {
        let error = client.call_raw("test.Desk/echo", arguments).await.expect_err("not the arguments");
        assert_eq!(error.code(), Some(Code::InvalidArgument));
        assert!(error.to_string().contains(named), "{error}");
    }
}

#[tokio::test]
async fn a_call_that_is_dropped_stops_its_handler() {
    let clerk = Clerk::default();
    let (_running, desk) = desk(&clerk).await;
    let call = tokio::spawn({
        let desk = desk.clone();
        async move { desk.wait().await }
    });
    soon("the call", clerk.arrived()).await;
    call.abort();
    soon("the end of the handler", clerk.left()).await;
}

#[tokio::test]
async fn a_timeout_ends_the_call_on_both_sides() {
    let clerk = Clerk::default();
    let (_running, desk) = desk(&clerk).await;
    let error = desk.wait().timeout(Duration::from_millis(50)).await.expect_err("nobody answers");
    assert!(matches!(error, CallError::Deadline(_)), "{error}");
    soon("the end of the handler", clerk.left()).await;
}

#[tokio::test]
async fn a_client_that_leaves_stops_its_handlers() {
    let clerk = Clerk::default();
    let (_running, desk) = desk(&clerk).await;
    let call = tokio::spawn(async move { desk.wait().await });
    soon("the call", clerk.arrived()).await;
    call.abort();
    soon("the end of the handler", clerk.left()).await;
}

#[tokio::test]
async fn a_server_that_stops_lets_open_calls_end() {
    let clerk = Clerk::default();
    let (running, desk) = desk(&clerk).await;
    let call = tokio::spawn({
        let desk = desk.clone();
        async move { desk.wait().await }
    });
    soon("the call", clerk.arrived()).await;
    let stopping = running.stop();
    clerk.answer(17);
    assert_eq!(soon("the answer", call).await.expect("no panic").expect("an answer"), 17);
    assert_eq!(soon("the stop", stopping).await.expect("no panic").connections_cut, 0);
    let error = desk.echo("too late").fail_fast().await.expect_err("the server has stopped");
    assert_eq!(error.code(), Some(Code::Unavailable));
}

#[tokio::test]
async fn a_server_that_stops_cuts_what_does_not_end_within_the_grace() {
    let clerk = Clerk::default();
    let office = Office::of("test.internal");
    let credentials = office.server("desk", &["localhost"]);
    let builder = countersign::Server::builder(credentials, countersign::Policy::any_trusted_peer());
    let builder = builder.service(DeskServer::new(clerk.clone())).grace(Duration::from_millis(20));
    let running = Running::start(builder).await;
    let desk = DeskClient::new(running.connect(office.client("alice")).await.expect("a good client"));
    let call = tokio::spawn(async move { desk.wait().await });
    soon("the call", clerk.arrived()).await;
    let stopped = soon("the stop", running.stop()).await.expect("no panic");
    assert_eq!((stopped.connections_cut, stopped.calls_cut), (1, 1));
    let error = soon("the end of the call", call).await.expect("no panic").expect_err("it was cut");
    assert!(matches!(error, CallError::Lost(_)), "{error}");
    soon("the end of the handler", clerk.left()).await;
}

#[tokio::test]
async fn a_client_learns_at_once_that_its_server_is_gone() {
    let (running, desk) = desk(&Clerk::default()).await;
    assert_eq!(desk.echo("here").await.expect("an answer"), "here");
    soon("the stop", running.stop()).await.expect("no panic");
    let error = desk.echo("gone?").fail_fast().await.expect_err("the server has stopped");
    assert_eq!(error.code(), Some(Code::Unavailable));
}

#[tokio::test]
async fn a_client_that_is_closed_says_so() {
    let office = Office::of("test.internal");
    let running = Running::desk(office.server("desk", &["localhost"]), &Clerk::default()).await;
    let client: Client = running.connect(office.client("alice")).await.expect("a good client");
    client.close();
    let reason = soon("the end", client.closed()).await;
    assert!(matches!(*reason, ConnectionError::ClosedHere), "{reason}");
}

#[tokio::test]
async fn a_unit_test_of_a_user_needs_one_line() {
    let desk = DeskClient::in_process(Clerk::default());
    assert_eq!(desk.whoami().await.expect("an answer"), "spiffe://test.internal/client");
}

#[tokio::test]
async fn a_server_takes_a_socket_that_is_there_already() {
    let office = Office::of("test.internal");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("localhost:{}", listener.local_addr().expect("it listens").port());
    let credentials = office.server("desk", &["localhost"]);
    let builder = countersign::Server::builder(credentials, countersign::Policy::any_trusted_peer());
    let server = builder.service(DeskServer::new(Clerk::default())).serve(listener).expect("a good server");
    tokio::spawn(server.run_until(std::future::pending::<()>()));
    let client = Client::builder(office.client("alice")).connect(&address).await.expect("a good client");
    assert_eq!(DeskClient::new(client).echo("here").await.expect("an answer"), "here");
}

/// A service that would pass for a built-in one.
#[countersign::service(package = "countersign.evil")]
trait Impostor {
    /// Nothing.
    async fn get(&self, cx: &countersign::Context) -> Result<(), countersign::Status>;
}

struct Evil;

impl Impostor for Evil {
    async fn get(&self, _: &countersign::Context) -> Result<(), countersign::Status> {
        Ok(())
    }
}

#[tokio::test]
async fn nobody_serves_under_the_name_of_a_built_in_service() {
    let credentials = Office::of("test.internal").server("desk", &["localhost"]);
    let builder = countersign::Server::builder(credentials, countersign::Policy::any_trusted_peer());
    let error = builder.service(ImpostorServer::new(Evil)).bind("127.0.0.1:0").await.expect_err("reserved");
    assert!(error.to_string().contains("countersign.evil.Impostor"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_call_is_lost_among_thousands_that_end_in_every_way() {
    let office = Office::of("test.internal");
    let running = Running::desk(office.server("desk", &["localhost"]), &Clerk::default()).await;
    let client = running.connect(office.client("alice")).await.expect("a good client");
    let callers: Vec<_> = (0..32)
        .map(|caller| {
            let desk = DeskClient::new(client.clone());
            tokio::spawn(async move {
                for call in 0..100 {
                    let text = format!("{caller}/{call}");
                    match call % 5 {
                        0 | 1 => assert_eq!(desk.echo(&text).await.expect("an answer"), text),
                        2 => drop(
                            desk.wait().timeout(Duration::from_millis(1)).await.expect_err("nobody answers"),
                        ),
                        3 => drop(desk.echo(&text).timeout(Duration::from_micros(50)).await),
                        // Sent, and dropped at once.
                        _ => tokio::select! {
                            biased;
                            _ = desk.wait() => panic!("nobody answers"),
                            () = tokio::task::yield_now() => {}
                        },
                    }
                }
            })
        })
        .collect();
    for caller in callers {
        soon("the end of a caller", caller).await.expect("no panic");
    }
    let connections = countersign::builtin::connections::ConnectionsClient::new(client);
    soon("the end of all handlers", async {
        // The question is itself a call that is open.
        while connections.list(None::<u64>).await.expect("an answer")[0].calls_open > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
