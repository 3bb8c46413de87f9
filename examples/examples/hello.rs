//! Both roles in one program: a server that knows who calls, and a client that knows whom it called.
//!
//! `cargo run -p countersign-examples --example hello`

use countersign::{Client, Context, Policy, Server, Status};
use countersign_certs::authority::{Authority, Request};

/// Greets people by the name that their certificate proves.
#[countersign::service(package = "hello")]
trait Greeter {
    /// The greeting, and to whom.
    async fn greet(&self, cx: &Context, greeting: String) -> Result<String, Status>;
}

struct Doorman;

impl Greeter for Doorman {
    async fn greet(&self, cx: &Context, greeting: String) -> Result<String, Status> {
        Ok(format!("{greeting}, {}!", cx.peer().id()))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // `countersign certs` makes identities to keep, and `Credentials::load` reads them from their folders.
    let authority = Authority::in_memory(&"hello.internal".parse()?)?;
    let doorman = authority.issue(&Request::server("doorman".parse()?, ["localhost".parse()?]))?;
    let alice = authority.issue(&Request::client("alice".parse()?))?;

    let server = Server::builder(doorman.credentials().clone(), Policy::any_trusted_peer())
        .service(GreeterServer::new(Doorman))
        .bind("127.0.0.1:0")
        .await?;
    let address = format!("localhost:{}", server.local_addr()?.port());
    tokio::spawn(server.run_until(std::future::pending::<()>()));

    let client = Client::builder(alice.credentials().clone()).connect(&address).await?;
    if let Some(server) = client.peer() {
        println!("this is {}, by {} over {}", server.id(), server.cipher(), server.key_exchange());
    }
    println!("{}", GreeterClient::new(client).greet("Good morning").await?);
    Ok(())
}
