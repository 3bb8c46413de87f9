//! What there is to know of a procedure before one calls it, as a page: its documentation, what goes in, what comes
//! out, how it fails, and who may call it.

use std::fmt::Write as _;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use countersign::schema::{OutlineLine, outline};
use countersign::{Code, Schema};

use super::catalogue::{DeclaredFault, Procedure};
use crate::text;

/// The longest JSON Schema that is shown and copied. One of types that people wrote has a few KiB.
const JSON_LEN_MAX: usize = 256 << 10;

/// What the page says in words of its own.
pub(crate) const NOTHING: &str = "Nothing";
pub(crate) const FAILS_WITH: &str = "Fails with";
pub(crate) const BESIDES: &str =
    "Besides these, any call may fail with a code of the network or of the policy.";
pub(crate) const WHO_MAY: &str = "Who may call it";
pub(crate) const ALLOWED: &str = "You, and whoever else a rule of the server's policy allows it, such as";
pub(crate) const NO_RULE: &str = "No rule can be written for a name such as this one.";
/// How much of a line is laid out, in bytes; more is not in sight.
const LINE_SHOWN: usize = 400;

/// A page about a procedure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Manual {
    /// What is sent, and what comes back, in their order.
    pub(crate) parts: Vec<Part>,
    /// The faults that the author declared.
    pub(crate) faults: Vec<Fault>,
}

/// What travels one way.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    /// What it is called: `Arguments`.
    pub(crate) title: &'static str,
    /// What there is, a place a line; empty if nothing travels.
    pub(crate) lines: Vec<OutlineLine>,
    /// The same as JSON Schema.
    pub(crate) json: String,
}

/// A fault, and what its code means.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fault {
    /// The variant's name.
    pub(crate) variant: String,
    /// The code by its name.
    pub(crate) code: String,
    /// What it says, with `{…}` where values go.
    pub(crate) message: String,
    /// What the code means for a caller.
    pub(crate) meaning: &'static str,
}

/// How the types of a manual are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Notation {
    /// In words.
    #[default]
    Types,
    /// As JSON Schema.
    JsonSchema,
}

/// The page about the selected procedure, and how it is read.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// Whether it is shown in place of the form.
    pub(crate) is_open: bool,
    /// How its types are written.
    pub(crate) notation: Notation,
    page: Option<(String, Box<Manual>)>,
    written: Option<Written>,
}

/// All that is written on a page, put together when something is looked for on it.
#[derive(Debug)]
struct Written {
    notation: Notation,
    peer: Option<String>,
    text: Arc<[u8]>,
}

impl Reading {
    /// The page about the procedure of this path, if it has come.
    pub(crate) fn page(&self, path: &str) -> Option<&Manual> {
        self.page.as_ref().filter(|(of, _)| of == path).map(|(_, page)| &**page)
    }

    /// Takes a page that was asked for.
    pub(crate) fn learn(&mut self, path: String, page: Box<Manual>) {
        (self.page, self.written) = (Some((path, page)), None);
    }

    /// The server may describe everything differently now.
    pub(crate) fn forget(&mut self) {
        (self.page, self.written) = (None, None);
    }

    /// All that is written on the page about a procedure for this peer, if it has come: the same as long as that is so.
    pub(crate) fn written(&mut self, procedure: &Procedure, peer: Option<&str>) -> Option<Arc<[u8]>> {
        let notation = self.notation;
        let is_same = |written: &Written| written.notation == notation && written.peer.as_deref() == peer;
        if !self.written.as_ref().is_some_and(is_same) {
            let page = self.page(&procedure.path)?;
            let text = page.passages(procedure, notation, peer).join("\n").into_bytes().into();
            self.written = Some(Written { notation, peer: peer.map(str::to_owned), text });
        }
        self.written.as_ref().map(|written| written.text.clone())
    }
}

