//! Streaming calls are known, and not there yet.

use countersign::{Context, Status};

pub struct Sender<T>(T);
pub struct Receiver<T>(T);

#[countersign::service(package = "acme")]
pub trait Ledger {
    async fn watch(&self, cx: &Context, events: Sender<u32>) -> Result<(), Status>;
    async fn import(&self, cx: &Context, rows: Receiver<u32>) -> Result<u32, Status>;
}

fn main() {}
