//! What an order is.

use std::collections::BTreeMap;

use countersign::{Bytes, Status};
use jiff::Timestamp;
use jiff::civil::Date;

/// What somebody wants, and where it should go.
#[countersign::message]
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// Who orders, and where the parcel goes.
    pub customer: Customer,
    /// What is in the parcel.
    #[schemars(length(min = 1, max = 20))]
    pub lines: Vec<Line>,
    /// How it is paid.
    pub payment: Payment,
    /// The day on which it should arrive; the next possible one if absent.
    pub deliver_on: Option<Date>,
    /// Whether it is a present: wrapped, and without a bill.
    #[serde(default)]
    pub gift: bool,
    /// A word for whoever packs it.
    #[schemars(length(max = 280))]
    pub note: Option<String>,
    /// What the caller wants to remember with the order, such as a campaign.
    #[serde(default)]
    #[schemars(extend("maxProperties" = 16))]
    pub labels: BTreeMap<String, String>,
    /// A picture for the card, up to 64 KiB.
    #[schemars(length(max = 65_536))]
    pub picture: Option<Bytes>,
}

/// Who orders.
#[countersign::message]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// The name on the parcel.
    #[schemars(length(min = 1, max = 60), example = &"Rikyu Sen")]
    pub name: String,
    /// Where to send word of the parcel.
    #[schemars(email)]
    pub email: Option<String>,
    /// Where the parcel goes.
    pub address: Address,
}

impl Customer {
    /// One of the customers that the demo makes up, who all live in the same house.
    pub(crate) fn made_up(name: &str, country: Country) -> Self {
        let address = Address {
            street: "Teapot Lane 4".to_owned(),
            town: "Camellia".to_owned(),
            postcode: "28195".to_owned(),
            country,
        };
        Self { name: name.to_owned(), email: None, address }
    }
}

/// Where a parcel goes.
#[countersign::message]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Street and number.
    #[schemars(length(min = 1, max = 80), example = &"Teapot Lane 4")]
    pub street: String,
    /// The town.
    #[schemars(length(min = 1, max = 60), example = &"Bremen")]
    pub town: String,
    /// The postcode, as it is written there.
    #[schemars(length(min = 3, max = 10), example = &"28195")]
    pub postcode: String,
    /// The country.
    pub country: Country,
}

/// Where the shop delivers.
#[countersign::message]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Country {
    /// Germany.
    Germany,
    /// Ireland.
    Ireland,
    /// Japan.
    Japan,
    /// Portugal.
    Portugal,
}

/// One line of an order.
#[countersign::message]
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Which tea.
    pub tea: Tea,
    /// How much of it.
    pub grams: Grams,
    /// What the price falls by, in percent; a friend's discount is no more than 25.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 25.0))]
    pub discount: f64,
}

/// The teas of the season.
#[countersign::message]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tea {
    /// Green, from Shizuoka.
    Sencha,
    /// Green, grown in the shade, and never much of it.
    Gyokuro,
    /// Black, from the first flush.
    Darjeeling,
    /// Half way between, roasted.
    Oolong,
    /// No tea at all, but good before sleep.
    Rooibos,
}

/// A weight in grams, such as 100.
#[countersign::message]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grams(#[schemars(range(min = 50, max = 5000))] pub u32);

/// The most things to return: 1 to 100.
#[countersign::message]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Limit(#[schemars(range(min = 1, max = 100))] pub u16);

/// How an order is paid.
#[countersign::message]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payment {
    /// In cash, at the door.
    Cash,
    /// With a voucher, by the code on it.
    Voucher(String),
    /// By card.
    Card {
        /// The number, without blanks.
        #[schemars(length(min = 12, max = 19))]
        number: String,
        /// The month in which it expires, 1 to 12.
        #[schemars(range(min = 1, max = 12))]
        month: u8,
        /// The year in which it expires.
        #[schemars(range(min = 2020, max = 2099))]
        year: u16,
    },
    /// Within some days after the parcel.
    Invoice {
        /// How many days.
        #[schemars(range(min = 7, max = 60))]
        days: u8,
        /// The number to put on the invoice.
        reference: Option<String>,
    },
}

/// What the shop promises.
#[countersign::message]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The number of the order.
    pub number: u64,
    /// What it costs, in cents.
    pub total_cents: u64,
    /// The day on which it arrives.
    pub deliver_on: Date,
}

/// An order that the shop has taken.
#[countersign::message]
#[derive(Debug, Clone, PartialEq)]
pub struct PlacedOrder {
    /// What the shop promised.
    pub receipt: Receipt,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// Who placed it, as the connection proved it.
    pub placed_by: String,
    /// How far it has come.
    pub progress: Progress,
    /// What was ordered.
    pub order: Order,
}

/// How far an order has come. It goes fast here: this is a demo.
#[countersign::message]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// It waits for somebody to pack it.
    Waiting,
    /// It is in a box.
    Packed {
        /// The weight of the parcel.
        grams: u32,
    },
    /// It is under way.
    Sent {
        /// The number by which it can be followed.
        tracking: String,
    },
}

/// Why an order was not taken.
#[countersign::message]
#[derive(Debug, Clone, PartialEq, thiserror::Error, countersign::Fault)]
#[non_exhaustive]
pub enum OrderError {
    /// There is not enough of a tea.
    #[error("only {left_grams} g of {tea:?} are left")]
    #[fault(code = FailedPrecondition)]
    OutOfStock {
        /// Which tea.
        tea: Tea,
        /// How much of it is there.
        left_grams: u32,
    },
    /// Nobody drives on that day.
    #[error("nothing is delivered on {day}: {reason}")]
    #[fault(code = OutOfRange)]
    NoDelivery {
        /// The day that was asked for.
        day: Date,
        /// Why not.
        reason: String,
    },
    /// The bank said no.
    #[error("the card was declined")]
    #[fault(code = PermissionDenied)]
    CardDeclined,
    /// Anything else, such as an order that breaks the limits of its schema.
    #[error(transparent)]
    #[fault(status)]
    #[serde(skip)]
    Other(#[from] Status),
}