impl Manual {
    /// The page about a procedure. It takes its time where the schemas are large.
    pub(crate) fn of(procedure: &Procedure) -> Self {
        let mut parts = vec![Part::arguments(&procedure.arguments)];
        let item = |title, schema: &Option<Schema>| schema.as_ref().map(|schema| Part::of(title, schema));
        parts.extend(item("Each item you send", &procedure.items_in));
        parts.extend(item("Each item the server sends", &procedure.items_out));
        parts.push(Part::of(
            if procedure.streams() { "Result at the end" } else { "Result" },
            &procedure.result,
        ));
        parts.extend(item("Details of a fault", &procedure.fault));
        Self { parts, faults: procedure.faults.iter().map(Fault::of).collect() }
    }

    /// All that is written on the page as this peer reads it, in the order in which it is drawn.
    pub(crate) fn passages(
        &self,
        procedure: &Procedure,
        notation: Notation,
        peer: Option<&str>,
    ) -> Vec<String> {
        let mut passages = vec![procedure.documentation.clone()];
        for Fact { words, meaning } in facts(procedure) {
            passages.extend([words, meaning.to_owned()]);
        }
        for part in &self.parts {
            passages.push(part.title.to_owned());
            match notation {
                Notation::JsonSchema => passages.push(part.json.clone()),
                Notation::Types if part.lines.is_empty() => passages.push(NOTHING.to_owned()),
                Notation::Types => {
                    passages.extend(part.lines.iter().flat_map(words).map(str::to_owned));
                }
            }
        }
        if !self.faults.is_empty() {
            passages.push(FAILS_WITH.to_owned());
            for Fault { variant, code, message, meaning } in &self.faults {
                let words = [variant, code, message, *meaning].map(str::to_owned);
                passages.extend(words);
            }
            passages.push(BESIDES.to_owned());
        }
        let rule = rule(&procedure.path, peer);
        let rule = rule.as_deref().map_or(NO_RULE, str::trim_end);
        passages.extend([WHO_MAY, ALLOWED, rule].map(str::to_owned));
        passages.retain(|words| !words.is_empty());
        passages
    }

    /// The whole page as text to be copied.
    pub(crate) fn text(&self, procedure: &Procedure, notation: Notation) -> String {
        let mut page = format!("{}\n", procedure.path);
        let facts: Vec<_> = facts(procedure).into_iter().map(|fact| fact.words).collect();
        // Writing to a `String` cannot fail.
        let _ = writeln!(page, "{}", facts.join(", "));
        if !procedure.documentation.is_empty() {
            let _ = writeln!(page, "\n{}", procedure.documentation);
        }
        for part in &self.parts {
            let _ = writeln!(page, "\n{}\n{}", part.title, indented(&part.text(notation)));
        }
        if !self.faults.is_empty() {
            page.push_str("\nFails with\n");
        }
        for Fault { variant, code, message, .. } in &self.faults {
            let _ = writeln!(page, "  {variant}: {code}: {message}");
        }
        page
    }
}

/// What is shown of a place of a type: what it is called, what it is, and what its author says; empty where there is
/// nothing to say.
pub(crate) fn words(line: &OutlineLine) -> [&str; 3] {
    [start(&line.name), &line.what, &line.docs]
}

/// What is laid out of a long line.
pub(crate) fn start(line: &str) -> &str {
    &line[..line.floor_char_boundary(LINE_SHOWN)]
}

impl Part {
    fn of(title: &'static str, schema: &Schema) -> Self {
        Self { title, lines: outline(schema).lines, json: json(schema) }
    }

    /// Of the arguments only the fields: everybody knows that they are a record.
    fn arguments(schema: &Schema) -> Self {
        let lines = outline(schema).lines.into_iter().skip(1);
        let lines = lines.map(|line| OutlineLine { depth: line.depth.saturating_sub(1), ..line }).collect();
        Self { title: "Arguments", lines, json: json(schema) }
    }

    /// What is copied of it.
    pub(crate) fn text(&self, notation: Notation) -> String {
        match notation {
            Notation::JsonSchema => self.json.clone(),
            Notation::Types if self.lines.is_empty() => "nothing".to_owned(),
            Notation::Types => self.lines.iter().map(OutlineLine::to_string).collect::<Vec<_>>().join("\n"),
        }
    }
}

