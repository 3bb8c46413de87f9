//! The same name twice.

use countersign::{Context, Status};

#[countersign::service(package = "acme")]
pub trait Ledger {
    async fn arguments(&self, cx: &Context, account: u32, account: u32) -> Result<(), Status>;
    async fn method(&self, cx: &Context) -> Result<(), Status>;
    async fn method(&self, cx: &Context) -> Result<(), Status>;
}

fn main() {}
