//! `countersign policy`, and a server that goes by one.

use std::fs;

use crate::desk::{Desk, json};

/// What `policy.toml` in the desk holds from now on, all at once as an editor or a rollout replaces it.
fn write(desk: &Desk, text: &str) {
    let (new, path) = (desk.path().join("policy.new"), desk.path().join("policy.toml"));
    fs::write(&new, text).expect("a file");
    fs::rename(new, path).expect("its folder is the same");
}

const CLERKS: &str = r#"
[[allow]]
peers = ["spiffe://countersign.internal/*"]
procedures = ["countersign.Reflection/*"]

[[allow]]
peers = ["spiffe://countersign.internal/alice"]
procedures = ["demo.Math/divide"]
"#;

#[test]
fn a_sound_policy_is_told_apart_from_a_mistaken_one() {
    let desk = Desk::empty();
    write(&desk, CLERKS);
    assert_eq!(desk.run("policy check policy.toml"), "no mistakes: 2 rules of policy.toml\n");
    let told = json(&desk.run("policy check policy.toml --json"));
    assert_eq!((&told["sound"], &told["rules"], &told["decision"]), (&true.into(), &2.into(), &json("null")));

    write(&desk, "");
    let said = desk.run("policy check policy.toml");
    assert!(said.contains("warning: policy.toml:1:1: this policy allows nothing"), "{said}");
    assert!(said.contains("nobody may call anything"), "{said}");
}

#[test]
fn each_seeded_fault_is_told_with_file_line_column_and_remedy() {
    let desk = Desk::empty();
    for (seeded, place, remedy) in [
        (
            CLERKS.replace(
                "[[allow]]\npeers = [\"spiffe://countersign.internal/alice",
                "[allow]\npeers = [\"x",
            ),
            "6:",
            "not TOML",
        ),
        (CLERKS.replace("peers", "peer"), "3:1", "a rule is `[[allow]]`, then `peers = […]`"),
        (CLERKS.replace("[[allow]]", "[[deny]]"), "2:3", "a policy only allows"),
        (CLERKS.replace("internal/*", "internal/al*"), "3:10", "write `spiffe://countersign.internal/al/*`"),
        (
            CLERKS.replace("internal/*", "internal"),
            "3:10",
            "write `spiffe://countersign.internal/*` for every peer",
        ),
        (CLERKS.replace("demo.Math/divide", "demo.Math"), "8:15", "write `demo.Math/*` for every procedure"),
        (CLERKS.replace("demo.Math/divide", "demo.Math.divide"), "8:15", "write `demo.Math/divide`"),
        (
            CLERKS.replace("[\"demo.Math/divide\"]", "\"demo.Math/divide\""),
            "8:14",
            "write `procedures = [\"…\"]`",
        ),
        (CLERKS.replace("[\"demo.Math/divide\"]", "[]"), "8:14", "name some, or leave out the rule"),
    ] {
        write(&desk, &seeded);
        let error = desk.fail("policy check policy.toml");
        assert!(error.contains(&format!("error: policy.toml:{place}")) && error.contains(remedy), "{error}");
        let mut command = desk.command("policy check policy.toml --json");
        let told = json(&String::from_utf8(command.output().unwrap().stdout).unwrap());
        let problem = &told["problems"][0];
        assert_eq!(told["sound"], false);
        assert!(format!("{}:{}", problem["line"], problem["column"]).starts_with(place), "{told}");
    }
    let missing = desk.fail("policy check none.toml");
    assert!(missing.contains("none.toml: no such file"), "{missing}");
}

#[test]
fn a_policy_says_which_rule_decided() {
    let desk = Desk::empty();
    write(&desk, CLERKS);
    let check = |peer: &str, procedure: &str| {
        format!(
            "policy check policy.toml --peer spiffe://countersign.internal/{peer} --procedure {procedure}"
        )
    };
    assert_eq!(
        desk.run(&check("alice", "demo.Math/divide")),
        "allowed by rule 2, line 6: spiffe://countersign.internal/alice may call demo.Math/divide\n"
    );
    let mut denied = desk.command(&check("bob", "demo.Math/divide"));
    let output = denied.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "denied: no rule lets spiffe://countersign.internal/bob call demo.Math/divide; \
         nearest: rule 1, line 2, by which this peer may call countersign.Reflection/*; \
         rule 2, line 6, by which spiffe://countersign.internal/alice may\n"
    );
    let told = json(&desk.run(&format!("{} --json", check("alice", "demo.Math/divide"))));
    assert_eq!(told["decision"]["rule"], 2);
    assert_eq!(told["decision"]["line"], 6);
    assert!(desk.fail("policy check policy.toml --peer spiffe://a/b").contains("--procedure"));
    assert!(desk.fail("policy check policy.toml --peer bob --procedure x").contains("is not a SPIFFE ID"));
}