impl Fault {
    fn of(declared: &DeclaredFault) -> Self {
        let DeclaredFault { variant, code, message } = declared.clone();
        let meaning = meaning(Code::from_name(&code).unwrap_or(Code::Unknown));
        Self { variant, code, message, meaning }
    }
}

/// Something that holds of a procedure, and what that means for its caller.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fact {
    /// In a word or two.
    pub(crate) words: String,
    /// In a sentence or two.
    pub(crate) meaning: &'static str,
}

/// What holds of a procedure: how it is called, and how often and how long one may try.
pub(crate) fn facts(procedure: &Procedure) -> Vec<Fact> {
    let mut facts = vec![Fact { words: procedure.kind.to_string(), meaning: kind_meaning(procedure.kind) }];
    facts.push(match procedure.idempotent {
        true => Fact {
            words: "idempotent".to_owned(),
            meaning: "Calling it twice does what calling it once does: clients try again by themselves.",
        },
        false => Fact {
            words: "not idempotent".to_owned(),
            meaning: "Calling it twice may do its work twice: nobody tries again once it may have run.",
        },
    });
    facts.push(match procedure.deadline_ms {
        Some(ms) => Fact {
            words: format!("deadline {}", text::latency(Duration::from_millis(ms).as_secs_f64())),
            meaning: "How long a caller waits who says nothing else; a call may set its own.",
        },
        None => Fact {
            words: "no deadline of its own".to_owned(),
            meaning: "A call waits as long as it says itself, and at most as long as the server lets calls run.",
        },
    });
    facts
}

/// What a kind of call means for whoever makes one.
pub(crate) fn kind_meaning(kind: countersign::service::CallKind) -> &'static str {
    use countersign::service::CallKind;
    match kind {
        CallKind::ServerStream => {
            "Server stream: you send arguments once, and the server sends items until it ends the call. \
             It sends no faster than you take them."
        }
        CallKind::ClientStream => {
            "Client stream: you send any number of items, say that you are done, and then the server answers once."
        }
        CallKind::BothWays => {
            "Both ways: you and the server send items, each at its own pace, until both are done."
        }
        _ => "Unary: one message there, and one back.",
    }
}

/// The rule that lets a peer call a procedure, as it is written into the server's policy, if the name is one that
/// can be written there.
pub(crate) fn rule(path: &str, peer: Option<&str>) -> Option<String> {
    let is_plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "._-/:".contains(c));
    let peer = peer.filter(|peer| is_plain(peer)).unwrap_or("spiffe://DOMAIN/NAME");
    is_plain(path).then(|| format!("[[allow]]\npeers = [\"{peer}\"]\nprocedures = [\"{path}\"]\n"))
}

/// What a code means for a caller.
pub(crate) fn meaning(code: Code) -> &'static str {
    match code {
        Code::Ok => "It went well.",
        Code::Cancelled => "The caller gave up.",
        Code::Unknown => "An error that fits no other code.",
        Code::InvalidArgument => "The arguments are wrong, whatever the state of the system.",
        Code::DeadlineExceeded => "The deadline passed first. The handler may have run.",
        Code::NotFound => "What was asked for does not exist.",
        Code::AlreadyExists => "What was to be made exists already.",
        Code::PermissionDenied => "This peer may not do that.",
        Code::ResourceExhausted => "A quota, a queue or a limit is used up. Try again later.",
        Code::FailedPrecondition => "The system is not in the state that the call needs. Change that first.",
        Code::Aborted => "A conflict with another call. Try the larger operation again.",
        Code::OutOfRange => "Past the end of what is valid.",
        Code::Unimplemented => "The server cannot do that.",
        Code::Internal => "A bug at the server.",
        Code::Unavailable => "Not able to serve just now. Try again later.",
        Code::DataLoss => "Data was lost or is corrupt.",
        Code::Unauthenticated => "Who the caller is could not be established.",
    }
}

