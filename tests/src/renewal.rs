//! Certificates that live for moments and are renewed under load, while the root behind them is rolled over.

use std::error::Error;
use std::time::{Duration, Instant};

use countersign::builtin::connections::ConnectionsClient;
use countersign::{Policy, Server};
use countersign_certs::TrustDomain;
use countersign_certs::authority::{Late, Plan};
use tokio::time::sleep;

use crate::Running;
use crate::load::{Load, Outcome, YardServer, Yarder};
use crate::pki::Pki;

/// What that came to.
#[derive(Debug)]
pub struct Renewed {
    /// Certificates that took the place of others.
    pub renewals: u32,
    /// Connections that the server has had.
    pub connections: u64,
    /// Calls that were made again.
    pub retried: u64,
    /// What became of the calls.
    pub outcome: Outcome,
}

/// Calls for so long, with certificates that live so long, each of which is renewed when a third of its life has
/// passed. A quarter of the time lies between the steps of the rollover: longer than a certificate lives.
///
/// Fails if certificates live longer than that, or not at all.
pub async fn renew_under_load(time: Duration, life: Duration) -> Result<Renewed, Box<dyn Error>> {
    if life.is_zero() || time / 4 <= life {
        return Err(
            "certificates have to live for some time, and for less than a quarter of the whole: a step of \
                    the rollover has to wait until nobody shows what was issued before it"
                .into(),
        );
    }
    let plan = Plan::new(TrustDomain::default());
    let mut pki = Pki::new(plan.clone());
    let (server, carter) = (pki.server("yard", life), pki.client("carter", life));
    let identities = [("yard", server.clone()), ("carter", carter.clone())];
    let builder = Server::builder(server, Policy::any_trusted_peer()).service(YardServer::new(Yarder));
    let running = Running::start(builder).await;
    let client = running.connect(carter).await.expect("a good client");
    let load = Load::begin(&client);
    let (began, mut renewals, mut steps) = (Instant::now(), 0, 0);
    while began.elapsed() < time {
        sleep(life / 3).await;
        if time * (steps + 1) / 4 <= began.elapsed() && steps < 3 {
            let authority = &mut pki.authority;
            match steps {
                0 => authority.begin_rollover(&plan),
                1 => authority.switch_root(Late::Wait),
                _ => authority.retire_root(Late::Wait),
            }
            .expect("everyone has renewed since the last step");
            steps += 1;
        }
        // The lists first: who checks revocation needs those of an issuer before its first certificate.
        for (name, credentials) in &identities {
            pki.tell(name);
            credentials.reload().expect("a good list");
        }
        for (name, _) in &identities {
            pki.renew(name, life);
            renewals += 1;
        }
    }
    let outcome = load.end().await;
    let connections = ConnectionsClient::new(client.clone()).list(None::<u64>).await?;
    let latest = connections.iter().map(|connection| connection.number).max();
    assert_eq!(steps, 3, "there was time for the whole rollover");
    Ok(Renewed {
        renewals,
        connections: latest.map_or(0, |latest| latest + 1),
        retried: client.retries(),
        outcome,
    })
}
