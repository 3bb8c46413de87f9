//! `countersign demo`: a server with the demo service.

use std::io::{self, IsTerminal};

use countersign::{BindError, Policy, Server, Watched};
use serde_json::json;
use tracing_subscriber::EnvFilter;

use crate::args::Demo;
use crate::failure::Failure;
use crate::output;
use crate::signals::{self, Hangups, Stops};

pub(crate) async fn run(demo: Demo, json: bool) -> Result<(), Failure> {
    log_to_stderr(json);
    let (mut stops, hangups) = (Stops::new()?, Hangups::new()?);
    let (credentials, policy) = (demo.identity.watch()?, demo.policy()?);
    let server = Server::builder(credentials.clone(), policy.clone()).audit_calls(demo.audit);
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
        stops.next().await;
        tracing::info!("stopping: open calls may end");
        // The server is there to hear it: both live in this function.
        let _ = stop.send(());
        stops.next().await;
    };
    tokio::select! {
        stopped = server.run_until(stopping) => match stopped.connections_cut {
            0 => Ok(()),
            cut => Err(Failure::new(format!("{cut} connections were cut: their calls did not end in time"))),
        },
        never = signals::reload_on_hangup(hangups, credentials, policy) => match never {},
        () = impatience => Err(Failure::new("stopped at once, as asked twice; open calls were cut")),
    }
}

impl Demo {
    fn policy(&self) -> Result<Watched<Policy>, Failure> {
        match &self.policy {
            Some(file) => Ok(Policy::watch(file)?),
            None => Ok(Policy::any_trusted_peer().into()),
        }
    }
}

/// What is logged unless `RUST_LOG` says otherwise: refusals, replaced files, and how it ends.
const LOGGED: &str = "warn,countersign::audit=info,countersign::server=info,countersign::signals=info,\
                      countersign::demo=info,countersign_certs=info";

/// Refusals and whatever else an operator should read; `RUST_LOG` says how much.
fn log_to_stderr(json: bool) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(LOGGED));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    if json {
        log.json().init();
    } else {
        log.with_ansi(io::stderr().is_terminal()).init();
    }
}
