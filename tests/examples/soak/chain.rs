//! A caller that leaves, a relay, another relay, and a handler that waits: how long it takes until that one stops.

use std::sync::Arc;
use std::time::Instant;

use countersign::{Client, Context, OrStatus, Policy, Server, Status};
use countersign_tests::{Office, Running};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::{Outcome, quantile};

/// Each link asks the next one, and the last one waits.
#[countersign::service(package = "soak")]
trait Link {
    /// Never answers.
    async fn ask(&self, cx: &Context) -> Result<(), Status>;
}

struct Chained {
    next: Option<LinkClient>,
    events: Arc<UnboundedSender<Event>>,
}

enum Event {
    Arrived,
    Stopped(Instant),
}

/// Tells when a handler is dropped.
struct Guard(Arc<UnboundedSender<Event>>);

impl Drop for Guard {
    fn drop(&mut self) {
        // Nobody listens any more at the end of the program.
        let _ = self.0.send(Event::Stopped(Instant::now()));
    }
}

impl Link for Chained {
    async fn ask(&self, _: &Context) -> Result<(), Status> {
        match &self.next {
            Some(next) => next.ask().await.or_internal(),
            None => {
                let _guard = Guard(self.events.clone());
                let _ = self.events.send(Event::Arrived);
                std::future::pending().await
            }
        }
    }
}

pub(crate) async fn run(times: usize) -> Outcome {
    let office = Office::of("soak.internal");
    let (sender, mut events) = unbounded_channel();
    let sender = Arc::new(sender);
    let (mut next, mut servers) = (None, Vec::new());
    for _ in 0..3 {
        let (client, server) = link(&office, Chained { next, events: sender.clone() }).await?;
        next = Some(client);
        servers.push(server);
    }
    let first = next.ok_or("there are three links")?;
    let mut took = Vec::new();
    for _ in 0..times {
        let asking = tokio::spawn({
            let first = first.clone();
            async move { first.ask().await }
        });
        let Some(Event::Arrived) = events.recv().await else {
            return Err("the last handler did not start".into());
        };
        let left = Instant::now();
        asking.abort();
        let Some(Event::Stopped(stopped)) = events.recv().await else { return Err("it did not stop".into()) };
        took.push(stopped.saturating_duration_since(left));
    }
    took.sort_unstable();
    println!(
        r#"{{"soak":"chain","links":3,"times":{times},"p50_us":{},"p99_us":{},"max_us":{}}}"#,
        quantile(&took, 0.5).as_micros(),
        quantile(&took, 0.99).as_micros(),
        quantile(&took, 1.0).as_micros(),
    );
    Ok(())
}

async fn link(
    office: &Office,
    chained: Chained,
) -> Result<(LinkClient, Running), Box<dyn std::error::Error>> {
    let builder = Server::builder(office.server("link", &["localhost"]), Policy::any_trusted_peer());
    let server = Running::start(builder.service(LinkServer::new(chained))).await;
    let client: Client = server.connect(office.client("caller")).await?;
    Ok((LinkClient::new(client), server))
}
