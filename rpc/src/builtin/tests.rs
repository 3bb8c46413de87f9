//! The built-in services as their users meet them: over TLS, through a client.

use std::time::Duration;

use countersign_certs::authority::{Authority, Existing, Request};
use countersign_certs::{Credentials, TrustDomain};
use tokio::task::JoinSet;

use super::connections::ConnectionsClient;
use super::health::{HealthClient, ServiceHealth};
use super::identity::{IdentityClient, Reloads};
use super::reflection::ReflectionClient;
use super::stats::{ProcedureStats, StatsClient};
use super::trace::{TraceClient, TracedCall};
use super::{NAMES, is_reserved};
use crate::cbor::{Value, from_slice, to_vec};
use crate::schema::{example, to_cbor, to_json};
use crate::service::{ProcedureDescription, ServiceDescription};
use crate::testing::{in_process, pair};
use crate::{CallError, Client, Code, Context, Policy, Receiver, Schema, Sender, Server, Status};

/// Says things again.
#[countersign::service(package = "acme")]
trait Echo {
    /// The same text.
    async fn say(&self, cx: &Context, text: String) -> Result<String, Status>;
    async fn fail(&self, cx: &Context) -> Result<(), Status>;
    /// The same text, after a while.
    async fn mull(&self, cx: &Context, text: String, ms: u64) -> Result<String, Status>;
    /// Each text twice.
    async fn double(&self, cx: &Context, once: Receiver<String>, twice: Sender<String>)
    -> Result<(), Status>;
}

struct Parrot;

impl Echo for Parrot {
    async fn say(&self, _: &Context, text: String) -> Result<String, Status> {
        Ok(text)
    }

    async fn fail(&self, _: &Context) -> Result<(), Status> {
        Err(Status::not_found("no\nmore"))
    }

    async fn mull(&self, _: &Context, text: String, ms: u64) -> Result<String, Status> {
        tokio::time::sleep(Duration::from_millis(ms)).await;
        Ok(text)
    }

    async fn double(
        &self,
        _: &Context,
        mut once: Receiver<String>,
        twice: Sender<String>,
    ) -> Result<(), Status> {
        while let Some(text) = once.next().await? {
            twice.send(text.clone()).await?;
            twice.send(text).await?;
        }
        Ok(())
    }
}

fn client() -> Client {
    in_process(EchoServer::new(Parrot))
}

async fn stats_of(client: &Client, procedure: &str) -> ProcedureStats {
    let snapshot = StatsClient::new(client.clone()).get().await.unwrap();
    snapshot.procedures.into_iter().find(|row| row.procedure == procedure).expect("the procedure has a row")
}

#[tokio::test]
async fn stats_count_what_was_called() {
    let client = client();
    let echo = EchoClient::new(client.clone());
    for _ in 0..3 {
        echo.say("hi").await.unwrap();
    }
    echo.fail().await.unwrap_err();
    let say = stats_of(&client, "acme.Echo/say").await;
    assert_eq!((say.calls, say.in_flight, say.errors.len(), say.latency.count()), (3, 0, 0, 3));
    // {"text": "hi"} there, "hi" back.
    assert_eq!((say.bytes_in, say.bytes_out), (3 * 9, 3 * 3));
    let fail = stats_of(&client, "acme.Echo/fail").await;
    assert_eq!((fail.calls, fail.errors.get("NOT_FOUND")), (1, Some(&1)));
}

#[tokio::test]
async fn stats_count_each_of_many_calls_that_arrive_together() {
    let client = client();
    let mut calls = JoinSet::new();
    for _ in 0..100 {
        let echo = EchoClient::new(client.clone());
        calls.spawn(async move { echo.say("hi").await.map(drop).map_err(drop) });
    }
    for turn in 0..100 {
        let echo = EchoClient::new(client.clone());
        calls.spawn(async move {
            if turn % 2 == 0 {
                echo.say("hi").await.map(drop).map_err(drop)
            } else {
                echo.fail().await.map_err(drop)
            }
        });
    }
    let ended_well = calls.join_all().await.into_iter().filter(Result::is_ok).count();
    let say = stats_of(&client, "acme.Echo/say").await;
    assert_eq!((ended_well, say.calls, say.in_flight, say.latency.count()), (150, 150, 0, 150));
    assert_eq!((say.bytes_in, say.bytes_out), (150 * 9, 150 * 3));
    let fail = stats_of(&client, "acme.Echo/fail").await;
    assert_eq!((fail.calls, fail.in_flight, fail.latency.count()), (50, 0, 50));
}

