//! Calls with streams of items, one way and both.

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use countersign::builtin::connections::ConnectionsClient;
use countersign::call::{ClientStreamCall, ServerStreamCall};
use countersign::service::{CallKind, Procedure};
use countersign::{
    Bytes, CallError, Client, Code, Context, HandlerRan, OrStatus, Policy, Sender, Server, Status,
};
use countersign_tests::mill::{MillClient, MillError, Miller};
use countersign_tests::{Office, Running, soon};

async fn mill() -> (Running, MillClient, Miller) {
    let miller = Miller::default();
    let (running, client) = miller.open().await;
    (running, MillClient::new(client), miller)
}

#[tokio::test]
async fn a_server_sends_items_and_then_its_result() {
    let (_running, mill, _) = mill().await;
    let mut numbers = mill.count(5).await.expect("it is open");
    for expected in 0..5 {
        assert_eq!(numbers.next().await.expect("a number"), Some(expected));
    }
    assert_eq!(numbers.next().await.expect("the end"), None);
    assert_eq!(numbers.next().await.expect("still the end"), None);
    assert_eq!(numbers.finish().await.expect("how many"), 5);
}

#[tokio::test]
async fn items_that_are_not_taken_do_not_hold_up_the_result() {
    let (_running, mill, _) = mill().await;
    assert_eq!(mill.count(100).await.expect("it is open").finish().await.expect("how many"), 100);
}

#[tokio::test]
async fn a_client_sends_items_and_gets_one_result() {
    let (_running, mill, _) = mill().await;
    assert_eq!(mill.sum().send_all([1, 2, 3]).await.expect("a sum"), 6);
    assert_eq!(mill.sum().send_all(&[40, 2]).await.expect("a sum"), 42);
    let mut numbers = mill.sum().await.expect("it is open");
    numbers.send(20).await.expect("it takes numbers");
    numbers.send(22).await.expect("it takes numbers");
    assert_eq!(numbers.finish().await.expect("a sum"), 42);
    assert_eq!(mill.sum().send_all([0; 0]).await.expect("a sum of nothing"), 0);
}

#[tokio::test]
async fn both_sides_talk_in_turns() {
    let (_running, mill, _) = mill().await;
    let mut talk = mill.double().await.expect("it is open");
    for number in 0..10 {
        talk.send(number).await.expect("it takes numbers");
        assert_eq!(talk.next().await.expect("an answer"), Some(2 * number));
    }
    talk.half_close();
    assert_eq!(talk.next().await.expect("the end"), None);
    assert_eq!(talk.finish().await.expect("how many"), 10);
}

#[tokio::test]
async fn the_two_halves_work_on_tasks_of_their_own() {
    let (_running, mill, _) = mill().await;
    let (mut sending, mut receiving) = mill.double().await.expect("it is open").split();
    let sender = tokio::spawn(async move {
        for number in 0..5_000 {
            sending.send(number).await.expect("it takes numbers");
        }
    });
    let mut received = Vec::new();
    while let Some(number) = receiving.next().await.expect("an answer") {
        received.push(number);
    }
    sender.await.expect("no panic");
    assert!(received.iter().copied().eq((0..5_000).map(|number| 2 * number)));
    assert_eq!(receiving.finish().await.expect("how many"), 5_000);
}

#[tokio::test]
async fn a_sending_half_goes_on_without_the_other() {
    let (_running, mill, _) = mill().await;
    let (mut sending, receiving) = mill.double().await.expect("it is open").split();
    drop(receiving);
    // More than all credit together, so that somebody has to discard what comes back.
    for number in 0..20_000 {
        sending.send(number).await.expect("it takes numbers");
    }
    assert_eq!(sending.finish().await.expect("how many"), 20_000);
}

