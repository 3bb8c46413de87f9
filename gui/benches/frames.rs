//! What a frame of the dashboard costs its thread: `cargo bench -p countersign-gui --bench frames`.
//!
//! Everything up to the triangles that a graphics card is given, in CPU time of the thread, so that a busy machine
//! measures the same as an idle one. Fails if a frame costs more than it may.

mod table;

use std::process::ExitCode;
use std::time::Duration;

use countersign_gui::rehearsal::Rehearsal;

use self::table::{Cost, Table, timed};

/// What a frame with large graphs may cost that are updated ten times a second.
const GRAPHS: Duration = Duration::from_millis(8);

/// What a frame may cost in which another range is worked out, which takes several.
const ANOTHER: Duration = Duration::from_millis(16);

fn main() -> ExitCode {
    // `cargo test --benches` asks whether it runs at all.
    let is_measured = std::env::args().any(|argument| argument == "--bench");
    let frames = if is_measured { 600 } else { 3 };
    let (mut table, mut is_restless) = (Table::default(), false);
    for size in [(1280.0, 800.0), (2560.0, 1440.0)] {
        is_restless |= graphs(&mut table, size, frames);
    }
    // Only what was optimized and measured is judged.
    match table.end() {
        _ if !is_measured => ExitCode::SUCCESS,
        _ if is_restless => ExitCode::FAILURE,
        verdict => verdict,
    }
}

/// Measures frames with graphs, and says whether the window asks for frames though nothing happens.
fn graphs(table: &mut Table, size: (f32, f32), frames: usize) -> bool {
    let mut window = Rehearsal::new(size, 200);
    window.compare_three_over_six_hours();
    for _ in 0..3 {
        window.rest();
    }
    while window.is_behind() {
        window.rest();
    }
    let (drawn, counted) = window.points();
    table.title(&format!("{} × {}: lines of {drawn} points, made of {counted}", size.0, size.1));
    let tenth = Duration::from_millis(100);
    let update = |window: &mut Rehearsal| {
        window.pass(tenth, 3);
        window.rest();
    };
    let name = "three compared and a heatmap, updated";
    table.row(|| [Cost::of(name, GRAPHS, frames, || update(&mut window))]);
    table.row(|| {
        let (mut took, times) = (Vec::new(), frames.min(20));
        for _ in 0..times {
            window.forget_points();
            took.push(timed(|| window.rest()));
            while window.is_behind() {
                took.push(timed(|| window.rest()));
            }
        }
        let remark = format!("in {} frames", took.len() / times);
        [Cost::new("another range", ANOTHER, took).with_remark(&remark)]
    });
    window.show_calls();
    table.row(|| [Cost::of("everything at once, updated", GRAPHS, frames, || update(&mut window))]);
    table.row(|| [Cost::of("everything at once, nothing new", GRAPHS, frames, || window.rest())]);
    // What fades or unfolds has a second for it.
    (0..60).for_each(|_| window.rest());
    let is_restless = (0..5).all(|_| window.frame(Vec::new()));
    println!("a window at rest {}", if is_restless { "ASKS FOR FRAMES" } else { "asks for no frame" });
    is_restless
}
