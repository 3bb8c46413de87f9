//! What can be asked of the command line, and nothing of how it is done.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::ArgPredicate;
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use countersign::SpiffeId;
use countersign::load::{self, RATES};
use serde::Serialize;

use crate::bench::Wanted;
use crate::certs::Certs;
use crate::policy::PolicyCommand;
use crate::time::with_unit;

/// Remote procedure call where both sides prove who they are.
#[derive(Debug, Parser)]
#[command(name = "countersign", version, after_help = FIRST_STEPS, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Print JSON, for machines; errors too.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

const FIRST_STEPS: &str = "\
From nothing to a call:
  countersign certs init pki
  countersign certs issue pki server --host localhost
  countersign certs issue pki alice
  countersign demo --listen localhost:7443 --identity pki/server &
  countersign list localhost:7443 --identity pki/alice
  countersign call localhost:7443 demo.Clock/sleep '{\"ms\": 20}' --identity pki/alice";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make an authority, and issue identities with it.
    #[command(subcommand)]
    Certs(Certs),
    /// Look for mistakes in the file that says who may call what, and ask it.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Serve the demo service: something to call before you have a service of your own.
    #[command(after_help = "\
Example:
  countersign demo --listen 127.0.0.1:7443 --identity pki/server
  countersign demo --listen 127.0.0.1:7443 --identity pki/server --crl pki/authority/crl.pem --policy policy.toml

Files that are replaced are taken into use within a second, and at once on SIGHUP, which also says what came of it.
The log is on standard error, one line each, or JSON with --json. It tells of all who were refused.
Stops on Ctrl+C, when open calls have ended; a second Ctrl+C does not wait for them.")]
    Demo(Demo),
    /// List what a server can do.
    #[command(after_help = "\
Example:
  countersign list localhost:7443 --identity pki/alice
  countersign list localhost:7443 --all --identity pki/alice

With --all the names of what you may not call are listed too, and marked; that takes a permission of its own.")]
    List(List),
    /// Describe a server's procedures: what they take, return and fail with.
    #[command(after_help = "\
Examples:
  countersign describe localhost:7443 demo.Orders/place --identity pki/alice
  countersign describe localhost:7443 demo.Math --identity pki/alice --json")]
    Describe(Describe),
    /// Call a procedure.
    #[command(after_help = "\
Examples:
  countersign call localhost:7443 demo.Clock/sleep '{\"ms\": 20}' --identity pki/alice
  countersign call localhost:7443 demo.Orders/place @order.json --identity pki/alice
  countersign call localhost:7443 demo.Echo/blob - --identity pki/alice <blob.json

  countersign call localhost:7443 demo.Clock/ticks '{\"interval_ms\": 500}' --identity pki/alice
  countersign call localhost:7443 demo.Math/sum --items numbers.jsonl --identity pki/alice

The arguments are checked against the server's schema before anything is sent. Bytes are written as base64 text.
Items are one a line, both ways, and the result comes last; with --json each line is {\"item\": …} or {\"result\": …}.
Ctrl+C gives the call up, at the server too.")]
    Call(Call),
    /// Watch how the procedures of a server are doing.
    #[command(after_help = "\
Examples:
  countersign watch localhost:7443 --identity pki/alice
  countersign watch localhost:7443 demo.Orders --interval 5s --identity pki/alice --json

A table of the last ten seconds on a terminal, a line for each interval elsewhere. Ctrl+C ends it.")]
    Watch(Watch),
    /// Show the latest slow and failed calls of a server, with where their time went.
    #[command(after_help = "\
Examples:
  countersign trace localhost:7443 --identity pki/alice
  countersign trace localhost:7443 demo.Orders/find --limit 10 --identity pki/alice

Slow are the four calls of each procedure that took longest within a minute, and no less than a millisecond.")]
    Trace(Trace),
    /// Measure how many calls a second a server answers, and how fast.
    #[command(after_help = "\
Examples:
  countersign bench localhost:7443 --identity pki/alice --in-flight 64 --duration 10s
  countersign bench localhost:7443 --identity pki/alice --procedure demo.Echo/blob --payload 65536
  countersign bench localhost:7443 --identity pki/alice --rate 20000 --in-flight 64
  countersign bench localhost:7443 --identity pki/alice --calls 1000 --deadline 200ms --metadata trace=1
  countersign bench localhost:7443 --identity pki/alice --procedure demo.Echo/record=9 \\
      --procedure 'demo.Clock/sleep=1 {\"ms\": 5}' --svg latency.svg

Without --rate the loop is closed: each of the calls in flight is made again as soon as it is answered.

With --rate calls are due at fixed intervals, or at random as those of many independent users (Poisson), and whatever \
connection is free makes them. Latency counts from when a call was due: what it waited since --in-flight were open, \
or since this machine was late, is in it, and how late calls were begun is told. A call begins some 50 µs \
after it was due even if all is well, so compare latencies below 100 µs in a closed loop.

Ctrl+C ends a run early and tells what came of it until then; the exit code is 130.")]
    Bench(Bench),
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Where to listen; port 0 is any free one.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:7443")]
    pub(crate) listen: String,
    #[command(flatten)]
    pub(crate) identity: Identity,
    /// Who may call what: a file as rpc/POLICY.md describes it, watched. Every trusted peer may call everything if
    /// absent.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// Tell in the log of every call: peer, procedure, status, duration.
    #[arg(long)]
    pub(crate) audit: bool,
}

