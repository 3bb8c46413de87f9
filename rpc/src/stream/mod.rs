//! A streaming call as its handler holds it: items to send, items that arrive, and the lane on which both
//! travel between the handler's task and the connection's driver.

#![cfg_attr(not(feature = "tls"), expect(dead_code, reason = "contracts alone have nothing to drive"))]

mod encoded;
mod items;
mod lane;
mod receiver;
mod sender;

pub(crate) use encoded::Encoded;
pub(crate) use items::{Item, Items, Row, Sum};
pub(crate) use lane::Lane;
pub use receiver::Receiver;
pub use sender::Sender;
