//! `demo.Echo`: what comes back is what was sent.

use countersign::{Bytes, Context, Sender, Status};

/// Sends back what it is sent: to try a connection out, and to measure it.
#[countersign::service(package = "demo")]
pub trait Echo {
    /// The record, as it came.
    #[rpc(idempotent)]
    async fn record(&self, cx: &Context, record: Record) -> Result<Record, Status>;

    /// The bytes, as they came; up to 4 MiB, with what is around them.
    #[rpc(idempotent)]
    async fn blob(&self, cx: &Context, data: Bytes) -> Result<Bytes, Status>;

    /// So many messages of so many bytes each, as fast as you take them.
    #[rpc(idempotent)]
    async fn stream(
        &self,
        cx: &Context,
        count: u32,
        size: Size,
        messages: Sender<Bytes>,
    ) -> Result<(), Status>;
}

/// How many bytes a message has. The largest one fits into 4 MiB with what is around it.
#[countersign::message]
#[schemars(example = 1000)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(#[schemars(range(max = 4_000_000))] pub u32);

/// A small record, like the rows that most calls are about.
#[countersign::message]
#[schemars(example = Record::sample())]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its number.
    pub id: u64,
    /// What people call it.
    pub name: String,
    /// What it is filed under.
    pub tags: Vec<u32>,
}

impl Record {
    /// A record of ordinary size: a name of sixteen letters and four tags.
    pub fn sample() -> Self {
        Self {
            id: 18_151_210,
            name: "Augusta Ada King".to_owned(),
            tags: vec![7, 300, 70_000, 4_000_000_000],
        }
    }
}

/// Echo, as the demo serves it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mirror;

impl Echo for Mirror {
    async fn record(&self, _: &Context, record: Record) -> Result<Record, Status> {
        Ok(record)
    }

    async fn blob(&self, _: &Context, data: Bytes) -> Result<Bytes, Status> {
        Ok(data)
    }

    async fn stream(
        &self,
        _: &Context,
        count: u32,
        size: Size,
        messages: Sender<Bytes>,
    ) -> Result<(), Status> {
        let Size(size @ 0..=4_000_000) = size else {
            let found = size.0;
            return Err(Status::invalid_argument(format!("size: expected at most 4000000, found {found}")));
        };
        let message = Bytes::from(vec![0xc5; size as usize]);
        for _ in 0..count {
            messages.send(message.clone()).await?;
        }
        Ok(())
    }
}
