//! What a frame costs its thread while one looks for a procedure, and before a server that means ill:
//! `cargo bench -p countersign-gui --bench procedures`.
//!
//! CPU time of the thread, so that a busy machine measures the same as an idle one. Fails where it is too much.

use std::process::ExitCode;
use std::time::Duration;

use countersign_gui::rehearsal::Rehearsal;
use countersign_gui::rehearsal::hostile::{self, NUISANCES};
use cpu_time::ThreadTime;
use egui::Key;

/// From a key in the filter to what it finds, among ten thousand procedures.
const FILTER: Duration = Duration::from_millis(16);

/// No frame may cost more than this, whatever happened.
const ANY: Duration = Duration::from_millis(50);

const SIZE: (f32, f32) = (1280.0, 800.0);

fn main() -> ExitCode {
    let mut table = Table::default();
    filter(&mut table);
    hostile(&mut table);
    if table.has_failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn filter(table: &mut Table) {
    println!("10,000 procedures");
    let mut window = Rehearsal::new(SIZE, 10_000);
    window.pass(Duration::from_secs(1), 2000);
    window.pass(Duration::from_secs(1), 2000);
    window.go_to_filter();
    for letter in ["s", "e", "r", "v", "i", "c", "e", "7", "/", "m", "1"] {
        table.row(&format!("type {letter}"), FILTER, || window.type_text(letter));
    }
    println!("    {} found", window.rows());
    for _ in 0..11 {
        table.row("take a letter back", FILTER, || window.press(Key::Backspace));
    }
    table.row("insert all letters at once", FILTER, || window.type_text("service7/method1"));
    table.row("clear", FILTER, || window.press(Key::Escape));
    for _ in 0..20 {
        table.row("scroll", FILTER, || window.scroll(-3000.0));
    }
    for _ in 0..20 {
        table.row("nothing", FILTER, || window.rest());
    }
}

fn hostile(table: &mut Table) {
    println!("a hostile server");
    let mut window = Rehearsal::new(SIZE, 10);
    for round in ["procedures come", "procedures come again"] {
        let come = window.announce(hostile::services(30_000), hostile::forbidden(100_000));
        table.row(round, ANY, || come(&mut window));
    }
    println!("    {} rows", window.rows());
    for _ in 0..10 {
        table.row("scroll", ANY, || window.scroll(-100_000.0));
    }
    window.go_to_filter();
    for letter in "aebvilo".chars() {
        table.row(&format!("type {letter}"), ANY, || window.type_text(&letter.to_string()));
        for _ in 0..5 {
            table.row("and the frames after that", ANY, || window.rest());
        }
    }
    table.row("insert a long text", ANY, || window.type_text(&"evil line abc ".repeat(10_000)));
    for _ in 0..20 {
        table.row("and the frames after that", ANY, || window.rest());
    }
    table.row("clear", ANY, || window.press(Key::Escape));
    for second in 1..4 {
        let counters = hostile::counters(30_000, second);
        table.row("counters of 30,000 procedures come", ANY, || window.learn_counters(counters));
    }
    for name in NUISANCES {
        let path = format!("evil.Nuisance/{name}");
        table.row(&format!("select {name}"), ANY, || window.select(&path));
        for _ in 0..3 {
            table.row("and the frames after that", ANY, || window.rest());
        }
        let come = window.open_page();
        table.row("its page comes", ANY, || come(&mut window));
        table.row("and the frame after that", ANY, || window.rest());
        table.row("as JSON Schema", ANY, || window.read_json(true));
        table.row("as types", ANY, || window.read_json(false));
        window.open_page()(&mut window);
    }
    for (name, result) in hostile::results() {
        window.select("evil.Nuisance/faulty");
        let come = window.answer(&result);
        table.row(&format!("a reply comes: {name}"), ANY, || come(&mut window));
        for _ in 0..3 {
            table.row("and the frames after that", ANY, || window.rest());
        }
        for (lens, name) in ["as a tree", "as notation", "as bytes", "as changes"].into_iter().enumerate() {
            table.row(name, ANY, || window.look(lens));
            table.row("and the frame after that", ANY, || window.rest());
        }
    }
}

/// Prints what costs more than it may, and of each kind of frame the dearest.
#[derive(Default)]
struct Table {
    has_failed: bool,
}

impl Table {
    fn row(&mut self, what: &str, most: Duration, run: impl FnOnce()) {
        let began = ThreadTime::now();
        run();
        let took = began.elapsed();
        let is_met = took < most;
        self.has_failed |= !is_met;
        let verdict = if is_met { "" } else { "  TOO MUCH" };
        println!("  {what:44} {:8.2} ms{verdict}", took.as_secs_f64() * 1e3);
    }
}