#[tokio::test]
async fn stats_count_the_items_of_a_stream_and_when_the_first_came() {
    let client = client();
    let mut double = EchoClient::new(client.clone()).double().await.unwrap();
    for text in ["a", "b"] {
        double.send(text).await.unwrap();
        for _ in 0..2 {
            assert_eq!(double.next().await.unwrap().as_deref(), Some(text));
        }
    }
    let open = stats_of(&client, "acme.Echo/double").await;
    assert_eq!((open.items_in, open.items_out, open.in_flight, open.calls), (2, 4, 1, 0));
    assert_eq!((open.latency.count(), open.bytes_in, open.bytes_out), (1, 2 * 2, 4 * 2));
    double.finish().await.unwrap();
    let ended = stats_of(&client, "acme.Echo/double").await;
    assert_eq!((ended.calls, ended.in_flight, ended.latency.count()), (1, 0, 1));
}

#[tokio::test]
async fn stats_have_no_row_for_a_name_that_does_not_exist() {
    let client = client();
    let rows = async || StatsClient::new(client.clone()).get().await.unwrap().procedures.len();
    let before = rows().await;
    let unknown = client.call_raw("acme.Echo/shout", to_vec(&Value::Map(Vec::new())).unwrap()).await;
    assert!(matches!(unknown, Err(CallError::Status(status)) if status.code == Code::Unimplemented));
    assert_eq!(rows().await, before);
}

#[tokio::test]
async fn stats_of_a_server_belong_to_one_start() {
    let (one, other) = (StatsClient::new(client()), StatsClient::new(client()));
    let (first, second) = (one.get().await.unwrap(), one.get().await.unwrap());
    assert_eq!(first.start_id, second.start_id);
    assert!(first.monotonic_ns < second.monotonic_ns);
    assert_ne!(first.start_id, other.get().await.unwrap().start_id);
}

#[tokio::test]
async fn health_names_each_service_or_the_one_asked_for() {
    let health = HealthClient::new(client());
    let all = health.get(None::<String>).await.unwrap();
    assert!(all.iter().all(|service| service.serving));
    assert!(all.iter().any(|service| service.service == "countersign.Health"));
    let echo = health.get(Some("acme.Echo".to_owned())).await.unwrap();
    assert_eq!(echo, [ServiceHealth { service: "acme.Echo".into(), serving: true }]);
    let unknown = health.get(Some("acme.Eco".to_owned())).await;
    assert!(matches!(unknown, Err(CallError::Status(status)) if status.code == Code::NotFound));
}

#[tokio::test]
async fn a_subscriber_is_told_of_all_procedures_and_then_of_those_that_were_called() {
    let client = client();
    let mut changes = StatsClient::new(client.clone()).watch(Some(1_u32)).await.unwrap();
    let mut all = changes.next().await.unwrap().unwrap();
    assert!(all.procedures.iter().any(|row| row.procedure == "acme.Echo/say"));
    EchoClient::new(client.clone()).say("hi").await.unwrap();
    loop {
        let change = changes.next().await.unwrap().unwrap();
        assert_eq!(change.start_id, all.start_id);
        let mut names = change.procedures.iter().map(|row| row.procedure.as_str());
        assert!(names.all(|name| ["acme.Echo/say", "countersign.Stats/watch"].contains(&name)), "{change:?}");
        all.update(change);
        if all.procedures.iter().any(|row| row.procedure == "acme.Echo/say" && row.calls == 1) {
            break;
        }
    }
    let now = StatsClient::new(client).get().await.unwrap();
    assert_eq!(all.procedures.len(), now.procedures.len());
}

