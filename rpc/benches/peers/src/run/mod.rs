//! How servers and loads are run: in turns, each with a fresh server, so that all peers meet the same
//! machine.

mod contestant;
pub(crate) mod growth;
pub(crate) mod latency;
pub(crate) mod matrix;
mod process;
mod record;
pub(crate) mod table;
mod turn;

use serde_json::Value;

pub(crate) use self::contestant::ONE_THREAD;
use self::turn::{Line, figure};

/// A line as it is shown while the rest goes on.
fn in_words(line: &Line) -> String {
    let text = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default();
    let or_zero = |name: &str| figure(line, name).unwrap_or_default();
    let (case, peer) = (text("case"), text("peer"));
    if let Some(kib) = figure(line, "kib_per_conn") {
        return format!("{case:<18} {peer:<18} {kib:>10.1} KiB a connection");
    }
    format!(
        "{case:<18} {peer:<18} {:>10.0}/s  p50 {:>8.1}  p99 {:>8.1} µs  CPU {:>6.2} + {:>6.2} µs  load {:.1}",
        or_zero("rps"),
        or_zero("p50_us"),
        or_zero("p99_us"),
        or_zero("client_cpu_s_per_m"),
        or_zero("server_cpu_s_per_m"),
        or_zero("load1"),
    )
}
