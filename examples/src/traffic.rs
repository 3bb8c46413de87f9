//! Somebody who calls the demo service all day, so that there is something to look at.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::{Duration, Instant};

use countersign::{Bytes, Client, Code};
use jiff::Timestamp;
use jiff::ToSpan;
use jiff::tz::TimeZone;
use tokio::task::{AbortHandle, JoinSet};

use crate::clock::{ClockClient, Interval};
use crate::echo::{EchoClient, Record, Size};
use crate::fault::{CodeName, FaultClient};
use crate::math::MathClient;
use crate::orders::{Country, Customer, Grams, Limit, Line, Order, OrdersClient, Payment, Tea};

/// Calls that may be open at once. When the server is slow, the traffic thins out rather than piles up.
const IN_FLIGHT_MAX: usize = 32;
/// Calls a second, on average, and what they swing by.
const RATE: f64 = 35.0;
const SWING: f64 = 12.0;
/// How long it takes to swing up and down again.
const PERIOD: Duration = Duration::from_secs(40);

/// Traffic under way. Stops when dropped.
#[derive(Debug)]
#[must_use = "traffic stops when this is dropped"]
pub struct Traffic(AbortHandle);

impl Drop for Traffic {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Keeps the demo service mildly busy: about 35 calls a second, of which a few are slow and a few fail.
///
/// To be called within a tokio runtime. Ends when the client is closed, or what it returns is dropped.
pub fn traffic(client: Client) -> Traffic {
    Traffic(tokio::spawn(flow(client)).abort_handle())
}

async fn flow(client: Client) {
    let caller = Caller::new(&client);
    let mut dice = Dice(0x5eed);
    let start = Instant::now();
    // Dropped with this future, and the calls with it.
    let mut calls = JoinSet::new();
    let ended = async { drop(client.closed().await) };
    let mut ended = std::pin::pin!(ended);
    loop {
        tokio::select! {
            () = &mut ended => return,
            () = tokio::time::sleep(pause(start.elapsed())) => {}
        }
        while calls.try_join_next().is_some() {}
        if calls.len() < IN_FLIGHT_MAX {
            calls.spawn(caller.clone().call(dice));
            dice.roll(1);
        }
    }
}

/// The time between two calls, at this time of the traffic.
fn pause(since_start: Duration) -> Duration {
    let swings = since_start.as_secs_f64() / PERIOD.as_secs_f64();
    Duration::from_secs_f64(1.0 / (RATE + SWING * (swings * std::f64::consts::TAU).sin()))
}

/// A client of every service.
#[derive(Clone)]
struct Caller {
    echo: EchoClient,
    math: MathClient,
    clock: ClockClient,
    orders: OrdersClient,
    fault: FaultClient,
}

impl Caller {
    fn new(client: &Client) -> Self {
        Self {
            echo: EchoClient::new(client.clone()),
            math: MathClient::new(client.clone()),
            clock: ClockClient::new(client.clone()),
            orders: OrdersClient::new(client.clone()),
            fault: FaultClient::new(client.clone()),
        }
    }

    /// Makes one call. How it ends is the server's to count.
    async fn call(self, mut dice: Dice) {
        let ms = Duration::from_millis;
        match dice.roll(100) {
            0..35 => ignore(self.echo.record(Record { id: dice.roll(1 << 20), ..Record::sample() })).await,
            35..46 => ignore(self.echo.blob(Bytes::from(vec![0xc5; 1 << dice.roll(17)]))).await,
            46..48 => ignore(self.math.sum().send_all(0..dice.roll(200) as i64)).await,
            48..50 => {
                let messages = self.echo.stream(dice.roll(50) as u32, Size(1000));
                ignore(async { messages.await?.finish().await }).await;
            }
            50..65 => ignore(self.math.divide(dice.roll(1000) as f64, dice.roll(12) as f64)).await,
            65..72 => ignore(self.clock.now()).await,
            72..83 => ignore(self.clock.sleep(5 + dice.roll(60))).await,
            83..84 => {
                let ticks = self.clock.ticks(Interval(100), Some(10));
                ignore(async { ticks.await?.finish().await }).await;
            }
            // Once in a while something takes long, and now and then too long.
            84..86 => ignore(self.clock.sleep(150 + dice.roll(350)).timeout(ms(400))).await,
            86..92 => ignore(self.orders.find(None, None, Some(Limit(20)))).await,
            92..98 => ignore(self.orders.place(order(&mut dice))).await,
            _ => {
                let (code, message) = match dice.roll(3) {
                    0 => (Code::Unavailable, "the kettle is being descaled"),
                    1 => (Code::ResourceExhausted, "too many cups at once"),
                    _ => (Code::NotFound, "no such cup"),
                };
                ignore(self.fault.fail(CodeName::from(code), message)).await;
            }
        }
    }
}

async fn ignore<T, E>(call: impl Future<Output = Result<T, E>>) {
    // Failures are part of the show: the server counts them.
    let _ = call.await;
}

/// An order, which the shop refuses now and then.
fn order(dice: &mut Dice) -> Order {
    let name =
        dice.pick(["Rikyu Sen", "Catherine of Braganza", "Robert Fortune", "Okakura Kakuzo", "Ada King"]);
    let tea = dice.pick([Tea::Sencha, Tea::Gyokuro, Tea::Darjeeling, Tea::Oolong, Tea::Rooibos]);
    let line =
        Line { tea, grams: Grams(100 * (1 + dice.roll(8) as u32)), discount: 5.0 * dice.roll(3) as f64 };
    let tomorrow = Timestamp::now().to_zoned(TimeZone::UTC).date().saturating_add(1.day());
    let payment = match dice.roll(4) {
        0 => Payment::Cash,
        1 => Payment::Voucher("SPRING".to_owned()),
        2 => Payment::Invoice { days: 14, reference: None },
        _ => Payment::Card { number: "4000000000000077".to_owned(), month: 11, year: 2031 },
    };
    Order {
        customer: Customer::made_up(
            name,
            dice.pick([Country::Germany, Country::Ireland, Country::Japan, Country::Portugal]),
        ),
        lines: vec![line],
        payment,
        deliver_on: (dice.roll(4) == 0).then(|| tomorrow.saturating_add((dice.roll(7) as i64).days())),
        gift: dice.roll(5) == 0,
        note: None,
        labels: BTreeMap::from([("source".to_owned(), "traffic".to_owned())]),
        picture: None,
    }
}

/// Numbers that look random and are the same each time: nothing here is worth a dependency.
#[derive(Clone, Copy)]
struct Dice(u64);

impl Dice {
    /// A number below `sides`.
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn pick<T: Copy, const N: usize>(&mut self, from: [T; N]) -> T {
        from[self.roll(N as u64) as usize]
    }
}
