//! What can be asked of the command line, and nothing of how it is done.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::case::{Case, Work};
use crate::load::Arrivals;
use crate::peers::Peer;
use crate::run::growth::Curve;

/// Countersign beside other RPC systems over mutual TLS, in one interleaved run.
#[derive(Debug, Parser)]
#[command(name = "peers", version, after_help = EXAMPLES, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Two peers, by hand:
  peers certs pki
  peers matrix --certs pki --peers countersign,countersign+ct,tonic,tonic+ct \\
      --cases small:1x64,blob1024:1x64 --reps 3 --secs 2 --out results/mine.jsonl
  peers report results/mine.jsonl --base tonic

Peers are countersign, tonic, tarpc-bincode, tarpc-cbor, capnp, rustls (for handshakes) and floor, the bare
loop: floor[-raw][-tcp][-ciborium][-chunk1k|-chunk2k]. With +ct behind its name a peer runs on tokio's
one-thread runtime.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make the certificates that all peers use.
    Certs {
        /// The folder to make them in.
        #[arg(value_name = "DIR")]
        dir: PathBuf,
    },
    /// Serve one peer until killed; prints READY when it listens.
    Serve(End),
    /// Put one peer's server under load, and print what came of it as JSON.
    #[command(after_help = "\
Examples:
  peers load --peer countersign --addr 127.0.0.1:7700 --certs pki --work small --inflight 64
  peers load --peer tonic --addr 127.0.0.1:7700 --certs pki --work blob --payload 65536 --inflight 16 --secs 5
  peers load --peer tonic --addr 127.0.0.1:7700 --certs pki --rate 40000 --beside stream262144:1x1")]
    Load(Load),
    /// Run peers and cases in turns, each with a fresh server, one process on each of two cores.
    #[command(after_help = "\
A case is WORK[SIZE]:CONNECTIONSxIN-FLIGHT: small:1x64, blob65536:1x16, stream1024:1x1, sleep100:1x1000,
idle:2000x1, handshake:8x1.

A program of another kind is a peer by two commands, whose words are split at blanks:
  --ext 'grpc-cpp=G serve {addr} {certs} ::: G load {addr} {certs} {work} {conns} {inflight} {payload} {count}
      {secs} {warmup} {server_pid}'
The first prints READY when it listens, the second a JSON object with at least `rps` as its last line.")]
    Matrix(Matrix),
    /// Run the whole table, and print it as Markdown: every case that has a goal.
    #[command(after_help = "\
Examples:
  peers table
  peers table --reps 1 --secs 0.5 --cases small:1x64,stream1024:1x1")]
    Table(Table),
    /// Measure latencies under a load that does not wait for answers.
    #[command(after_help = "\
Example:
  peers latency --reps 3 --secs 2

Each peer runs on the runtime on which it makes more calls. Bulk beside the calls is a stream of 256 KiB
messages, and with tarpc, which has none, calls of 1 MiB, one after the other.")]
    Latency(Latency),
    /// Measure how calls per second and memory grow with connections, procedures, calls in flight, payload, streams.
    #[command(after_help = "\
Example:
  peers growth --curves payload --peers countersign,tonic --reps 3 --secs 1")]
    Growth(Growth),
    /// Turn the lines of a run into Markdown, and into plots.
    #[command(after_help = "\
Example:
  peers report results/2026-11-23T0400.jsonl --svg plots")]
    Report(Report),
}

/// Who is compared where nobody is named.
const COMPARED: &str = "countersign,tonic,tarpc-bincode,floor";

/// Which of tokio's two schedulers a process runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Runtime {
    /// The one for several threads; a process that is pinned to a core gets one.
    Multi,
    /// The one for one thread, which keeps no slot for the task that was woken last.
    Current,
}

/// Where a process finds its other end.
#[derive(Debug, Args)]
pub(crate) struct End {
    /// The peer: countersign, tonic, tarpc-bincode, tarpc-cbor, capnp, rustls, floor….
    #[arg(long)]
    pub(crate) peer: Peer,
    /// The server's address.
    #[arg(long, default_value = "127.0.0.1:7700")]
    pub(crate) addr: SocketAddr,
    /// The folder with certificates.
    #[arg(long, value_name = "DIR", default_value = "certs")]
    pub(crate) certs: PathBuf,
    /// Which of tokio's schedulers to run on.
    #[arg(long, value_enum, default_value = "multi")]
    pub(crate) rt: Runtime,
    /// Take messages of up to 65 MiB, where the defaults of some end at 4.
    #[arg(long)]
    pub(crate) large: bool,
    /// Serve so many procedures that echo the small record, and call each of them. Only Countersign knows how.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) procedures: Option<usize>,
}

