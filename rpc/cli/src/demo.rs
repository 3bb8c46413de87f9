//! `countersign demo`: a server with the demo service.

use std::io::{self, IsTerminal};

use countersign::{BindError, Policy, Server};
use serde_json::json;
use tracing_subscriber::EnvFilter;

use crate::args::Demo;
use crate::failure::Failure;
use crate::output;

pub(crate) async fn run(demo: Demo, json: bool) -> Result<(), Failure> {
    log_to_stderr(json);
    let mut signals = Signals::new()?;
    let server = Server::builder(demo.identity.load()?, Policy::any_trusted_peer());
    let server =
        countersign_examples::serve(server).bind(&demo.listen).await.map_err(|error| match error {
            BindError::ClientIdentity(id) => Failure::new(format!("{id} may not be used as a server's"))
                .or_try("an identity that was issued with `--host`, such as pki/server"),
            error => Failure::new(format!("{}: {error}", demo.listen))
                .or_try("another address with --listen, such as 127.0.0.1:0 for any free port"),
        })?;
    let address = server.local_addr()?;
    if json {
        output::json(&json!({ "listening": address }))?;
    } else {
        output::say(&format!("listening on {address}\n"))?;
    }
    let (stop, stopping) = tokio::sync::oneshot::channel();
    let impatience = async {
        signals.next().await;
        tracing::info!("stopping: open calls may end");
        // The server is there to hear it: both live in this function.
        let _ = stop.send(());
        signals.next().await;
    };
    tokio::select! {
        stopped = server.run_until(stopping) => match stopped.connections_cut {
            0 => Ok(()),
            cut => Err(Failure::new(format!("{cut} connections were cut: their calls did not end in time"))),
        },
        () = impatience => Err(Failure::new("stopped at once, as asked twice; open calls were cut")),
    }
}

/// Refusals and whatever else an operator should read; `RUST_LOG` says how much.
fn log_to_stderr(json: bool) {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,countersign::demo=info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    if json {
        log.json().init();
    } else {
        log.with_ansi(io::stderr().is_terminal()).init();
    }
}

/// The requests of the system to stop.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// The requests of the system to stop.
#[cfg(windows)]
struct Signals {
    ctrl_c: tokio::signal::windows::CtrlC,
    close: tokio::signal::windows::CtrlClose,
}

#[cfg(windows)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::windows::{ctrl_c, ctrl_close};
        Ok(Self { ctrl_c: ctrl_c()?, close: ctrl_close()? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.ctrl_c.recv() => {}
            _ = self.close.recv() => {}
        }
    }
}
