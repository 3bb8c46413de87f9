//! What a recording of a day costs the worker: `cargo bench -p countersign-gui --bench recordings`.
//!
//! The time that the worker is at work for somebody who opens it, and who goes to a moment of it that is far away, and the
//! memory that it takes meanwhile. None of the time is spent in a frame: the window goes on, and shows the moment when it is
//! there. Fails if a day takes more than it may.

use std::process::ExitCode;
use std::time::Duration;

use countersign_gui::rehearsal::recording::Film;
use cpu_time::ThreadTime;

const PROCEDURES: usize = 50;
/// What opening a day may take, and going to any moment of it.
const OPEN: Duration = Duration::from_secs(20);
const FAR: Duration = Duration::from_millis(500);
/// What it may take of memory, in MiB.
const MEMORY: u64 = 300;

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
    let before = memory("VmRSS");
    let (opened, mut film) = timed(|| Film::open(&path))?;
    println!("  opened in {opened:.2?}");
    let end = film.length();
    let (first, _) = timed(|| film.go_to(end))?;
    let taken = memory("VmRSS").saturating_sub(before);
    println!("  its end, after that, {first:.0?}; {taken} MiB taken");
    let mut far = first;
    for share in [0.1, 0.9, 0.5, 0.02, 0.7] {
        let (took, kept) = timed(|| film.go_to(end.mul_f64(share)))?;
        println!("  {:>3.0} % of it in {took:.0?}, {kept} single seconds", share * 100.0);
        far = far.max(took);
    }
    let (next, _) = timed(|| film.go_to(end.mul_f64(0.7) + Duration::from_secs(1)))?;
    println!("  the next second in {next:.2?}");
    let [now, most] = ["VmRSS", "VmHWM"].map(|kind| memory(kind).saturating_sub(before));
    println!("  in the end {now} MiB taken, at most {most}");
    Ok(opened < OPEN && far < FAR && taken.max(now) < MEMORY)
}

/// The memory of this process, in MiB, where the system tells.
fn memory(kind: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(kind));
    let kibibytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kibibytes.unwrap_or_default() >> 10
}

fn timed<T>(work: impl FnOnce() -> Result<T, String>) -> Result<(Duration, T), String> {
    let began = ThreadTime::now();
    let done = work()?;
    Ok((began.elapsed(), done))
}
