//! Calls demo.Echo/stream, as the Countersign dashboard did. An argument is the address of another server.
//!
//! Needs `countersign`, and `tokio` with its features `macros` and `rt-multi-thread`.

use std::env;
use std::error::Error;

use countersign::cbor::{self, Diagnostic, Value};
use countersign::{Client, Credentials};

/// The arguments, in CBOR diagnostic notation.
const ARGUMENTS: &str = r#"{"count": 3, "size": 4}"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = env::args().nth(1).unwrap_or_else(|| "localhost:7443".to_owned());
    let credentials = Credentials::load("pki/alice")?;
    let client = Client::builder(credentials)
        .expect_peer("spiffe://countersign.internal/server".parse()?)
        .connect(&address)
        .await?;
    let arguments = cbor::to_vec(&cbor::from_diagnostic(ARGUMENTS)?)?;
    let mut stream = client.stream_raw("demo.Echo/stream", arguments).await?;
    while let Some(item) = stream.next().await? {
        println!("{}", Diagnostic::new(&cbor::from_slice(&item)?));
    }
    let reply = stream.finish().await?;
    let result: Value = cbor::from_slice(&reply.payload)?;
    println!("{}", Diagnostic::new(&result).indented());
    Ok(())
}
