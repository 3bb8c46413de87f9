//! What an authority issues, and where it puts it.

#![expect(clippy::unwrap_used, reason = "a test whose helper fails has failed")]

use countersign_certs::authority::{Authority, Existing, Request};
use countersign_certs::{Credentials, TrustDomain};

fn client(name: &str) -> Request {
    Request::client(name.parse().unwrap())
}

fn server(name: &str, hosts: &[&str]) -> Request {
    Request::server(name.parse().unwrap(), hosts.iter().map(|host| host.parse().unwrap()))
}

#[test]
fn an_issued_identity_loads_as_it_is() {
    let pki = tempfile::tempdir().unwrap();
    let authority = Authority::init(pki.path(), &TrustDomain::default()).unwrap();
    let request = server("greeter", &["localhost", "127.0.0.1", "::1"]);
    let folder = authority.issue_to(pki.path(), &request, Existing::Refuse).unwrap();
    assert_eq!(folder, pki.path().join("greeter"));

    let credentials = Credentials::load(&folder).unwrap();
    let identity = credentials.identity();
    assert_eq!(identity.id().as_str(), "spiffe://countersign.internal/greeter");
    assert_eq!(identity.certificate().dns_names(), ["localhost"]);
    assert_eq!(identity.certificate().ips().len(), 2);
    assert_eq!(credentials.trust(), &authority.trust());
    assert_eq!(credentials.warnings(), []);
}

#[test]
fn hosts_make_a_server_and_everyone_is_a_client() {
    let authority = Authority::in_memory(&TrustDomain::default()).unwrap();
    let alice = authority.issue(&client("alice")).unwrap();
    assert_eq!(alice.certificate().extended_key_usages(), ["clientAuth"]);
    let greeter = authority.issue(&server("greeter", &["localhost"])).unwrap();
    assert_eq!(greeter.certificate().extended_key_usages(), ["serverAuth", "clientAuth"]);
    assert_eq!(greeter.certificate().key_usages(), ["digitalSignature"]);
}
