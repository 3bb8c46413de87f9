//! The service itself.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use countersign::{Bytes, Code, Context, Receiver, Sender, Status};
use tokio::sync::watch;

use super::types::{Everything, TestFault};

/// What another implementation is measured by.
#[countersign::service(package = "conformance")]
pub trait Test {
    /// Nothing there, and nothing back.
    #[rpc(idempotent)]
    async fn empty(&self, cx: &Context) -> Result<(), Status>;
    /// Takes bytes, and gives back so many others.
    async fn large(&self, cx: &Context, payload: Bytes, reply: u32) -> Result<Bytes, Status>;
    /// Everything, as it came.
    async fn everything(&self, cx: &Context, everything: Everything) -> Result<Everything, Status>;
    /// The optional text, or `none`.
    async fn option(&self, cx: &Context, text: Option<String>) -> Result<String, Status>;
    /// Ends as it is told to.
    async fn status(
        &self,
        cx: &Context,
        code: u64,
        message: String,
        details: Option<Bytes>,
        retry_after_ms: Option<u64>,
    ) -> Result<(), Status>;
    /// Fails with a fault.
    async fn fault(&self, cx: &Context, fault: TestFault) -> Result<(), TestFault>;
    /// A bug.
    async fn panic(&self, cx: &Context) -> Result<(), Status>;
    /// Gives back the metadata of the call, in the response and trailing.
    async fn metadata(&self, cx: &Context) -> Result<(), Status>;
    /// Gives back the metadata of the call likewise, and fails.
    async fn metadata_of_failure(&self, cx: &Context) -> Result<(), Status>;
    /// Who calls.
    async fn peer(&self, cx: &Context) -> Result<String, Status>;
    /// Sleeps, and says whether there was a deadline.
    async fn sleep(&self, cx: &Context, ms: u64) -> Result<bool, Status>;
    /// Never answers.
    async fn hang(&self, cx: &Context, ticket: String) -> Result<(), Status>;
    /// Sends so many items of eight bytes, and then never answers.
    async fn hang_after(
        &self,
        cx: &Context,
        ticket: String,
        count: u32,
        items: Sender<Bytes>,
    ) -> Result<(), Status>;
    /// Takes items, and never answers.
    async fn hang_while(&self, cx: &Context, ticket: String, items: Receiver<Bytes>) -> Result<(), Status>;
    /// Waits until so many handlers with this ticket have begun.
    async fn begun(&self, cx: &Context, ticket: String, count: u32) -> Result<(), Status>;
    /// Waits until so many handlers with this ticket were stopped.
    async fn stopped(&self, cx: &Context, ticket: String, count: u32) -> Result<(), Status>;
    /// Sends items of these sizes, and says how many they were.
    async fn produce(&self, cx: &Context, sizes: Vec<u32>, items: Sender<Bytes>) -> Result<u64, Status>;
    /// Sends items of these sizes, and fails.
    async fn produce_and_fail(
        &self,
        cx: &Context,
        sizes: Vec<u32>,
        items: Sender<Bytes>,
    ) -> Result<(), TestFault>;
    /// The sizes of the items, one after the other and in all.
    async fn sizes(&self, cx: &Context, items: Receiver<Bytes>) -> Result<(Vec<u64>, u64), Status>;
    /// For each number an item of that size, as it comes.
    async fn converse(&self, cx: &Context, sizes: Receiver<u32>, items: Sender<Bytes>)
    -> Result<u64, Status>;
    /// Answers after the first item, whatever follows.
    async fn leave_early(&self, cx: &Context, items: Receiver<u32>) -> Result<u32, Status>;
}

/// The service as the tests run it.
#[derive(Debug, Clone, Default)]
pub struct Bench {
    handlers: Arc<watch::Sender<BTreeMap<String, Handlers>>>,
}

/// The handlers with one ticket.
#[derive(Debug, Clone, Copy, Default)]
struct Handlers {
    begun: u32,
    stopped: u32,
}

impl Bench {
    /// Counts a handler that begins and, when what comes back is dropped, one that was stopped.
    fn begin(&self, ticket: &str) -> impl Drop + use<> {
        self.handlers.send_modify(|handlers| handlers.entry(ticket.to_owned()).or_default().begun += 1);
        Stopping { bench: self.clone(), ticket: ticket.to_owned() }
    }

    async fn until(&self, ticket: &str, holds: impl Fn(Handlers) -> bool) {
        let mut handlers = self.handlers.subscribe();
        // The sender is ours, and so it is never gone.
        let _ =
            handlers.wait_for(|handlers| handlers.get(ticket).is_some_and(|handlers| holds(*handlers))).await;
    }
}

struct Stopping {
    bench: Bench,
    ticket: String,
}

