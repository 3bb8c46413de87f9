//! Opening many connections: several at once, and none lost to the server's bound on handshakes in progress.

use std::fmt;
use std::future::Future;

use tokio::task::JoinSet;

use crate::Client;

/// Handshakes in progress at once: half of what a server allows one address by default.
const AT_ONCE: usize = 32;

/// Opens as many connections as are `wanted`, each by `dial`, of which 32 run at once. `told` is told how many there
/// are whenever one more is. The first that fails ends them all.
///
/// To be called within a tokio runtime, which is where the connections live.
pub async fn connect<F, E>(
    wanted: usize,
    mut dial: impl FnMut() -> F,
    mut told: impl FnMut(usize),
) -> Result<Vec<Client>, NotAll<E>>
where
    F: Future<Output = Result<Client, E>> + Send + 'static,
    E: Send + 'static,
{
    let mut clients = Vec::new();
    let mut handshakes = JoinSet::new();
    while clients.len() < wanted {
        while handshakes.len() < AT_ONCE && clients.len() + handshakes.len() < wanted {
            handshakes.spawn(dial());
        }
        if let Some(connected) = handshakes.join_next().await {
            let client = connected.expect("a handshake neither panics nor is aborted");
            clients.push(client.map_err(|error| NotAll { stood: clients.len(), wanted, error })?);
            told(clients.len());
        }
    }
    Ok(clients)
}

/// One of many connections could not be opened.
#[derive(Debug)]
pub struct NotAll<E> {
    /// How many stood before.
    pub stood: usize,
    /// How many there were to be.
    pub wanted: usize,
    /// What went wrong with it.
    pub error: E,
}

impl<E: fmt::Display> fmt::Display for NotAll<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "connection {} of {}: {}", self.stood + 1, self.wanted, self.error)
    }
}

impl<E: std::error::Error + 'static> std::error::Error for NotAll<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.source()
    }
}
