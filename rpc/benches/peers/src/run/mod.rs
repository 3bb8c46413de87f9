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

/// A line as it is shown while the rest goes on.
fn in_words(line: &turn::Line) -> String {
    let text = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default();
    let figure = |name: &str| line.get(name).and_then(Value::as_f64).unwrap_or_default();
    let (case, peer) = (text("case"), text("peer"));
    if let Some(kib) = line.get("kib_per_conn").and_then(Value::as_f64) {
        return format!("{case:<18} {peer:<18} {kib:>10.1} KiB a connection");
    }
    format!(
        "{case:<18} {peer:<18} {:>10.0}/s  p50 {:>8.1}  p99 {:>8.1} µs  CPU {:>6.2} + {:>6.2} µs  load {:.1}",
        figure("rps"),
        figure("p50_us"),
        figure("p99_us"),
        figure("client_cpu_s_per_m"),
        figure("server_cpu_s_per_m"),
        figure("load1"),
    )
}
