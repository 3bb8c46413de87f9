//! The list of cases that every implementation is measured by, from our own client to our own server.

use countersign::{Policy, Server};
use countersign_tests::conformance::{Bench, TestServer, cases};
use countersign_tests::{Office, Running, soon};

#[tokio::test]
async fn each_conformance_case_ends_as_it_should() {
    let office = Office::of("conformance.internal");
    let server = Server::builder(office.server("server", &["localhost"]), Policy::any_trusted_peer());
    let running = Running::start(server.service(TestServer::new(Bench::default()))).await;
    let client = running.connect(office.client("alice")).await.expect("a good client");
    for case in cases::all() {
        println!("{}", case.name);
        soon(&case.name, case.run(&client)).await;
    }
}
