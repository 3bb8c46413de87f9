//! The demo: certificates into a fresh private folder, a server on a free port of this machine with somebody
//! who calls it all day, and the identity with which the dashboard connects to it.

mod terminal;

use std::path::{Path, PathBuf};
use std::thread;

use anyhow::Context as _;
use countersign::{Client, Credentials, Policy, Server};
use countersign_certs::TrustDomain;
use countersign_certs::authority::{Authority, Existing, Request};
use tempfile::TempDir;
use tokio::runtime::{self, Runtime};
use tokio::sync::oneshot;

use crate::model::connection::Target;

pub use terminal::in_terminal;

/// The threads of the server have this name, so that its deliberate panics can be told from real ones.
pub const SERVER_THREAD: &str = "demo server";

/// A demo under way. Dropping it stops the server and removes the folder.
#[derive(Debug)]
pub struct Demo {
    target: Target,
    /// Dropped with the demo: that is what stops the server.
    _stop: oneshot::Sender<()>,
    folder: TempDir,
}

impl Demo {
    /// Issues the certificates, starts the server, and returns when it listens.
    pub fn start() -> anyhow::Result<Self> {
        let folder = private_folder().context("a private folder for the certificates could not be made")?;
        let identities = Identities::issue(folder.path()).context("the certificates could not be issued")?;
        let runtime = runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name(SERVER_THREAD)
            .enable_all()
            .build()?;
        let server = Server::builder(Credentials::load(&identities.server)?, Policy::any_trusted_peer());
        let server = runtime.block_on(countersign_examples::serve(server).bind("127.0.0.1:0"))?;
        let address = server.local_addr()?.to_string();
        let (stop, stopped) = oneshot::channel();
        let traffic = Credentials::load(&identities.traffic)?;
        let own_address = address.clone();
        thread::Builder::new()
            .name(SERVER_THREAD.to_owned())
            .spawn(move || run(runtime, server, &own_address, traffic, stopped))?;
        let identity = identities.dashboard.to_string_lossy().into_owned();
        Ok(Self { target: Target { address, identity, ..Target::default() }, _stop: stop, folder })
    }

    /// Where the server is, and who the dashboard is to it.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The folder with everything that the demo has written.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// Serves until the demo is dropped.
fn run(
    runtime: Runtime,
    server: Server,
    address: &str,
    traffic: Credentials,
    stopped: oneshot::Receiver<()>,
) {
    runtime.block_on(async move {
        let serving = tokio::spawn(server.run_until(stopped));
        let caller = Client::builder(traffic).connect(address).await;
        // Without traffic there is less to see, and nothing that the user could do about it.
        let _traffic = caller.ok().map(countersign_examples::traffic);
        // How the server ended is not asked: the demo is over.
        let _ = serving.await;
    });
    runtime.shutdown_background();
}

/// Where the identities of the demo are.
pub(crate) struct Identities {
    /// The server's.
    pub(crate) server: PathBuf,
    traffic: PathBuf,
    /// The dashboard's.
    pub(crate) dashboard: PathBuf,
}

impl Identities {
    /// Makes an authority in `folder`, and issues all of them.
    pub(crate) fn issue(folder: &Path) -> anyhow::Result<Self> {
        let authority = Authority::init(folder, &TrustDomain::default())?;
        let issue = |request: Request| authority.issue_to(folder, &request, Existing::Refuse);
        let hosts = ["localhost".parse()?, "127.0.0.1".parse()?];
        Ok(Self {
            server: issue(Request::server("server".parse()?, hosts))?,
            traffic: issue(Request::client("traffic".parse()?))?,
            dashboard: issue(Request::client("dashboard".parse()?))?,
        })
    }
}

/// A new folder that only its owner can enter.
fn private_folder() -> std::io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("countersign-demo-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o700));
    }
    builder.tempdir()
}
