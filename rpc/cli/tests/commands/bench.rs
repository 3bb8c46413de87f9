//! Measurements, and what is told of them.

#[cfg(unix)]
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use countersign::{Context, Credentials, Policy, Server, Status};
use serde_json::{Value as Json, json};
use tokio::runtime::Runtime;

use crate::desk::{Demo, Desk, failed, succeeded, text};
#[cfg(unix)]
use crate::desk::{Said, send};

/// A short measurement with these words more.
fn bench<'a>(demo: &'a Demo, words: &[&'a str]) -> Vec<&'a str> {
    let all = ["bench", &demo.address, "--identity", "pki/alice", "--warmup", "0s"];
    all.into_iter().chain(words.iter().copied()).collect()
}

fn measured(desk: &Desk, demo: &Demo, words: &[&str]) -> Json {
    let mut words = bench(demo, words);
    words.push("--json");
    crate::desk::json(&succeeded(desk.command_with(words)))
}

#[test]
fn a_machine_gets_everything_that_was_measured() {
    let desk = Desk::with_identities();
    let demo = desk.serve();
    let measured = measured(&desk, &demo, &["--duration", "200ms", "--in-flight", "8"]);
    for name in ["requests_per_s", "p50_us", "p95_us", "p9999_us", "max_us", "mean_us", "measured_s"] {
        assert!(measured[name].as_f64().is_some_and(|number| number > 0.0), "{name}: {measured}");
    }
    let in_histogram: u64 =
        measured["histogram_us"].as_array().unwrap().iter().map(|bucket| bucket[2].as_u64().unwrap()).sum();
    assert_eq!(json!(in_histogram), measured["calls"]);
    assert_eq!(measured["cut_short"], json!(false));
    assert_eq!(measured["open_loop"], Json::Null);
}

#[test]
fn every_call_that_was_due_is_accounted_for() {
    let desk = Desk::with_identities();
    let demo = desk.serve();
    for arrivals in ["even", "random"] {
        let words = ["--duration", "300ms", "--rate", "1000", "--in-flight", "8", "--arrivals", arrivals];
        let measured = measured(&desk, &demo, &words);
        let open_loop = &measured["open_loop"];
        let count = |of: &Json, name: &str| of[name].as_u64().unwrap();
        let became = count(&measured, "calls")
            + count(&measured, "errors")
            + count(open_loop, "not_started")
            + count(open_loop, "unanswered");
        assert_eq!(count(open_loop, "due"), became, "{measured}");
        assert_eq!(open_loop["arrivals"], json!(arrivals));
        if arrivals == "even" {
            assert_eq!(open_loop["due"], json!(300));
        }
        assert!(open_loop["late_p50_us"].as_f64().is_some(), "{measured}");
    }
}

#[test]
fn a_server_that_does_not_keep_up_is_told_of_and_waiting_counts_as_latency() {
    let desk = Desk::with_identities();
    let demo = desk.serve();
    // Half of the calls that are due in 400 ms could be begun, if one took no longer than it sleeps.
    let sleep = "demo.Clock/sleep {\"ms\": 20}";
    let words = ["--duration", "400ms", "--rate", "100", "--procedure", sleep];
    let output = desk.command_with(bench(&demo, &words)).output().unwrap();
    assert!(output.status.success());
    let (report, warnings) = (text(output.stdout), text(output.stderr));
    assert!(report.contains("100: of 40 calls ") && report.contains("not started"), "{report}");
    assert!(warnings.contains("did not keep up") && warnings.contains("more --in-flight"), "{warnings}");
    let measured = measured(&desk, &demo, &words);
    assert!(measured["max_us"].as_f64().unwrap() > 100_000.0, "{measured}");
    assert_eq!(measured["open_loop"]["doubts"].as_array().unwrap().len(), 2, "{measured}");
}

#[test]
fn several_procedures_are_called_as_often_as_they_weigh_and_told_apart() {
    let desk = Desk::with_identities();
    let demo = desk.serve();
    let words = [
        "--procedure",
        "demo.Echo/record=3",
        "--procedure",
        "demo.Echo/blob",
        "--procedure",
        "demo.Fault/fail {\"code\": \"NOT_FOUND\", \"message\": \"no such cup\"}",
        "--payload",
        "100",
        "--duration",
        "200ms",
    ];
    let measured = measured(&desk, &demo, &words);
    let parts = measured["procedures"].as_array().unwrap();
    let calls = |nth: usize| parts[nth]["calls"].as_u64().unwrap();
    // One who calls goes through all of them again and again.
    assert!(calls(0).abs_diff(3 * calls(1)) <= 3, "{measured}");
    assert_eq!((calls(2), &parts[2]["errors"]), (0, &parts[2]["errors_by_code"]["NOT_FOUND"]));
    assert_eq!(measured["calls"], json!(calls(0) + calls(1)));
    assert_eq!(measured["errors"], parts[2]["errors"]);
    let report = succeeded(desk.command_with(bench(&demo, &words)));
    for part in ["3 procedures at ", "\n  demo.Echo/record=3  ", "\n  together ", " NOT_FOUND\n"] {
        assert!(report.contains(part), "{part}: {report}");
    }
}

/// Remembers every call.
#[countersign::service(package = "test")]
trait Guestbook {
    /// Signs it with what came beside the arguments.
    async fn sign(&self, cx: &Context) -> Result<(), Status>;
}

/// The metadata under `trace` of each call.
#[derive(Clone, Default)]
struct Signed(Arc<Mutex<Vec<Option<String>>>>);

impl Guestbook for Signed {
    async fn sign(&self, cx: &Context) -> Result<(), Status> {
        let trace = cx.metadata().text("trace");
        self.0.lock().expect("no one panics with it").push(trace.map(str::to_owned));
        Ok(())
    }
}

#[test]
fn so_many_calls_are_made_as_were_asked_for_and_each_has_its_metadata() {
    let desk = Desk::with_identities();
    let runtime = Runtime::new().unwrap();
    let signed = Signed::default();
    let credentials = Credentials::load(desk.path().join("pki/server")).unwrap();
    let server = Server::builder(credentials, Policy::any_trusted_peer())
        .service(GuestbookServer::new(signed.clone()))
        .bind("127.0.0.1:0");
    let server = runtime.block_on(server).unwrap();
    let address = server.local_addr().unwrap().to_string();
    runtime.spawn(server.run_until(std::future::pending::<()>()));
    let sign = format!("bench {address} --identity pki/alice --procedure test.Guestbook/sign --calls");
    for (words, calls, trace) in [
        ("1", 1, None),
        ("1234 --connections 3 --in-flight 7 --metadata trace=a=b --metadata other=1", 1234, Some("a=b")),
        ("50 --rate 10000 --in-flight 2 --metadata trace=", 50, Some("")),
    ] {
        let measured = crate::desk::json(&desk.run(&format!("{sign} {words} --json")));
        assert_eq!((&measured["calls"], &measured["errors"]), (&json!(calls), &json!(0)), "{measured}");
        assert_eq!((&measured["warm_up_s"], &measured["cut_short"]), (&json!(0.0), &json!(false)));
        let signed = std::mem::take(&mut *signed.0.lock().unwrap());
        assert_eq!(signed.len(), calls, "{words}");
        assert!(signed.iter().all(|signed| signed.as_deref() == trace), "{words}: {signed:?}");
    }
    let report = desk.run(&format!("{sign} 2000"));
    assert!(report.contains(": 1 connection × 1 in flight, 2,000 calls in ") && !report.contains("warm-up"));
}

#[test]
fn calls_that_take_longer_than_their_deadline_are_counted_as_that() {
    let desk = Desk::with_identities();
    let demo = desk.serve();
    let sleep = "demo.Clock/sleep {\"ms\": 60000}";
    let words = ["--calls", "6", "--in-flight", "3", "--deadline", "20ms", "--procedure", sleep];
    let output = desk.command_with(bench(&demo, &words)).arg("--json").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let measured = crate::desk::json(&text(output.stdout));
    assert_eq!((&measured["calls"], &measured["errors"]), (&json!(0), &json!(6)));
    assert_eq!(measured["errors_by_code"], json!({ "DEADLINE_EXCEEDED": 6 }));
    let error = failed(desk.command_with(bench(&demo, &words)));
    assert!(
        error.contains("no call of demo.Clock/sleep was answered: 6 DEADLINE_EXCEEDED; try: "),
        "{error}"
    );
}

#[test]
fn what_cannot_be_measured_is_refused_with_its_reason() {
    let desk = Desk::with_identities();
    let demo = desk.serve();
    let sleep = "demo.Clock/sleep {\"ms\": 20}";
    for (words, said) in [
        (&["--procedure", "demo.Clock/ticks"][..], "demo.Clock/ticks is a stream"),
        (&["--procedure", "demo.Clock/tocks"], "no procedure tocks, but "),
        (&["--procedure", "demo.Clock/sleep {\"seconds\": 20}"], "seconds: "),
        (&["--procedure", sleep, "--arguments", "{}"], "has none of its own"),
        (&["--procedure", "demo.Echo/blob -", "--procedure", "demo.Echo/blob -"], "one --procedure only"),
        (&["--duration", "0s"], "in no time"),
    ] {
        let error = failed(desk.command_with(bench(&demo, words)));
        assert!(error.starts_with("error: ") && error.contains(said), "{words:?}: {error}");
    }
}

#[test]
fn a_report_fits_into_eighty_columns_and_a_plot_is_a_picture() {
    let desk = Desk::with_identities();
    let demo = desk.serve();
    let words = ["--duration", "200ms", "--connections", "100", "--rate", "2000", "--svg", "plot.svg"];
    let report = succeeded(desk.command_with(bench(&demo, &words)));
    assert!(report.lines().skip(1).all(|line| line.chars().count() <= 80), "{report}");
    assert!(report.contains("100 connections × 1 in flight, 2,000 calls/s, 200ms"), "{report}");
    let plot = std::fs::read_to_string(desk.path().join("plot.svg")).unwrap();
    assert!(plot.starts_with("<svg xmlns=") && plot.ends_with("</svg>\n") && !plot.contains("NaN"), "{plot}");
    let error = failed(desk.command_with(bench(&demo, &["--duration", "50ms", "--svg", "no/such/plot.svg"])));
    assert!(error.contains("no/such/plot.svg: cannot be written"), "{error}");
}

/// Presses Ctrl+C when it says something with these words: what that is, what it fails with, and what it printed.
#[cfg(unix)]
fn interrupted_at(words: &str, mut command: Command) -> [String; 3] {
    let mut run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut said = Said::of(run.stderr.take().expect("it is piped"));
    let line = said.next_with(words);
    send("-INT", &run);
    let error = said.next_with("error");
    let output = run.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{error}");
    [line, error, text(output.stdout)]
}

#[cfg(unix)]
#[test]
fn a_run_that_is_ended_early_tells_what_came_until_then() {
    let desk = Desk::with_identities();
    let demo = desk.serve();
    let words = bench(&demo, &["--duration", "60s", "--json", "--progress"]);
    let [line, error, output] = interrupted_at(" calls/s  p50 ", desk.command_with(words));
    assert!(line.starts_with("measuring, 5") && line.contains(" s left  "), "{line}");
    assert!(error.contains("cut short: "), "{error}");
    let measured = crate::desk::json(&output);
    assert_eq!(measured["cut_short"], json!(true));
    assert!(measured["calls"].as_u64().unwrap() > 0 && measured["measured_s"].as_f64().unwrap() < 60.0);
}

#[cfg(unix)]
#[test]
fn so_many_calls_that_are_ended_early_are_told_as_a_part_of_all() {
    let desk = Desk::with_identities();
    let demo = desk.serve();
    let words = bench(&demo, &["--calls", "1000000000", "--progress"]);
    let [line, error, output] = interrupted_at(" calls/s  p50 ", desk.command_with(words));
    assert!(line.starts_with("measuring, 999,") && line.contains(" calls left  "), "{line}");
    assert!(
        error.contains("cut short: ") && error.contains(" of 1,000,000,000 calls were measured"),
        "{error}"
    );
    assert!(output.contains(" of 1,000,000,000 calls\n"), "{output}");
}

#[cfg(unix)]
#[test]
fn a_run_that_is_ended_before_it_has_measured_says_so() {
    let desk = Desk::with_identities();
    let demo = desk.serve();
    let words = ["bench", &demo.address, "--identity", "pki/alice", "--warmup", "60s", "--progress"];
    let [line, error, output] = interrupted_at("warming up", desk.command_with(words));
    assert_eq!((line.as_str(), output.as_str()), ("warming up, 60 s left", ""));
    assert!(error.contains("before anything was measured"), "{error}");
}
