//! The service that is put under load, in a process of its own so that its memory is its own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use countersign::{Bytes, Client, Context, Credentials, Limits, Policy, Receiver, Sender, Server, Status};
use countersign_certs::TrustDomain;
use countersign_certs::authority::{Authority, Existing, Request};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::Outcome;

/// How long a slow consumer takes for an item; a producer makes hundreds in that time.
pub(crate) const PAUSE: Duration = Duration::from_millis(2);

/// What is called.
#[countersign::service(package = "soak")]
pub(crate) trait Yard {
    /// The number, as it came.
    async fn echo(&self, cx: &Context, number: u64) -> Result<u64, Status>;
    /// Items of so many bytes, as fast as they are taken, without end.
    async fn pour(&self, cx: &Context, len: u32, items: Sender<Bytes>) -> Result<(), Status>;
    /// Takes items, slowly, until there are no more.
    async fn store(&self, cx: &Context, items: Receiver<Bytes>) -> Result<u64, Status>;
    /// The bytes, as they came.
    async fn bulk(&self, cx: &Context, bytes: Bytes) -> Result<Bytes, Status>;
}

struct Keeper;

impl Yard for Keeper {
    async fn echo(&self, _: &Context, number: u64) -> Result<u64, Status> {
        Ok(number)
    }

    async fn pour(&self, _: &Context, len: u32, items: Sender<Bytes>) -> Result<(), Status> {
        loop {
            items.send(Bytes::from(vec![7; len as usize])).await?;
        }
    }

    async fn store(&self, _: &Context, mut items: Receiver<Bytes>) -> Result<u64, Status> {
        let mut stored = 0;
        while items.next().await?.is_some() {
            stored += 1;
            sleep(PAUSE).await;
        }
        Ok(stored)
    }

    async fn bulk(&self, _: &Context, bytes: Bytes) -> Result<Bytes, Status> {
        Ok(bytes)
    }
}

/// The process with the server, for as long as this is kept.
pub(crate) struct Yarder {
    child: Child,
    address: String,
    folder: TempDir,
}

/// Both sides take messages of 64 MiB and a little.
pub(crate) fn limits() -> Limits {
    Limits { message_len: (64 << 20) + 64, ..Limits::default() }
}

/// What the child process does.
pub(crate) async fn serve(folder: &str) -> Outcome {
    let server = Server::builder(Credentials::load(format!("{folder}/server"))?, Policy::any_trusted_peer())
        .limits(limits())
        .service(YardServer::new(Keeper))
        .bind("127.0.0.1:0")
        .await?;
    println!("{}", server.local_addr()?.port());
    server.run_until(std::future::pending::<()>()).await;
    Ok(())
}

impl Yarder {
    pub(crate) fn start() -> Result<Self, Box<dyn std::error::Error>> {
        Self::start_as(Command::new(std::env::current_exe()?))
    }

    /// One whose process may have so many descriptors.
    pub(crate) fn with_descriptors(count: u32) -> Result<Self, Box<dyn std::error::Error>> {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(format!("ulimit -n {count} && exec \"$0\" \"$@\"")).arg(std::env::current_exe()?);
        Self::start_as(shell)
    }

    fn start_as(mut command: Command) -> Result<Self, Box<dyn std::error::Error>> {
        let folder = TempDir::new()?;
        let authority = Authority::in_memory(&"soak.internal".parse::<TrustDomain>()?)?;
        let server = Request::server("server".parse()?, ["localhost".parse()?]);
        authority.issue_to(folder.path(), &server, Existing::Refuse)?;
        authority.issue_to(folder.path(), &Request::client("client".parse()?), Existing::Refuse)?;
        let mut child = command.arg("serve").arg(folder.path()).stdout(Stdio::piped()).spawn()?;
        let mut port = String::new();
        let stdout = child.stdout.take().ok_or("the server has no output")?;
        BufReader::new(stdout).read_line(&mut port)?;
        Ok(Self { child, address: format!("localhost:{}", port.trim()), folder })
    }

    pub(crate) async fn connect(&self) -> Result<Client, Box<dyn std::error::Error>> {
        let credentials = Credentials::load(self.folder.path().join("client"))?;
        Ok(Client::builder(credentials).limits(limits()).connect(&self.address).await?)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// What its process holds of the machine's memory.
    pub(crate) fn memory_kib(&self) -> Result<u64, Box<dyn std::error::Error>> {
        memory_kib(&self.child.id().to_string())
    }
}

impl Drop for Yarder {
    fn drop(&mut self) {
        // It has nothing to finish.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a process holds of the machine's memory.
pub(crate) fn memory_kib(pid: &str) -> Result<u64, Box<dyn std::error::Error>> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))
        .map_err(|error| format!("memory is read from /proc, which only Linux has: {error}"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS in /proc")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
