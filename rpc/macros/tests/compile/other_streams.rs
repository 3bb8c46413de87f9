//! A stream that is not ours is one mistake, where it is.

use std::sync::mpsc::Sender;

use countersign::{Context, Status};

#[countersign::service(package = "acme")]
pub trait Ledger {
    async fn watch(&self, cx: &Context, account: u32, events: Sender<u32>) -> Result<(), Status>;
}

fn main() {}
