//! Leaving no keys behind: a signal ends the program without running its destructors.

use std::io;
use std::path::PathBuf;
use std::thread;

use tokio::runtime;

/// Removes a folder and ends the program when it is told to stop.
pub(crate) fn remove_on_exit(folder: PathBuf) -> io::Result<()> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        if let Ok(code) = runtime.block_on(told_to_stop()) {
            // What cannot be removed now is left to the system, as any temporary file is.
            let _ = std::fs::remove_dir_all(folder);
            end_with(code);
        }
    })?;
    Ok(())
}

/// Ends the program without what libraries do at its exit: drivers of graphics cards take down what other threads are
/// drawing with.
#[cfg(unix)]
fn end_with(code: i32) -> ! {
    signal_hook::low_level::exit(code)
}

/// Ends the program.
#[cfg(not(unix))]
fn end_with(code: i32) -> ! {
    std::process::exit(code)
}

/// Waits for the word to stop, and returns the exit code that shells expect then.
#[cfg(unix)]
async fn told_to_stop() -> io::Result<i32> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    Ok(tokio::select! {
        _ = interrupt.recv() => 130,
        _ = terminate.recv() => 143,
        _ = hang_up.recv() => 129,
    })
}

/// Waits for the word to stop, and returns the exit code that shells expect then.
#[cfg(not(unix))]
async fn told_to_stop() -> io::Result<i32> {
    tokio::signal::ctrl_c().await?;
    Ok(130)
}