impl Drop for Stopping {
    fn drop(&mut self) {
        let stop = |handlers: &mut BTreeMap<String, Handlers>| {
            handlers.entry(self.ticket.clone()).or_default().stopped += 1;
        };
        self.bench.handlers.send_modify(stop);
    }
}

fn zeros(size: u32) -> Bytes {
    Bytes::from(vec![0; size as usize])
}

impl Test for Bench {
    async fn empty(&self, _: &Context) -> Result<(), Status> {
        Ok(())
    }

    async fn large(&self, _: &Context, _: Bytes, reply: u32) -> Result<Bytes, Status> {
        Ok(zeros(reply))
    }

    async fn everything(&self, _: &Context, everything: Everything) -> Result<Everything, Status> {
        Ok(everything)
    }

    async fn option(&self, _: &Context, text: Option<String>) -> Result<String, Status> {
        Ok(text.unwrap_or_else(|| "none".to_owned()))
    }

    async fn status(
        &self,
        _: &Context,
        code: u64,
        message: String,
        details: Option<Bytes>,
        retry_after_ms: Option<u64>,
    ) -> Result<(), Status> {
        let mut status = Status::new(Code::from_number(code), message);
        if let Some(details) = details {
            status = status.with_details(details);
        }
        status.retry_after_ms = retry_after_ms;
        Err(status)
    }

    async fn fault(&self, _: &Context, fault: TestFault) -> Result<(), TestFault> {
        Err(fault)
    }

    async fn panic(&self, _: &Context) -> Result<(), Status> {
        panic!("on purpose");
    }

    async fn metadata(&self, cx: &Context) -> Result<(), Status> {
        for (key, value) in cx.metadata().iter() {
            cx.respond_metadata(key, value.clone())?;
            cx.trailing_metadata(key, value.clone())?;
        }
        Ok(())
    }

    async fn metadata_of_failure(&self, cx: &Context) -> Result<(), Status> {
        self.metadata(cx).await?;
        Err(Status::not_found("but metadata"))
    }

    async fn peer(&self, cx: &Context) -> Result<String, Status> {
        Ok(cx.peer().id().to_string())
    }

    async fn sleep(&self, cx: &Context, ms: u64) -> Result<bool, Status> {
        tokio::time::sleep(Duration::from_millis(ms)).await;
        Ok(cx.time_left().is_some())
    }

    async fn hang(&self, _: &Context, ticket: String) -> Result<(), Status> {
        let _stopping = self.begin(&ticket);
        pending().await
    }

    async fn hang_after(
        &self,
        _: &Context,
        ticket: String,
        count: u32,
        items: Sender<Bytes>,
    ) -> Result<(), Status> {
        let _stopping = self.begin(&ticket);
        for _ in 0..count {
            items.send(zeros(8)).await?;
        }
        pending().await
    }

    async fn hang_while(
        &self,
        _: &Context,
        ticket: String,
        mut items: Receiver<Bytes>,
    ) -> Result<(), Status> {
        let _stopping = self.begin(&ticket);
        while items.next().await?.is_some() {}
        pending().await
    }

    async fn begun(&self, _: &Context, ticket: String, count: u32) -> Result<(), Status> {
        self.until(&ticket, |handlers| handlers.begun >= count).await;
        Ok(())
    }

    async fn stopped(&self, _: &Context, ticket: String, count: u32) -> Result<(), Status> {
        self.until(&ticket, |handlers| handlers.stopped >= count).await;
        Ok(())
    }

    async fn produce(&self, _: &Context, sizes: Vec<u32>, items: Sender<Bytes>) -> Result<u64, Status> {
        for size in &sizes {
            items.send(zeros(*size)).await?;
        }
        Ok(sizes.len() as u64)
    }

    async fn produce_and_fail(
        &self,
        _: &Context,
        sizes: Vec<u32>,
        items: Sender<Bytes>,
    ) -> Result<(), TestFault> {
        for size in &sizes {
            // Who does not read on is not told of the fault either.
            let _ = items.send(zeros(*size)).await;
        }
        Err(TestFault::Left(7))
    }

    async fn sizes(&self, _: &Context, mut items: Receiver<Bytes>) -> Result<(Vec<u64>, u64), Status> {
        let mut sizes = Vec::new();
        while let Some(item) = items.next().await? {
            sizes.push(item.len() as u64);
        }
        let total = sizes.iter().sum();
        Ok((sizes, total))
    }

    async fn converse(
        &self,
        _: &Context,
        mut sizes: Receiver<u32>,
        items: Sender<Bytes>,
    ) -> Result<u64, Status> {
        let mut count = 0;
        while let Some(size) = sizes.next().await? {
            items.send(zeros(size)).await?;
            count += 1;
        }
        Ok(count)
    }

    async fn leave_early(&self, _: &Context, mut items: Receiver<u32>) -> Result<u32, Status> {
        items.next().await?.ok_or_else(|| Status::invalid_argument("there is no item"))
    }
}
