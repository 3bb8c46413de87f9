//! What every server answers has the shape that `countersign.cddl` gives it.

use cddl_cat::cbor::validate_cbor_bytes;
use countersign::builtin::health::HealthClient;
use countersign::builtin::reflection::ReflectionClient;
use countersign::builtin::stats::StatsClient;
use countersign::{Policy, Server};
use countersign_tests::{Clerk, DeskClient, DeskServer, Office, Running, soon};

const SHAPES: &str = include_str!("../../../rpc/proto/countersign.cddl");
const SPEC: &str = include_str!("../../../rpc/proto/SPEC.md");

#[tokio::test]
async fn every_built_in_procedure_is_in_the_specification_and_has_its_shape() {
    let office = Office::of("test.internal");
    let running = Running::desk(office.server("desk", &["localhost"]), &Clerk::default()).await;
    let client = running.connect(office.client("clerk")).await.expect("a server");
    let services = ReflectionClient::new(client).services().await.expect("they are allowed");
    let built_in = services.iter().filter(|service| service.name.starts_with("countersign."));
    let procedures: Vec<_> = built_in
        .flat_map(|service| service.procedures.iter().map(move |procedure| (&service.name, procedure)))
        .collect();
    assert!(5 < procedures.len());
    for (service, procedure) in procedures {
        let name = format!("{service}/{}", procedure.name);
        assert!(SPEC.contains(&format!("\n| `{name}` |")), "SPEC.md has no {name}");
        let name = name.trim_start_matches("countersign.").replace('/', "-").to_lowercase();
        for shape in ["arguments", "result"] {
            let rule = format!("\n{name}-{shape} = ");
            assert!(SHAPES.contains(&rule), "countersign.cddl has no {name}-{shape}");
        }
        if procedure.items_out.is_some() {
            assert!(SHAPES.contains(&format!("\n{name}-item = ")), "countersign.cddl has no {name}-item");
        }
    }
}

#[tokio::test]
async fn built_in_streams_send_items_in_their_shapes() {
    let office = Office::of("test.internal");
    let running = Running::desk(office.server("desk", &["localhost"]), &Clerk::default()).await;
    let client = running.connect(office.client("clerk")).await.expect("a server");
    for (procedure, shape) in [("Stats/watch", "stats-watch-item"), ("Health/watch", "health-watch-item")] {
        let call = client.stream_raw(&format!("countersign.{procedure}"), vec![0xa0]);
        let mut items = call.await.expect("it is allowed");
        let item = soon("an item", items.next()).await.expect("it is allowed").expect("the first one");
        validate_cbor_bytes(shape, SHAPES, &item).unwrap_or_else(|error| panic!("{procedure}: {error}"));
    }
}

#[tokio::test]
async fn a_server_that_stops_does_not_wait_for_those_who_watch_it() {
    let office = Office::of("test.internal");
    let running = Running::desk(office.server("desk", &["localhost"]), &Clerk::default()).await;
    let client = running.connect(office.client("clerk")).await.expect("a server");
    let mut stats = StatsClient::new(client.clone()).watch(Some(3_600_000_u32)).await.expect("it is allowed");
    let mut health =
        HealthClient::new(client.clone()).watch(Some("test.Desk".to_owned())).await.expect("it is allowed");
    stats.next().await.expect("it is allowed").expect("all counters");
    assert!(health.next().await.expect("it is allowed").expect("how it is")[0].serving);
    let stopped = running.stop();
    assert!(soon("the end", stats.next()).await.expect("a good end").is_none());
    assert!(!soon("the news", health.next()).await.expect("a good end").expect("how it is now")[0].serving);
    assert!(health.next().await.expect("a good end").is_none());
    assert_eq!(soon("the end of the server", stopped).await.expect("it ends").connections_cut, 0);
}

#[tokio::test]
async fn built_in_procedures_answer_in_their_shapes() {
    let office = Office::of("test.internal");
    let own_rule = "countersign.Reflection/names";
    let policy = Policy::builder().allow(&["*"], &["*", own_rule]).build().expect("a sound policy");
    let builder = Server::builder(office.server("desk", &["localhost"]), policy);
    let running = Running::start(builder.service(DeskServer::new(Clerk::default()))).await;
    let client = running.connect(office.client("clerk")).await.expect("a server");
    // Something to count and to trace: a call that succeeds and one that fails.
    let desk = DeskClient::new(client.clone());
    desk.echo("text").await.expect("an answer");
    desk.panic().await.expect_err("a bug");
    for (procedure, arguments, shape) in [
        ("Reflection/services", &b"\xa0"[..], "reflection-services-result"),
        ("Reflection/describe", b"\xa1\x67service\x69test.Desk", "reflection-describe-result"),
        ("Reflection/names", b"\xa0", "reflection-names-result"),
        ("Identity/get", b"\xa0", "identity-get-result"),
        ("Health/get", b"\xa0", "health-get-result"),
        ("Connections/list", b"\xa0", "connections-list-result"),
        ("Stats/get", b"\xa0", "stats-get-result"),
        ("Trace/list", b"\xa1\x65limit\x05", "trace-list-result"),
    ] {
        let taken = shape.replace("-result", "-arguments");
        validate_cbor_bytes(&taken, SHAPES, arguments).unwrap_or_else(|error| panic!("{taken}: {error}"));
        let call = client.call_raw(&format!("countersign.{procedure}"), arguments.to_vec());
        let answer = soon("an answer", call).await.expect("it is allowed");
        assert!(1 < answer.payload.len(), "{procedure} has nothing to say");
        validate_cbor_bytes(shape, SHAPES, &answer.payload)
            .unwrap_or_else(|error| panic!("{procedure}: {error}"));
    }
}