#[tokio::test]
async fn health_is_told_at_once_to_those_who_watch() {
    let health = HealthClient::new(client());
    let mut changes = health.watch(Some("acme.Echo".to_owned())).await.unwrap();
    let echo = changes.next().await.unwrap().unwrap();
    assert_eq!(echo, [ServiceHealth { service: "acme.Echo".into(), serving: true }]);
    let unknown = health.watch(Some("acme.Eco".to_owned())).await.unwrap().next().await;
    assert!(matches!(unknown, Err(CallError::Status(status)) if status.code == Code::NotFound));
}

#[tokio::test]
async fn the_names_of_the_built_in_procedures_are_written_down() {
    let services = ReflectionClient::new(client()).services().await.unwrap();
    let of = |service: &ServiceDescription| {
        service.procedures.iter().map(|each| format!("{}/{}", service.name, each.name)).collect::<Vec<_>>()
    };
    let mut shown: Vec<_> = services.iter().flat_map(of).filter(|name| is_reserved(name)).collect();
    shown.extend(NAMES.map(str::to_owned).into_iter().filter(|name| Policy::needs_own_rule(name)));
    shown.sort();
    assert_eq!(shown, NAMES);
}

#[tokio::test]
async fn connections_list_the_peer_that_asks() {
    let pair = pair(EchoServer::new(Parrot));
    let client = ConnectionsClient::new(pair.client.clone());
    client.list(None::<u64>).await.unwrap();
    let connections = client.list(None::<u64>).await.unwrap();
    let [only] = connections.as_slice() else { panic!("one connection: {connections:?}") };
    assert_eq!(only.peer, "spiffe://test.internal/client");
    assert!(only.bytes_in > 0 && only.bytes_out > 0 && !only.cipher.is_empty());
    assert!(only.is_yours && only.calls >= 1, "{only:?}");
    assert_eq!(client.list(Some(only.number)).await.unwrap(), [], "nobody came later");
}

async fn traced(client: &Client, procedure: &str) -> Vec<TracedCall> {
    TraceClient::new(client.clone()).list(Some(procedure.to_owned()), None::<u32>).await.unwrap()
}

#[tokio::test]
async fn a_failed_call_is_traced_with_its_message() {
    let client = client();
    EchoClient::new(client.clone()).fail().await.unwrap_err();
    let calls = traced(&client, "acme.Echo/fail").await;
    let [call] = calls.as_slice() else { panic!("one call: {calls:?}") };
    assert_eq!((call.code.as_str(), call.message.as_deref()), ("NOT_FOUND", Some("no\\nmore")));
    assert_eq!((call.peer.as_str(), call.bytes_in), ("spiffe://test.internal/client", 1));
}

#[tokio::test]
async fn a_slow_call_is_traced_with_its_times() {
    let client = client();
    let echo = EchoClient::new(client.clone());
    let long = "x".repeat(10_000);
    echo.mull(&long, 5_u64).await.unwrap();
    echo.say("quick").await.unwrap();
    let calls = traced(&client, "acme.Echo/mull").await;
    let [call] = calls.as_slice() else { panic!("one call: {calls:?}") };
    assert_eq!((call.code.as_str(), call.message.as_deref()), ("OK", None));
    assert!(call.total_us >= 5_000 && call.handler_us >= 5_000, "{call:?}");
    assert!(call.decode_us.is_some() && call.encode_us.is_some(), "{call:?}");
    assert!(call.bytes_in > 10_000 && call.bytes_out > 10_000, "{call:?}");
    assert!(call.started <= jiff::Timestamp::now() && call.age_us >= Some(call.total_us));
    assert!(call.write_us.is_some(), "who asked has read the reply: {call:?}");
}

#[tokio::test]
async fn a_call_of_a_name_that_does_not_exist_is_traced() {
    let client = client();
    client.call_raw("acme.Echo/shout", to_vec(&Value::Map(Vec::new())).unwrap()).await.unwrap_err();
    assert_eq!(traced(&client, "acme.Echo/shout").await[0].code, "UNIMPLEMENTED");
    let all = TraceClient::new(client.clone()).list(None::<String>, Some(0)).await.unwrap();
    assert!(all.is_empty(), "no more than asked for");
}

