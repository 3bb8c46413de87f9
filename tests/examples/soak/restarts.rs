//! A server that restarts again and again under load. Its clients may wait, but not lose a call.

use std::time::Duration;

use countersign::{Policy, Server, ServerBuilder};
use countersign_tests::load::{Load, YardServer, Yarder};
use countersign_tests::{Office, Running};

use crate::Outcome;

/// How long the load has a server to itself.
const BETWEEN: Duration = Duration::from_secs(1);
/// How long there is no server at all.
const DOWN: Duration = Duration::from_millis(200);

pub(crate) async fn run(restarts: u32) -> Outcome {
    let office = Office::of("soak.internal");
    let credentials = office.server("yard", &["localhost"]);
    let builder = || -> ServerBuilder {
        Server::builder(credentials.clone(), Policy::any_trusted_peer()).service(YardServer::new(Yarder))
    };
    let mut running = Running::start(builder()).await;
    let address = running.address;
    let client = running.connect(office.client("carter")).await?;
    let load = Load::begin(&client);
    let mut cut = 0;
    for _ in 0..restarts {
        tokio::time::sleep(BETWEEN).await;
        cut += running.stop().await?.calls_cut;
        tokio::time::sleep(DOWN).await;
        running = Running::start_at(address, builder()).await;
    }
    tokio::time::sleep(BETWEEN).await;
    let outcome = load.end().await;
    let (calls, lost) = (outcome.calls, outcome.failed);
    println!(
        r#"{{"soak":"restarts","restarts":{restarts},"calls":{calls},"retried":{},"lost":{lost},"cut":{cut},"longest_ms":{}}}"#,
        client.retries(),
        outcome.longest.as_millis(),
    );
    match lost {
        0 => Ok(()),
        _ => Err(format!("{lost} calls were lost").into()),
    }
}
