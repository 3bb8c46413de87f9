//! What a parameter may be: a plain name and a type that owns all of itself.

use countersign::{Context, Status};

pub struct Pair<'a>(&'a str);

#[countersign::service(package = "acme")]
pub trait Ledger {
    async fn text(&self, cx: &Context, name: &str) -> Result<(), Status>;
    async fn slice(&self, cx: &Context, rows: &[u32]) -> Result<(), Status>;
    async fn reference(&self, cx: &Context, rows: &Vec<u32>) -> Result<(), Status>;
    async fn inside(&self, cx: &Context, name: Option<&'static str>) -> Result<(), Status>;
    async fn lifetime(&self, cx: &Context, pair: Pair<'_>) -> Result<(), Status>;
    async fn anything(&self, cx: &Context, value: impl Send) -> Result<(), Status>;
    async fn oneself(&self, cx: &Context, other: Self) -> Result<(), Status>
    where
        Self: Sized;
    async fn pattern(&self, cx: &Context, (a, b): (u32, u32)) -> Result<(), Status>;
    async fn unnamed(&self, cx: &Context, _: u32) -> Result<(), Status>;
    async fn two_contexts(&self, cx: &Context, other: &Context) -> Result<(), Status>;
    async fn many(
        &self, cx: &Context, a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8, i: u8, j: u8, k: u8,
        l: u8, m: u8, n: u8, o: u8, p: u8, q: u8,
    ) -> Result<(), Status>;
    async fn two_mistakes(&self, cx: &Context, name: &str, rows: &[u32]) -> Result<(), Status>;
}

fn main() {}
