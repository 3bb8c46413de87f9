//! What a type lacks is one mistake, where the type is.

use countersign::__private::{schemars, serde};
use countersign::{Context, Receiver, Sender, Status};

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "countersign::__private::serde")]
#[schemars(crate = "countersign::__private::schemars")]
pub struct NotSerialize;

#[derive(serde::Serialize, schemars::JsonSchema)]
#[serde(crate = "countersign::__private::serde")]
#[schemars(crate = "countersign::__private::schemars")]
pub struct NotDeserialize;

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(crate = "countersign::__private::serde")]
pub struct NotJsonSchema;

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "countersign::__private::serde")]
#[schemars(crate = "countersign::__private::schemars")]
pub struct NotSent;

#[derive(Debug)]
pub enum NotFault {}

#[countersign::message]
pub struct NotSend(std::marker::PhantomData<*const u8>);

#[countersign::service(package = "acme")]
pub trait Ledger {
    async fn argument(&self, cx: &Context, account: NotSerialize) -> Result<(), Status>;
    async fn inside(&self, cx: &Context, accounts: Vec<NotDeserialize>) -> Result<(), Status>;
    async fn result(&self, cx: &Context) -> Result<NotJsonSchema, Status>;
    async fn fault(&self, cx: &Context) -> Result<(), NotFault>;
    async fn thread(&self, cx: &Context) -> Result<NotSend, Status>;
    async fn items_in(&self, cx: &Context, rows: Receiver<NotDeserialize>) -> Result<(), Status>;
    async fn items_out(&self, cx: &Context, sent: Sender<NotSent>) -> Result<(), Status>;
}

fn main() {}