#[tokio::test]
async fn a_fault_comes_after_the_items_before_it() {
    let (_running, mill, _) = mill().await;
    let mut numbers = mill.count(1_000).await.expect("it is open");
    for expected in 0..=100 {
        assert_eq!(numbers.next().await.expect("a number"), Some(expected));
    }
    for _ in 0..2 {
        let error = numbers.next().await.expect_err("too large");
        assert!(matches!(error, CallError::Fault(MillError::TooLarge(101))), "{error}");
    }
    let error = numbers.finish().await.expect_err("still too large");
    assert!(matches!(error, CallError::Fault(MillError::TooLarge(101))), "{error}");
}

#[tokio::test]
async fn whoever_sends_to_a_call_that_failed_hears_its_fault() {
    let (_running, mill, _) = mill().await;
    let mut numbers = mill.sum().await.expect("it is open");
    let error = soon("the fault", async {
        loop {
            if let Err(error) = numbers.send(101).await {
                return error;
            }
            tokio::task::yield_now().await;
        }
    });
    let error = error.await;
    assert!(matches!(error, CallError::Fault(MillError::TooLarge(101))), "{error}");
    let error = mill.sum().send_all([1, 101, 1]).await.expect_err("too large");
    assert!(matches!(error, CallError::Fault(MillError::TooLarge(101))), "{error}");
}

#[tokio::test]
async fn a_server_that_has_enough_ends_the_call() {
    let (_running, mill, _) = mill().await;
    let mut numbers = mill.first().await.expect("it is open");
    let error = soon("the end", async {
        loop {
            if let Err(error) = numbers.send(7).await {
                return error;
            }
            tokio::task::yield_now().await;
        }
    });
    assert_eq!(error.await.code(), Some(Code::Cancelled));
    assert_eq!(numbers.finish().await.expect("the result is there all the same"), Some(7));
    assert_eq!(mill.first().send_all(vec![5; 100_000]).await.expect("the first"), Some(5));
}

#[tokio::test]
async fn a_stream_that_is_dropped_stops_its_handler() {
    let (_running, mill, miller) = mill().await;
    let mut sacks = mill.pour(10).await.expect("it is open");
    assert!(sacks.next().await.expect("a sack").is_some());
    drop(sacks);
    soon("the end of the handler", miller.left.notified()).await;
    let mut talk = mill.double().await.expect("it is open");
    talk.send(1).await.expect("it takes numbers");
    assert_eq!(talk.next().await.expect("an answer"), Some(2));
    drop(talk);
    soon("the end of the other handler", miller.left.notified()).await;
}

#[tokio::test]
async fn half_of_the_items_never_pass_for_all_of_them() {
    let (_running, mill, miller) = mill().await;
    for number in 0..50 {
        let mut talk = mill.double().await.expect("it is open");
        talk.send(number).await.expect("it takes numbers");
        assert!(talk.next().await.expect("an answer").is_some());
        drop(talk);
        soon("the end of the handler", miller.left.notified()).await;
    }
    let read = tokio::time::timeout(Duration::ZERO, miller.read.notified()).await;
    assert!(read.is_err(), "no handler has seen an end of its items");
}

#[tokio::test]
async fn a_producer_waits_for_its_consumer() {
    const LEN: usize = 1 << 10;
    // A window of credit, what lies ready for the driver, and what waits to be written.
    const AHEAD: usize = (128 + 64 + 64 + 64) << 10;
    let (_running, mill, miller) = mill().await;
    let mut sacks = mill.pour(LEN as u32).await.expect("it is open");
    let poured = || miller.poured.load(Ordering::Relaxed);
    for taken in 0..5_000 {
        assert!(sacks.next().await.expect("a sack").is_some());
        assert!((poured() - taken) * LEN <= AHEAD, "{} ahead of {taken}", poured());
    }
    // While nobody takes any, calls go to and fro, and the miller comes to rest.
    let mut before = poured();
    soon("the rest", async {
        loop {
            for _ in 0..20 {
                mill.echo("tick").await.expect("an answer");
            }
            if before == poured() {
                break;
            }
            before = poured();
        }
    })
    .await;
    assert!((poured() - 5_000) * LEN <= AHEAD, "{} poured", poured());
}

