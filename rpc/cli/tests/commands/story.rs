//! From an empty folder to calls on a live server, as the manual tells it.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use serde_json::json;

#[cfg(unix)]
use crate::desk::send;
use crate::desk::{Desk, failed, json, succeeded, text};

#[test]
fn from_an_empty_folder_to_a_call_and_a_measurement() {
    let desk = Desk::with_identities();
    let demo = desk.serve();
    let at = &demo.address;
    let list = desk.run(&format!("list {at} --identity pki/alice"));
    for procedure in ["demo.Echo/record", "demo.Math/divide", "demo.Orders/place", "countersign.Stats/get"] {
        assert!(list.contains(procedure), "{list}");
    }
    let described = desk.run(&format!("describe {at} demo.Math/divide --identity pki/alice"));
    for part in ["demo.Math/divide", "dividend*: number", "DivisionByZero", "INVALID_ARGUMENT", "deadline 1s"]
    {
        assert!(described.contains(part), "{described}");
    }
    let arguments = r#"{"dividend":355,"divisor":113}"#;
    let words = ["call", at, "demo.Math/divide", arguments, "--identity", "pki/alice"];
    assert_eq!(succeeded(desk.command_with(words)), "3.1415929203539825\n");
    let words = format!(
        "bench {at} --identity pki/alice --procedure demo.Echo/record --connections 1 --in-flight 64 \
         --duration 200ms --warmup 0s --json"
    );
    let measured = json(&desk.run(&words));
    for name in ["requests_per_s", "p50_us", "p90_us", "p99_us", "p999_us"] {
        assert!(measured[name].as_f64().unwrap() > 0.0, "{measured}");
    }
    assert_eq!(measured["errors"], 0);
}

#[test]
fn a_stream_is_described_with_its_items() {
    let desk = Desk::with_identities();
    let demo = desk.serve();
    let described = desk.run(&format!("describe {} demo.Chat/room --identity pki/alice", demo.address));
    let parts = [
        "demo.Chat/room  both ways",
        "  takes\n    room*: ",
        "  takes a stream of\n    text of 1 to 500 characters",
        "  sends a stream of\n    Heard, one of",
        "  returns at the end\n    integer",
    ];
    for part in parts {
        assert!(described.contains(part), "{part} is not in:\n{described}");
    }
}

#[test]
fn what_describe_gives_as_an_example_can_be_called() {
    let desk = Desk::with_identities();
    let demo = desk.serve();
    let described = desk.run(&format!("describe {} --identity pki/alice", demo.address));
    let examples: Vec<_> =
        described.lines().filter_map(|line| line.trim().strip_prefix("countersign call ")).collect();
    assert!(examples.len() >= 12, "{described}");
    // Some streams only end when their listener has heard enough.
    for example in
        examples.iter().filter(|example| !example.contains("/ticks") && !example.contains("/watch"))
    {
        // Quotes stand around the arguments alone, which hold none themselves.
        let mut quoted = example.split('\'');
        let before = quoted.next().unwrap();
        let arguments = quoted.next();
        let after = quoted.next().unwrap_or_default();
        let words = before.split_whitespace().chain(arguments).chain(after.split_whitespace());
        let command = desk.command_with(["call"].into_iter().chain(words));
        match ["demo.Fault/", "demo.Math/", "Reflection/describe"].iter().any(|name| before.contains(name)) {
            true => assert!(!failed(command).contains("arguments"), "{example}"),
            false => drop(succeeded(command)),
        }
    }
}

