//! Types such as services declare, one of each kind that serde and schemars know.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An order of goods.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(super) struct Order {
    /// Who pays.
    #[schemars(length(min = 1, max = 12))]
    pub(super) customer: String,
    /// What is ordered.
    #[schemars(length(min = 1))]
    pub(super) lines: Vec<Line>,
    pub(super) payment: Payment,
    pub(super) speed: Speed,
    #[serde(default)]
    pub(super) gift: bool,
    pub(super) note: Option<String>,
    #[serde(default)]
    pub(super) labels: BTreeMap<String, i16>,
    pub(super) shelf: (u8, String),
    pub(super) backup: Option<Payment>,
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    pub(super) sku: Sku,
    #[schemars(range(min = 1, max = 99))]
    pub(super) quantity: u32,
    #[schemars(range(min = 0.0))]
    pub(super) price: f64,
}

/// A key of the catalogue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(super) struct Sku(pub(super) String);

/// How it is paid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(super) enum Payment {
    /// At the door.
    Cash,
    /// By card.
    Card { number: String, month: u8 },
    /// On this account.
    Invoice(i64),
    /// Part here, part there.
    Split(Box<Payment>, Box<Payment>),
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(super) enum Speed {
    Slow,
    Fast,
}

/// A tree, which knows itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(super) struct Tree {
    pub(super) value: i32,
    pub(super) children: Vec<Tree>,
}

/// An expression whose first variants have no smallest value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(super) enum Expression {
    Sum(Box<Expression>, Box<Expression>),
    Not(Box<Expression>),
    Literal(i64),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind")]
pub(super) enum Internal {
    Point,
    Circle { radius: f64 },
    Named(Label),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(super) struct Label {
    pub(super) text: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "t", content = "c")]
pub(super) enum Adjacent {
    Empty,
    Number(u16),
    Pair(u8, u8),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Untagged {
    Number(u32),
    Text(String),
    Record { x: i8 },
}

/// A struct with an enum flattened into it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(super) struct Flattened {
    pub(super) id: u64,
    #[serde(flatten)]
    pub(super) shape: Internal,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(super) struct Numbers {
    pub(super) tiny: i8,
    pub(super) signed: i64,
    pub(super) unsigned: u64,
    pub(super) single: f32,
    pub(super) double: f64,
    pub(super) by_number: BTreeMap<u16, bool>,
    pub(super) by_signed: BTreeMap<i32, bool>,
    pub(super) by_speed: BTreeMap<String, Speed>,
    pub(super) set: BTreeSet<u8>,
    pub(super) letter: char,
    pub(super) unit: (),
    pub(super) three: [u8; 3],
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(super) enum Nothing {}
