//! Opening many connections: several at once, and none lost to the server's bound on handshakes in progress.

use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::{Client, Credentials, Watched};
use tokio::task::JoinSet;

use super::live::Live;
use crate::args::Bench;
use crate::failure::Failure;

/// Handshakes in progress at once: half of what a server allows one address by default.
const AT_ONCE: usize = 32;

/// How often it is told how many there are.
const TOLD_EVERY: Duration = Duration::from_millis(200);

/// As many connections as were asked for, of which `first` is one.
pub(super) async fn all(
    bench: &Arc<Bench>,
    credentials: &Watched<Credentials>,
    first: Client,
    live: &Live,
) -> Result<Vec<Client>, Failure> {
    let wanted = bench.connections as usize;
    let mut clients = vec![first];
    let mut handshakes = JoinSet::new();
    let mut told = Instant::now();
    while clients.len() < wanted {
        while handshakes.len() < AT_ONCE && clients.len() + handshakes.len() < wanted {
            let (bench, credentials) = (bench.clone(), credentials.clone());
            handshakes.spawn(async move { bench.dial.connect_as(credentials).await });
        }
        if let Some(connected) = handshakes.join_next().await {
            let client = connected.expect("a handshake neither panics nor is aborted");
            let place = || format!("connection {} of {wanted}", clients.len() + 1);
            clients.push(client.map_err(|failure| failure.at(place()))?);
        }
        if told.elapsed() >= TOLD_EVERY {
            told = Instant::now();
            live.connecting(clients.len(), wanted);
        }
    }
    Ok(clients)
}
