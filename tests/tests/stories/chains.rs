//! Calls that are made to answer other calls.

use std::sync::Arc;
use std::time::Duration;

use countersign::{Client, Context, OrStatus, Status};
use countersign_tests::{Clerk, DeskClient, Office, Running, soon};
use tokio::sync::Notify;

/// Answers by asking a desk.
#[countersign::service(package = "test")]
trait Relay {
    /// Asks the desk, which may take for ever.
    async fn ask(&self, cx: &Context) -> Result<u32, Status>;
    /// As `ask`, on a task of its own, which says when it has ended.
    async fn ask_elsewhere(&self, cx: &Context) -> Result<u32, Status>;
    /// How long the desk has, in milliseconds, when it is asked from here.
    async fn time_left(&self, cx: &Context, detached: bool) -> Result<u64, Status>;
    /// The same, asked once the handler has waited for something else.
    async fn time_left_later(&self, cx: &Context) -> Result<u64, Status>;
}

struct Desked {
    desk: DeskClient,
    elsewhere_ended: Arc<Notify>,
}

impl Relay for Desked {
    async fn ask(&self, _: &Context) -> Result<u32, Status> {
        self.desk.wait().await.or_internal()
    }

    async fn ask_elsewhere(&self, cx: &Context) -> Result<u32, Status> {
        let (desk, cx, ended) = (self.desk.clone(), cx.clone(), self.elsewhere_ended.clone());
        let asking = tokio::spawn(async move {
            let answer = cx.scope(async { desk.wait().await }).await;
            ended.notify_one();
            answer
        });
        asking.await.or_internal()?.or_internal()
    }

    async fn time_left(&self, _: &Context, detached: bool) -> Result<u64, Status> {
        let call = self.desk.time_left();
        if detached { call.detached().await.or_internal() } else { call.await.or_internal() }
    }

    async fn time_left_later(&self, cx: &Context) -> Result<u64, Status> {
        tokio::task::yield_now().await;
        self.time_left(cx, false).await
    }
}

/// A client of a relay in front of a desk.
struct Chain {
    _servers: (Running, Running),
    relay: RelayClient,
    elsewhere_ended: Arc<Notify>,
}

async fn chain(clerk: &Clerk) -> Chain {
    let office = Office::of("test.internal");
    let desk = Running::desk(office.server("desk", &["localhost"]), clerk).await;
    let to_desk: Client = desk.connect(office.client("relay")).await.expect("a good client");
    let elsewhere_ended = Arc::new(Notify::new());
    let relay = Desked { desk: DeskClient::new(to_desk), elsewhere_ended: elsewhere_ended.clone() };
    let credentials = office.server("relay-server", &["localhost"]);
    let builder = countersign::Server::builder(credentials, countersign::Policy::any_trusted_peer());
    let server = Running::start(builder.service(RelayServer::new(relay))).await;
    let client = server.connect(office.client("alice")).await.expect("a good client");
    Chain { _servers: (desk, server), relay: RelayClient::new(client), elsewhere_ended }
}

#[tokio::test]
async fn a_caller_that_leaves_stops_the_handlers_down_the_chain() {
    let clerk = Clerk::default();
    let chain = chain(&clerk).await;
    let relay = chain.relay.clone();
    let call = tokio::spawn(async move { relay.ask().await });
    soon("the call at the desk", clerk.arrived()).await;
    call.abort();
    soon("the end of the handler at the desk", clerk.left()).await;
}

#[tokio::test]
async fn a_scope_carries_the_end_of_a_call_to_another_task() {
    let clerk = Clerk::default();
    let chain = chain(&clerk).await;
    let relay = chain.relay.clone();
    let call = tokio::spawn(async move { relay.ask_elsewhere().await });
    soon("the call at the desk", clerk.arrived()).await;
    call.abort();
    soon("the end of the task", chain.elsewhere_ended.notified()).await;
    soon("the end of the handler at the desk", clerk.left()).await;
}

#[tokio::test]
async fn what_is_left_of_a_deadline_shrinks_down_the_chain() {
    let chain = chain(&Clerk::default()).await;
    let timeout = Duration::from_secs(20);
    let inherited = chain.relay.time_left(false).timeout(timeout).await.expect("an answer");
    assert!(inherited <= 20_000, "{inherited}");
    let inherited = chain.relay.time_left_later().timeout(timeout).await.expect("an answer");
    assert!(inherited <= 20_000, "after the handler has waited: {inherited}");
    let detached = chain.relay.time_left(true).timeout(timeout).await.expect("an answer");
    assert!(20_000 < detached, "{detached}");
}
