//! Copies of calls, run: the command by a shell against a real server.

use countersign::cbor::{self, Value};
use countersign::service::CallKind;

use super::Noted;
use super::entry::{End, Entry, EntryId, Items, Kept, Request, Said, Server, Verdict};
use super::rust::program;
use super::shell::command;

/// A call of a procedure with these arguments that was answered.
pub(crate) fn entry(procedure: &str, arguments: &str) -> Entry {
    Entry {
        id: EntryId("1".to_owned()),
        at: "2026-11-20T06:30:00Z".parse().unwrap(),
        server: Server {
            address: "localhost:7443".to_owned(),
            identity: "/home/me/pki/alice".to_owned(),
            expected: None,
        },
        request: Request {
            procedure: procedure.to_owned(),
            kind: CallKind::Unary,
            arguments: Kept::Whole(arguments.to_owned()),
            items: Items::default(),
            deadline_us: None,
            metadata: Vec::new(),
        },
        end: End { took_us: 3100, received: 0, verdict: Verdict::Answered(Kept::Whole("3.5".to_owned())) },
        pinned: false,
        on_disk: false,
    }
}

/// The same over which items went.
pub(crate) fn with_items(procedure: &str, arguments: &str, items: &[Value]) -> Entry {
    let mut entry = entry(procedure, arguments);
    entry.request.kind = CallKind::BothWays;
    items.iter().for_each(|item| entry.request.items.push(&cbor::to_vec(item).unwrap()));
    entry
}

#[test]
fn a_command_has_everything_that_the_call_had() {
    let mut entry = entry("demo.Math/divide", "{\"dividend\": 7.0, \"divisor\": 2}");
    assert_eq!(
        command(&entry).unwrap(),
        "countersign call localhost:7443 demo.Math/divide '{\"dividend\":7.0,\"divisor\":2}' \
         --identity /home/me/pki/alice"
    );
    entry.server.expected = Some("spiffe://countersign.internal/server".to_owned());
    entry.request.deadline_us = Some(1_500_000);
    entry.request.metadata = vec![("trace".to_owned(), Said::text("trace", "it's 1"))];
    let command = command(&entry).unwrap();
    let rest =
        " --expect-peer spiffe://countersign.internal/server --deadline 1500ms --metadata 'trace=it'\\''s 1'";
    assert!(command.ends_with(rest), "{command}");
}

