//! What a frame of the dashboard costs its thread: `cargo bench -p countersign-gui --bench frames`.
//!
//! Everything up to the triangles that a graphics card is given, in CPU time of the thread, so that a busy machine
//! measures the same as an idle one. Fails if a frame costs more than it may.

use std::process::ExitCode;
use std::time::Duration;

use countersign_gui::rehearsal::Rehearsal;
use cpu_time::ThreadTime;

/// What a frame with large graphs may cost that are updated ten times a second.
const GRAPHS: Duration = Duration::from_millis(8);

/// No frame may cost more than this, whatever happened.
const ANY: Duration = Duration::from_millis(50);

fn main() -> ExitCode {
    // `cargo test --benches` asks whether it runs at all.
    let frames = if std::env::args().any(|argument| argument == "--bench") { 600 } else { 3 };
    let mut table = Table::default();
    for size in [(1280.0, 800.0), (2560.0, 1440.0)] {
        graphs(&mut table, size, frames);
    }
    // Only what was optimized and measured is judged.
    if table.has_failed && frames > 3 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn graphs(table: &mut Table, size: (f32, f32), frames: usize) {
    let mut window = Rehearsal::new(size, 200);
    window.compare_three_over_six_hours();
    for _ in 0..3 {
        window.frame(Vec::new());
    }
    let (drawn, counted) = window.points();
    println!("{} × {}: lines of {drawn} points, made of {counted}", size.0, size.1);
    let tenth = Duration::from_millis(100);
    let update = |window: &mut Rehearsal| {
        window.pass(tenth, 3);
        window.frame(Vec::new());
    };
    table.row("three compared and a heatmap, updated", GRAPHS, frames, || update(&mut window));
    table.row("another range", ANY, frames.min(20), || {
        window.forget_points();
        window.frame(Vec::new());
    });
    window.show_calls();
    table.row("everything at once, updated", GRAPHS, frames, || update(&mut window));
    table.row("everything at once, nothing new", GRAPHS, frames, || {
        window.frame(Vec::new());
    });
    // What fades or unfolds has a second for it.
    (0..60).for_each(|_| {
        window.frame(Vec::new());
    });
    let wants_more = (0..5).all(|_| window.frame(Vec::new()));
    println!("  a window at rest {}", if wants_more { "ASKS for frames" } else { "asks for no frame" });
    table.has_failed |= wants_more;
}

/// Prints what was measured.
#[derive(Default)]
struct Table {
    has_failed: bool,
}

impl Table {
    fn row(&mut self, what: &str, most: Duration, times: usize, mut run: impl FnMut()) {
        let mut costs: Vec<Duration> = (0..times)
            .map(|_| {
                let began = ThreadTime::now();
                run();
                began.elapsed()
            })
            .collect();
        costs.sort_unstable();
        let at = |share: f64| costs[((costs.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
        let is_met = at(0.9) < most.as_secs_f64() * 1e3;
        self.has_failed |= !is_met;
        let verdict = if is_met { "" } else { "  TOO MUCH" };
        println!(
            "  {what:40} median {:6.2} ms  p90 {:6.2} ms  most {:6.2} ms{verdict}",
            at(0.5),
            at(0.9),
            at(1.0)
        );
    }
}
