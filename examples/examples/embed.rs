//! A secure client inside an application that has work of its own, and goes on with it whatever the server does.
//!
//! A weather station measures every hour and reports to an archive. In between the archive is restarted.
//!
//! `cargo run -p countersign-examples --example embed`

use std::collections::VecDeque;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use countersign::{CallError, Client, Context, Credentials, Policy, Server, Stopped};
use countersign_certs::authority::{Authority, Request};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Keeps what weather stations measure.
#[countersign::service(package = "weather")]
trait Archive {
    /// Keeps a reading; keeping it again changes nothing.
    #[rpc(idempotent)]
    async fn keep(&self, cx: &Context, reading: Reading) -> Result<(), ArchiveError>;
}

#[countersign::message]
#[derive(Debug, Clone, PartialEq)]
struct Reading {
    hour: u8,
    celsius: f64,
}

#[countersign::message]
#[derive(Debug, thiserror::Error, countersign::Fault)]
enum ArchiveError {
    #[error("nobody has ever measured {celsius} °C")]
    #[fault(code = OutOfRange)]
    Implausible { celsius: f64 },
}

/// The application: what it has measured and not yet reported, and its way to the archive.
struct Station {
    client: Client,
    archive: ArchiveClient,
    waiting: VecDeque<Reading>,
}

impl Station {
    /// What the application is there for: an hour of it.
    async fn work(&mut self, hour: u8, celsius: f64) {
        self.waiting.push_back(Reading { hour, celsius });
        match self.report().await {
            Ok(reported) => println!("{hour:02}:00  reported {reported}"),
            Err(error) => println!("{hour:02}:00  {} waiting: {error}", self.waiting.len()),
        }
    }

    /// Reports what waits, oldest first. What cannot be reported now waits on.
    async fn report(&mut self) -> Result<usize, Box<dyn Error>> {
        // The client comes back by itself, but after an hour there is no need to wait for its next attempt.
        self.client.reconnect_now();
        let mut reported = 0;
        while let Some(reading) = self.waiting.front() {
            match self.archive.keep(reading).timeout(Duration::from_millis(500)).await {
                Ok(()) => reported += 1,
                // The same reading would be refused again, so it is not worth keeping.
                Err(CallError::Fault(error)) => println!("       dropped: {error}"),
                Err(error) => return Err(error.into()),
            }
            self.waiting.pop_front();
        }
        Ok(reported)
    }
}

#[derive(Clone, Default)]
struct Shelf(Arc<Mutex<Vec<Reading>>>);

impl Archive for Shelf {
    async fn keep(&self, _: &Context, reading: Reading) -> Result<(), ArchiveError> {
        if !(-90.0..60.0).contains(&reading.celsius) {
            return Err(ArchiveError::Implausible { celsius: reading.celsius });
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !kept.contains(&reading) {
            kept.push(reading);
        }
        Ok(())
    }
}

/// An archive that is open, until it is closed.
struct Open {
    address: SocketAddr,
    close: oneshot::Sender<()>,
    closed: JoinHandle<Stopped>,
}

impl Open {
    async fn at(address: &str, credentials: &Credentials, shelf: &Shelf) -> Result<Self, Box<dyn Error>> {
        let server = Server::builder(credentials.clone(), Policy::any_trusted_peer())
            .service(ArchiveServer::new(shelf.clone()))
            .bind(address)
            .await?;
        let (close, closing) = oneshot::channel();
        Ok(Self { address: server.local_addr()?, close, closed: tokio::spawn(server.run_until(closing)) })
    }

    async fn close(self) -> Result<(), Box<dyn Error>> {
        drop(self.close);
        self.closed.await?;
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let authority = Authority::in_memory(&"weather.internal".parse()?)?;
    let keeper = authority.issue(&Request::server("archive".parse()?, ["localhost".parse()?]))?;
    let station = authority.issue(&Request::client("station-7".parse()?))?;

    let shelf = Shelf::default();
    let archive = Open::at("127.0.0.1:0", keeper.credentials(), &shelf).await?;
    let address = archive.address;
    let client = Client::builder(station.credentials().clone());
    let client = client.connect_lazy(&format!("localhost:{}", address.port()))?;
    let archive_client = ArchiveClient::new(client.clone());
    let mut station = Station { client, archive: archive_client, waiting: VecDeque::new() };
    station.work(6, 3.1).await;
    station.work(7, 3.9).await;
    archive.close().await?;
    station.work(8, 5.2).await;
    station.work(9, 999.0).await;
    let archive = Open::at(&address.to_string(), keeper.credentials(), &shelf).await?;
    station.work(10, 6.8).await;
    station.work(11, 7.0).await;
    archive.close().await?;
    println!("kept: {:?}", shelf.0.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(())
}