/// The server to talk to, and as whom.
#[derive(Debug, Clone, Args)]
pub(crate) struct Dial {
    /// The server's address.
    #[arg(value_name = "HOST:PORT")]
    pub(crate) address: String,
    #[command(flatten)]
    pub(crate) identity: Identity,
    /// Expect the server with this ID, instead of one whose certificate names the host.
    #[arg(long, value_name = "SPIFFE-ID")]
    pub(crate) expect_peer: Option<SpiffeId>,
    /// How long connecting may take, and asking what the server can do.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = with_unit)]
    pub(crate) timeout: Duration,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Identity {
    /// The folder with the certificate and the key to show, and whom to trust.
    #[arg(long = "identity", value_name = "DIR/NAME", env = "COUNTERSIGN_IDENTITY")]
    pub(crate) folder: PathBuf,
    /// The revocation lists of the own trust domain, instead of crl.pem in the identity's folder.
    #[arg(long, value_name = "FILE")]
    pub(crate) crl: Option<PathBuf>,
    /// Go on with a revocation list that is stale, rather than refuse all new peers.
    #[arg(long)]
    pub(crate) accept_stale_crl: bool,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) dial: Dial,
    /// List what may not be called, too.
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Describe {
    #[command(flatten)]
    pub(crate) dial: Dial,
    /// What to describe: a service, such as demo.Math, or one procedure of it, such as demo.Math/divide.
    #[arg(value_name = "SERVICE[/METHOD]")]
    pub(crate) what: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Call {
    #[command(flatten)]
    pub(crate) dial: Dial,
    /// What to call, such as demo.Math/divide.
    #[arg(value_name = "PROCEDURE")]
    pub(crate) procedure: String,
    /// The arguments by name, as JSON; @FILE reads a file, - reads standard input.
    #[arg(value_name = "JSON|@FILE|-", default_value = "{}", hide_default_value = true)]
    pub(crate) arguments: String,
    #[command(flatten)]
    pub(crate) terms: Terms,
    /// Where the items to send are, if the procedure takes any: one JSON value a line; - reads standard input.
    #[arg(long, value_name = "FILE|-")]
    pub(crate) items: Option<String>,
    /// Tell too what came beside the reply: metadata, and where the time went.
    #[arg(long, short)]
    pub(crate) verbose: bool,
    /// Print the reply in CBOR diagnostic notation.
    #[arg(long, conflicts_with = "json")]
    pub(crate) diag: bool,
}

/// What holds for a call beside its arguments.
#[derive(Debug, Args)]
pub(crate) struct Terms {
    /// How long a call may take, at the server too; the server's maximum (60s by default) if absent.
    #[arg(long, value_name = "TIME", value_parser = some_time)]
    pub(crate) deadline: Option<Duration>,
    /// Text to send beside the arguments. May be given several times.
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_and_value)]
    pub(crate) metadata: Vec<(String, String)>,
}

#[derive(Debug, Args)]
pub(crate) struct Watch {
    #[command(flatten)]
    pub(crate) dial: Dial,
    /// What to watch: a service, such as demo.Orders, or one procedure of it; all but the built-in ones if absent.
    #[arg(value_name = "SERVICE[/METHOD]")]
    pub(crate) what: Option<String>,
    /// How often to be told; at least 100ms.
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = some_time)]
    pub(crate) interval: Duration,
}

#[derive(Debug, Args)]
pub(crate) struct Trace {
    #[command(flatten)]
    pub(crate) dial: Dial,
    /// Only calls of this procedure, such as demo.Orders/find.
    #[arg(value_name = "PROCEDURE")]
    pub(crate) procedure: Option<String>,
    /// At most so many, the latest.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) limit: u32,
}

