//! What a recording of a day costs the worker: `cargo bench -p countersign-gui --bench recordings`.
//!
//! The time that somebody waits who opens it, and who goes to a moment of it that is far away. None of it is spent in a
//! frame: the window goes on meanwhile, and shows the moment when it is there. Fails if a day takes longer than it may.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use countersign_gui::rehearsal::recording::Film;

const PROCEDURES: usize = 50;
/// What opening a day may take, and going to any moment of it.
const OPEN: Duration = Duration::from_secs(20);
const FAR: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    // `cargo test --benches` asks whether it runs at all.
    let is_measured = std::env::args().any(|argument| argument == "--bench");
    match measure(if is_measured { 86_400 } else { 60 }) {
        Ok(is_met) if is_met || !is_measured => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(seconds: u64) -> Result<bool, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let path = folder.path().join("day.csrec");
    let (made, ()) = timed(|| Film::record(&path, seconds, PROCEDURES))?;
    let bytes = path.metadata().map_err(|error| error.to_string())?.len();
    println!("{seconds} s of {PROCEDURES} procedures: {} MiB, written in {made:.1?}", bytes >> 20);
    let (opened, mut film) = timed(|| Film::open(&path))?;
    println!("  opened in {opened:.2?}");
    let end = film.length();
    let (first, _) = timed(|| film.go_to(end))?;
    println!("  its end, after that, {first:.0?}");
    let mut far = first;
    for share in [0.1, 0.9, 0.5, 0.02, 0.7] {
        let (took, kept) = timed(|| film.go_to(end.mul_f64(share)))?;
        println!("  {:>3.0} % of it in {took:.0?}, {kept} single seconds", share * 100.0);
        far = far.max(took);
    }
    let (next, _) = timed(|| film.go_to(end.mul_f64(0.7) + Duration::from_secs(1)))?;
    println!("  the next second in {next:.2?}");
    Ok(opened < OPEN && far < FAR)
}

fn timed<T>(work: impl FnOnce() -> Result<T, String>) -> Result<(Duration, T), String> {
    let began = Instant::now();
    let done = work()?;
    Ok((began.elapsed(), done))
}