#[tokio::test]
async fn a_client_waits_for_a_server_that_does_not_read() {
    const LEN: usize = 4 << 10;
    let (_running, mill, miller) = mill().await;
    let sent = Arc::new(AtomicUsize::new(0));
    let sender = tokio::spawn({
        let (mill, sent) = (mill.clone(), sent.clone());
        async move {
            let mut sacks = mill.store().await?;
            for _ in 0..1_000 {
                sacks.send(Bytes::from(vec![1; LEN])).await?;
                sent.fetch_add(1, Ordering::Relaxed);
            }
            sacks.finish().await
        }
    });
    for _ in 0..200 {
        mill.echo("tick").await.expect("an answer");
    }
    let ahead = sent.load(Ordering::Relaxed) * LEN;
    assert!(ahead <= (128 + 8) << 10, "{ahead} bytes ahead");
    miller.door.notify_one();
    let stored = soon("the end", sender).await.expect("no panic").expect("how many bytes");
    assert_eq!(stored, 1_000 * LEN as u64);
}

#[tokio::test]
async fn a_handler_that_looks_at_no_item_does_not_hold_up_its_caller() {
    let (_running, mill, miller) = mill().await;
    let mut sacks = mill.refuse().await.expect("it is open");
    for _ in 0..100 {
        soon("room", sacks.send(Bytes::from(vec![1; 100 << 10]))).await.expect("it takes sacks");
    }
    miller.door.notify_one();
    sacks.finish().await.expect("the end");
}

#[tokio::test]
async fn large_items_go_both_ways() {
    const LEN: usize = (4 << 20) - 16;
    let (_running, mill, _) = mill().await;
    let (mut sending, mut receiving) = mill.return_all().await.expect("it is open").split();
    let sender = tokio::spawn(async move {
        for number in 0..5 {
            sending.send(Bytes::from(vec![number; LEN])).await.expect("it takes sacks");
        }
    });
    for number in 0..5 {
        let sack = soon("a sack", receiving.next()).await.expect("a sack").expect("not the end");
        assert!(sack.len() == LEN && sack.iter().all(|byte| *byte == number));
    }
    sender.await.expect("no panic");
    assert_eq!(receiving.next().await.expect("the end"), None);
}

#[tokio::test]
async fn an_item_over_the_limit_is_not_sent() {
    let (_running, mill, _) = mill().await;
    let mut sacks = mill.return_all().await.expect("it is open");
    let error = sacks.send(Bytes::from(vec![0; 5 << 20])).await.expect_err("over 4 MiB");
    assert_eq!(error.code(), Some(Code::ResourceExhausted));
    sacks.send(Bytes::from(vec![1])).await.expect("the call goes on");
    assert_eq!(sacks.next().await.expect("a sack"), Some(Bytes::from(vec![1])));
    let error = mill.pour(5 << 20).await.expect("it is open").next().await.expect_err("over 4 MiB");
    assert_eq!(error.code(), Some(Code::ResourceExhausted));
    assert_eq!(mill.echo("still here").await.expect("an answer"), "still here");
}

#[tokio::test]
async fn small_calls_pass_a_bulk_transfer() {
    let (_running, mill, _) = mill().await;
    let bulk = tokio::spawn({
        let mill = mill.clone();
        async move {
            let mut sacks = mill.pour(1 << 20).await?;
            while sacks.next().await?.is_some() {}
            Ok::<(), CallError<_>>(())
        }
    });
    for number in 0..100 {
        let text = number.to_string();
        assert_eq!(soon("an answer", mill.echo(text.as_str())).await.expect("an answer"), text);
    }
    assert!(!bulk.is_finished(), "it has no end");
    bulk.abort();
}

