//! Errors that are part of the contract: the client gets back the very enum that the handler returned.
//!
//! `cargo run -p countersign-examples --example faults`

use std::sync::atomic::{AtomicU32, Ordering};

use countersign::{CallError, Context, Status};

/// A till with money in it.
#[countersign::service(package = "bank")]
trait Till {
    /// Takes money out, and returns what is left.
    async fn withdraw(&self, cx: &Context, amount: u32) -> Result<u32, TillError>;
}

/// Why no money came out. Each variant says which status code it is for those who do not know the type.
#[countersign::message]
#[derive(Debug, thiserror::Error, countersign::Fault)]
#[non_exhaustive]
enum TillError {
    #[error("only {left} are left")]
    #[fault(code = FailedPrecondition)]
    TooLittle { left: u32 },
    #[error("{0} is more than anybody may take at once")]
    #[fault(code = InvalidArgument)]
    TooMuch(u32),
    /// The cause goes to the server's log. The caller learns no more than that something broke.
    #[error("the drawer is stuck: {0}")]
    #[fault(private)]
    #[serde(skip)]
    Stuck(#[from] std::io::Error),
    /// Any status, with a code and a sentence: not worth a variant.
    #[error(transparent)]
    #[fault(status)]
    #[serde(skip)]
    Other(#[from] Status),
}

struct Drawer(AtomicU32);

impl Till for Drawer {
    async fn withdraw(&self, _: &Context, amount: u32) -> Result<u32, TillError> {
        match amount {
            0 => return Err(Status::invalid_argument("nothing cannot be taken").into()),
            13 => return Err(std::io::Error::other("somebody broke /dev/drawer0").into()),
            1000.. => return Err(TillError::TooMuch(amount)),
            _ => {}
        }
        let take = |left: u32| left.checked_sub(amount);
        match self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
            Ok(before) => Ok(before - amount),
            Err(left) => Err(TillError::TooLittle { left }),
        }
    }
}

#[tokio::main]
async fn main() {
    // A client and a server in this process, with real certificates and the same bytes as over a network.
    let till = TillClient::in_process(Drawer(AtomicU32::new(100)));
    for amount in [70, 50, 5000, 0, 13] {
        print!("{amount:>5}: ");
        match till.withdraw(amount).await {
            Ok(left) => println!("here you are; {left} are left"),
            Err(CallError::Fault(TillError::TooLittle { left })) => {
                println!("a fault, with its data: {left}")
            }
            Err(CallError::Fault(fault)) => println!("a fault, in its own words: {fault}"),
            Err(CallError::Status(status)) => println!("a status: {status}"),
            Err(other) => println!("no answer: {other}"),
        }
    }
}