#[derive(Debug, Args)]
pub(crate) struct Load {
    #[command(flatten)]
    pub(crate) end: End,
    /// What each call is: small, blob, stream, sleep, idle or handshake.
    #[arg(long, default_value = "small")]
    pub(crate) work: Work,
    /// Connections.
    #[arg(long, default_value_t = 1)]
    pub(crate) conns: usize,
    /// Calls in flight on each connection.
    #[arg(long, default_value_t = 1)]
    pub(crate) inflight: usize,
    /// Bytes of a blob or of a stream's message, or milliseconds of a sleep.
    #[arg(long, default_value_t = 0)]
    pub(crate) payload: usize,
    /// Seconds that are measured.
    #[arg(long, default_value_t = 3.0)]
    pub(crate) secs: f64,
    /// Seconds of load before that.
    #[arg(long, default_value_t = 0.7)]
    pub(crate) warmup: f64,
    /// The server's process, whose processor time and memory are told too.
    #[arg(long, value_name = "PID")]
    pub(crate) server_pid: Option<u32>,
    /// Connections that are made besides, and rest.
    #[arg(long, default_value_t = 0, value_name = "NUMBER")]
    pub(crate) at_rest: usize,
    /// Calls due each second, in an open loop; latencies then count from when a call was due.
    #[arg(long, value_name = "PER-SECOND")]
    pub(crate) rate: Option<f64>,
    /// How the instants are spread at which calls are due.
    #[arg(long, value_enum, default_value = "poisson", requires = "rate")]
    pub(crate) arrivals: Arrivals,
    /// What else goes on, on the same connections, without being measured: stream262144:1x1, sleep100:1x1000.
    #[arg(long, value_name = "CASE", requires = "rate")]
    pub(crate) beside: Option<Case>,
}

impl Load {
    /// The case that this load is.
    pub(crate) fn case(&self) -> Case {
        Case { work: self.work, size: self.payload, connections: self.conns, in_flight: self.inflight }
    }
}

/// How servers and loads are run in turns.
#[derive(Clone, Debug, Args)]
pub(crate) struct Turns {
    /// Rounds; each runs every case with every peer once.
    #[arg(long, default_value_t = 5)]
    pub(crate) reps: usize,
    /// Seconds that are measured of each run.
    #[arg(long, default_value_t = 2.0)]
    pub(crate) secs: f64,
    /// Seconds of load before that.
    #[arg(long, default_value_t = 0.5)]
    pub(crate) warmup: f64,
    /// Keep the server on core 0 and the load on core 1, by taskset.
    #[arg(long, value_name = "yes|no", default_value = "yes", action = clap::ArgAction::Set,
        value_parser = BoolishValueParser::new())]
    pub(crate) pin: bool,
    /// Run both at this nice value. As root, -20 shields them from whatever else the machine does.
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    pub(crate) nice: i32,
    /// The folder with certificates; by default new ones for this run.
    #[arg(long, value_name = "DIR")]
    pub(crate) certs: Option<PathBuf>,
    /// A program of another kind as a peer; may be given several times.
    #[arg(long, value_name = "NAME=SERVE ::: LOAD")]
    pub(crate) ext: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Matrix {
    #[command(flatten)]
    pub(crate) turns: Turns,
    /// The peers; +ct behind a name is tokio's one-thread runtime.
    #[arg(long, value_delimiter = ',', default_value = "floor,countersign,tonic")]
    pub(crate) peers: Vec<String>,
    /// The cases.
    #[arg(long, value_delimiter = ',', default_value = "small:1x1,small:1x64")]
    pub(crate) cases: Vec<Case>,
    /// The file that each run adds a line to.
    #[arg(long, value_name = "FILE", default_value = "results.jsonl")]
    pub(crate) out: PathBuf,
}

/// Where the lines of a run go.
#[derive(Debug, Args)]
pub(crate) struct Out {
    /// The file that the lines go to, which must not be there yet; results/DATE.jsonl if none is named.
    #[arg(long = "out", value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Table {
    #[command(flatten)]
    pub(crate) turns: Turns,
    /// Only these cases.
    #[arg(long, value_delimiter = ',')]
    pub(crate) cases: Vec<String>,
    #[command(flatten)]
    pub(crate) out: Out,
}

#[derive(Debug, Args)]
pub(crate) struct Latency {
    #[command(flatten)]
    pub(crate) turns: Turns,
    /// The peers.
    #[arg(long, value_delimiter = ',', default_value = COMPARED)]
    pub(crate) peers: Vec<String>,
    #[command(flatten)]
    pub(crate) out: Out,
}

#[derive(Debug, Args)]
pub(crate) struct Growth {
    #[command(flatten)]
    pub(crate) turns: Turns,
    /// What grows.
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "connections,at-rest,procedures,in-flight,payload,streams"
    )]
    pub(crate) curves: Vec<Curve>,
    /// The peers.
    #[arg(long, value_delimiter = ',', default_value = COMPARED)]
    pub(crate) peers: Vec<String>,
    #[command(flatten)]
    pub(crate) out: Out,
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// The lines of one or more runs.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The peer to give ratios to.
    #[arg(long, default_value = "floor")]
    pub(crate) base: String,
    /// Another one.
    #[arg(long, default_value = "tonic")]
    pub(crate) base2: String,
    /// A folder to draw plots in, as SVG.
    #[arg(long, value_name = "DIR")]
    pub(crate) svg: Option<PathBuf>,
}
