//! `demo.Orders`: a tea shop, whose orders have a field of every kind.

mod shop;
mod types;

use countersign::{Context, Status};
use jiff::civil::Date;

pub use shop::Shop;
pub use types::{
    Address, Country, Customer, Grams, Limit, Line, Order, OrderError, Payment, PlacedOrder, Progress,
    Receipt, Tea,
};

/// The orders of a small tea shop.
#[countersign::service(package = "demo")]
pub trait Orders {
    /// Places an order, and gives back a receipt.
    ///
    /// The shop delivers on every day but Sunday, and its stock of gyokuro is small.
    async fn place(&self, cx: &Context, order: Order) -> Result<Receipt, OrderError>;

    /// The orders that fit what is given, the newest first.
    ///
    /// `customer` is a part of the name, `since` the first day to look at, and `limit` the most orders to return.
    #[rpc(idempotent)]
    async fn find(
        &self,
        cx: &Context,
        customer: Option<String>,
        since: Option<Date>,
        limit: Option<Limit>,
    ) -> Result<Vec<PlacedOrder>, Status>;
}
