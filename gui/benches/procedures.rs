//! What a frame costs its thread while one looks for a procedure: `cargo bench -p countersign-gui --bench procedures`.
//!
//! CPU time of the thread, so that a busy machine measures the same as an idle one. Fails where it is too much.

#[expect(dead_code, reason = "each benchmark uses a part of it")]
mod table;

use std::process::ExitCode;
use std::time::Duration;

use countersign_gui::rehearsal::Rehearsal;
use egui::Key;

use self::table::{Cost, Table, timed};

/// From a key in the filter to what it finds, among ten thousand procedures.
const FILTER: Duration = Duration::from_millis(16);

fn main() -> ExitCode {
    // `cargo test --benches` asks whether it runs at all.
    let is_measured = std::env::args().any(|argument| argument == "--bench");
    let mut table = Table::default();
    table.title("10,000 procedures, in ms of CPU of a frame");
    table.row(|| {
        let mut window = Rehearsal::new((1280.0, 800.0), 10_000);
        window.pass(Duration::from_secs(1), 2000);
        window.pass(Duration::from_secs(1), 2000);
        window.go_to_filter();
        let typed = typed(&mut window);
        let taken = Cost::of("a letter less", FILTER, LETTERS.len(), || window.press(Key::Backspace));
        let at_once = at_once(&mut window);
        let scroll = Cost::of("scroll", FILTER, 100, || window.scroll(-3000.0));
        let rest = Cost::of("nothing", FILTER, 100, || window.rest());
        [typed, taken, at_once, scroll, rest]
    });
    // Only what was optimized and measured is judged.
    if is_measured { table.end() } else { ExitCode::SUCCESS }
}

const LETTERS: &str = "service7/method1";

fn typed(window: &mut Rehearsal) -> Cost {
    let took = LETTERS.chars().map(|letter| timed(|| window.type_text(&letter.to_string())));
    let cost = Cost::new("a letter more in the filter", FILTER, took.collect());
    assert!((1..10_000).contains(&window.rows()), "some were found");
    cost
}

fn at_once(window: &mut Rehearsal) -> Cost {
    let inserted = timed(|| window.type_text(LETTERS));
    let cleared = timed(|| window.press(Key::Escape));
    Cost::new("all letters at once, and none", FILTER, vec![inserted, cleared])
}
