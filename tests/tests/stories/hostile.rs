//! Peers that are who they say they are, and misbehave all the same.

use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::{CallError, Client, Code, ConnectionError, Credentials, Limits};
use countersign_proto::{Connection, Event, Opening, Sending};
use countersign_tests::forge::Forge;
use countersign_tests::script::{Line, Script};
use countersign_tests::{Clerk, DeskClient, Running, soon};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A sound certificate, a TLS session, and no manners.
struct Lout {
    tls: TlsStream<TcpStream>,
    proto: Connection<u64>,
    inbox: Vec<u8>,
}

impl Lout {
    async fn connected(forge: &Forge, running: &Running) -> Self {
        let config = forge.sign(forge.leaf()).client(forge.certificate(), b"countersign/1");
        let tcp = TcpStream::connect(running.address).await.expect("it listens");
        let name = "localhost".try_into().expect("a name");
        let tls = TlsConnector::from(Arc::new(config)).connect(name, tcp).await.expect("a good certificate");
        let proto = Connection::client(Limits::default(), "lout", Instant::now());
        let mut lout = Self { tls, proto, inbox: Vec::new() };
        lout.send().await;
        assert!(matches!(lout.next().await, Said::Hello));
        lout
    }

    async fn send(&mut self) {
        let bytes = self.proto.take_outbox();
        self.tls.write_all(&bytes).await.expect("the server reads");
    }

    /// What the server says next.
    async fn next(&mut self) -> Said {
        loop {
            let received = self.proto.receive(Instant::now(), &self.inbox).expect("a well-behaved server");
            let said = match received.event {
                Some(Event::Connected) => Some(Said::Hello),
                Some(Event::Ended(ended)) => {
                    let code = ended.result.map_or_else(|status| status.code, |_| Code::Ok);
                    Some(Said::Answer(ended.call, code))
                }
                Some(Event::Closed { code, message }) => Some(Said::Closed(code, message)),
                Some(_) | None => None,
            };
            let taken = received.taken;
            self.inbox.drain(..taken);
            match said {
                Some(said) => return said,
                None if taken > 0 => {}
                None => match soon("an answer", self.tls.read_buf(&mut self.inbox)).await {
                    Ok(0) | Err(_) => return Said::Nothing,
                    Ok(_) => {}
                },
            }
        }
    }
}

#[derive(Debug, PartialEq)]
enum Said {
    Hello,
    Answer(u64, Code),
    Closed(Code, String),
    Nothing,
}

