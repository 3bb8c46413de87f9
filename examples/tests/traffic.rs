//! The traffic that keeps a demo server busy.

use std::time::Duration;

use countersign::builtin::connections::ConnectionsClient;
use countersign::builtin::stats::StatsClient;
use countersign::{Client, Credentials, Policy, Server};
use countersign_certs::authority::{Authority, Request};
use tokio::time::{sleep, timeout};

/// Asks again until the answer is yes, but not for ever.
async fn until(what: &str, mut yes: impl AsyncFnMut() -> bool) {
    let asking = async {
        while !yes().await {
            sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(timeout(Duration::from_secs(20), asking).await.is_ok(), "{what} did not happen");
}

#[tokio::test]
async fn traffic_calls_several_procedures_and_stops_when_dropped() {
    let authority = Authority::in_memory(&"test.internal".parse().unwrap()).unwrap();
    let issue =
        |request: Request| -> Credentials { authority.issue(&request).unwrap().credentials().clone() };
    let server = issue(Request::server("demo".parse().unwrap(), ["localhost".parse().unwrap()]));
    let server = Server::builder(server, Policy::any_trusted_peer());
    let server = countersign_examples::serve(server).bind("127.0.0.1:0").await.unwrap();
    let address = format!("localhost:{}", server.local_addr().unwrap().port());
    tokio::spawn(server.run_until(std::future::pending::<()>()));
    let connect = async |name: &str| {
        let credentials = issue(Request::client(name.parse().unwrap()));
        Client::builder(credentials).connect(&address).await.unwrap()
    };

    let traffic = countersign_examples::traffic(connect("traffic").await);
    let watcher = connect("watcher").await;
    let stats = StatsClient::new(watcher.clone());
    until("traffic", async || {
        let procedures = stats.get().await.unwrap().procedures;
        procedures.iter().filter(|row| row.procedure.starts_with("demo.") && row.calls > 0).count() >= 4
    })
    .await;
    drop(traffic);
    let connections = ConnectionsClient::new(watcher);
    until("the end of the traffic", async || connections.list(None::<u64>).await.unwrap().len() == 1).await;
}
