//! Calls that are copied out of the window, run: what comes of them is what the window showed. And the file in which
//! the window keeps them, in the next run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use countersign::Schema;
use countersign::cbor::{self, Diagnostic, Value};
use countersign::schema::to_json;
use serde_json::Value as Json;

use super::flow::{Shop, Window};
use super::forms::control;
use super::stage::copied;
use crate::model::journal::entry::{Entry, Said};
use crate::model::journal::rust::program;

/// What a call brought, as the window has it.
#[derive(Debug, PartialEq)]
struct Brought {
    items: Vec<Value>,
    result: Value,
}

impl Window {
    /// Fills in a field anew.
    fn put(&mut self, name: &str, text: &str) {
        control(&self.harness, name).focus();
        self.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
        self.fill(name, text);
    }

    /// Waits until the call was answered and noted, and tells what it brought.
    fn brought(&mut self) -> Brought {
        self.wait_until("the call to be noted", |window| window.harness.state().model.tab().recall.is_noted);
        let tab = self.harness.state().model.tab();
        let call = tab.calls.last(tab.selected.as_deref().unwrap()).unwrap();
        let body = call.ended.as_ref().unwrap().outcome.as_ref().unwrap();
        let items = call.stream.iter().flat_map(|stream| stream.kept.iter());
        let items = items.map(|item| cbor::from_slice(&item.bytes).unwrap()).collect();
        Brought { items, result: cbor::from_slice(&body.bytes).unwrap() }
    }

    /// The last call, as it was noted.
    fn noted(&self) -> Entry {
        let newest = self.harness.state().model.journal.pages.calls.first();
        newest.unwrap().entry.clone()
    }

    fn divide(&mut self) {
        self.find("demo.Math/divide");
        self.put("dividend", "7");
        self.put("divisor", "2");
        self.put("Deadline", "800 ms");
        self.press("Call");
    }

    fn sum(&mut self) {
        self.find("demo.Math/sum");
        self.press("Start");
        for number in ["40", "2"] {
            self.put("item", number);
            self.press("Send");
        }
        self.wait_for("2 sent");
        self.press("Done");
    }

    fn stream(&mut self) {
        self.find("demo.Echo/stream");
        self.put("count", "3");
        self.put("size", "4");
        self.press("Start");
    }

    fn echo(&mut self) {
        self.find("demo.Echo/record");
        self.press("Example");
        self.put("record.name", "it's $(touch pwned) \"quoted\" \\ \u{202e}\u{1b}[2J");
        self.press("Call");
    }
}

/// What the build has put beside this test.
fn built(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.parent().and_then(Path::parent).unwrap().join(name);
    assert!(path.is_file(), "{} is not there: build the whole workspace", path.display());
    path
}

/// What a program printed that succeeded.
fn printed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A command that is to be run in the shop's folder, where `countersign` is what was built.
#[cfg(unix)]
fn in_shell(shop: &Shop, command: &str) -> Command {
    let beside = built("countersign").parent().unwrap().to_string_lossy().into_owned();
    let path = format!("{beside}:{}", std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).env("PATH", path).current_dir(shop.folder.path());
    shell
}

