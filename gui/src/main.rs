//! The dashboard in a window; the demo, with a display or without one.

mod signals;
mod window;

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;

use anyhow::{Context as _, bail};
use clap::Parser;
use countersign_certs::SpiffeId;
use countersign_gui::demo::{Demo, SERVER_THREAD, in_terminal};
use countersign_gui::{Opening, Target};

use self::window::Memory;

/// Lists the procedures of a server, calls them, and graphs latency, errors and rate.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Arguments {
    /// The server, as HOST:PORT; without it the window asks
    #[arg(value_name = "ADDR")]
    address: Option<String>,
    /// The folder with this dashboard's certificate, key and trust
    #[arg(long, value_name = "DIR/NAME")]
    identity: Option<String>,
    /// The server's SPIFFE ID, to go by that instead of the host name
    #[arg(long, value_name = "ID", requires = "address")]
    expect_peer: Option<SpiffeId>,
    /// Shows what was recorded of a server, without any server
    #[arg(long, value_name = "FILE", conflicts_with_all = ["address", "identity", "expect_peer", "demo"])]
    recording: Option<PathBuf>,
    /// Makes certificates, starts a server with traffic on this machine, and shows it
    #[arg(long, conflicts_with_all = ["address", "identity", "expect_peer"])]
    demo: bool,
}

const EXAMPLES: &str = "Examples:
  countersign-gui --demo
  countersign-gui localhost:7443 --identity pki/alice
  countersign-gui --recording localhost-7443-20261123-140507.csrec";

fn main() -> ExitCode {
    // Bad usage ends the program here, and so do --help and --version.
    let arguments = Arguments::parse();
    // What the client reports goes into the window; the log has what does not fit there.
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .init();
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("countersign-gui: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    if arguments.demo {
        return run_demo();
    }
    if let Some(reason) = window::missing_display() {
        bail!("{reason}; `countersign list ADDR --identity DIR/NAME` works without one");
    }
    let target = Target {
        address: arguments.address.unwrap_or_default(),
        identity: arguments.identity.unwrap_or_default(),
        expect_peer: arguments.expect_peer.map(|id| id.to_string()).unwrap_or_default(),
    };
    let opening = arguments.recording.map_or(Opening::Server(target), Opening::Recording);
    window::open(opening, Memory::Kept(countersign_gui::settings_file()))
}

fn run_demo() -> anyhow::Result<()> {
    announce_panics_of_handlers();
    let demo = Demo::start().context("the demo could not be started")?;
    signals::remove_on_exit(demo.folder().to_owned())?;
    let reason = match window::missing_display() {
        Some(reason) => reason,
        // A demo neither reads the user's settings nor leaves any behind.
        None => match window::open(
            Opening::Server(demo.target().clone()),
            Memory::None { scratch: demo.folder().to_owned() },
        ) {
            Ok(()) => return Ok(()),
            Err(error) => format!("{error:#}"),
        },
    };
    println!("{reason}; the demo goes on in the terminal\n");
    in_terminal(&demo)
}

/// A handler of the demo panics when it is asked to: one line on the standard error, and no backtrace.
fn announce_panics_of_handlers() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if thread::current().name() == Some(SERVER_THREAD) {
            let message = panic.payload_as_str().unwrap_or("a handler panicked");
            eprintln!("demo server: {message}");
        } else {
            usual(panic);
        }
    }));
}