#[test]
fn arguments_come_from_a_file_or_from_standard_input_too() {
    let desk = Desk::with_identities();
    let demo = desk.serve();
    std::fs::write(desk.path().join("order.json"), r#"{"data": "aGVsbG8="}"#).unwrap();
    let words = format!("call {} demo.Echo/blob @order.json --identity pki/alice", demo.address);
    assert_eq!(desk.run(&words), "\"aGVsbG8=\"\n");
    assert_eq!(desk.run(&format!("{words} --diag")), "h'68656c6c6f'\n");

    let mut command = desk.command(&format!("call {} demo.Echo/blob - --identity pki/alice", demo.address));
    let mut call = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    call.stdin.take().unwrap().write_all(br#"{"data": ""}"#).unwrap();
    assert_eq!(text(call.wait_with_output().unwrap().stdout), "\"\"\n");
}

#[test]
fn an_identity_may_come_from_the_environment() {
    let desk = Desk::with_identities();
    let demo = desk.serve();
    let mut command = desk.command(&format!("call {} demo.Clock/now --json", demo.address));
    command.env("COUNTERSIGN_IDENTITY", "pki/alice");
    assert!(json(&succeeded(command)).is_string());
}

#[test]
fn a_machine_gets_json_from_every_command() {
    let desk = Desk::with_identities();
    let demo = desk.serve();
    let at = &demo.address;
    let list = json(&desk.run(&format!("list {at} --identity pki/alice --json")));
    assert_eq!(list[0]["procedure"], "demo.Echo/record");
    let described = json(&desk.run(&format!("describe {at} demo.Math/divide --identity pki/alice --json")));
    assert_eq!(described["faults"][0]["variant"], "DivisionByZero");
    let described = json(&desk.run(&format!("describe {at} demo.Math --identity pki/alice --json")));
    assert_eq!(described[0]["sha256"].as_str().unwrap().len(), 64);
    let found = json(&desk.run(&format!("call {at} demo.Orders/find --identity pki/alice --json")));
    assert_eq!(found[0]["receipt"]["number"], 1003);
    let words = [
        "call",
        at,
        "demo.Fault/fail",
        r#"{"code": "NOT_FOUND", "message": "no such cup"}"#,
        "--identity",
        "pki/alice",
        "--json",
    ];
    let error = json(&failed(desk.command_with(words)));
    assert_eq!(error["error"]["status"]["code"], "NOT_FOUND");
    assert_eq!(error["error"]["status"]["message"], "no such cup");
}

#[cfg(unix)]
#[test]
fn a_server_is_watched_until_one_has_seen_enough() {
    let desk = Desk::with_identities();
    let demo = desk.serve();
    let watch = format!("watch {} --identity pki/alice --interval 10ms", demo.address);
    for (words, part) in [(watch.clone(), " calls/s  p50 "), (format!("{watch} --json"), r#"{"seconds":0."#)]
    {
        let mut watching = desk.command(&words).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
        for _ in 0..3 {
            let line = lines.next().unwrap().unwrap();
            assert!(line.contains(part), "{line}");
        }
        send("-INT", &watching);
        assert!(watching.wait().unwrap().success());
    }
}

#[test]
fn slow_and_failed_calls_are_traced() {
    let desk = Desk::with_identities();
    let demo = desk.serve();
    let at = &demo.address;
    let trace = format!("trace {at} --identity pki/alice");
    assert_eq!(desk.run(&format!("{trace} demo.Clock/sleep")), "no call was slow or has failed\n");
    succeeded(desk.command_with(["call", at, "demo.Clock/sleep", r#"{"ms":5}"#, "--identity", "pki/alice"]));
    let words = ["call", at, "demo.Math/divide", r#"{"dividend":1,"divisor":0}"#, "--identity", "pki/alice"];
    failed(desk.command_with(words));
    let table = desk.run(&trace);
    let lines: Vec<_> = table.lines().collect();
    assert!(lines[0].starts_with("started (UTC)"), "{table}");
    for part in ["demo.Math/divide", "spiffe://countersign.internal/alice", "INVALID_ARGUMENT: "] {
        assert!(lines[1].contains(part), "the latest comes first: {table}");
    }
    let slept = json(&desk.run(&format!("{trace} demo.Clock/sleep --json")));
    assert_eq!((&slept[0]["code"], slept.as_array().unwrap().len()), (&json!("OK"), 1), "{slept}");
    assert!(slept[0]["handler_us"].as_u64().unwrap() >= 5_000, "{slept}");
}

#[test]
fn metadata_and_the_expected_peer_are_passed_on() {
    let desk = Desk::with_identities();
    let demo = desk.serve();
    let call = format!("call {} demo.Clock/now --identity pki/alice --metadata trace=1", demo.address);
    desk.run(&format!("{call} --expect-peer spiffe://countersign.internal/server"));
    let error = desk.fail(&format!("{call} --expect-peer spiffe://countersign.internal/other"));
    assert!(error.contains("spiffe://countersign.internal/server, and"), "{error}");
}

#[test]
fn the_size_of_a_payload_can_be_chosen() {
    let desk = Desk::with_identities();
    let demo = desk.serve();
    let bench = format!(
        "bench {} --identity pki/alice --duration 200ms --warmup 0s --connections 2 --in-flight 2 --payload 70000",
        demo.address
    );
    let report = desk.run(&format!("{bench} --procedure demo.Echo/blob"));
    assert!(report.contains("2 connections × 2 in flight") && report.contains("p99.9"), "{report}");
    let error = desk.fail(&format!("{bench} --procedure demo.Echo/record"));
    assert!(error.contains("takes no bytes") && error.contains("demo.Echo/blob"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_server_that_is_told_to_stop_ends_well() {
    let desk = Desk::with_identities();
    for signal in ["-TERM", "-INT"] {
        let demo = desk.serve();
        desk.run(&format!("call {} demo.Clock/now --identity pki/alice", demo.address));
        assert!(demo.stop(signal).success(), "{signal}");
    }
}

#[test]
fn a_reader_that_leaves_early_is_nobodys_mistake() {
    let desk = Desk::with_identities();
    let demo = desk.serve();
    for words in [
        format!("list {} --identity pki/alice", demo.address),
        format!("describe {} --identity pki/alice --json", demo.address),
        "--help".to_owned(),
        "certs list pki".to_owned(),
    ] {
        let mut run = desk.command(&words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(run.stdout.take());
        let output = run.wait_with_output().unwrap();
        assert!(output.status.success(), "{words}: {}", output.status);
        assert_eq!(text(output.stderr), "", "{words}");
    }
}

#[test]
fn output_has_no_colours_where_nobody_sees_them() {
    let desk = Desk::with_identities();
    let demo = desk.serve();
    let list = desk.run(&format!("list {} --identity pki/alice", demo.address));
    let error = desk.fail("list localhost --identity pki/alice");
    assert!(!list.contains('\u{1b}') && !error.contains('\u{1b}'));
    assert_eq!(
        json(&desk.run("certs list pki --json"))[1]["id"],
        json!("spiffe://countersign.internal/alice")
    );
}
