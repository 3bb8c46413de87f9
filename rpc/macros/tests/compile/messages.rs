//! What `#[message]` is for.

#[countersign::message(tag = "kind")]
pub enum Options {}

#[countersign::message]
pub fn function() {}

fn main() {}