async fn desk(forge: &Forge, clerk: &Clerk) -> Running {
    let credentials: Credentials = forge.credentials(forge.leaf());
    Running::desk(credentials, clerk).await
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_not_read_from_until_it_does() {
    const CALLS: u64 = 700;
    let forge = Forge::of("test.internal");
    let running = desk(&forge, &Clerk::default()).await;
    let mut lout = Lout::connected(&forge, &running).await;
    let mut arguments = vec![0xa1, 0x64, b't', b'e', b'x', b't', 0x7a, 0, 0, 0xc0, 0];
    arguments.resize(arguments.len() + (48 << 10), b'x');
    for call in 0..CALLS {
        let opening = Opening::new("test.Desk/echo", &arguments);
        lout.proto.open(Instant::now(), opening, call).expect("within the limits");
    }
    // 34 MB, which is more than the buffers between hold: this can only end once we read.
    let requests = lout.proto.take_outbox();
    let (mut reader, mut writer) = tokio::io::split(lout.tls);
    let mut writing = Box::pin(async move {
        writer.write_all(&requests).await.expect("the server reads again");
        // The last of them may still be with TLS.
        writer.flush().await.expect("the server reads again");
        writer
    });
    tokio::time::timeout(Duration::from_millis(200), &mut writing).await.expect_err("nobody reads");

    let writing = tokio::spawn(writing);
    let mut answers = 0;
    while answers < CALLS {
        let read = soon("a reply", reader.read_buf(&mut lout.inbox)).await.expect("replies");
        assert_ne!(read, 0, "the server must not close");
        loop {
            let received = lout.proto.receive(Instant::now(), &lout.inbox).expect("a well-behaved server");
            answers += u64::from(matches!(received.event, Some(Event::Ended(ended)) if ended.result.is_ok()));
            let taken = received.taken;
            lout.inbox.drain(..taken);
            if taken == 0 {
                break;
            }
        }
    }
    soon("the end of writing", writing).await.expect("no panic");
}

#[tokio::test]
async fn a_peer_that_breaks_the_protocol_is_told_so_and_cut_off() {
    let forge = Forge::of("test.internal");
    let running = desk(&forge, &Clerk::default()).await;
    let too_long = [0x5a, 0xff, 0xff, 0xff, 0xff];
    let even_id = [0x5a, 0, 0, 0, 8, 0x83, 11, 2, 0x63, b'a', b'/', b'b', 0xa0];
    for (bytes, code, word) in [
        (&too_long[..], Code::ResourceExhausted, "limit"),
        (&even_id[..], Code::InvalidArgument, "odd"),
        (b"GET / HTTP/1.1\r\n\r\n", Code::InvalidArgument, "frame"),
    ] {
        let mut lout = Lout::connected(&forge, &running).await;
        lout.tls.write_all(bytes).await.expect("the server reads");
        match lout.next().await {
            Said::Closed(told, why) => assert!(told == code && why.contains(word), "{told}: {why}"),
            other => panic!("{other:?}"),
        }
        assert_eq!(lout.next().await, Said::Nothing);
    }
}

#[tokio::test]
async fn a_peer_that_misbehaves_harms_nobody_else() {
    let forge = Forge::of("test.internal");
    let running = desk(&forge, &Clerk::default()).await;
    let good = running.connect(forge.credentials(forge.leaf())).await.expect("a good client");
    let mut lout = Lout::connected(&forge, &running).await;
    lout.tls.write_all(&[0; 64]).await.expect("the server reads");
    assert!(matches!(lout.next().await, Said::Closed(..)));
    assert_eq!(DeskClient::new(good).echo("unharmed").await.expect("an answer"), "unharmed");
}

#[tokio::test]
async fn a_peer_that_vanishes_stops_its_handlers() {
    let clerk = Clerk::default();
    let forge = Forge::of("test.internal");
    let running = desk(&forge, &clerk).await;
    let mut lout = Lout::connected(&forge, &running).await;
    lout.proto.open(Instant::now(), Opening::new("test.Desk/wait", &[0xa0]), 1).expect("within the limits");
    lout.send().await;
    soon("the call", clerk.arrived()).await;
    // No goodbye of ours and none of TLS.
    drop(lout);
    soon("the end of the handler", clerk.left()).await;
}

#[tokio::test]
async fn calls_that_are_cancelled_keep_their_place_until_their_handlers_have_ended() {
    let clerk = Clerk::default();
    let forge = Forge::of("test.internal");
    let running = desk(&forge, &clerk).await;
    let mut lout = Lout::connected(&forge, &running).await;
    let many = u64::from(Limits::default().calls_open) + 100;
    for call in 0..many {
        let id =
            lout.proto.open(Instant::now(), Opening::new("test.Desk/wait", &[0xa0]), call).expect("a place");
        lout.proto.cancel(id);
    }
    lout.proto.open(Instant::now(), Opening::new("test.Desk/whoami", &[0xa0]), 17).expect("a place");
    lout.send().await;
    // Whether the handlers have ended by then or not, the server answers, and lives.
    assert!(matches!(lout.next().await, Said::Answer(17, _)));
}

#[tokio::test]
async fn a_server_that_vanishes_is_told_from_one_that_says_goodbye() {
    let forge = Forge::of("test.internal");
    let mut raw = forge.sign(forge.leaf()).server(b"countersign/1");
    raw.send_tls13_tickets = 0;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("localhost:{}", listener.local_addr().expect("it listens").port());
    let server = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.expect("a client");
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(raw));
        let mut tls = acceptor.accept(tcp).await.expect("a good client");
        let mut proto = Connection::<()>::server(Limits::default(), "lout", None, Instant::now());
        tls.write_all(&proto.take_outbox()).await.expect("the client reads");
        let mut inbox = Vec::new();
        loop {
            tls.read_buf(&mut inbox).await.expect("a call");
            let received = proto.receive(Instant::now(), &inbox).expect("the client keeps to the protocol");
            let (taken, opened) = (received.taken, matches!(received.event, Some(Event::Opened(_))));
            inbox.drain(..taken);
            if opened {
                break;
            }
        }
        // Neither close nor close_notify: the machine is gone.
    });
    let client = countersign::Client::builder(forge.credentials(forge.leaf())).connect(&address).await;
    let client = client.expect("a good server, so far");
    let error =
        soon("the end", client.call_raw("test.Desk/whoami", vec![0xa0])).await.expect_err("no answer");
    let CallError::Lost(reason) = error else { panic!("{error}") };
    assert!(matches!(*reason, ConnectionError::Cut), "{reason}");
    server.await.expect("no panic");
}

#[tokio::test]
async fn an_item_ends_the_call_of_a_procedure_that_takes_none_and_no_other() {
    let forge = Forge::of("test.internal");
    let clerk = Clerk::default();
    let running = desk(&forge, &clerk).await;
    let mut lout = Lout::connected(&forge, &running).await;
    let now = Instant::now();
    let waiting = lout.proto.open(now, Opening::new("test.Desk/wait", b"\xa0"), 1).expect("a call");
    lout.send().await;
    clerk.arrived().await;
    let other = lout.proto.open(now, Opening::new("test.Desk/whoami", b"\xa0"), 2).expect("a call");
    lout.proto.half_close(other);
    lout.send().await;
    assert_eq!(lout.next().await, Said::Answer(2, Code::Ok), "a half-close means nothing");
    assert_eq!(lout.proto.send(waiting, b"\x01"), Ok(Sending::Done));
    lout.send().await;
    assert_eq!(lout.next().await, Said::Answer(1, Code::InvalidArgument));
    soon("the handler's end", clerk.left()).await;
    lout.proto.open(now, Opening::new("test.Desk/whoami", b"\xa0"), 3).expect("a call");
    lout.send().await;
    assert_eq!(lout.next().await, Said::Answer(3, Code::Ok));
}

#[tokio::test]
async fn an_item_of_a_server_whose_procedure_has_none_ends_the_call_and_no_other() {
    let forge = Forge::of("test.internal");
    let script = Script::play(&forge, |number| match number {
        0 => Line::Item(vec![0x01]),
        _ => Line::Answer(vec![0x62, b'o', b'k']),
    })
    .await;
    let client = Client::builder(forge.credentials(forge.leaf())).connect(&script.address).await;
    let desk = DeskClient::new(client.expect("a good server"));
    let error = soon("the end", desk.echo("text")).await.expect_err("an item is no result");
    assert_eq!(error.code(), Some(Code::Internal), "{error}");
    assert_eq!(soon("the answer", desk.echo("text")).await.expect("an answer"), "ok");
}
