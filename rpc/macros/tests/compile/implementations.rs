//! An implementation whose future cannot move between threads, and one that returns another type.

use std::rc::Rc;

use countersign::{Context, Status};

#[countersign::service(package = "acme")]
pub trait Ledger {
    async fn balance(&self, cx: &Context, account: u32) -> Result<u32, Status>;
}

struct Stays;

impl Ledger for Stays {
    async fn balance(&self, _: &Context, account: u32) -> Result<u32, Status> {
        let shared = Rc::new(account);
        std::future::ready(()).await;
        Ok(*shared)
    }
}

struct Differs;

impl Ledger for Differs {
    async fn balance(&self, _: &Context, account: u32) -> Result<u64, Status> {
        Ok(account.into())
    }
}

fn main() {}