#[derive(Debug, Args)]
pub(crate) struct Bench {
    #[command(flatten)]
    pub(crate) dial: Dial,
    /// What to call. May be given several times: each is called as often among the others as its weight says (1 if
    /// absent), with its own arguments as for `call`, after a blank.
    #[arg(long, value_name = "PROCEDURE[=WEIGHT][ ARGUMENTS]", default_value = "demo.Echo/record")]
    pub(crate) procedure: Vec<Wanted>,
    /// Make so many calls a second, however long they take, and count latency from when a call was due: an open loop.
    #[arg(long, value_name = "CALLS/S", value_parser = rate)]
    pub(crate) rate: Option<f64>,
    /// How the calls of --rate are spread over time.
    #[arg(long, value_enum, default_value_t = Arrivals::Even, requires = "rate")]
    pub(crate) arrivals: Arrivals,
    /// Connections to open.
    #[arg(long, value_name = "C", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) connections: u32,
    /// Calls open at once on each connection; with --rate the most that may be.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub(crate) in_flight: u32,
    /// Bytes to send: the size of the argument that takes bytes.
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(0..=1 << 30))]
    pub(crate) payload: Option<u32>,
    /// The arguments, as for `call`; made up by default.
    #[arg(long, value_name = "JSON|@FILE|-")]
    pub(crate) arguments: Option<String>,
    #[command(flatten)]
    pub(crate) terms: Terms,
    /// How long to measure.
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = with_unit)]
    pub(crate) duration: Duration,
    /// Make just so many calls, however long that takes, instead of measuring for a --duration.
    #[arg(long, value_name = "N", conflicts_with = "duration", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) calls: Option<u64>,
    /// How long to call before measuring; not at all with --calls unless it is given.
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = with_unit)]
    #[arg(default_value_if("calls", ArgPredicate::IsPresent, "0s"))]
    pub(crate) warmup: Duration,
    /// Threads to use; by default one for each core that this process may use.
    #[arg(long, value_name = "N", value_parser = threads)]
    pub(crate) threads: Option<usize>,
    /// Tell on standard error how it goes: on a terminal that is so anyway, unless --json is given.
    #[arg(long)]
    pub(crate) progress: bool,
    /// Plot latencies into this file, as SVG.
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
}

/// How calls are spread over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Arrivals {
    /// At fixed intervals.
    Even,
    /// Each independent of all others, as those of many users are: a Poisson process.
    Random,
}

impl From<Arrivals> for load::Arrivals {
    fn from(arrivals: Arrivals) -> Self {
        match arrivals {
            Arrivals::Even => Self::Even,
            Arrivals::Random => Self::Random,
        }
    }
}

impl Arguments {
    /// What was asked for, or why it cannot be meant.
    pub(crate) fn read() -> Result<Self, clap::Error> {
        let arguments = Self::try_parse()?;
        let terms = match &arguments.command {
            Command::Call(call) => Some(&call.terms),
            Command::Bench(bench) => Some(&bench.terms),
            _ => None,
        };
        if let Some(key) = terms.and_then(|terms| repeated(&terms.metadata)) {
            let why = format!("--metadata has the key `{key}` twice");
            return Err(Self::command().error(ErrorKind::ArgumentConflict, why));
        }
        Ok(arguments)
    }
}

/// The first key that is there twice.
fn repeated(metadata: &[(String, String)]) -> Option<&str> {
    let mut keys = HashSet::new();
    metadata.iter().map(|(key, _)| key.as_str()).find(|key| !keys.insert(*key))
}

pub(crate) fn some_time(text: &str) -> Result<Duration, String> {
    match with_unit(text)? {
        Duration::ZERO => Err("nothing happens in no time".to_owned()),
        time => Ok(time),
    }
}

fn key_and_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    // Only here to say what is wrong with a key while it can still be mended.
    let checked = countersign::Metadata::new().insert(key, value);
    checked.map_err(|error| error.to_string())?;
    Ok((key.to_owned(), value.to_owned()))
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if RATES.contains(&rate) => Ok(rate),
        _ => Err(format!("expected calls a second, from {} to {}", RATES.start(), RATES.end())),
    }
}

fn threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(threads @ 1..=1024) => Ok(threads),
        _ => Err("expected a number from 1 to 1024".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_shows_an_example() {
        fn check(command: &clap::Command) {
            if command.get_subcommands().next().is_none() {
                let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(help.contains("  countersign "), "{}", command.get_name());
            }
            command.get_subcommands().for_each(check);
        }
        check(&Arguments::command());
    }

    #[test]
    fn metadata_is_a_key_and_a_value() {
        assert_eq!(key_and_value("trace=a=b"), Ok(("trace".to_owned(), "a=b".to_owned())));
        assert_eq!(key_and_value("trace"), Err("expected KEY=VALUE".to_owned()));
        assert!(key_and_value("Trace=1").unwrap_err().contains("a-z"));
    }
}