/// The first item that a procedure sends, or else its result, with the schema of what it is.
async fn answer<'a>(
    client: &Client,
    name: &str,
    procedure: &'a ProcedureDescription,
) -> Result<(&'a Schema, Vec<u8>), CallError> {
    let arguments = to_cbor(&procedure.arguments, &example(&procedure.arguments)).unwrap();
    let mut call = client.stream_raw(name, to_vec(&arguments).unwrap()).await?;
    call.half_close();
    match (call.next().await?, &procedure.items_out) {
        (Some(item), Some(schema)) => Ok((schema, item)),
        _ => Ok((&procedure.result, call.finish().await?.payload)),
    }
}

#[tokio::test]
async fn every_procedure_takes_and_gives_what_its_schema_says() {
    let client = client();
    let services = ReflectionClient::new(client.clone()).services().await.unwrap();
    for service in &services {
        for procedure in &service.procedures {
            let name = format!("{}/{}", service.name, procedure.name);
            match answer(&client, &name, procedure).await {
                Ok((schema, answer)) => {
                    let json = to_json(schema, &from_slice(&answer).unwrap());
                    jsonschema::validate(schema.as_value(), &json).unwrap_or_else(|e| panic!("{name}: {e}"));
                    to_cbor(schema, &json).unwrap_or_else(|e| panic!("{name}: {e}"));
                }
                // The example of a name is no service's.
                Err(CallError::Status(status)) => assert_eq!(status.code, Code::NotFound, "{name}: {status}"),
                Err(other) => panic!("{name}: {other}"),
            }
        }
    }
    assert_eq!(services.len(), 7);
}

#[tokio::test]
async fn a_server_says_who_it_is_and_whom_it_believes() {
    let pair = pair(EchoServer::new(Parrot));
    let told = IdentityClient::new(pair.client).get().await.unwrap();
    let identity = pair.server_credentials.identity();
    assert_eq!(
        (told.id.as_str(), told.fingerprint.as_str()),
        ("spiffe://test.internal/server", identity.certificate().fingerprint())
    );
    assert_eq!(told.not_after, identity.not_after());
    let [domain] = told.domains.as_slice() else { panic!("{told:?}") };
    assert_eq!((domain.domain.as_str(), domain.roots, domain.crls.len()), ("test.internal", 1, 0));
    assert!(told.warnings[0].contains("not checked for revocation"), "{told:?}");
    assert_eq!((told.credentials.replaced, told.credentials.failure, told.policy.failed), (0, None, 0));
}

/// A server whose files were spoilt goes on with what it had, and says so to those who ask.
#[tokio::test]
async fn a_server_says_that_its_files_cannot_be_used() {
    let pki = tempfile::tempdir().unwrap();
    let authority = Authority::init(pki.path(), &TrustDomain::default()).unwrap();
    for request in [
        Request::client("alice".parse().unwrap()),
        Request::server("greeter".parse().unwrap(), ["localhost".parse().unwrap()]),
    ] {
        authority.issue_to(pki.path(), &request, Existing::Refuse).unwrap();
    }
    let home = pki.path().join("greeter");
    std::fs::copy(pki.path().join("authority/crl.pem"), home.join("crl.pem")).unwrap();
    let watched = Credentials::loader(&home).on_request().unwrap();
    let server =
        Server::builder(watched.clone(), Policy::any_trusted_peer()).service(EchoServer::new(Parrot));
    let server = server.bind("127.0.0.1:0").await.unwrap();
    let address = format!("localhost:{}", server.local_addr().unwrap().port());
    tokio::spawn(server.run_until(std::future::pending::<()>()));
    let alice = Credentials::load(pki.path().join("alice")).unwrap();
    let identity = IdentityClient::new(Client::builder(alice).connect(&address).await.unwrap());

    let told = identity.get().await.unwrap();
    assert_eq!((told.domains[0].crls.len(), told.warnings.len()), (1, 0), "{told:?}");
    std::fs::write(home.join("ca.pem"), "garbage").unwrap();
    watched.reload().unwrap_err();
    let Reloads { replaced, failed, failure, .. } = identity.get().await.unwrap().credentials;
    assert_eq!((replaced, failed), (0, 1));
    assert!(failure.unwrap().contains("ca.pem: no certificate in this file"));
}
