//! A client and a server within one process, for the unit tests of those who embed this crate.
//!
//! The same bytes travel as over a network: TLS 1.3 with a certificate on each side, from an authority made
//! for the occasion. Behind the feature `testing`, which no release build needs.

use countersign_certs::Credentials;
use countersign_certs::authority::{Authority, Host, Request};

use crate::client::Client;
use crate::server::{Policy, Server};
use crate::service::Service;

/// Bytes under way in each direction before the sender waits.
const PIPE_LEN: usize = 256 << 10;

/// A client of `service`, and what else a test may want of the pair.
#[derive(Debug)]
pub struct Pair {
    /// Connected, or about to be: calls wait for that.
    pub client: Client,
    /// What the client shows: `spiffe://test.internal/client`.
    pub client_credentials: Credentials,
    /// What the server shows: `spiffe://test.internal/server`, for the host `localhost`.
    pub server_credentials: Credentials,
}

/// Serves `service` to one client over TLS in memory. To be called within a tokio runtime.
///
/// # Panics
///
/// If the authority, which is made on the fly, cannot be made, or the service cannot be described.
pub fn pair(service: impl Service) -> Pair {
    let domain = "test.internal".parse().expect("it is a trust domain");
    let authority = Authority::in_memory(&domain).expect("an authority in memory");
    let name = |name: &str| name.parse().expect("it is a name");
    let host: Host = "localhost".parse().expect("it is a host");
    let issue = |request| authority.issue(&request).expect("a certificate").credentials().clone();
    let client_credentials = issue(Request::client(name("client")));
    let server_credentials = issue(Request::server(name("server"), [host]));

    let (near, far) = tokio::io::duplex(PIPE_LEN);
    let hub = Server::builder(server_credentials.clone(), Policy::any_trusted_peer())
        .service(service)
        .hub()
        .expect("a service that can be described");
    tokio::spawn(async move { hub.serve(far, hub.lobby.place_within()).await });
    let localhost = "localhost".try_into().expect("it is a server name");
    let client = Client::builder(client_credentials.clone())
        .start_over(near, localhost)
        .expect("credentials that were just made");
    Pair { client, client_credentials, server_credentials }
}

/// The client half of [`pair`].
pub fn in_process(service: impl Service) -> Client {
    pair(service).client
}
