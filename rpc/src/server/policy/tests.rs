use std::fs;

use countersign_certs::SpiffeId;

use super::*;

const TELLER: &str = "spiffe://acme.internal/tellers/anna";

fn id(text: &str) -> SpiffeId {
    text.parse().unwrap()
}

fn policy(text: &str) -> Policy {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

/// A policy of one rule.
fn one(peers: &str, procedures: &str) -> Policy {
    Policy::builder().allow(&[peers], &[procedures]).build().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn an_empty_policy_allows_nothing_and_says_so() {
    for empty in ["", "\n\n", "# nothing yet\n", "allow = []"] {
        let policy = policy(empty);
        assert!(!policy.allows(&id(TELLER), "acme.Ledger/balance"));
        assert!(!policy.allows(&id(TELLER), "countersign.Health/get"));
        let [warning] = policy.warnings() else { panic!("one warning: {:?}", policy.warnings()) };
        assert!(warning.message().contains("allows nothing"), "{warning}");
        assert_eq!(policy.to_string(), "nobody may call anything");
    }
}

#[test]
fn peers_are_matched_by_whole_segments() {
    for (pattern, within, outside) in [
        (
            "spiffe://acme.internal/team/*",
            &["spiffe://acme.internal/team/a", "spiffe://acme.internal/team/a/b"][..],
            &[
                "spiffe://acme.internal/team",
                "spiffe://acme.internal/team-evil",
                "spiffe://acme.internal/team-evil/a",
                "spiffe://acme.internal/Team/a",
                "spiffe://acme.internal/x/team/a",
                "spiffe://evil/team/a",
            ][..],
        ),
        (
            "spiffe://acme.internal/team",
            &["spiffe://acme.internal/team"],
            &["spiffe://acme.internal/team-evil", "spiffe://acme.internal/team/a", "spiffe://acme.internal"],
        ),
        (
            "spiffe://acme/*",
            &["spiffe://acme/a", "spiffe://acme/a/b"],
            &["spiffe://acme.evil/a", "spiffe://acme-evil/a", "spiffe://acme", "spiffe://evil/acme/a"],
        ),
        ("*", &["spiffe://acme.internal/a", "spiffe://other/b"], &[]),
    ] {
        let policy = one(pattern, "acme.Ledger/balance");
        for peer in within {
            assert!(policy.allows(&id(peer), "acme.Ledger/balance"), "{pattern} {peer}");
        }
        for peer in outside {
            assert!(!policy.allows(&id(peer), "acme.Ledger/balance"), "{pattern} {peer}");
        }
    }
}

#[test]
fn procedures_are_matched_by_whole_words() {
    for (pattern, within, outside) in [
        (
            "acme.Ledger/balance",
            &["acme.Ledger/balance"][..],
            &["acme.Ledger/balances", "acme.Ledger/balance ", "acme.Ledger/Balance", "acme.Ledger/", ""][..],
        ),
        (
            "acme.Ledger/*",
            &["acme.Ledger/balance", "acme.Ledger/anything"],
            &["acme.Ledger", "acme.Ledgers/balance", "acme.Ledger.Evil/balance", "evil.acme.Ledger/balance"],
        ),
        (
            "acme.*",
            &["acme.Ledger/balance", "acme.billing.Desk/pay"],
            &["acmes.Ledger/balance", "acme", "acme/balance", "evil.acme.Ledger/balance"],
        ),
        ("*", &["acme.Ledger/balance", "countersign.Health/get", "", "no such\n"], &[]),
    ] {
        let policy = one("*", pattern);
        for procedure in within {
            assert!(policy.allows(&id(TELLER), procedure), "{pattern} {procedure}");
        }
        for procedure in outside {
            assert!(!policy.allows(&id(TELLER), procedure), "{pattern} {procedure}");
        }
    }
}

#[test]
fn what_needs_a_rule_of_its_own_is_given_by_its_full_name_alone() {
    for permission in pattern::NAMED_ONLY {
        let service = permission.split('/').next().unwrap();
        for wide in ["*", "countersign.*", &format!("{service}/*")] {
            assert!(!one("*", wide).allows(&id(TELLER), permission), "{wide}");
        }
        assert!(!Policy::any_trusted_peer().allows(&id(TELLER), permission));
        assert!(one(TELLER, permission).allows(&id(TELLER), permission));
        assert!(!one(TELLER, permission).allows(&id("spiffe://acme.internal/bob"), permission));
        assert!(Policy::needs_own_rule(permission));
    }
    assert!(Policy::any_trusted_peer().allows(&id(TELLER), "countersign.Connections/list"));
}

#[test]
fn every_mistake_is_told_with_its_line_and_column_and_a_remedy() {
    let rule = |peers: &str, procedures: &str| {
        format!("# who may call what\n\n[[allow]]\npeers = [{peers}]\nprocedures = [{procedures}]\n")
    };
    let peer = |peer: &str| rule(&format!("\"{peer}\""), "\"*\"");
    let procedure = |procedure: &str| rule("\"*\"", &format!("\"{procedure}\""));
    let cases: &[(String, (usize, usize), &str)] = &[
        ("[[allow]\n".into(), (1, 9), "not TOML: "),
        ("allow = 1\n".into(), (1, 9), "`allow` is no rule; a rule is `[[allow]]`"),
        ("allow = [1]\n".into(), (1, 10), "this is no rule; a rule is `[[allow]]`"),
        ("\n[allow]\npeers = []\n".into(), (2, 2), "write `[[allow]]`, with two brackets"),
        ("[[deny]]\n".into(), (1, 3), "a policy only allows"),
        ("[[alow]]\n".into(), (1, 3), "unknown key `alow`; a rule is `[[allow]]`"),
        ("version = 2\n".into(), (1, 1), "unknown key `version`; "),
        ("[[allow]]\npeers = [\"*\"]\n".into(), (1, 1), "the rule has no `procedures`; "),
        ("\n[[allow]]\nprocedures = [\"*\"]\n".into(), (2, 1), "the rule has no `peers`; "),
        (rule("\"*\"", "\"*\"") + "peer = [\"*\"]\n", (6, 1), "unknown key `peer`; a rule is"),
        (rule("\"*\"", "\"*\"") + "deny = [\"*\"]\n", (6, 1), "a policy only allows"),
        ("[[allow]]\npeers = \"*\"\nprocedures = [\"*\"]".into(), (2, 9), "write `peers = [\"…\"]`"),
        (rule("", "\"*\""), (4, 9), "no peers, so that the rule allows nothing; "),
        (rule("\"*\"", ""), (5, 14), "no procedures, so that the rule allows nothing; "),
        (rule("\"*\", 7", "\"*\""), (4, 15), "`peers` are texts; write each in quotes"),
        (peer("alice"), (4, 10), "begin it with \"spiffe://\""),
        (peer(""), (4, 10), "write an ID as in"),
        (
            peer("spiffe://acme.internal/tellers*"),
            (4, 10),
            "write `spiffe://acme.internal/tellers/*` for all",
        ),
        (peer("spiffe://acme.internal/*/anna"), (4, 10), "it has the character '*'"),
        (peer("spiffe://acme.internal"), (4, 10), "write `spiffe://acme.internal/*` for every peer"),
        (peer("spiffe://acme.internal/"), (4, 10), "leave out the '/' at its end"),
        (peer("spiffe://*"), (4, 10), "is not a SPIFFE ID"),
        (peer("spiffe://Acme.internal/anna"), (4, 10), "it has the character 'A'"),
        (peer("**"), (4, 10), "ends in the middle of a segment"),
        (procedure("acme.Ledger"), (5, 15), "write `acme.Ledger/*` for every procedure of this service"),
        (procedure("acme.Ledger.balance"), (5, 15), "write `acme.Ledger/balance`"),
        (procedure("acme"), (5, 15), "write `acme.*` for a package"),
        (procedure("acme.Ledger/bal*"), (5, 15), "can match nothing; write a procedure as in"),
        (procedure("acme/*"), (5, 15), "can match nothing; write a procedure as in"),
        (procedure("*/balance"), (5, 15), "can match nothing; write a procedure as in"),
        (procedure("Acme.Ledger/balance"), (5, 15), "can match nothing; write a procedure as in"),
        (procedure("acme.Ledger/balance/x"), (5, 15), "can match nothing; write a procedure as in"),
        (procedure("acme.Ledger/"), (5, 15), "can match nothing; write a procedure as in"),
        (procedure(""), (5, 15), "can match nothing"),
        (
            procedure("acme.Ledger/ba\u{202e}lance"),
            (5, 15),
            "`acme.Ledger/ba\\u{202e}lance` can match nothing",
        ),
        (rule("\"é\", \"*\"", "\"*\", \"x\""), (4, 10), "is not a SPIFFE ID"),
    ];
    for (text, place, message) in cases {
        let error = text.parse::<Policy>().expect_err(text);
        let problem = &error.problems()[0];
        let found = (problem.line().unwrap(), problem.column().unwrap());
        assert!(found == *place && problem.message().contains(message), "{text}\n{problem}");
        let has_remedy =
            ["; ", "begin it", "leave out", "write "].iter().any(|sign| problem.message().contains(sign));
        assert!(has_remedy, "{problem}");
        assert!(!error.to_string().contains(|c: char| c.is_control()), "{error}");
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let text = "[[allow]]\npeers = [\"bob\"]\nprocedures = [\"acme\"]\ndeny = 1\n";
    let error = text.parse::<Policy>().unwrap_err();
    let lines: Vec<_> = error.problems().iter().map(|problem| problem.line().unwrap()).collect();
    assert_eq!(lines.len(), 3);
    for line in [2, 3, 4] {
        assert!(lines.contains(&line), "{lines:?}");
    }
}

#[test]
fn columns_count_characters() {
    let error = "[[allow]]\npeers = [\"é\", \"spiffe://acme.internal/ok\", 7]\nprocedures = [\"*\"]"
        .parse::<Policy>()
        .unwrap_err();
    let columns: Vec<_> = error.problems().iter().map(|problem| problem.column().unwrap()).collect();
    assert_eq!(columns, [10, 44]);
}

#[test]
fn a_pattern_that_stands_twice_is_worth_a_word() {
    let policy = policy("[[allow]]\npeers = [\"*\", \"*\"]\nprocedures = [\"acme.*\"]\n");
    assert_eq!(policy.warnings().len(), 1);
    assert_eq!(policy.warnings()[0].to_string(), "line 2, column 15: `*` stands here twice; leave one out");
}

#[test]
fn a_built_in_service_that_no_server_has_is_worth_a_word() {
    let of = |procedure: &str| {
        let text = format!("[[allow]]\npeers = [\"*\"]\nprocedures = [\"{procedure}\"]\n");
        policy(&text).warnings().first().map(ToString::to_string)
    };
    assert_eq!(
        of("countersign.Conections/*").as_deref(),
        Some(
            "line 3, column 15: no server has `countersign.Conections/*`; \
             the built-in services are in rpc/proto/SPEC.md"
        )
    );
    assert!(of("countersign.Reflection/name").is_some());
    for sound in
        ["countersign.*", "countersign.Health/*", "countersign.Reflection/names", "countersigned.A/b"]
    {
        assert_eq!(of(sound), None);
    }
}

#[test]
fn what_matches_nothing_on_a_server_is_told_of() {
    let policy = policy(
        "[[allow]]\npeers = [\"spiffe://a.internal/x\", \"spiffe://b.internal/*\", \"*\"]\n\
         procedures = [\"acme.Ledger/balance\", \"acme.Legder/*\", \"*\"]\n",
    );
    assert_eq!(policy.idle(["acme.Ledger/balance"].into_iter()), ["acme.Legder/* (rule 1, line 1)"]);
    let known = ["a.internal".parse().unwrap()];
    assert_eq!(policy.unknown_domains(known.iter()), ["b.internal"]);
}

#[test]
fn a_rule_made_in_code_is_held_to_the_same() {
    let error = Policy::builder().allow(&["*"], &["*"]).allow(&["bob"], &[]).build().unwrap_err();
    assert_eq!(error.problems().len(), 2, "{error}");
    assert!(error.to_string().contains("rule 2: no procedures"), "{error}");
    assert!(error.to_string().contains("rule 2: \"bob\" is not a SPIFFE ID"), "{error}");
    let nothing = Policy::builder().build().unwrap();
    assert!(!nothing.allows(&id(TELLER), "acme.Ledger/balance"));
}

#[test]
fn a_policy_explains_which_rule_decided() {
    let policy = policy(
        r#"
[[allow]]
peers = ["*"]
procedures = ["countersign.Health/*", "countersign.Connections/*"]

[[allow]]
peers = ["spiffe://acme.internal/tellers/*", "spiffe://acme.internal/auditor"]
procedures = ["acme.Ledger/balance", "acme.Ledger/history"]
"#,
    );
    for (peer, procedure, rule, sentence) in [
        (
            TELLER,
            "acme.Ledger/history",
            Some((2, 6)),
            "allowed by rule 2, line 6: spiffe://acme.internal/tellers/* may call acme.Ledger/history",
        ),
        (
            "spiffe://b.example/x",
            "countersign.Health/get",
            Some((1, 2)),
            "allowed by rule 1, line 2: * may call countersign.Health/*",
        ),
        (
            TELLER,
            "acme.Ledger/hire",
            None,
            "denied: no rule lets spiffe://acme.internal/tellers/anna call acme.Ledger/hire; \
             nearest: rule 2, line 6, by which this peer may call acme.Ledger/history",
        ),
        (
            "spiffe://acme.internal/audit",
            "acme.Ledger/balance",
            None,
            "denied: no rule lets spiffe://acme.internal/audit call acme.Ledger/balance; \
             nearest: rule 1, line 2, by which this peer may call countersign.Health/*; \
             rule 2, line 6, by which spiffe://acme.internal/auditor may",
        ),
        (
            TELLER,
            "countersign.Connections/close",
            None,
            "denied: no rule lets spiffe://acme.internal/tellers/anna call countersign.Connections/close; \
             nearest: rule 1, line 2, but countersign.Connections/* leaves out what needs a rule of its own",
        ),
    ] {
        let explanation = policy.explain(&id(peer), procedure);
        assert_eq!(explanation.to_string(), sentence);
        assert_eq!(explanation.rule().zip(explanation.line()), rule);
        assert_eq!(explanation.is_allowed(), policy.allows(&id(peer), procedure));
    }
    let nobody = Policy::builder().build().unwrap().explain(&id(TELLER), "acme.Ledger/\u{1b}[2J");
    assert_eq!(
        nobody.to_string(),
        "denied: no rule lets spiffe://acme.internal/tellers/anna call acme.Ledger/\\u{1b}[2J; \
         no rule is for this peer, and none for this procedure"
    );
}

const EXAMPLE: &str = include_str!("../../../policy.example.toml");

/// What the example says, in one decision for each of its patterns and around it.
const DECISIONS: [(&str, &str, bool); 22] = [
    ("spiffe://elsewhere.example/x", "countersign.Reflection/services", true),
    ("spiffe://elsewhere.example/x", "countersign.Health/watch", true),
    ("spiffe://elsewhere.example/x", "countersign.Reflection/names", false),
    ("spiffe://elsewhere.example/x", "acme.Ledger/balance", false),
    (TELLER, "acme.Ledger/balance", true),
    (TELLER, "acme.Ledger/book", true),
    (TELLER, "acme.Ledger/hire", false),
    (TELLER, "acme.reports.Year/close", false),
    (TELLER, "countersign.Stats/get", false),
    ("spiffe://acme.internal/tellers/east/anna", "acme.Ledger/book", true),
    ("spiffe://acme.internal/tellers", "acme.Ledger/book", false),
    ("spiffe://acme.internal/tellers-evil/bob", "acme.Ledger/book", false),
    ("spiffe://acme.internal/auditor", "acme.Ledger/hire", true),
    ("spiffe://acme.internal/auditor", "acme.reports.Year/close", true),
    ("spiffe://acme.internal/auditor", "acme.Reports/close", false),
    ("spiffe://acme.internal/auditor/x", "acme.Ledger/hire", false),
    ("spiffe://audits.example/acme/reader", "acme.Ledger/hire", true),
    ("spiffe://acme.internal/operators/olga", "countersign.Stats/get", true),
    ("spiffe://acme.internal/operators/olga", "countersign.Connections/close", true),
    ("spiffe://acme.internal/operators/olga", "countersign.Reflection/names", true),
    ("spiffe://acme.internal/operators/olga", "acme.Ledger/balance", false),
    (TELLER, "countersign.Connections/close", false),
];

fn decides_as_the_example(text: &str) -> bool {
    let policy = policy(text);
    DECISIONS.iter().all(|(peer, procedure, is_allowed)| policy.allows(&id(peer), procedure) == *is_allowed)
}

#[test]
fn the_example_says_what_its_comments_say_and_every_pattern_counts() {
    assert!(decides_as_the_example(EXAMPLE) && policy(EXAMPLE).warnings().is_empty());
    let patterns: Vec<_> = EXAMPLE.match_indices('"').map(|(at, _)| at).collect();
    assert_eq!(patterns.len(), 2 * 14);
    for ends in patterns.chunks(2) {
        let [begin, end] = ends else { panic!("it has two ends") };
        let is_peer = EXAMPLE[..*begin].rfind("peers").cmp(&EXAMPLE[..*begin].rfind("procedures")).is_gt();
        let other = if is_peer { "spiffe://none.internal/none" } else { "none.None/none" };
        let without = [&EXAMPLE[..=*begin], other, &EXAMPLE[*end..]].concat();
        assert!(!decides_as_the_example(&without), "no decision needs {}", &EXAMPLE[*begin..=*end]);
    }
}

#[test]
fn a_file_is_named_with_what_is_wrong_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.toml");
    let problem = |contents: &[u8]| {
        fs::write(&path, contents).unwrap();
        Policy::load(&path).unwrap_err().to_string()
    };
    let missing = Policy::load(&path).unwrap_err().to_string();
    assert!(missing.ends_with("policy.toml: no such file; rpc/POLICY.md says how to write one"));
    let mistaken = problem(b"\n  peers = 1");
    assert!(mistaken.contains("policy.toml:2:3: unknown key `peers`; a rule is"), "{mistaken}");
    assert!(problem(b"\xff\xfe").ends_with("policy.toml: not UTF-8; this cannot be the right file"));
    let long = vec![b'\n'; (1 << 20) + 1];
    assert!(problem(&long).ends_with("policy.toml: longer than 1 MiB; this cannot be the right file"));
    let folder = Policy::load(folder.path()).unwrap_err();
    assert!(matches!(folder, PolicyError::Unreadable { .. }), "{folder}");
}

#[cfg(unix)]
#[test]
fn a_file_that_everyone_can_write_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.toml");
    fs::write(&path, "").unwrap();
    for (mode, is_refused) in [(0o644, false), (0o664, false), (0o666, true), (0o602, true)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let loaded = Policy::load(&path);
        assert_eq!(loaded.is_err(), is_refused, "{mode:o}");
        if let Err(error) = loaded {
            assert!(error.to_string().contains("run `chmod o-w "), "{error}");
        }
    }
}

#[test]
fn hostile_texts_are_refused_and_nothing_else() {
    let deep = format!("allow = {}{}", "[".repeat(100_000), "]".repeat(100_000));
    let wide = "[[allow]]\n".repeat(50_000);
    let dotted = format!("{}x = 1", "a.".repeat(50_000));
    for text in
        [deep.as_str(), &wide, &dotted, "\u{0}", "allow = \"\"\"", "'''", "[[allow]]\n[[allow.peers]]\n"]
    {
        let error = text.parse::<Policy>().unwrap_err();
        assert!(error.to_string().len() < 8_000, "{} bytes", error.to_string().len());
    }
}
