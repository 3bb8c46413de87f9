//! The program where there is nothing to show a window on: it says so, and does not panic.

#![cfg(target_os = "linux")]

use std::process::{Command, Output};

fn run(display: Option<&str>) -> Output {
    let home = tempfile::tempdir().expect("a folder for the test");
    let mut program = Command::new(env!("CARGO_BIN_EXE_countersign-gui"));
    for name in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"] {
        program.env_remove(name);
    }
    program.env("HOME", home.path()).env("XDG_CONFIG_HOME", home.path());
    program.envs(display.map(|display| ("DISPLAY", display)));
    program.output().expect("the program, which cargo has built")
}

/// What it said on its way out.
fn refused(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    said
}

#[test]
fn without_a_display_it_says_so_and_what_works_without_one() {
    let said = refused(&run(None));
    assert!(said.contains("neither DISPLAY nor WAYLAND_DISPLAY is set"), "{said}");
    assert!(said.contains("countersign list ADDR"), "{said}");
}

#[test]
fn a_display_that_is_not_there_or_a_library_that_is_missing_is_said_with_what_to_do() {
    // Where the libraries are missing, too, they are missed first.
    let said = refused(&run(Some(":4096")));
    assert!(said.contains("the window could not be opened"), "{said}");
    assert!(said.contains("check what DISPLAY") || said.contains("apt install libgl1"), "{said}");
}
