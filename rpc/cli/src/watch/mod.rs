//! `countersign watch`: how the procedures of a server are doing, as it goes on.

mod rates;
mod screen;
mod table;

use std::time::Duration;

use countersign::builtin::stats::StatsClient;

use crate::args::Watch;
use crate::failure::Failure;
use crate::{names, output};

use rates::Window;
use screen::Screen;

/// What a table on a terminal covers: rates that are steady enough to read, of a time that is short enough to see
/// what just changed.
const TABLE: Duration = Duration::from_secs(10);

pub(crate) async fn run(watch: Watch, json: bool) -> Result<(), Failure> {
    let client = watch.dial.connect().await?;
    let mut screen = if json { None } else { Screen::of_stdout() };
    let mut window = Window::new(if screen.is_some() { TABLE } else { Duration::ZERO });
    let shown = async {
        let interval_ms = u32::try_from(watch.interval.as_millis()).unwrap_or(u32::MAX);
        let mut changes = StatsClient::new(client).watch(Some(interval_ms)).await?;
        while let Some(change) = changes.next().await? {
            window.record(change);
            if let Some(what) = &watch.what {
                names::check(&watch.dial, what, window.procedures())?;
            }
            let Some(rates) = window.rates(watch.what.as_deref()) else { continue };
            match &mut screen {
                _ if json => output::json(&rates)?,
                Some(screen) => screen.draw(&table::table(&watch.dial.address, &rates))?,
                None => output::say(&table::line(&rates))?,
            }
        }
        Err(Failure::new(format!("{}: the server stops", watch.dial.address)))
    };
    tokio::select! {
        ended = shown => ended,
        // Whoever watches has seen enough.
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}
