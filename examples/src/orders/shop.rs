//! The shop behind the orders. It keeps its book in memory, and not for ever.

use std::collections::{BTreeMap, VecDeque};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use countersign::{Context, Status};
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::{
    Country, Customer, Grams, Limit, Line, Order, OrderError, Orders, Payment, PlacedOrder, Progress,
    Receipt, Tea,
};

/// Orders that the book remembers; the oldest is forgotten first.
const BOOK_LEN: usize = 500;
/// Grams of gyokuro in one order, at most. There is plenty of everything else.
const GYOKURO_MAX: u32 = 500;
/// Orders that are returned where the caller does not say how many.
const FOUND: usize = 10;
/// The last digits of a card that the bank declines.
const DECLINED: &str = "0002";
/// What a parcel weighs without tea.
const BOX_GRAMS: u32 = 120;

/// Orders, as the demo serves them. Clones share one book.
#[derive(Debug, Clone, Default)]
pub struct Shop(Arc<Mutex<Book>>);

/// What the shop has written down.
#[derive(Debug, Default)]
struct Book {
    taken: u64,
    newest_last: VecDeque<Entry>,
}

#[derive(Debug)]
struct Entry {
    receipt: Receipt,
    placed_at: Timestamp,
    placed_by: String,
    order: Order,
}

impl Shop {
    /// A shop that has had its first customers.
    pub fn open() -> Self {
        let shop = Self::default();
        let now = Timestamp::now();
        for order in first_orders() {
            shop.take(order, now, "spiffe://countersign.internal/shop").expect("the first orders are sound");
        }
        shop
    }

    fn take(&self, order: Order, now: Timestamp, by: &str) -> Result<Receipt, OrderError> {
        check(&order)?;
        let deliver_on = delivery(&order, today(now))?;
        let total_cents = order.lines.iter().map(price_cents).sum();
        let mut book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        book.taken += 1;
        let receipt = Receipt { number: 1000 + book.taken, total_cents, deliver_on };
        book.newest_last.push_back(Entry {
            receipt: receipt.clone(),
            placed_at: now,
            placed_by: by.to_owned(),
            order,
        });
        if book.newest_last.len() > BOOK_LEN {
            book.newest_last.pop_front();
        }
        Ok(receipt)
    }
}

impl Orders for Shop {
    async fn place(&self, cx: &Context, order: Order) -> Result<Receipt, OrderError> {
        self.take(order, Timestamp::now(), cx.peer().id().as_ref())
    }

    async fn find(
        &self,
        _: &Context,
        customer: Option<String>,
        since: Option<Date>,
        limit: Option<Limit>,
    ) -> Result<Vec<PlacedOrder>, Status> {
        let now = Timestamp::now();
        let part = customer.unwrap_or_default().to_lowercase();
        let book = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |entry: &&Entry| {
            entry.order.customer.name.to_lowercase().contains(&part)
                && since.is_none_or(|day| today(entry.placed_at) >= day)
        };
        let limit = limit.map_or(FOUND, |Limit(limit)| limit.clamp(1, 100).into());
        Ok(book.newest_last.iter().rev().filter(fits).take(limit).map(|entry| entry.as_of(now)).collect())
    }
}

impl Entry {
    fn as_of(&self, now: Timestamp) -> PlacedOrder {
        let Self { receipt, placed_at, placed_by, order } = self;
        let age = Duration::try_from(now.duration_since(*placed_at)).unwrap_or_default();
        let progress = match age.as_secs() {
            0..5 => Progress::Waiting,
            5..20 => {
                let tea: u32 = order.lines.iter().map(|line| line.grams.0).sum();
                Progress::Packed { grams: BOX_GRAMS + tea }
            }
            _ => Progress::Sent { tracking: format!("TEA-{:06}", receipt.number * 7919 % 1_000_000) },
        };
        PlacedOrder {
            receipt: receipt.clone(),
            placed_at: *placed_at,
            placed_by: placed_by.clone(),
            progress,
            order: order.clone(),
        }
    }
}

/// What the shop can do about an order; its form is sound.
fn check(order: &Order) -> Result<(), OrderError> {
    check_limits(order)?;
    let gyokuro = order.lines.iter().filter(|line| line.tea == Tea::Gyokuro);
    if gyokuro.map(|line| line.grams.0).sum::<u32>() > GYOKURO_MAX {
        return Err(OrderError::OutOfStock { tea: Tea::Gyokuro, left_grams: GYOKURO_MAX });
    }
    match &order.payment {
        Payment::Card { number, .. } if number.ends_with(DECLINED) => Err(OrderError::CardDeclined),
        _ => Ok(()),
    }
}

