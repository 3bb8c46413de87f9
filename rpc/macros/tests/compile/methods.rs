//! Each wrong method is one mistake; the sound one can be implemented, served and called.

use countersign::{Client, Context, Status};

#[countersign::service(package = "acme")]
pub trait Ledger {
    async fn sound(&self, cx: &Context, account: u32) -> Result<u32, Status>;

    fn not_async(&self, cx: &Context) -> Result<(), Status>;
    async fn changes(&mut self, cx: &Context) -> Result<(), Status>;
    async fn consumes(self, cx: &Context) -> Result<(), Status>
    where
        Self: Sized;
    async fn stands_alone(cx: &Context) -> Result<(), Status>;
    async fn no_context(&self, account: u32) -> Result<(), Status>;
    async fn owned_context(&self, cx: Context) -> Result<(), Status>;
    async fn context_late(&self, account: u32, cx: &Context) -> Result<(), Status>;
    async fn generic<T: Send>(&self, cx: &Context, value: T) -> Result<(), Status>;
    async fn borrows<'a>(&'a self, cx: &'a Context) -> Result<(), Status>;
    async fn has_a_body(&self, _: &Context) -> Result<(), Status> {
        Ok(())
    }
    async fn no_result(&self, cx: &Context);
    async fn no_fault(&self, cx: &Context) -> u32;
    async fn one_type(&self, cx: &Context) -> std::io::Result<u32>;
    async fn returns_a_reference(&self, cx: &Context) -> Result<&str, Status>;
    async fn new(&self, cx: &Context) -> Result<(), Status>;
    async fn in_process(&self, cx: &Context) -> Result<(), Status>;
    async fn größe(&self, cx: &Context) -> Result<(), Status>;
    #[cfg(unix)]
    async fn conditional(&self, cx: &Context) -> Result<(), Status>;
    const LIMIT: u32;
    type Account;
}

fn uses<T: Ledger>(service: T, client: Client) {
    LedgerServer::new(service);
    let _ = LedgerClient::new(client).sound(17);
}

fn main() {}
