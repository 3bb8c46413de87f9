//! Calls with streams of items, either way and both.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Output, Stdio};

use serde_json::json;

#[cfg(unix)]
use crate::desk::send;
use crate::desk::{Demo, Desk, json, text};

/// A call of `procedure`, with its items or whatever else on standard input.
fn call(desk: &Desk, demo: &Demo, words: &[&str]) -> Command {
    let mut command = desk.command_with(["call", &demo.address].into_iter().chain(words.iter().copied()));
    command.env("COUNTERSIGN_IDENTITY", "pki/alice");
    command
}

fn with_input(mut command: Command, input: &str) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    // One that ends before it has read everything is a result too.
    let _ = child.stdin.take().expect("it is piped").write_all(input.as_bytes());
    child.wait_with_output().expect("it ends")
}

#[test]
fn what_the_server_sends_is_printed_one_a_line() {
    let desk = Desk::with_identities();
    let demo = desk.serve();
    let ticks = ["demo.Clock/ticks", r#"{"interval_ms": 1, "count": 3}"#];
    let printed = text(with_input(call(&desk, &demo, &ticks), "").stdout);
    let numbers: Vec<_> = printed.lines().map(|line| json(line)["number"].clone()).collect();
    assert_eq!(numbers, [1, 2, 3], "and no result, which says nothing here: {printed}");

    let printed = text(with_input(call(&desk, &demo, &[&ticks[..], &["--json"]].concat()), "").stdout);
    let lines: Vec<_> = printed.lines().map(json).collect();
    assert_eq!(
        (lines.len(), &lines[0]["item"]["number"], &lines[3]),
        (4, &json!(1), &json!({"result": null}))
    );
    let printed = text(with_input(call(&desk, &demo, &[&ticks[..], &["--diag"]].concat()), "").stdout);
    assert!(printed.starts_with(r#"{"number": 1, "at": "#) && printed.ends_with("}\nnull\n"), "{printed}");
}

#[test]
fn items_come_from_standard_input_or_a_file() {
    let desk = Desk::with_identities();
    let demo = desk.serve();
    let sum = with_input(call(&desk, &demo, &["demo.Math/sum"]), "1\n\n 2\n\"3\"");
    assert_eq!((sum.status.success(), text(sum.stdout)), (true, "6\n".to_owned()));
    std::fs::write(desk.path().join("numbers.jsonl"), "40\n2\n").unwrap();
    let sum = with_input(call(&desk, &demo, &["demo.Math/sum", "--items", "numbers.jsonl", "--json"]), "");
    assert_eq!(text(sum.stdout), "{\"result\":42}\n");
}

#[test]
fn both_sides_send_at_once() {
    let desk = Desk::with_identities();
    let demo = desk.serve();
    let mut room = call(&desk, &demo, &["demo.Chat/room", r#"{"room": "kitchen"}"#]);
    let mut room = room.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut heard = BufReader::new(room.stdout.take().unwrap()).lines();
    let mut say = room.stdin.take().unwrap();
    for words in ["Is there tea?", "There is."] {
        writeln!(say, "{}", json!(words)).unwrap();
        let line = heard.next().unwrap().unwrap();
        assert_eq!(json(&line)["Said"]["words"], words);
    }
    drop(say);
    assert_eq!(heard.next().unwrap().unwrap(), "2", "the result comes last");
    assert!(room.wait().unwrap().success());
}

#[test]
fn an_item_that_does_not_fit_is_told_with_its_line() {
    let desk = Desk::with_identities();
    let demo = desk.serve();
    let error = |words: &[&str], input: &str| {
        let Output { status, stderr, .. } = with_input(call(&desk, &demo, words), input);
        assert_eq!(status.code(), Some(1));
        text(stderr)
    };
    let told = error(&["demo.Math/sum"], "1\n\n\"many\"\n");
    assert!(told.starts_with("error: standard input, line 3: expected integer (i64)"), "{told}");
    let told = error(&["demo.Math/sum"], "1\n{\n");
    assert!(told.starts_with("error: standard input, line 2: not JSON: "), "{told}");
    let told = error(&["demo.Math/sum", "--items", "none.jsonl"], "");
    assert!(told.starts_with("error: none.jsonl: cannot be read: "), "{told}");
    let told = error(&["demo.Clock/now", "--items", "-"], "");
    assert!(told.contains("demo.Clock/now takes no items; try: countersign describe "), "{told}");
    let told = error(&["demo.Math/sum", "-"], "{}");
    assert!(told.contains("cannot hold both the arguments and the items; try: --items FILE"), "{told}");
}

#[test]
fn a_stream_ends_with_a_status_or_a_fault_as_every_call() {
    let desk = Desk::with_identities();
    let demo = desk.serve();
    let sum = with_input(call(&desk, &demo, &["demo.Math/sum"]), "9223372036854775807\n1\n");
    assert_eq!(sum.status.code(), Some(1));
    let told = text(sum.stderr);
    assert!(told.starts_with("error: OUT_OF_RANGE: ") && told.contains(r#"; fault: {"Overflow":"#), "{told}");
    let ticks = ["demo.Clock/ticks", r#"{"interval_ms": 1}"#, "--deadline", "50ms"];
    let told = text(with_input(call(&desk, &demo, &ticks), "").stderr);
    assert_eq!(told, "error: DEADLINE_EXCEEDED: not done within 50ms\n");
}

#[cfg(unix)]
#[test]
fn a_call_that_is_given_up_ends_at_the_server_too() {
    let desk = Desk::with_identities();
    let demo = desk.serve();
    let mut ticks = call(&desk, &demo, &["demo.Clock/ticks", r#"{"interval_ms": 1}"#]);
    let mut ticks = ticks.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(ticks.stdout.take().unwrap());
    lines.read_line(&mut String::new()).unwrap();
    send("-INT", &ticks);
    // Nothing else would end it while it cannot print.
    lines.lines().for_each(drop);
    let ended = ticks.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(1));
    assert_eq!(text(ended.stderr), "error: the call was given up, and the server was told\n");
    let stats = format!("call {} countersign.Stats/get --identity pki/alice --json", demo.address);
    let stats = json(&desk.run(&stats));
    let rows = stats["procedures"].as_array().unwrap();
    let row = rows.iter().find(|row| row["procedure"] == "demo.Clock/ticks").unwrap();
    assert_eq!((&row["in_flight"], &row["errors"]), (&json!(0), &json!({"CANCELLED": 1})));
}

#[test]
fn what_came_beside_the_result_is_told_when_asked_for() {
    let desk = Desk::with_identities();
    let demo = desk.serve();
    let now = with_input(call(&desk, &demo, &["demo.Clock/now", "--verbose"]), "");
    assert!(text(now.stderr).starts_with("took "));
    let now = json(&text(with_input(call(&desk, &demo, &["demo.Clock/now", "-v", "--json"]), "").stdout));
    assert!(now["result"].is_string() && now["took_us"].is_u64() && now["metadata"].is_object(), "{now}");
    assert!(now["server"]["handler_us"].is_u64(), "{now}");
}

#[test]
fn what_came_beside_a_failure_is_told_when_asked_for() {
    let desk = Desk::with_identities();
    let demo = desk.serve();
    let divide = ["demo.Math/divide", r#"{"dividend": 1, "divisor": 0}"#, "--verbose"];
    let told = text(with_input(call(&desk, &demo, &divide), "").stderr);
    assert!(told.starts_with("took ") && told.contains("\nerror: "), "{told}");
    let failed = with_input(call(&desk, &demo, &[&divide[..], &["--json"]].concat()), "");
    let error = &json(&text(failed.stderr))["error"];
    assert!(error["took_us"].is_u64() && error["server"]["handler_us"].is_u64(), "{error}");
}
