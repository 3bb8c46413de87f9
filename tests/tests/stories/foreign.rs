//! Identities that other tools made, at work: a call over mutual TLS with each kind of key and each tool's files.

#[path = "../../../certs/tests/foreign/openssl.rs"]
#[expect(clippy::unwrap_used, reason = "what makes the files has no other way to fail")]
mod openssl;

use std::path::Path;

use countersign::Credentials;
use countersign_tests::{Clerk, DeskClient, Running, soon};

use openssl::{KINDS, LAYOUTS, P256, Workshop};

fn credentials(folder: &Path) -> Credentials {
    Credentials::load(folder).unwrap_or_else(|error| panic!("{error}"))
}

/// Has one call the other, and gives whom the server took the caller for.
async fn called_by(server: &Path, client: &Path) -> String {
    let running = Running::desk(credentials(server), &Clerk::default()).await;
    let client = soon("the connection", running.connect(credentials(client))).await;
    let client = client.unwrap_or_else(|error| panic!("{}: {error}", server.display()));
    let answer = soon("the answer", DeskClient::new(client).whoami()).await;
    answer.unwrap_or_else(|error| panic!("{}: {error}", server.display()))
}

#[tokio::test]
async fn the_files_of_every_tool_serve_and_call() {
    let workshop = Workshop::with_authorities(P256);
    let ours = workshop.identity("ours", P256, openssl::Form::Pkcs8);
    for (number, layout) in (0..).zip(LAYOUTS) {
        let name = format!("theirs-{number}");
        let theirs = (layout.make)(&workshop, &name);
        let id = format!("spiffe://countersign.internal/{name}");
        assert_eq!(called_by(&ours, &theirs).await, id, "{}", layout.tool);
        assert_eq!(called_by(&theirs, &ours).await, "spiffe://countersign.internal/ours", "{}", layout.tool);
    }
}

#[tokio::test]
async fn keys_of_every_kind_and_form_serve_and_call() {
    for kind in KINDS {
        let workshop = Workshop::with_authorities(kind);
        for form in kind.forms() {
            let name = format!("{form:?}").to_lowercase();
            let folder = workshop.identity(&name, kind, *form);
            let id = format!("spiffe://countersign.internal/{name}");
            assert_eq!(called_by(&folder, &folder).await, id, "{} in {form:?}", kind.name);
        }
    }
}