#[test]
fn a_server_goes_by_its_policy_and_by_each_that_replaces_it() {
    let desk = Desk::with_identities();
    desk.run("certs issue pki bob");
    write(&desk, CLERKS);
    let (demo, mut said) = desk.serve_and_listen("--policy policy.toml --audit");
    said.next_with("policy in force: 2 rules of policy.toml");
    let call = |who: &str| {
        let arguments = r#"{"dividend":1,"divisor":4}"#;
        format!("call {} demo.Math/divide {arguments} --identity pki/{who}", demo.address)
    };
    assert_eq!(desk.run(&call("alice")).trim(), "0.25");
    let line = said.next_with("demo.Math/divide");
    assert!(line.contains("countersign::audit: call peer=\"spiffe://countersign.internal/alice\""), "{line}");
    assert!(line.contains("status=\"OK\" duration_us="), "{line}");

    let refusal = desk.fail(&call("bob"));
    assert!(refusal.contains("for this identity"), "reflection shows bob no such service: {refusal}");
    assert_eq!(refusal.lines().count(), 1);

    write(&desk, &CLERKS.replace("alice", "bob"));
    said.next_with("policy in force");
    assert_eq!(desk.run(&call("bob")).trim(), "0.25");
    desk.fail(&call("alice"));

    write(&desk, "[[alow]]");
    let line = said.next_with("the old ones stay in force");
    assert!(line.contains("policy.toml:1:3: unknown key `alow`"), "{line}");
    assert_eq!(desk.run(&call("bob")).trim(), "0.25");
}

#[test]
fn a_refused_call_says_who_can_help() {
    let desk = Desk::with_identities();
    write(&desk, "[[allow]]\npeers = [\"*\"]\nprocedures = [\"demo.*\"]\n");
    let (demo, mut said) = desk.serve_and_listen("--policy policy.toml");
    let error = desk.fail(&format!("list {} --identity pki/alice", demo.address));
    assert_eq!(
        error,
        "error: PERMISSION_DENIED: spiffe://countersign.internal/alice may not call \
         countersign.Reflection/services; ask whoever runs this server for a rule in its policy\n"
    );
    let line = said.next_with("call refused");
    assert!(line.contains("WARN countersign::audit: call refused"), "{line}");
    assert!(line.contains("nearest: rule 1, line 1, by which this peer may call demo.*"), "{line}");
}

#[test]
fn an_operator_sees_every_name_and_can_close_a_connection() {
    let desk = Desk::with_identities();
    let own = "\"countersign.Reflection/names\", \"countersign.Connections/close\"";
    write(
        &desk,
        &format!(
            "{CLERKS}[[allow]]\npeers = [\"spiffe://countersign.internal/alice\"]\nprocedures = [{own}]\n"
        ),
    );
    desk.run("certs issue pki bob");
    let (demo, mut said) = desk.serve_and_listen("--policy policy.toml");
    let listed = desk.run(&format!("list {} --all --identity pki/alice", demo.address));
    let (allowed, forbidden) = listed.split_once("not for you").expect("there is more");
    assert!(allowed.contains("demo.Math/divide") && forbidden.contains("demo.Clock/sleep"), "{listed}");
    let told = json(&desk.run(&format!("list {} --all --identity pki/alice --json", demo.address)));
    let of = |name: &str| told.as_array().unwrap().iter().find(|each| each["procedure"] == name).unwrap();
    assert_eq!(
        (&of("demo.Math/divide")["allowed"], &of("demo.Clock/sleep")["allowed"]),
        (&true.into(), &false.into())
    );
    let error = desk.fail(&format!("list {} --all --identity pki/bob", demo.address));
    assert!(
        error.contains("may not call countersign.Reflection/names; ask whoever runs this server"),
        "{error}"
    );

    // There is no connection 0 any more, but the first one was.
    let close = |who: &str| {
        format!("call {} countersign.Connections/close {{\"number\":0}} --identity pki/{who}", demo.address)
    };
    assert!(desk.fail(&close("alice")).contains("NOT_FOUND: there is no connection 0 any more"));
    assert!(desk.fail(&close("bob")).contains("has no service countersign.Connections for this identity"));
    said.next_with("call refused");
}

#[test]
fn a_server_does_not_start_with_a_mistaken_policy() {
    let desk = Desk::with_identities();
    write(&desk, "[[allow]]\npeers = [\"bob\"]\nprocedures = [\"*\"]\n");
    let error = desk.fail("demo --listen 127.0.0.1:0 --identity pki/server --policy policy.toml");
    assert!(error.starts_with("error: policy.toml:2:10: \"bob\" is not a SPIFFE ID"), "{error}");
    let error = desk.fail("demo --listen 127.0.0.1:0 --identity pki/server --policy none.toml");
    assert!(error.starts_with("error: none.toml: no such file; "), "{error}");
}
