//! Calls demo.Math/divide, as the Countersign dashboard did. An argument is the address of another server.
//!
//! Needs `countersign`, and `tokio` with its features `macros` and `rt-multi-thread`.

use std::env;
use std::error::Error;
use std::time::Duration;

use countersign::cbor::{self, Diagnostic, Value};
use countersign::{Client, Credentials};

/// The arguments, in CBOR diagnostic notation.
const ARGUMENTS: &str = r#"{"dividend": 7.0, "divisor": 2.0}"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = env::args().nth(1).unwrap_or_else(|| "localhost:7443".to_owned());
    let credentials = Credentials::load("pki/alice")?;
    let client = Client::builder(credentials)
        .expect_peer("spiffe://countersign.internal/server".parse()?)
        .connect(&address)
        .await?;
    let arguments = cbor::to_vec(&cbor::from_diagnostic(ARGUMENTS)?)?;
    let reply = client
        .call_raw("demo.Math/divide", arguments)
        .timeout(Duration::from_millis(800))
        .metadata("authorization", env::var("AUTHORIZATION")?)
        .metadata("trace", "7")
        .await?;
    let result: Value = cbor::from_slice(&reply.payload)?;
    println!("{}", Diagnostic::new(&result).indented());
    Ok(())
}
