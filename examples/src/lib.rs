//! The demo service: something to call before you have a service of your own.
//!
//! The command line, the dashboard and the tests all talk to it. Between them its procedures take and return
//! every kind of value that a contract can have, and fail in every way in which a call can.
//!
//! [`serve`] adds it to a server, and [`traffic`] keeps such a server mildly busy.

pub mod chat;
pub mod clock;
pub mod echo;
pub mod fault;
pub mod math;
pub mod orders;
mod traffic;

use countersign::ServerBuilder;

pub use traffic::{Traffic, traffic};

/// Adds every service of the package `demo`.
pub fn serve(server: ServerBuilder) -> ServerBuilder {
    server
        .service(echo::EchoServer::new(echo::Mirror))
        .service(math::MathServer::new(math::Abacus))
        .service(clock::ClockServer::new(clock::SystemClock))
        .service(orders::OrdersServer::new(orders::Shop::open()))
        .service(chat::ChatServer::new(chat::Parlour::default()))
        .service(fault::FaultServer::new(fault::Saboteur))
}

/// The README, so that its program is compiled by the tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
