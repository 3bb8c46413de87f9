//! What goes wrong, and that one line says what and what to do.

use serde_json::{Value as Json, json};

use crate::desk::{Desk, failed};

/// One line that begins as errors do.
fn one_line(error: &str) -> &str {
    assert!(error.starts_with("error: ") && error.lines().count() == 1, "{error}");
    error
}

#[test]
fn a_client_of_another_authority_is_told_why_it_was_refused() {
    let desk = Desk::with_identities();
    let demo = desk.serve();
    desk.run("certs init other");
    desk.run("certs issue other mallory");
    let list = format!("list {} --identity other/mallory", demo.address);
    // It does not believe the server, to begin with.
    let error = desk.fail(&list);
    assert!(one_line(&error).contains("not issued by an authority that is trusted here"), "{error}");
    // Once it does, the server does not believe it.
    std::fs::copy(desk.path().join("pki/server/ca.pem"), desk.path().join("other/mallory/ca.pem")).unwrap();
    let error = desk.fail(&list);
    for part in ["refused us: unknown_ca", "was issued by", "; try: use an identity issued by"] {
        assert!(one_line(&error).contains(part), "{error}");
    }
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let desk = Desk::with_identities();
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = desk.fail(&format!("list {gone} --identity pki/alice"));
    let (what, remedy) =
        (format!("cannot reach {gone}: nobody listens there"), "check the address, and that the server runs");
    assert_eq!(error.trim_end(), format!("error: {what}; try: {remedy}"));
    let error: Json =
        serde_json::from_str(&desk.fail(&format!("list {gone} --identity pki/alice --json"))).unwrap();
    let expected = json!({ "problems": [what], "kind": "nobody-listens", "try": remedy, "status": null });
    assert_eq!(error["error"], expected);
}

#[test]
fn a_silent_server_is_not_waited_for_longer_than_asked() {
    let desk = Desk::with_identities();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let error = desk.fail(&format!("list {address} --identity pki/alice --timeout 50ms"));
    assert!(one_line(&error).contains("did not answer within 50ms"), "{error}");
}

#[test]
fn an_address_that_is_taken_is_named() {
    let desk = Desk::with_identities();
    let demo = desk.serve();
    let error = desk.fail(&format!("demo --listen {} --identity pki/server", demo.address));
    assert!(one_line(&error).contains(&demo.address) && error.contains("127.0.0.1:0"), "{error}");
}

#[test]
fn a_clients_identity_is_not_served_with() {
    let desk = Desk::with_identities();
    let error = desk.fail("demo --listen 127.0.0.1:0 --identity pki/alice");
    assert!(one_line(&error).contains("/alice may not be used as a server's"), "{error}");
}

#[test]
fn an_identity_that_is_not_there_is_named() {
    let desk = Desk::with_identities();
    let error = desk.fail("list localhost:7443 --identity pki/bob");
    assert!(one_line(&error).contains("pki/bob") && error.contains("certs issue"), "{error}");
}

