//! What the stories share: a service to call, an authority made on the fly, and both roles on loopback.

pub mod conformance;
pub mod forge;
pub mod load;
pub mod mill;
pub mod pki;
pub mod renewal;
pub mod script;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use countersign::{Client, ConnectError, Context, Credentials, Policy, Server, Status, Stopped, Watched};
use countersign_certs::TrustDomain;
use countersign_certs::authority::{Authority, Host, Request};
use tokio::net::ToSocketAddrs;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// What the stories call.
#[countersign::service(package = "test")]
pub trait Desk {
    /// The text, as it came.
    async fn echo(&self, cx: &Context, text: String) -> Result<String, Status>;
    /// The SPIFFE ID of the caller.
    async fn whoami(&self, cx: &Context) -> Result<String, Status>;
    /// Answers when it is told to, or never.
    async fn wait(&self, cx: &Context) -> Result<u32, Status>;
    /// What is left until the deadline, in milliseconds.
    async fn time_left(&self, cx: &Context) -> Result<u64, Status>;
    /// A bug.
    async fn panic(&self, cx: &Context) -> Result<(), Status>;
}

/// The desk, and what a story can see of it.
#[derive(Debug, Default, Clone)]
pub struct Clerk {
    waiting: Arc<Mutex<Vec<oneshot::Sender<u32>>>>,
    arrived: Arc<tokio::sync::Notify>,
    left: Arc<tokio::sync::Notify>,
}

impl Clerk {
    /// Waits until a call of `wait` has arrived.
    pub async fn arrived(&self) {
        self.arrived.notified().await;
    }

    /// Waits until a handler of `wait` was dropped before its end.
    pub async fn left(&self) {
        self.left.notified().await;
    }

    /// Answers all that wait.
    pub fn answer(&self, number: u32) {
        for waiting in self.waiting.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            // One that has left is not there to be answered.
            let _ = waiting.send(number);
        }
    }
}

impl Desk for Clerk {
    async fn echo(&self, _: &Context, text: String) -> Result<String, Status> {
        Ok(text)
    }

    async fn whoami(&self, cx: &Context) -> Result<String, Status> {
        Ok(cx.peer().id().to_string())
    }

    async fn wait(&self, _: &Context) -> Result<u32, Status> {
        let (answer, answered) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(answer);
        self.arrived.notify_one();
        let guard = Guard(Some(self.left.clone()));
        let number = answered.await.map_err(|_| Status::internal("nobody will answer"))?;
        guard.disarm();
        Ok(number)
    }

    async fn time_left(&self, cx: &Context) -> Result<u64, Status> {
        let left = cx.time_left().ok_or_else(|| Status::internal("there is no deadline"))?;
        Ok(u64::try_from(left.as_millis()).unwrap_or(u64::MAX))
    }

    async fn panic(&self, _: &Context) -> Result<(), Status> {
        panic!("on purpose");
    }
}

struct Guard(Option<Arc<tokio::sync::Notify>>);

impl Guard {
    fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(left) = &self.0 {
            left.notify_one();
        }
    }
}

/// An authority in memory, for one trust domain.
pub struct Office(Authority);

impl Office {
    /// A new authority for `domain`.
    pub fn of(domain: &str) -> Self {
        let domain: TrustDomain = domain.parse().expect("a trust domain");
        Self(Authority::in_memory(&domain).expect("an authority"))
    }

    /// The authority itself.
    pub fn authority(&self) -> &Authority {
        &self.0
    }

    /// A client's credentials.
    pub fn client(&self, name: &str) -> Credentials {
        self.issue(Request::client(name.parse().expect("a name")))
    }

    /// A server's credentials, for these hosts.
    pub fn server(&self, name: &str, hosts: &[&str]) -> Credentials {
        let hosts = hosts.iter().map(|host| host.parse::<Host>().expect("a host"));
        self.issue(Request::server(name.parse().expect("a name"), hosts))
    }

    fn issue(&self, request: Request) -> Credentials {
        self.0.issue(&request).expect("a certificate").credentials().clone()
    }
}

/// A server on loopback, until it is stopped.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Stopped>,
}

impl Running {
    /// Runs a server on a free port.
    pub async fn start(builder: countersign::ServerBuilder) -> Self {
        Self::start_at("127.0.0.1:0", builder).await
    }

    /// Runs a server where one was before.
    pub async fn start_at(address: impl ToSocketAddrs, builder: countersign::ServerBuilder) -> Self {
        let server = builder.bind(address).await.expect("a free port");
        let address = server.local_addr().expect("it listens");
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(server.run_until(stopped));
        Self { address, stop, task }
    }

    /// Runs a desk that everyone trusted may call.
    pub async fn desk(credentials: Credentials, clerk: &Clerk) -> Self {
        let desk = DeskServer::new(clerk.clone());
        Self::start(Server::builder(credentials, Policy::any_trusted_peer()).service(desk)).await
    }

    /// Connects to it by the name `localhost`.
    pub async fn connect(
        &self,
        credentials: impl Into<Watched<Credentials>>,
    ) -> Result<Client, ConnectError> {
        Client::builder(credentials).connect(&self.name()).await
    }

    /// `localhost` and its port.
    pub fn name(&self) -> String {
        format!("localhost:{}", self.address.port())
    }

    /// Tells it to stop, without waiting until it has.
    pub fn stop(self) -> JoinHandle<Stopped> {
        // A server that is gone already needs no telling.
        let _ = self.stop.send(());
        self.task
    }
}

/// Waits, but not for ever: a story that hangs is a failure with a name.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(Duration::from_secs(20), future).await {
        Ok(value) => value,
        Err(_) => panic!("{what} did not happen"),
    }
}
