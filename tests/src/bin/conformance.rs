//! Serves `conformance.Test` for another implementation, with certificates made on the fly.
//!
//! Prints one line of JSON: the address, and the folder in which the identity `alice` is; and the addresses of servers
//! that a client must refuse, with the folder of an `alice` who trusts their authority. Ends when its standard input
//! does, so that it outlives nobody who started it.

use std::io::{self, Read};

use countersign::{Credentials, Policy, Server};
use countersign_certs::authority::{Authority, Existing, Request};
use countersign_tests::conformance::{Bench, TestServer, spoilt};
use countersign_tests::forge::Forge;
use serde_json::json;
use tokio::sync::oneshot;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let authority = Authority::init(folder.path(), &"conformance.internal".parse()?)?;
    let request = Request::server("server".parse()?, ["localhost".parse()?, "127.0.0.1".parse()?]);
    let server = authority.issue_to(folder.path(), &request, Existing::Refuse)?;
    authority.issue_to(folder.path(), &Request::client("alice".parse()?), Existing::Refuse)?;

    let server = Server::builder(Credentials::load(server)?, Policy::any_trusted_peer())
        .service(TestServer::new(Bench::default()))
        .bind("127.0.0.1:0")
        .await?;
    let (forge, forged) = (Forge::of("conformance.internal"), folder.path().join("forged"));
    std::fs::create_dir(&forged)?;
    forge.authority().issue_to(&forged, &Request::client("alice".parse()?), Existing::Refuse)?;
    println!(
        "{}",
        json!({
            "address": server.local_addr()?.to_string(), "folder": folder.path(),
            "spoilt": { "folder": forged, "servers": spoilt::serve(&forge).await? },
        })
    );

    let (gone, left) = oneshot::channel::<()>();
    std::thread::spawn(move || {
        // Whether it ends or fails, whoever started us has left.
        let _ = io::stdin().read_to_end(&mut Vec::new());
        drop(gone);
    });
    server.run_until(left).await;
    Ok(())
}