/// What the schema promises, once more: not everybody who calls has read it.
fn check_limits(order: &Order) -> Result<(), Status> {
    let Order { customer: Customer { name, address, .. }, lines, note, labels, picture, .. } = order;
    let characters = |text: &str| text.chars().count() as f64;
    within("customer.name", characters(name), 1.0..=60.0)?;
    within("customer.address.street", characters(&address.street), 1.0..=80.0)?;
    within("customer.address.town", characters(&address.town), 1.0..=60.0)?;
    within("customer.address.postcode", characters(&address.postcode), 3.0..=10.0)?;
    within("lines", lines.len() as f64, 1.0..=20.0)?;
    for (at, line) in lines.iter().enumerate() {
        within(&format!("lines[{at}].grams"), line.grams.0.into(), 50.0..=5000.0)?;
        within(&format!("lines[{at}].discount"), line.discount, 0.0..=25.0)?;
    }
    match &order.payment {
        Payment::Cash | Payment::Voucher(_) => {}
        Payment::Card { number, month, year } => {
            within("payment.Card.number", characters(number), 12.0..=19.0)?;
            within("payment.Card.month", (*month).into(), 1.0..=12.0)?;
            within("payment.Card.year", (*year).into(), 2020.0..=2099.0)?;
        }
        Payment::Invoice { days, .. } => within("payment.Invoice.days", (*days).into(), 7.0..=60.0)?,
    }
    within("note", note.as_deref().map_or(0.0, characters), 0.0..=280.0)?;
    within("labels", labels.len() as f64, 0.0..=16.0)?;
    within("picture", picture.as_ref().map_or(0, |picture| picture.len()) as f64, 0.0..=65_536.0)
}

/// Whether a number, a length or a count is within its limits.
fn within(path: &str, found: f64, limits: RangeInclusive<f64>) -> Result<(), Status> {
    if limits.contains(&found) {
        return Ok(());
    }
    let (min, max) = limits.into_inner();
    Err(Status::invalid_argument(format!("order.{path}: expected {min} to {max}, found {found}")))
}

/// The day on which an order arrives.
fn delivery(order: &Order, today: Date) -> Result<Date, OrderError> {
    let no = |day, reason: &str| Err(OrderError::NoDelivery { day, reason: reason.to_owned() });
    match order.deliver_on {
        Some(day) if day.weekday() == Weekday::Sunday => no(day, "nobody drives on a Sunday"),
        Some(day) if day <= today => no(day, "a parcel needs a night"),
        Some(day) => Ok(day),
        None => {
            let days = if today.weekday() == Weekday::Saturday { 2 } else { 1 };
            Ok(today.saturating_add(days.days()))
        }
    }
}

fn price_cents(line: &Line) -> u64 {
    let cents_per_gram = match line.tea {
        Tea::Sencha => 14.0,
        Tea::Gyokuro => 45.0,
        Tea::Darjeeling => 18.0,
        Tea::Oolong => 16.0,
        Tea::Rooibos => 5.0,
    };
    // In bounds: the limits of a line have been checked.
    (f64::from(line.grams.0) * cents_per_gram * (1.0 - line.discount / 100.0)).round() as u64
}

fn today(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date()
}

fn first_orders() -> [Order; 3] {
    let order = |name: &str, country, (tea, grams), payment| Order {
        customer: Customer::made_up(name, country),
        lines: vec![Line { tea, grams: Grams(grams), discount: 0.0 }],
        payment,
        deliver_on: None,
        gift: false,
        note: None,
        labels: BTreeMap::new(),
        picture: None,
    };
    [
        order("Rikyu Sen", Country::Japan, (Tea::Gyokuro, 200), Payment::Cash),
        order(
            "Catherine of Braganza",
            Country::Portugal,
            (Tea::Oolong, 1000),
            Payment::Voucher("BOMBAY-1662".to_owned()),
        ),
        order(
            "Robert Fortune",
            Country::Ireland,
            (Tea::Darjeeling, 500),
            Payment::Invoice { days: 30, reference: Some("HEIC 1848".to_owned()) },
        ),
    ]
}