/// A schema as JSON, indented, with what could mislead a reader escaped as JSON does.
fn json(schema: &Schema) -> String {
    let mut written = Bounded(Vec::new());
    let is_all = serde_json::to_writer_pretty(&mut written, schema).is_ok();
    let written = String::from_utf8_lossy(&written.0);
    let mut shown = written.split('\n').map(text::safe_json).collect::<Vec<_>>().join("\n");
    if !is_all {
        shown.push_str("\n… more than is shown");
    }
    shown
}

/// Takes as many bytes as are shown, and then fails.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = JSON_LEN_MAX - self.0.len();
        if room == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let taken = &bytes[..bytes.len().min(room)];
        self.0.extend_from_slice(taken);
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use countersign::service::CallKind;
    use serde_json::json;

    use super::*;

    fn schema(json: serde_json::Value) -> Schema {
        Schema::try_from(json).unwrap()
    }

    fn transfer() -> Procedure {
        let arguments = json!({ "type": "object", "required": ["amount"], "additionalProperties": false,
            "properties": { "amount": { "type": "integer", "minimum": 1, "maximum": 99, "description": "In cents." } } });
        Procedure {
            idempotent: false,
            deadline_ms: Some(500),
            result: schema(json!({ "type": "boolean" })),
            faults: vec![DeclaredFault {
                variant: "TooLittle".to_owned(),
                code: "FAILED_PRECONDITION".to_owned(),
                message: "only {left} left".to_owned(),
            }],
            ..crate::tests::stage::procedure("acme.Ledger/transfer", arguments)
        }
    }

    #[test]
    fn a_page_says_what_goes_in_what_comes_out_and_how_it_fails() {
        let procedure = transfer();
        let page = Manual::of(&procedure).text(&procedure, Notation::Types);
        assert_eq!(
            page,
            "acme.Ledger/transfer\n\
             unary, not idempotent, deadline 500 ms\n\n\
             The balance of an account.\n\n\
             Arguments\n  amount*: integer from 1 to 99: In cents.\n\n\
             Result\n  true or false\n\n\
             Fails with\n  TooLittle: FAILED_PRECONDITION: only {left} left\n"
        );
        let json = Manual::of(&procedure).text(&procedure, Notation::JsonSchema);
        assert!(json.contains("Result\n  {\n    \"type\": \"boolean\"\n  }\n"), "{json}");
    }

    #[test]
    fn streams_have_a_part_for_each_way() {
        let items = Some(schema(json!({ "type": "integer" })));
        let procedure =
            Procedure { kind: CallKind::BothWays, items_in: items.clone(), items_out: items, ..transfer() };
        let titles: Vec<_> = Manual::of(&procedure).parts.iter().map(|part| part.title).collect();
        assert_eq!(
            titles,
            ["Arguments", "Each item you send", "Each item the server sends", "Result at the end"]
        );
    }

    #[test]
    fn the_rule_that_is_missing_is_one_for_this_peer() {
        let rule = rule("acme.Ledger/close", Some("spiffe://acme.internal/alice")).unwrap();
        let policy =
            "[[allow]]\npeers = [\"spiffe://acme.internal/alice\"]\nprocedures = [\"acme.Ledger/close\"]\n";
        assert_eq!(rule, policy);
        assert_eq!(super::rule("acme.Ledger/\"]", None), None);
    }

    #[test]
    fn what_a_hostile_schema_says_is_escaped_and_bounded() {
        let mut procedure = transfer();
        procedure.result = schema(json!({ "title": "a\u{202e}b", "description": "\u{e0001}" }));
        let part = &Manual::of(&procedure).parts[1];
        assert!(part.json.contains("a\\u202eb") && part.json.contains("\\udb40\\udc01"), "{}", part.json);
        procedure.result = schema(json!({ "description": "x".repeat(JSON_LEN_MAX) }));
        let part = &Manual::of(&procedure).parts[1];
        assert!(part.json.len() < JSON_LEN_MAX + 100 && part.json.ends_with("more than is shown"));
    }
}