/// What the load that is shown came to in the window, and what it comes to as a command, which may fail.
#[cfg(unix)]
fn shown_and_measured(window: &mut Window, shop: &Shop) -> [Json; 2] {
    let shown = copied(&mut window.harness, "Copy load result as JSON");
    let command = copied(&mut window.harness, "Copy load as command");
    let output = in_shell(shop, &format!("{command} --json")).output().unwrap();
    let measured = String::from_utf8(output.stdout).unwrap();
    assert!(!measured.is_empty(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    [shown, measured].map(|json| serde_json::from_str(&json).unwrap())
}

#[cfg(unix)]
#[test]
fn a_copied_command_gives_the_reply_that_the_window_showed() {
    let shop = Shop::open();
    let mut window = Window::open(shop.target());
    window.wait_for("demo.Math/divide");
    for call in [Window::divide, Window::sum, Window::stream, Window::echo] {
        call(&mut window);
        let brought = window.brought();
        let command = copied(&mut window.harness, "Copy as command");
        let printed = printed(&mut in_shell(&shop, &command));
        let all: Vec<Json> =
            serde_json::Deserializer::from_str(&printed).into_iter().map(Result::unwrap).collect();
        // After items a result that is null is not printed.
        let result = Some(brought.result).filter(|result| brought.items.is_empty() || *result != Value::Null);
        let shown = brought.items.iter().chain(&result).map(|value| to_json(&Schema::default(), value));
        assert_eq!(all, shown.collect::<Vec<_>>(), "{command}");
        assert!(!shop.folder.path().join("pwned").exists());
    }
}

#[cfg(unix)]
#[test]
fn a_copied_load_makes_the_calls_that_the_window_made() {
    let shop = Shop::open();
    let mut window = Window::open(shop.target());
    window.wait_for("demo.Math/divide");
    window.find("demo.Echo/record");
    window.press("Example");
    window.put("record.name", "it's $(touch pwned)");
    window.press("Load…");
    for (field, text) in [("Rate", "200"), ("Duration", "500 ms"), ("Warm-up", "0")] {
        window.put(field, text);
    }
    window.press("Start");
    window.wait_for("Run 1, done");
    let [shown, measured] = shown_and_measured(&mut window, &shop);
    // A machine that does not keep up begins fewer than are due, and says so.
    let of_due = |run: &Json| {
        let counts = ["/calls", "/errors", "/open_loop/not_started", "/open_loop/unanswered"];
        counts.map(|count| run.pointer(count).and_then(Json::as_u64).expect(count)).iter().sum::<u64>()
    };
    assert_eq!([&shown, &measured].map(of_due), [100, 100], "{shown} {measured}");
    for same in ["/errors", "/open_loop/due", "/open_loop/offered_per_s", "/open_loop/arrivals"] {
        assert!(
            shown.pointer(same).is_some_and(|shown| Some(shown) == measured.pointer(same)),
            "{same}: {shown} {measured}"
        );
    }
    for number in shown.as_object().unwrap().keys().filter(|name| name.ends_with("_us")) {
        assert!(measured.get(number).is_some(), "{number} has a name of its own");
    }
    assert!(!shop.folder.path().join("pwned").exists());
}

#[cfg(unix)]
#[test]
fn a_copied_load_of_so_many_calls_has_their_metadata_and_their_deadline() {
    let shop = Shop::open();
    let mut window = Window::open(shop.target());
    window.wait_for("demo.Clock/sleep");
    window.find("demo.Clock/sleep");
    window.put("ms", "60000");
    window.put("Deadline", "20 ms");
    window.press("Metadata");
    window.press("Add metadata");
    window.put("Metadata key 1", "trace");
    window.put("Metadata value 1", "it's $(touch pwned)");
    window.press("Load…");
    window.press("So many times");
    window.replace("Calls", "12");
    window.press("Start");
    window.wait_for("Run 1, done");
    let [shown, measured] = shown_and_measured(&mut window, &shop);
    assert_eq!(measured["errors_by_code"], serde_json::json!({ "DEADLINE_EXCEEDED": 12 }));
    for same in ["calls", "errors", "errors_by_code", "cut_short"] {
        assert_eq!(shown[same], measured[same], "{same}");
    }
    assert!(!shop.folder.path().join("pwned").exists());
}

#[test]
fn a_copied_program_gives_the_reply_that_the_window_showed() {
    let shop = Shop::open();
    let folder = shop.folder.path();
    fs::create_dir(folder.join("pki")).unwrap();
    fs::rename(shop.target().identity, folder.join("pki/alice")).unwrap();
    let mut target = shop.target();
    target.identity = folder.join("pki/alice").to_string_lossy().into_owned();
    target.expect_peer = "spiffe://countersign.internal/server".to_owned();
    let mut window = Window::open(target);
    window.wait_for("demo.Math/divide");
    let names = ["copied_call", "copied_stream", "copied_items"];
    for (name, call) in names.into_iter().zip([Window::divide, Window::stream, Window::sum]) {
        call(&mut window);
        let brought = window.brought();
        let mut entry = window.noted();
        (entry.server.identity, entry.server.address) = ("pki/alice".to_owned(), "localhost:7443".to_owned());
        if name == "copied_call" {
            let metadata = [("authorization", "Bearer of news"), ("trace", "7")];
            entry.request.metadata =
                metadata.map(|(key, value)| (key.to_owned(), Said::text(key, value))).into();
        }
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("examples/{name}.rs"));
        let program = program(&entry).unwrap();
        assert_eq!(fs::read_to_string(&source).unwrap(), program, "{} is what was copied", source.display());
        let mut run = Command::new(built(&format!("examples/{name}{}", std::env::consts::EXE_SUFFIX)));
        run.arg(&window.harness.state().model.tab().connection.target().unwrap().address);
        let printed = printed(run.current_dir(folder).env("AUTHORIZATION", "Bearer of news"));
        let items = brought.items.iter().map(|item| format!("{}\n", Diagnostic::new(item)));
        let result = format!("{}\n", Diagnostic::new(&brought.result).indented());
        assert_eq!(printed, items.chain([result]).collect::<String>(), "{name}");
    }
}

#[test]
fn calls_are_there_in_the_next_run_and_can_be_repeated() {
    let shop = Shop::open();
    let settings = shop.folder.path().join("config/dashboard.json");
    let mut window = Window::remembering(shop.target(), Some(settings.clone()));
    window.wait_for("demo.Math/divide");
    window.divide();
    let brought = window.brought();
    drop(window);
    let kept = fs::read_to_string(settings.with_file_name("calls.jsonl")).unwrap();
    assert!(kept.contains("demo.Math/divide") && !kept.contains("PRIVATE KEY"), "{kept}");
    let mut window = Window::remembering(shop.target(), Some(settings));
    window.wait_for("demo.Math/divide");
    window.find("demo.Math/divide");
    window.press("History");
    window.wait_for("demo.Math/divide OK");
    let row = window.harness.state().model.tab().recall.found[0].entry.id.clone();
    assert_eq!(window.noted().id, row);
    super::forms::first_containing(&window.harness, "demo.Math/divide OK").click();
    window.harness.run_steps(4);
    window.press("Repeat");
    assert_eq!(window.brought(), brought);
    window.wait_until("both calls", |window| window.harness.state().model.tab().recall.found.len() == 2);
}
