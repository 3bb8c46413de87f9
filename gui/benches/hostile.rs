//! What a server that means ill costs the thread that draws the window, and the worker:
//! `cargo bench -p countersign-gui --bench hostile`, with the beginning of a case's name to run only that.
//!
//! CPU time of the thread, so that a busy machine measures the same as an idle one. Fails if a frame costs more than
//! it may, and says which.

#[expect(dead_code, reason = "each benchmark uses a part of it")]
mod table;

use std::process::ExitCode;
use std::time::Duration;

use countersign_gui::rehearsal::Watch;
use countersign_gui::rehearsal::hostile::CASES;

use self::table::{Cost, Table, clock};

/// No frame may cost more than this, whatever happens.
const FRAME: Duration = Duration::from_millis(50);

/// What the worker does in one go, for which nobody else waits.
const WORK: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --benches` asks whether it runs at all, and nothing here is quick without optimization.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    let wanted = arguments.iter().find(|argument| !argument.starts_with('-'));
    let mut table = Table::default();
    table.title("A hostile server, in ms of CPU: of a frame, and of a piece of the worker's work");
    for case in CASES.iter().filter(|case| wanted.is_none_or(|wanted| case.name.contains(wanted.as_str()))) {
        table.row(|| {
            let mut watch = Watch::new(clock);
            (case.run)(&mut watch);
            let frames = cost(case.name, FRAME, watch.frames);
            [frames, cost("  the worker's part", WORK, watch.works)]
        });
    }
    table.end()
}

/// What a case cost, and what of it was the dearest.
fn cost(name: &str, limit: Duration, took: Vec<(Duration, String)>) -> Cost {
    let worst = took.iter().max_by_key(|(took, _)| *took).map(|(_, what)| what.clone());
    let cost = Cost::new(name, limit, took.into_iter().map(|(took, _)| took).collect());
    cost.with_remark(&worst.unwrap_or_default())
}
