//! The line that a load prints.

use serde::Serialize;

use super::gauge::Seen;
use super::{Plan, histogram};
use crate::case::{Case, Work};
use crate::os;

/// The figures of one run. Processor seconds per million calls are microseconds per call.
#[derive(Default, Serialize)]
pub(super) struct Figures {
    peer: String,
    work: String,
    conns: usize,
    inflight: usize,
    payload: usize,
    secs: f64,
    /// Calls, or messages of streams.
    requests: u64,
    rps: f64,
    mib_s: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    p50_us: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p90_us: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p99_us: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p999_us: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_us: Option<f64>,
    client_cpu_s_per_m: Option<f64>,
    server_cpu_s_per_m: Option<f64>,
    server_rss_kib: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kib_per_conn: Option<f64>,
    load1: Option<f64>,
    /// Calls that were due each second, and those that were not answered in the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    rate: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unanswered: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    beside: Option<String>,
}

impl Figures {
    /// Those of a window in which calls were made.
    pub(super) fn of_calls(plan: &Plan, seen: &Seen) -> Self {
        let latencies = histogram::merged();
        let requests = if plan.case.work == Work::Stream { seen.messages } else { latencies.len() };
        let per_million = |cpu: f64| cpu / requests.max(1) as f64 * 1e6;
        // Without calls there are no latencies, rather than none.
        let us =
            |nanoseconds: u64| (!latencies.is_empty()).then(|| (nanoseconds as f64 / 10.0).round() / 100.0);
        let rps = requests as f64 / seen.secs;
        Self {
            secs: seen.secs,
            requests,
            rps,
            mib_s: rps * plan.case.size as f64 / f64::from(1 << 20),
            p50_us: us(latencies.value_at_quantile(0.5)),
            p90_us: us(latencies.value_at_quantile(0.9)),
            p99_us: us(latencies.value_at_quantile(0.99)),
            p999_us: us(latencies.value_at_quantile(0.999)),
            max_us: us(latencies.max()),
            client_cpu_s_per_m: seen.client_cpu.map(per_million),
            server_cpu_s_per_m: seen.server_cpu.map(per_million),
            ..Self::at_rest(plan)
        }
    }

    /// Those of a server that does nothing.
    pub(super) fn at_rest(plan: &Plan) -> Self {
        Self {
            peer: plan.peer.clone(),
            work: plan.case.work.to_string(),
            conns: plan.case.connections,
            inflight: plan.case.in_flight,
            payload: plan.case.size,
            server_rss_kib: plan.server_pid.and_then(os::resident_kib),
            load1: os::load_average(),
            ..Self::default()
        }
    }

    /// The same where calls were due at a rate.
    pub(super) fn due(self, rate: f64, unanswered: usize, beside: Option<&Case>) -> Self {
        Self { rate: Some(rate), unanswered: Some(unanswered), beside: beside.map(Case::to_string), ..self }
    }

    pub(super) fn print(&self) -> anyhow::Result<()> {
        println!("{}", serde_json::to_string(self)?);
        Ok(())
    }
}
