//! A caller who passes something else.

use countersign::{Context, Status};

#[countersign::message]
pub struct Account {
    number: u32,
}

#[countersign::service(package = "acme")]
pub trait Ledger {
    async fn open(&self, cx: &Context, account: Account, name: String) -> Result<(), Status>;
}

fn calls(ledger: LedgerClient, account: Account) {
    let _ = ledger.open(&account, "by reference");
    let _ = ledger.open(account, 'c');
    let _ = ledger.open(17, "not an account");
}

fn main() {}
