//! How long calls took as the server counts: its counters after a run less those before it.

use std::time::Duration;

use countersign::builtin::stats::{Histogram, ProcedureStats, StatsClient};

use crate::worker::link::{Link, refused};

/// How long a server may take to tell its counters: whoever stops a run against one that hangs does not want to wait.
const PATIENCE: Duration = Duration::from_secs(2);

/// The counters of one procedure at a moment, or why they are not known.
pub(super) type Counters = Result<(u64, ProcedureStats), String>;

/// What the server has counted for a procedure so far. It is asked over the tab's own connection, which the run leaves
/// alone.
pub(super) async fn now(link: &Link, procedure: &str) -> Counters {
    let stats = StatsClient::new(link.client().clone());
    let snapshot = stats.get().timeout(PATIENCE).await.map_err(|error| {
        let failure = refused("tell its counters", &error);
        format!("{} {}", failure.reason, failure.remedy).trim_end().to_owned()
    })?;
    let row = snapshot.procedures.into_iter().find(|row| row.procedure == procedure);
    let row = row.ok_or("The server does not count the calls of this procedure.")?;
    Ok((snapshot.start_id, row))
}

/// What was counted in between.
pub(super) fn between(before: Option<Counters>, after: Counters) -> Result<Histogram, String> {
    let (started, before) = before.ok_or("It was over before the server had told its counters.")??;
    let (start, after) = after?;
    if start != started {
        return Err("The server was started anew meanwhile.".to_owned());
    }
    Ok(after.latency.since(&before.latency))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(start: u64, calls: u32) -> Counters {
        let mut row = ProcedureStats::default();
        (0..calls).for_each(|_| row.latency.record(Duration::from_micros(70)));
        Ok((start, row))
    }

    #[test]
    fn only_what_one_start_of_the_server_counted_is_compared() {
        let histogram = between(Some(counted(7, 2)), counted(7, 5)).unwrap();
        assert_eq!(histogram.count(), 3);
        assert!(between(Some(counted(7, 2)), counted(8, 5)).unwrap_err().contains("anew"));
        assert!(between(None, counted(7, 5)).unwrap_err().contains("before"));
        assert_eq!(between(Some(Err("no".to_owned())), counted(7, 5)).unwrap_err(), "no");
    }
}
