//! Calls demo.Math/sum, as the Countersign dashboard did. An argument is the address of another server.
//!
//! Needs `countersign`, and `tokio` with its features `macros` and `rt-multi-thread`.

use std::env;
use std::error::Error;

use countersign::cbor::{self, Diagnostic, Value};
use countersign::{Client, Credentials};

/// The arguments, in CBOR diagnostic notation.
const ARGUMENTS: &str = "{}";

/// The items.
const ITEMS: &[&str] = &["40", "2"];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = env::args().nth(1).unwrap_or_else(|| "localhost:7443".to_owned());
    let credentials = Credentials::load("pki/alice")?;
    let client = Client::builder(credentials)
        .expect_peer("spiffe://countersign.internal/server".parse()?)
        .connect(&address)
        .await?;
    let arguments = cbor::to_vec(&cbor::from_diagnostic(ARGUMENTS)?)?;
    let stream = client.stream_raw("demo.Math/sum", arguments).await?;
    let (mut sending, mut receiving) = stream.split();
    let send = async move {
        for item in ITEMS {
            // Why no more can be sent, the receiving half is told.
            if sending.send(cbor::to_vec(&cbor::from_diagnostic(item)?)?).await.is_err() {
                break;
            }
        }
        // Dropped here, the sending half says that no items follow.
        drop(sending);
        Ok::<_, Box<dyn Error>>(())
    };
    let receive = async move {
        while let Some(item) = receiving.next().await? {
            println!("{}", Diagnostic::new(&cbor::from_slice(&item)?));
        }
        Ok(receiving.finish().await?)
    };
    let ((), reply) = tokio::try_join!(send, receive)?;
    let result: Value = cbor::from_slice(&reply.payload)?;
    println!("{}", Diagnostic::new(&result).indented());
    Ok(())
}
