//! A service may have any name, also one that generated code might want for itself.

use countersign::{Context, Sender, Status};

#[countersign::service(package = "test")]
pub trait T {
    /// A letter.
    async fn letter(&self, cx: &Context, letters: Sender<String>) -> Result<(), Status>;
}

fn main() {}
