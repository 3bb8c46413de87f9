//! What travels in the calls of `conformance.Test`.

use std::collections::BTreeMap;

use countersign::{Bytes, Fault};
use jiff::Timestamp;
use jiff::civil::Date;

/// One field for each thing that a payload may hold.
#[countersign::message]
#[derive(Debug, Clone, PartialEq)]
pub struct Everything {
    /// Text in any Unicode.
    pub text: String,
    /// Bytes.
    pub bytes: Bytes,
    /// The least integer there is.
    pub least: i64,
    /// The greatest.
    pub greatest: u64,
    /// A float, as short as its value lets it be.
    pub float: f64,
    /// Floats that are not finite among them.
    pub floats: Vec<f64>,
    /// Yes or no.
    pub yes: bool,
    /// Nothing, if absent.
    pub absent: Option<String>,
    /// A moment, as text.
    pub moment: Timestamp,
    /// A day, as text.
    pub day: Date,
    /// A map by text.
    pub by_name: BTreeMap<String, u32>,
    /// A map by number.
    pub by_number: BTreeMap<i32, String>,
    /// A tuple is an array.
    pub pair: (u8, String),
    /// Variants of each sort.
    pub shapes: Vec<Shape>,
}

/// An enum with variants of each sort.
#[countersign::message]
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A name alone.
    Point,
    /// With one thing.
    Circle(f64),
    /// With two.
    Segment(u32, u32),
    /// With fields.
    Square {
        /// How long a side is.
        side: u32,
    },
}

/// A fault of each sort.
#[countersign::message]
#[derive(Debug, Clone, PartialEq, thiserror::Error, Fault)]
pub enum TestFault {
    /// A name alone.
    #[error("there is nothing")]
    #[fault(code = NotFound)]
    Nothing,
    /// With one thing.
    #[error("only {0} left")]
    #[fault(code = FailedPrecondition)]
    Left(u32),
}
