//! Options of services and methods.

use countersign::{Context, Status};

#[countersign::service]
pub trait NoPackage {}

#[countersign::service(package = "Acme Ltd")]
pub trait WrongPackage {}

#[countersign::service(packages = "acme")]
pub trait UnknownOption {}

#[countersign::service(package = "acme")]
pub trait Generic<T> {
    async fn get(&self, cx: &Context) -> Result<u32, Status>;
}

#[countersign::service(package = "acme")]
pub unsafe trait Unsafe {}

#[countersign::service(package = "acme")]
pub struct NotATrait;

#[countersign::service(package = "acme")]
pub trait Ledger {
    #[rpc(idempotant)]
    async fn misspelt(&self, cx: &Context) -> Result<(), Status>;
    #[rpc(deadline = "500")]
    async fn no_unit(&self, cx: &Context) -> Result<(), Status>;
    #[rpc(deadline = 500)]
    async fn no_text(&self, cx: &Context) -> Result<(), Status>;
    #[rpc(idempotent, deadline = "0s")]
    async fn no_time(&self, cx: &Context) -> Result<(), Status>;
}

fn main() {}