#[test]
fn a_secret_is_neither_kept_nor_copied() {
    let mut entry = entry("demo.Math/divide", "{}");
    let metadata = [("authorization", "Bearer 4f2a"), ("x-api-key", "4f2a"), ("trace", "7")];
    entry.request.metadata = metadata.map(|(key, value)| (key.to_owned(), Said::text(key, value))).into();
    let command = command(&entry).unwrap();
    assert!(command.contains(r#"--metadata "authorization=${AUTHORIZATION:?}""#), "{command}");
    assert!(command.contains(r#"--metadata "x-api-key=${X_API_KEY:?}""#), "{command}");
    let program = program(&entry).unwrap();
    assert!(program.contains(r#".metadata("authorization", env::var("AUTHORIZATION")?)"#), "{program}");
    assert!(program.contains(r#".metadata("trace", "7")"#), "{program}");
    let written = serde_json::to_string(&entry).unwrap();
    for text in [command, program, written, format!("{:?}", Noted::new(entry))] {
        assert!(!text.contains("4f2a"), "{text}");
    }
}

#[test]
fn what_was_not_kept_whole_is_not_copied_in_part() {
    let mut entry = with_items("demo.Math/sum", "{}", &[1_u64.into()]);
    assert!(command(&entry).is_ok() && program(&entry).is_ok());
    entry.request.items.more = 1;
    assert_eq!(command(&entry), Err("Not all of its items were kept.".to_owned()));
    entry.request.arguments = Kept::TooLong(70_000);
    assert_eq!(program(&entry), Err("Its arguments were too long to be kept.".to_owned()));
}

#[test]
fn a_program_is_not_misled_by_what_is_in_its_texts() {
    let mut entry = entry("a\u{202e}b/c\"d\n", "{\"quo\\\"te\": \"\\\"#\"}");
    entry.server.address = "x\\y\":1".to_owned();
    let program = program(&entry).unwrap();
    assert!(program.starts_with("//! Calls a\\u{202e}b/c\"d\\n, as"), "{program}");
    assert!(program.contains(r##"call_raw("a\u{202e}b/c\"d\n", arguments)"##), "{program}");
    assert!(program.contains(r#"|| "x\\y\":1".to_owned()"#), "{program}");
    assert!(program.contains(r###"ARGUMENTS: &str = r##"{"quo\"te": "\"#"}"##;"###), "{program}");
}

#[test]
fn a_call_is_found_by_what_is_in_it() {
    let mut entry = entry("acme.Ledger/balance", "{\"account\": \"Zürich-17\"}");
    entry.end.verdict = Verdict::failed("NOT_FOUND", "no such account", None);
    let noted = Noted::new(entry);
    let finds = |words: &[&str]| noted.has(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
    assert!(finds(&["ledger", "zürich", "not_found", "localhost", "no such"]));
    assert!(!finds(&["ledger", "basel"]));
}

#[test]
fn a_line_comes_back_as_it_was_written() {
    let mut entry = with_items("demo.Chat/room", "{\"room\": \"h'00'\"}", &[Value::Null, 2_u64.into()]);
    entry.request.metadata =
        vec![("a".to_owned(), Said::Withheld), ("b".to_owned(), Said::Bytes("AAE=".to_owned()))];
    entry.end.verdict = Verdict::failed("ABORTED", "x", Some(Kept::TooLong(9)));
    let read: Entry = serde_json::from_str(&serde_json::to_string(&entry).unwrap()).unwrap();
    assert_eq!((read.request.items.first.len(), &read.request.metadata), (2, &entry.request.metadata));
    assert_eq!((read.end, read.server, read.id), (entry.end, entry.server, entry.id));
}

#[cfg(unix)]
mod run {
    //! What a shell makes of a command.

    use std::process::Command;

    use super::*;

    /// The words that a shell hands to the command.
    fn words(entry: &Entry) -> Vec<String> {
        let script = format!(
            "countersign() {{ for word; do printf '%s\\0' \"$word\"; done; cat; }}\n{}",
            command(entry).unwrap()
        );
        let mut shell = Command::new("sh");
        let output = shell.args(["-c", &script]).env("AUTHORIZATION", "it's $HOME").output().unwrap();
        assert!(output.status.success(), "{}\n{script}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        text.split('\0').map(str::to_owned).collect()
    }

    #[test]
    fn hostile_names_and_values_are_words_and_nothing_else() {
        let hostile = [
            "$(touch /tmp/pwned)",
            "`id`",
            "a b",
            "it's",
            "\"",
            "\\",
            "$HOME",
            "~",
            "*",
            "a;b",
            "a\nb",
            "&",
            "|",
            "!!",
            "-x",
            "--json",
            "#",
            "%s",
            "\u{202e}",
            "",
            "ITEMS",
            "<<'ITEMS'",
            "\u{1b}[2J",
        ];
        for text in hostile {
            let notation = cbor::diagnostic(&Value::Map(vec![(text.into(), text.into())]));
            let mut entry = with_items(text, &notation, &[text.into(), "ITEMS".into()]);
            entry.server = Server { address: text.to_owned(), identity: text.to_owned(), expected: None };
            entry.request.metadata = vec![("a".to_owned(), Said::Text(text.to_owned()))];
            let words = words(&entry);
            let at = |word: &str| words.iter().position(|found| found == word);
            assert!(words.contains(&format!("a={text}")), "{text:?}: {words:?}");
            let identity = format!("--identity={text}");
            assert!(at("--identity").is_some_and(|i| words[i + 1] == text) || words.contains(&identity));
            let positions = match at("--") {
                Some(end) => &words[end + 1..end + 4],
                None => &words[1..4],
            };
            assert_eq!(&positions[..2], [text, text]);
            let argument: serde_json::Value = serde_json::from_str(&positions[2]).unwrap();
            assert_eq!(argument, serde_json::json!({ text: text }));
            let (first, rest) = words.last().unwrap().split_once('\n').unwrap();
            assert_eq!(serde_json::from_str::<String>(first).unwrap(), text);
            assert_eq!(rest, "\"ITEMS\"\n");
            assert!(!positions[2].chars().any(crate::text::is_unsafe), "{:?}", positions[2]);
        }
    }

    #[test]
    fn a_secret_comes_from_the_environment_and_has_to_be_there() {
        let mut entry = entry("a.B/c", "{}");
        entry.request.metadata = vec![("authorization".to_owned(), Said::Withheld)];
        assert!(words(&entry).contains(&"authorization=it's $HOME".to_owned()));
        let mut shell = Command::new("sh");
        let output =
            shell.args(["-c", &command(&entry).unwrap()]).env_remove("AUTHORIZATION").output().unwrap();
        assert!(!output.status.success());
        assert!(String::from_utf8_lossy(&output.stderr).contains("AUTHORIZATION"));
    }
}