#[tokio::test]
async fn many_streams_share_a_connection() {
    let (_running, mill, _) = mill().await;
    let streams: Vec<_> = (0..200_u32)
        .map(|number| {
            let mill = mill.clone();
            tokio::spawn(async move {
                let mut talk = mill.double().await?;
                for step in 0..20 {
                    talk.send(number + step).await?;
                    assert_eq!(talk.next().await?, Some(2 * (number + step)));
                }
                talk.finish().await
            })
        })
        .collect();
    for stream in streams {
        assert_eq!(soon("the end", stream).await.expect("no panic").expect("how many"), 20);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn streams_that_come_and_go_leave_nothing_behind() {
    let miller = Miller::default();
    let (_running, client) = miller.open().await;
    let mill = MillClient::new(client.clone());
    let streams: Vec<_> =
        (0..300_u32).map(|number| tokio::spawn(come_and_go(mill.clone(), number))).collect();
    for stream in streams {
        soon("the end", stream).await.expect("no panic").expect("no error before it is dropped");
    }
    // What is cancelled may be a moment on its way.
    let connections = ConnectionsClient::new(client);
    soon("an empty connection", async {
        while connections.list(None::<u64>).await.expect("a list")[0].calls_open != 0 {}
    })
    .await;
}

/// Ends where the number says: with a result, or dropped in the midst of one thing or another.
async fn come_and_go(mill: MillClient, number: u32) -> Result<(), Box<dyn Error + Send + Sync>> {
    match number % 6 {
        0 => drop(mill.double().await?),
        1 => drop(mill.sum().send_all(0..100).await?),
        2 => {
            let mut sacks = mill.pour(200 << 10).await?;
            sacks.next().await?;
        }
        3 => {
            let (mut sending, receiving) = mill.double().await?.split();
            drop(receiving);
            for step in 0..number {
                sending.send(step).await?;
            }
        }
        4 => {
            let mut sacks = mill.return_all().await?;
            sacks.send(Bytes::from(vec![1; 300 << 10])).await?;
        }
        _ => {
            let mut talk = mill.double().await?;
            for step in 0..number {
                talk.send(step).await?;
                talk.next().await?;
            }
            talk.finish().await?;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_deadline_covers_the_items() {
    let (_running, mill, miller) = mill().await;
    let timeout = Duration::from_millis(200);
    let mut sacks = mill.pour(10).timeout(timeout).await.expect("it is open");
    let error = soon("the deadline", async {
        loop {
            if let Err(error) = sacks.next().await {
                return error;
            }
        }
    });
    let error = error.await;
    assert!(matches!(error, CallError::Deadline(after) if after == timeout), "{error}");
    soon("the end of the handler", miller.left.notified()).await;
}

#[tokio::test]
async fn a_sender_that_outlives_its_call_is_told() {
    let (_running, mill, miller) = mill().await;
    let mut numbers = mill.outlive().await.expect("it is open");
    assert_eq!(numbers.next().await.expect("a number"), Some(0));
    drop(numbers);
    soon("the word", miller.left.notified()).await;
    let told = miller.told.lock().expect("no panic").take().expect("a status");
    assert_eq!(told.code, Code::Cancelled);
}

#[tokio::test]
async fn metadata_comes_before_the_items_and_after_them() {
    let (_running, mill, _) = mill().await;
    let mut numbers = mill.count(3).metadata("asked", "1").await.expect("it is open");
    assert!(numbers.next().await.expect("a number").is_some());
    assert_eq!(numbers.metadata().text("to"), Some("3"));
    let answer = numbers.answer().await.expect("how many");
    assert_eq!(answer.value, 3);
    assert_eq!(answer.response_metadata.text("to"), Some("3"));
    assert_eq!(answer.trailing_metadata.text("counted"), Some("3"));
}

#[tokio::test]
async fn metadata_comes_with_the_result_of_a_call_without_items() {
    let (_running, mill, _) = mill().await;
    let answer = mill.echo("hello").answer().await.expect("an answer");
    assert_eq!(answer.value, "hello");
    assert_eq!(answer.response_metadata.text("heard"), Some("hello"));
    assert_eq!(answer.trailing_metadata.text("len"), Some("5"));
}

#[tokio::test]
async fn metadata_and_times_come_beside_an_error_too() {
    let (_running, client) = Miller::default().open().await;
    let end = client.call_raw("test.Mill/echo", b"\xa1\x64text\x60".to_vec()).times().end().await;
    assert_eq!(end.outcome.expect_err("nothing").code(), Some(Code::InvalidArgument));
    assert_eq!((end.metadata.text("heard"), end.trailing.text("len")), (Some(""), Some("0")));
    assert!(end.timing.is_some());
    let count = client.stream_raw("test.Mill/count", b"\xa1\x62to\x18\x7b".to_vec()).times();
    let end = count.await.expect("it is open").end().await;
    assert_eq!(end.outcome.expect_err("too large").code(), Some(Code::OutOfRange));
    assert_eq!((end.metadata.text("to"), end.trailing.text("counted")), (Some("123"), Some("101")));
    assert!(end.timing.is_some());
}

#[tokio::test]
async fn metadata_over_the_limit_of_its_reader_fails_the_call_alone() {
    let (_running, mill, _) = mill().await;
    let error = mill.echo("x".repeat(20 << 10)).await.expect_err("over 16 KiB");
    assert_eq!((error.code(), error.handler_ran()), (Some(Code::ResourceExhausted), HandlerRan::Yes));
    assert_eq!(mill.echo("still here").await.expect("an answer"), "still here");
}

#[tokio::test]
async fn long_arguments_for_nobody_are_refused() {
    let (_running, client) = Miller::default().open().await;
    let mut arguments = b"\xa1\x64text\x7a\x00\x30\x00\x00".to_vec();
    arguments.resize(arguments.len() + (3 << 20), b'x');
    let error = soon("the refusal", client.call_raw("test.Mill/nap", arguments)).await.expect_err("none");
    assert_eq!((error.code(), error.handler_ran()), (Some(Code::Unimplemented), HandlerRan::No));
}

#[tokio::test]
async fn a_caller_that_asks_is_told_where_the_time_went() {
    let (_running, client) = Miller::default().open().await;
    let echo = || client.call_raw("test.Mill/echo", b"\xa1\x64text\x61x".to_vec());
    assert!(echo().times().await.expect("an answer").timing.is_some());
    let reply = echo().await.expect("an answer");
    assert_eq!((reply.timing, reply.metadata.text("heard")), (None, Some("x")));
    let count = client.stream_raw("test.Mill/count", b"\xa1\x62to\x05".to_vec()).times();
    let reply = count.await.expect("it is open").finish().await.expect("how many");
    assert!(reply.timing.is_some());
    assert_eq!(reply.trailing.text("counted"), Some("5"));
}

#[tokio::test]
async fn a_server_that_is_gone_ends_its_streams() {
    let (running, mill, miller) = mill().await;
    let mut sacks = mill.pour(10).await.expect("it is open");
    assert!(sacks.next().await.expect("a sack").is_some());
    running.stop();
    let error = soon("the loss", async {
        loop {
            if let Err(error) = sacks.next().await {
                return error;
            }
        }
    });
    assert!(matches!(error.await, CallError::Lost(_)));
    soon("the end of the handler", miller.left.notified()).await;
}

#[tokio::test]
async fn an_item_that_is_none_fails_the_call_with_its_place() {
    let (_running, client) = Miller::default().open().await;
    let mut numbers = client.stream_raw("test.Mill/sum", vec![0xa0]).await.expect("it is open");
    numbers.send(vec![0x01]).await.expect("it takes numbers");
    numbers.send(vec![0x61, b'x']).await.expect("it takes anything");
    let CallError::Status(status) = numbers.finish().await.expect_err("a text is no number") else {
        panic!()
    };
    assert_eq!(status.code, Code::InvalidArgument);
    assert!(status.message.starts_with("items[1]: "), "{status}");
}

#[tokio::test]
async fn a_raw_stream_is_a_stream_of_bytes() {
    let (_running, client) = Miller::default().open().await;
    let mut talk = client.stream_raw("test.Mill/double", vec![0xa0]).await.expect("it is open");
    talk.send(vec![0x01]).await.expect("it takes numbers");
    assert_eq!(talk.next().await.expect("an answer"), Some(vec![0x02]));
    let (mut sending, mut receiving) = talk.split();
    sending.send(vec![0x02]).await.expect("it takes numbers");
    drop(sending);
    assert_eq!(receiving.next().await.expect("an answer"), Some(vec![0x04]));
    assert_eq!(receiving.next().await.expect("the end"), None);
    assert_eq!(receiving.finish().await.expect("how many").payload, [0x02]);
}

#[tokio::test]
async fn an_item_to_a_procedure_that_takes_none_ends_the_call() {
    let miller = Miller::default();
    let (_running, client) = miller.open().await;
    let arguments = b"\xa1\x63len\x0a".to_vec();
    let mut sacks = client.stream_raw("test.Mill/pour", arguments).await.expect("it is open");
    assert!(sacks.next().await.expect("a sack").is_some());
    sacks.send(vec![0x01]).await.expect("it is on its way");
    let error = soon("the end", async {
        loop {
            if let Err(error) = sacks.next().await {
                return error;
            }
        }
    });
    assert_eq!(error.await.code(), Some(Code::InvalidArgument));
    soon("the end of the handler", miller.left.notified()).await;
}

/// A contract that says other things of the mill than the mill does.
static COUNT: Procedure =
    Procedure { name: "test.Mill/count", kind: CallKind::ServerStream, idempotent: false, deadline: None };

#[tokio::test]
async fn a_server_that_sends_items_where_none_are_expected_is_wrong() {
    let (_running, client) = Miller::default().open().await;
    let arguments = b"\xa1\x62to\x05".to_vec();
    let call = ClientStreamCall::<u32, u32, Infallible>::new(&client, &COUNT, Ok(arguments));
    let error = call.await.expect("it is open").finish().await.expect_err("items came");
    assert_eq!((error.code(), error.handler_ran()), (Some(Code::Internal), HandlerRan::Yes));
}

#[tokio::test]
async fn arguments_that_do_not_fit_fail_a_stream_too() {
    let (_running, client) = Miller::default().open().await;
    let call = ServerStreamCall::<u32, u32, MillError>::new(&client, &COUNT, Ok(vec![0xa0]));
    let error = call.await.expect("it is open").next().await.expect_err("there is no limit");
    assert_eq!((error.code(), error.handler_ran()), (Some(Code::InvalidArgument), HandlerRan::No));
}

/// Passes on what a mill pours.
#[countersign::service(package = "test")]
trait Conduit {
    async fn pass(&self, cx: &Context, sacks: Sender<Bytes>) -> Result<(), Status>;
}

struct Above(MillClient);

impl Conduit for Above {
    async fn pass(&self, _: &Context, passed: Sender<Bytes>) -> Result<(), Status> {
        let mut sacks = self.0.pour(10).await.or_internal()?;
        while let Some(sack) = sacks.next().await.or_internal()? {
            passed.send(sack).await?;
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_caller_that_leaves_stops_the_streams_down_the_chain() {
    let (_mill, mill, miller) = mill().await;
    let office = Office::of("other.internal");
    let builder = Server::builder(office.server("conduit", &["localhost"]), Policy::any_trusted_peer());
    let conduit = Running::start(builder.service(ConduitServer::new(Above(mill)))).await;
    let client: Client = conduit.connect(office.client("alice")).await.expect("a good client");
    let mut sacks = ConduitClient::new(client).pass().await.expect("it is open");
    assert!(sacks.next().await.expect("a sack").is_some());
    drop(sacks);
    soon("the end of the handler at the mill", miller.left.notified()).await;
}
