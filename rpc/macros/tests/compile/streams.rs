//! A stream is an argument of its own, after the others, and one each way.

use countersign::{Context, Receiver, Sender, Status};

pub struct Slice<'a>(&'a str);

/// A message with a name that is taken.
pub mod mail {
    #[countersign::message]
    pub struct Sender(pub String);
}

#[countersign::service(package = "acme")]
pub trait Ledger {
    async fn two_senders(&self, cx: &Context, a: Sender<u32>, b: Sender<u64>) -> Result<(), Status>;
    async fn two_receivers(
        &self,
        cx: &Context,
        a: Receiver<u32>,
        sums: Sender<u64>,
        b: countersign::Receiver<u32>,
    ) -> Result<(), Status>;
    async fn too_early(&self, cx: &Context, rows: Receiver<u32>, note: String) -> Result<(), Status>;
    async fn list(&self, cx: &Context, events: Vec<Sender<u32>>) -> Result<(), Status>;
    async fn optional(&self, cx: &Context, rows: Option<Receiver<u32>>) -> Result<(), Status>;
    async fn tuple(&self, cx: &Context, both: (Sender<u32>, Receiver<u32>)) -> Result<(), Status>;
    async fn nested(&self, cx: &Context, rows: Receiver<Sender<u32>>) -> Result<(), Status>;
    async fn returned(&self, cx: &Context) -> Result<Receiver<u32>, Status>;
    async fn reference(&self, cx: &Context, events: &Sender<u32>) -> Result<(), Status>;
    async fn changes(&self, cx: &Context, rows: &mut Receiver<u32>) -> Result<(), Status>;
    async fn sends_borrowed(&self, cx: &Context, lines: Sender<&str>) -> Result<(), Status>;
    async fn takes_borrowed(&self, cx: &Context, lines: Receiver<&[u32]>) -> Result<(), Status>;
    async fn lifetime(&self, cx: &Context, slices: Sender<Slice<'static>>) -> Result<(), Status>;
    async fn of_anything(&self, cx: &Context, events: Sender<impl Send>) -> Result<(), Status>;
    async fn of_nothing(&self, cx: &Context, from: mail::Sender) -> Result<(), Status>;
    #[rpc(deadline = "5s", idempotent)]
    async fn again(&self, cx: &Context, rows: Receiver<u32>) -> Result<(), Status>;
    async fn before_context(&self, events: Sender<u32>, cx: &Context) -> Result<(), Status>;
}

fn main() {}
