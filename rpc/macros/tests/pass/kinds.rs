//! All four kinds of call, and what may be written around them.

#![deny(warnings, missing_docs)]

use countersign::{CallError, Code, Context, Receiver, Sender, Status};

/// A service.
#[countersign::service(package = "acme")]
pub trait Ledger {
    /// One message each way.
    #[rpc(idempotent, deadline = "500ms")]
    async fn balance(&self, cx: &Context, account: u32) -> Result<i64, LedgerError>;
    /// Items from the server.
    #[rpc(idempotent)]
    async fn watch(&self, cx: &Context, account: u32, events: Sender<Event>) -> Result<(), LedgerError>;
    /// With a stream that has no name.
    async fn import(&self, cx: &Context, _: Receiver<Event>) -> Result<u64, LedgerError>;
    /// Items both ways.
    #[deprecated = "settle in person"]
    #[rpc(deadline = "1h")]
    async fn settle(
        &self,
        cx: &Context,
        note: String,
        rows: countersign::Receiver<Event>,
        balances: countersign::Sender<Vec<i64>>,
    ) -> Result<u64, Status>;
    /// In the other order, and nothing beside them.
    async fn mirror(&self, cx: &Context, sender: Sender<Event>, receiver: Receiver<Event>)
    -> Result<(), Status>;
}

/// What changed.
#[countersign::message]
#[derive(Debug, Clone)]
pub enum Event {
    /// So many cents came in.
    In(u32),
    /// So many cents went out.
    Out(u32),
}

/// Why not.
#[countersign::message]
#[derive(Debug, thiserror::Error, countersign::Fault)]
pub enum LedgerError {
    /// There is none.
    #[error("no account {0}")]
    #[fault(code = NotFound)]
    NoAccount(u32),
    /// Anything else.
    #[error(transparent)]
    #[fault(status)]
    #[serde(skip)]
    Other(#[from] Status),
}

/// A type that comes out of a macro is in a group of its own.
macro_rules! wrapped {
    ($name:ident, $stream:ty) => {
        /// A service.
        #[countersign::service(package = "acme")]
        pub trait $name {
            /// Items from the server.
            async fn watch(&self, cx: &Context, events: $stream) -> Result<(), Status>;
        }
    };
}

wrapped!(Wrapped, Sender<Event>);

struct Book;

impl Ledger for Book {
    async fn balance(&self, _: &Context, account: u32) -> Result<i64, LedgerError> {
        Err(LedgerError::NoAccount(account))
    }

    async fn watch(&self, _: &Context, account: u32, events: Sender<Event>) -> Result<(), LedgerError> {
        events.send(Event::In(account)).await?;
        Err(LedgerError::NoAccount(account))
    }

    async fn import(&self, _: &Context, mut rows: Receiver<Event>) -> Result<u64, LedgerError> {
        let mut count = 0;
        while rows.next().await?.is_some() {
            count += 1;
        }
        Ok(count)
    }

    async fn settle(
        &self,
        _: &Context,
        _: String,
        mut rows: Receiver<Event>,
        balances: Sender<Vec<i64>>,
    ) -> Result<u64, Status> {
        while let Some(Event::In(cents) | Event::Out(cents)) = rows.next().await? {
            balances.send(vec![cents.into()]).await?;
        }
        Err(Status::new(Code::Aborted, "enough"))
    }

    async fn mirror(&self, _: &Context, sender: Sender<Event>, mut receiver: Receiver<Event>) -> Result<(), Status> {
        while let Some(event) = receiver.next().await? {
            sender.send(event).await?;
        }
        Ok(())
    }
}

/// Calls all of it.
#[expect(deprecated, reason = "the client has the attributes of the trait")]
pub async fn calls(ledger: LedgerClient, rows: Vec<Event>) -> Result<(), CallError<LedgerError>> {
    let _: i64 = ledger.balance(&17).await?;
    let mut events = ledger.watch(17).await?;
    while let Some(event) = events.next().await? {
        let _: Event = event;
    }
    let _: () = events.finish().await?;
    let _: u64 = ledger.import().send_all(&rows).await?;
    let mut import = ledger.import().metadata("trace", "1").await?;
    import.send(Event::In(1)).await?;
    import.send(&rows[0]).await?;
    let _: u64 = import.finish().await?;
    if let Ok(settle) = ledger.settle("by reference").await {
        let (mut sender, mut receiver) = settle.split();
        let _ = (sender.send(&rows[0]).await, receiver.next().await);
    }
    if let Ok(mut mirror) = ledger.mirror().await {
        mirror.half_close();
        let _: Result<Option<Event>, _> = mirror.next().await;
    }
    Ok(())
}

fn is_send(_: impl Send) {}

fn main() {
    let _ = LedgerServer::new(Book);
    let _ = |ledger: LedgerClient| is_send(calls(ledger, Vec::new()));
    let _ = |client: WrappedClient| is_send(client.watch());
}
