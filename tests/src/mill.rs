//! What the stories about streams call.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use countersign::{Bytes, Client, Code, Context, Policy, Receiver, Sender, Server, Status};
use tokio::sync::Notify;

use crate::{Office, Running};

/// Streams of numbers and of sacks.
#[countersign::service(package = "test")]
pub trait Mill {
    /// The text, as it came, unless it is empty.
    async fn echo(&self, cx: &Context, text: String) -> Result<String, Status>;
    /// The numbers below `to`, and then how many they were. Above a hundred it stops.
    async fn count(&self, cx: &Context, to: u32, numbers: Sender<u32>) -> Result<u32, MillError>;
    /// The sum of what is sent, none of which may be above a hundred.
    async fn sum(&self, cx: &Context, numbers: Receiver<u32>) -> Result<u64, MillError>;
    /// The first of what is sent, whatever follows it.
    async fn first(&self, cx: &Context, numbers: Receiver<u32>) -> Result<Option<u32>, Status>;
    /// Each number twice as large, and then how many they were.
    async fn double(
        &self,
        cx: &Context,
        numbers: Receiver<u32>,
        doubled: Sender<u32>,
    ) -> Result<u32, MillError>;
    /// Sacks of so many bytes, without end.
    async fn pour(&self, cx: &Context, len: u32, sacks: Sender<Bytes>) -> Result<(), Status>;
    /// Takes sacks once the miller has opened the door, and says how many bytes there were.
    async fn store(&self, cx: &Context, sacks: Receiver<Bytes>) -> Result<u64, Status>;
    /// Looks at no sack, and is done once the miller has opened the door.
    async fn refuse(&self, cx: &Context, sacks: Receiver<Bytes>) -> Result<(), Status>;
    /// Sends each sack back.
    async fn return_all(
        &self,
        cx: &Context,
        sacks: Receiver<Bytes>,
        returned: Sender<Bytes>,
    ) -> Result<(), Status>;
    /// Sends one number, says why nothing more can be sent once that is so, and does not end before.
    async fn outlive(&self, cx: &Context, numbers: Sender<u32>) -> Result<(), Status>;
}

/// What goes wrong in a mill.
#[countersign::message]
#[derive(Debug, PartialEq, Eq, thiserror::Error, countersign::Fault)]
pub enum MillError {
    /// A number above a hundred.
    #[error("{0} is too large")]
    #[fault(code = OutOfRange)]
    TooLarge(u32),
    /// Anything else.
    #[error(transparent)]
    #[fault(status)]
    #[serde(skip)]
    Other(#[from] Status),
}

/// The mill, and what a story can see of it.
#[derive(Debug, Default, Clone)]
pub struct Miller {
    /// Sacks that were poured.
    pub poured: Arc<AtomicUsize>,
    /// Opens the door.
    pub door: Arc<Notify>,
    /// A handler was dropped before its end.
    pub left: Arc<Notify>,
    /// A handler has read to the end of what it was sent.
    pub read: Arc<Notify>,
    /// What a handler that outlived its call was told.
    pub told: Arc<std::sync::Mutex<Option<Status>>>,
}

impl Miller {
    /// Runs the mill, and connects to it.
    pub async fn open(&self) -> (Running, Client) {
        let office = Office::of("test.internal");
        let credentials = office.server("mill", &["localhost"]);
        let builder = Server::builder(credentials, Policy::any_trusted_peer()).grace(Duration::ZERO);
        let running = Running::start(builder.service(MillServer::new(self.clone()))).await;
        let client = running.connect(office.client("alice")).await.expect("a good client");
        (running, client)
    }

    fn guard(&self) -> Leaving {
        Leaving(Some(self.left.clone()))
    }
}

impl Mill for Miller {
    async fn echo(&self, cx: &Context, text: String) -> Result<String, Status> {
        cx.respond_metadata("heard", text.as_str())?;
        cx.trailing_metadata("len", text.len().to_string())?;
        if text.is_empty() {
            return Err(Status::new(Code::InvalidArgument, "nothing to say"));
        }
        Ok(text)
    }

    async fn count(&self, cx: &Context, to: u32, numbers: Sender<u32>) -> Result<u32, MillError> {
        cx.respond_metadata("to", to.to_string())?;
        for number in 0..to {
            if 100 < number {
                cx.trailing_metadata("counted", number.to_string())?;
                return Err(MillError::TooLarge(number));
            }
            numbers.send(number).await?;
        }
        cx.trailing_metadata("counted", to.to_string())?;
        Ok(to)
    }

    async fn sum(&self, _: &Context, mut numbers: Receiver<u32>) -> Result<u64, MillError> {
        let guard = self.guard();
        let mut sum = 0;
        while let Some(number) = numbers.next().await? {
            if 100 < number {
                guard.disarm();
                return Err(MillError::TooLarge(number));
            }
            sum += u64::from(number);
        }
        guard.disarm();
        Ok(sum)
    }

    async fn first(&self, _: &Context, mut numbers: Receiver<u32>) -> Result<Option<u32>, Status> {
        numbers.next().await
    }

    async fn double(
        &self,
        _: &Context,
        mut numbers: Receiver<u32>,
        doubled: Sender<u32>,
    ) -> Result<u32, MillError> {
        let guard = self.guard();
        let mut count = 0;
        while let Some(number) = numbers.next().await? {
            doubled.send(2 * number).await?;
            count += 1;
        }
        self.read.notify_one();
        guard.disarm();
        Ok(count)
    }

    async fn pour(&self, _: &Context, len: u32, sacks: Sender<Bytes>) -> Result<(), Status> {
        let _guard = self.guard();
        loop {
            sacks.send(Bytes::from(vec![7; len as usize])).await?;
            self.poured.fetch_add(1, Ordering::Relaxed);
        }
    }

    async fn store(&self, _: &Context, mut sacks: Receiver<Bytes>) -> Result<u64, Status> {
        let guard = self.guard();
        self.door.notified().await;
        let mut stored = 0;
        while let Some(sack) = sacks.next().await? {
            stored += sack.len() as u64;
        }
        guard.disarm();
        Ok(stored)
    }

    async fn refuse(&self, _: &Context, sacks: Receiver<Bytes>) -> Result<(), Status> {
        drop(sacks);
        self.door.notified().await;
        Ok(())
    }

    async fn return_all(
        &self,
        _: &Context,
        mut sacks: Receiver<Bytes>,
        returned: Sender<Bytes>,
    ) -> Result<(), Status> {
        while let Some(sack) = sacks.next().await? {
            returned.send(sack).await?;
        }
        Ok(())
    }

    async fn outlive(&self, cx: &Context, numbers: Sender<u32>) -> Result<(), Status> {
        numbers.send(0).await?;
        let (cx, told, left) = (cx.clone(), self.told.clone(), self.left.clone());
        tokio::spawn(async move {
            cx.cancelled().await;
            let status = numbers.send(1).await.err();
            *told.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = status;
            left.notify_one();
        });
        std::future::pending().await
    }
}

struct Leaving(Option<Arc<Notify>>);

impl Leaving {
    fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        if let Some(left) = &self.0 {
            left.notify_one();
        }
    }
}