#[test]
fn arguments_that_do_not_fit_are_each_told_with_their_path_before_anything_is_sent() {
    let desk = Desk::with_identities();
    let demo = desk.serve();
    let order = r#"{"order": {"customer": {"name": "", "address": {"street": "s", "town": "t", "postcode": "123",
        "country": "Mars"}}, "lines": [{"tea": "Sencha", "grams": 7}], "payment": "Cash"}, "dry_run": true}"#;
    let call = |procedure, arguments| {
        failed(desk.command_with(["call", &demo.address, procedure, arguments, "--identity", "pki/alice"]))
    };
    let error = call("demo.Orders/place", order);
    let lines: Vec<_> = error.lines().collect();
    let expected =
        ["order.customer.name: ", "order.customer.address.country: ", "order.lines[0].grams: ", "dry_run: "];
    assert_eq!(lines.len(), expected.len(), "{error}");
    for place in expected {
        assert!(error.contains(&format!("error: {place}")), "{error}");
    }
    assert!(lines[3].contains("; try: countersign describe "), "{error}");
    let calls = desk.run(&format!("call {} countersign.Stats/get --identity pki/alice --json", demo.address));
    assert!(calls.contains(r#""procedure":"demo.Orders/place","calls":0"#), "{calls}");

    assert!(one_line(&call("demo.Math/divide", "{")).contains("not JSON"));
    assert!(one_line(&call("demo.Math/divide", "@nothing.json")).contains("nothing.json: cannot be read"));
    assert!(one_line(&call("demo.Math/divide", "pki/alice/key.pem")).contains("@pki/alice/key.pem, to read"));
    assert!(one_line(&call("demo.Math/divide", "[]")).contains("expected"));
}

#[test]
fn a_name_that_the_server_does_not_have_is_told_with_those_that_it_has() {
    let desk = Desk::with_identities();
    let demo = desk.serve();
    let missing = "no procedure demo.Math/dvide; nearest: demo.Math/divide, ";
    for (command, name, said, remedy) in [
        ("call", "divide", "expected SERVICE/METHOD", "list"),
        ("call", "demo.Maths/divide", "no service demo.Maths", "list"),
        ("call", "demo.Math/multiply", "no procedure multiply, but divide", "describe"),
        ("watch", "demo.Maths", "no service demo.Maths; nearest: demo.Math, ", "list"),
        ("watch", "demo.Math/dvide", missing, "list"),
        ("trace", "demo.Math/dvide", missing, "list"),
    ] {
        let error = desk.fail(&format!("{command} {} {name} --identity pki/alice", demo.address));
        let remedy = format!("; try: countersign {remedy} ");
        assert!(one_line(&error).contains(said) && error.contains(&remedy), "{error}");
    }
}

#[test]
fn a_call_that_fails_is_told_with_code_message_and_fault() {
    let desk = Desk::with_identities();
    let demo = desk.serve();
    let call = |procedure, arguments, more: &[&str]| {
        let words = ["call", &demo.address, procedure, arguments, "--identity", "pki/alice"];
        failed(desk.command_with(words.into_iter().chain(more.iter().copied())))
    };
    let error = call("demo.Math/divide", r#"{"dividend": 1.5, "divisor": 0}"#, &[]);
    assert_eq!(
        one_line(&error),
        "error: INVALID_ARGUMENT: 1.5 cannot be divided by zero; fault: {\"DivisionByZero\":{\"dividend\":1.5}}\n"
    );
    let error = call("demo.Fault/fail", r#"{"code": "UNAVAILABLE", "message": "later\n\u001b[31m"}"#, &[]);
    assert_eq!(one_line(&error), "error: UNAVAILABLE: later\\n\\u{1b}[31m\n");
    assert!(one_line(&call("demo.Fault/panic", "{}", &[])).contains("error: INTERNAL: "));
    let error = call("demo.Clock/sleep", r#"{"ms": 60000}"#, &["--deadline", "20ms"]);
    assert_eq!(one_line(&error), "error: DEADLINE_EXCEEDED: not done within 20ms\n");
}

#[test]
fn a_measurement_without_an_answer_fails() {
    let desk = Desk::with_identities();
    let demo = desk.serve();
    let error = desk.fail(&format!(
        "bench {} --procedure demo.Fault/fail --duration 200ms --warmup 0s --identity pki/alice",
        demo.address
    ));
    assert!(one_line(&error).contains("NOT_FOUND"), "{error}");
}

#[test]
fn a_command_that_is_not_understood_is_told_in_one_line() {
    let desk = Desk::empty();
    for (words, said, help) in [
        ("teleport", "teleport", "try: countersign --help"),
        ("list", "required", "try: countersign list --help"),
        ("list localhost:1", "--identity", "try: countersign list --help"),
        ("call a:1 b --identity c --deadline 5", "such as 500ms or 5s", "try: countersign call --help"),
        ("call a:1 b --identity c --deadline 0s", "in no time", "try: countersign call --help"),
        (
            "call a:1 b --identity c --metadata k=1 --metadata k=2",
            "`k` twice",
            "try: countersign call --help",
        ),
        ("call a:1 b --identity c --metadata x", "KEY=VALUE", "try: countersign call --help"),
        ("call a:1 b --identity c --diag --json", "cannot be used with", "try: countersign call --help"),
        ("bench a:1 --identity c --in-flight 0", "0 is not in", "try: countersign bench --help"),
        ("bench a:1 --identity c --procedure demo.Echo", "not `demo.Echo`", "try: countersign bench --help"),
        (
            "bench a:1 --identity c --procedure a.B/c=x",
            "after the `=`, not `x`",
            "try: countersign bench --help",
        ),
        ("bench a:1 --identity c --rate 0", "expected calls a second", "try: countersign bench --help"),
        (
            "bench a:1 --identity c --calls 9 --duration 5s",
            "'--calls <N>' cannot be used with '--duration <TIME>'",
            "try: countersign bench --help",
        ),
        ("bench a:1 --identity c --calls 0", "0 is not in", "try: countersign bench --help"),
        (
            "bench a:1 --identity c --metadata k=1 --metadata k=2",
            "`k` twice",
            "try: countersign bench --help",
        ),
        ("bench a:1 --identity c --arrivals random", "--rate", "try: countersign bench --help"),
        ("list a:1 --identity c --expect-peer bob", "bob", "try: countersign list --help"),
        ("list localhost --identity c", "c: no such folder", "countersign certs issue"),
    ] {
        let error = desk.fail(words);
        assert!(one_line(&error).contains(said) && error.contains(help), "{words}: {error}");
    }
}

#[test]
fn help_is_there_for_every_command_and_shows_an_example() {
    let desk = Desk::empty();
    for command in [
        "",
        "certs init",
        "certs issue",
        "certs renew",
        "certs revoke",
        "certs crl",
        "certs rollover",
        "certs bundle",
        "certs csr",
        "certs sign",
        "certs list",
        "certs show",
        "demo",
        "list",
        "call",
        "trace",
        "bench",
    ] {
        let help = desk.run(&format!("{command} --help"));
        assert!(help.contains(&format!("  countersign {command}")), "{help}");
    }
}
