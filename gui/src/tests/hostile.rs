//! Servers that speak the protocol well and mean ill, and files that somebody else has written: what they say is made
//! to freeze, confuse or fill whoever shows it. What frames cost meanwhile is for `benches/hostile.rs` to say.

use std::fs;
use std::time::{Duration, Instant};

use countersign::service::{DescriptionError, Handling, Service, ServiceDescription};
use countersign::{CallError, Code, Context, Metadata, Policy, Status};
use egui::accesskit::Role;
use egui::{Modifiers, Shape};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use jiff::Timestamp;

use super::flow::{Shop, Window};
use super::stage::Stage;
use crate::Dashboard;
use crate::command::Command;
use crate::exchange::{CallOrder, TabNews, TabOrder, Update};
use crate::model::TABS_MAX;
use crate::model::calls::Ended;
use crate::model::connections::{CONNECTIONS_MAX, Listing};
use crate::model::draft;
use crate::model::graphs::export::Format;
use crate::model::journal::Remark;
use crate::model::journal::asked::JournalCommand;
use crate::model::journal::recall::Reach;
use crate::model::recording::{RecordingCommand, RecordingNews};
use crate::model::reply::{Beside, Body};
use crate::model::server::Server;
use crate::model::shelf::ShelfNews;
use crate::model::stream::{Batch, ITEMS_KEPT, Item, Newest};
use crate::model::traces::{TRACES_MAX, Trace};
use crate::model::view::{Lens, Page};
use crate::rehearsal::hostile::{self, NUISANCES, disk, kept, loads, watched};
use crate::worker::recording::reel::Reel;
use crate::{text, worker};

/// The longest text that is drawn or read out, in characters: a value of a call that was kept, escaped.
const LONGEST: usize = 12_000;
/// The most things that can be read out at once: what is in sight, and some.
const MOST: usize = 4000;

/// Asserts that nothing in the window misleads, and that nothing is without end.
fn assert_is_tame(window: &Harness<'_, Dashboard>) {
    let assert_words = |words: &str| {
        assert!(words.chars().count() <= LONGEST, "{} characters: {words:.60}", words.len());
        assert!(!words.chars().any(|c| text::is_unsafe(c) && c != '\n'), "{words:?}");
    };
    let mut shapes: Vec<&Shape> = window.output().shapes.iter().map(|clipped| &clipped.shape).collect();
    while let Some(shape) = shapes.pop() {
        match shape {
            Shape::Vec(inner) => shapes.extend(inner),
            Shape::Text(drawn) => assert_words(drawn.galley.text()),
            _ => {}
        }
    }
    let mut count = 0;
    for node in window.root().children_recursive() {
        let node = node.accesskit_node();
        node.label().into_iter().chain(node.value()).for_each(|words| assert_words(&words));
        count += 1;
    }
    assert!(count < MOST, "{count} things to read out");
}

impl Stage {
    /// A window before a server with all of the nuisances.
    fn hostile() -> Self {
        Self::connected(worker::services(hostile::services(50), Some(hostile::forbidden(50))))
    }

    fn obey_all(&mut self, commands: impl IntoIterator<Item = Command>) {
        for command in commands {
            let _ = self.window.state_mut().model.obey(command, Instant::now());
            self.settle();
            assert_is_tame(&self.window);
        }
    }

    fn select(&mut self, name: &str) {
        self.obey_all([Command::Select(format!("evil.Nuisance/{name}")), Command::FillExample]);
    }

    /// Calls the procedure that is selected.
    fn begin(&mut self) -> CallOrder {
        while self.any_order().is_some() {}
        self.press("Call");
        self.call()
    }

    fn end_tamely(&mut self, call: &CallOrder, ended: Ended) {
        self.tell(TabNews::Ended(call.number, ended));
        assert_is_tame(&self.window);
    }
}

/// A service that is what a hostile server says of one, and answers what it should not.
struct Hostile(ServiceDescription);

impl Service for Hostile {
    fn description(&self) -> Result<ServiceDescription, DescriptionError> {
        Ok(self.0.clone())
    }

    fn dispatch(&self, method: usize, _: Context, _: &[u8]) -> Handling {
        let results = hostile::results(100);
        Handling::Ready(Ok(results[method % results.len()].1.clone()))
    }
}

/// A shop that is run by somebody hostile. Everything may be called but what is in the package `secret`, and that is
/// named.
fn shop() -> Shop {
    let policy = Policy::builder()
        .allow(&["*"], &["evil.*", "countersign.*"])
        .allow(&["*"], &["countersign.Reflection/names"]);
    Shop::open_with(policy.build().unwrap(), |mut server| {
        let mut secret = hostile::services(50).swap_remove(1);
        secret.name = "secret.Crowd".to_owned();
        for described in hostile::services(1000).into_iter().chain([secret]) {
            server = server.service(Hostile(described));
        }
        server
    })
}

#[test]
fn what_a_hostile_server_lists_is_escaped_and_can_be_searched() {
    let shop = shop();
    let mut window = Window::open(shop.target());
    window.wait_for("evil.Nuisance/deep");
    window.find("line break 1 crowd");
    window.wait_for("evil.Crowd/line\\nbreak\\t1\\u{0}");
    window.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::F);
    window.harness.run_steps(4);
    window.harness.event(egui::Event::Text("secret".to_owned()));
    window.harness.run_steps(4);
    assert!(window.shows("secret.Crowd/ordinary4") && !window.shows("there may be more"));
    for row in window.harness.query_all_by_role(Role::Button) {
        let label = row.accesskit_node().label().unwrap_or_default();
        assert!(!label.contains(['\n', '\u{202e}', '\u{2066}', '\0']), "{label:?}");
    }
    assert_is_tame(&window.harness);
}

#[test]
fn services_that_fit_no_message_together_are_asked_for_one_by_one() {
    let policy = Policy::builder().allow(&["*"], &["*"]).allow(&["*"], &["countersign.Reflection/names"]);
    let shop = Shop::open_with(policy.build().unwrap(), |mut server| {
        for i in 0..3 {
            let mut described = hostile::services(5).swap_remove(1);
            described.name = format!("large.Service{i}");
            described.documentation = "x".repeat(2 << 20);
            server = server.service(Hostile(described));
        }
        server
    });
    let mut window = Window::open(shop.target());
    window.wait_for("large.Service0/ordinary4");
    assert!(window.shows("large.Service2"));
}

#[test]
fn forms_and_pages_of_hostile_schemas_are_drawn_and_end() {
    let shop = shop();
    let mut window = Window::open(shop.target());
    window.wait_for("evil.Nuisance/deep");
    for name in NUISANCES {
        let path = format!("evil.Nuisance/{name}");
        window.find(&path);
        assert!(window.harness.state().title().starts_with(&path), "{path}");
        window.press("Documentation");
        window.wait_for("Copy arguments");
        window.press("JSON Schema");
        window.press("Types");
        window.press("Documentation");
        window.wait_for("Deadline");
    }
}

#[test]
fn a_hostile_reply_of_a_real_server_is_shown_through_every_lens() {
    let shop = shop();
    let mut window = Window::open(shop.target());
    window.wait_for("evil.Nuisance/deep");
    for name in ["misleading", "wordy", "faulty"] {
        window.find(&format!("evil.Nuisance/{name}"));
        window.press("Example");
        window.press("Call");
        window.wait_for("Reply as Hex");
        for lens in Lens::ALL {
            window.press(&format!("Reply as {}", lens.text()));
            assert_is_tame(&window.harness);
        }
    }
}

#[test]
fn replies_of_every_hostile_kind_are_escaped_and_only_what_is_in_sight_is_drawn() {
    let mut stage = Stage::hostile();
    stage.select("faulty");
    for (_, result) in hostile::results(200) {
        let call = stage.begin();
        let body = Body::new(result, call.earlier.as_ref()).unwrap();
        stage.end_tamely(&call, Ended::alone(Duration::MAX, Ok(body)));
        for lens in Lens::ALL {
            stage.obey_all([Command::SetLens(lens), Command::SelectItem(Some(1)), Command::ToggleItem(0)]);
            stage.obey_all([Command::ToggleItem(0), Command::SelectItem(None)]);
        }
    }
}

#[test]
fn messages_of_megabytes_and_metadata_by_the_thousand_are_clipped() {
    let mut stage = Stage::hostile();
    stage.select("faulty");
    let call = stage.begin();
    let mut status = Status::new(Code::Internal, hostile::megabyte());
    status.details = hostile::results(100)[2].1.clone().into();
    let problem = worker::problem(CallError::Status(status));
    stage.end_tamely(&call, Ended::alone(Duration::MAX, Err(problem)));
    assert!(stage.shows("\\u{202e}evil"));
    let mut metadata = Metadata::new();
    for i in 0..3000 {
        metadata.insert(format!("key-{i:0>120}"), "\u{202e}evil\n".repeat(500)).unwrap();
    }
    let call = stage.begin();
    let beside = Beside::new(None, &metadata, &metadata);
    let null = Body::new(vec![0xf6], None).unwrap();
    stage.end_tamely(&call, Ended { beside, ..Ended::alone(Duration::MAX, Ok(null)) });
    stage.press("Metadata (200)");
    assert_is_tame(&stage.window);
}

#[test]
fn a_flood_of_items_is_counted_and_the_newest_are_kept() {
    let mut stage = Stage::hostile();
    stage.select("streaming");
    stage.press("Start");
    let call = loop {
        match stage.order() {
            Some(TabOrder::Call(call)) => break *call,
            other => assert!(other.is_some(), "a call was expected"),
        }
    };
    let item = countersign::cbor::to_vec(&"\u{202e}evil\n".repeat(100)).unwrap();
    for batch in 1..=3 {
        let mut newest = Newest::default();
        for i in 0..2 * ITEMS_KEPT as u64 {
            newest.push(Item::new((batch - 1) * 1_000_000 + i + 1, Duration::MAX, item.clone()));
        }
        newest.summarise();
        let batch = Batch { received: batch * 1_000_000, bytes: u64::MAX, newest, ..Batch::default() };
        stage.tell(TabNews::Items(call.number, batch));
        assert_is_tame(&stage.window);
    }
    assert!(stage.shows("3,000,000 items") && stage.shows("the newest 5,000 are kept"));
    stage.obey_all([Command::FilterItems("EVIL".to_owned()), Command::PauseItems]);
    assert!(stage.shows("5,000 of 5,000 match"));
}

#[test]
fn counters_that_cannot_be_are_drawn_as_far_as_they_mean_something() {
    let mut stage = Stage::hostile();
    let mut counters = hostile::counters(2500);
    stage.obey_all([Command::Show(Page::Graphs)]);
    for _ in 0..5 {
        hostile::count_on(&mut counters, 20);
        stage.tell(TabNews::Stats(Ok(worker::tame(counters.clone()))));
        assert_is_tame(&stage.window);
    }
    stage.obey_all([
        Command::Compare("evil.Crowd/\\u{202e}0\\u{2066}".to_owned()),
        Command::Show(Page::Calls),
    ]);
    for count in [0, u64::MAX] {
        counters.monotonic_ns = count;
        counters.start_id = counters.start_id.wrapping_add(count);
        stage.tell(TabNews::Stats(Ok(worker::tame(counters.clone()))));
        assert_is_tame(&stage.window);
    }
}

#[test]
fn of_ten_thousand_hostile_connections_those_in_sight_are_escaped_and_drawn() {
    let mut stage = Stage::hostile();
    stage.obey_all([Command::Show(Page::Connections)]);
    let listing = Listing::new(watched::peers(CONNECTIONS_MAX + 7), stage.now());
    assert_eq!((listing.rows.len(), listing.has_more), (CONNECTIONS_MAX, true));
    stage.tell(TabNews::Connections(Ok(listing)));
    stage.obey_all([Command::AskToClose(7)]);
    assert!(stage.shows("spiffe://\\u{202e}evil\\n"));
}

#[test]
fn hostile_traces_are_escaped_and_clipped() {
    let mut stage = Stage::hostile();
    stage.obey_all([Command::Show(Page::Traces)]);
    let traces = watched::calls(2 * TRACES_MAX as usize);
    let traces = traces.iter().take(TRACES_MAX as usize).map(|call| Trace::of(call, stage.now())).collect();
    stage.tell(TabNews::Traces(None, Ok(traces)));
    stage.obey_all([Command::LookAtTrace(0)]);
    assert!(stage.shows("\\u{202e}evil\\n"));
}

#[test]
fn what_a_hostile_server_says_of_its_identity_is_escaped_and_clipped() {
    let mut stage = Stage::hostile();
    let said = watched::confession().unwrap();
    stage.tell(watched::own());
    stage.tell(TabNews::Server(Ok(Box::new(Server::of(&said)))));
    stage.obey_all([Command::Show(Page::Certificates)]);
    assert!(stage.shows("\\u{202e}evil\\n"));
}

#[test]
fn many_servers_that_tell_much_at_once_are_all_heard() {
    let mut stage = Stage::hostile();
    let mut counters = hostile::counters(300);
    let mut tabs = vec![stage.window.state().model.tab().id];
    for number in 1..TABS_MAX {
        stage.obey_all([Command::NewTab]);
        let tab = stage.window.state_mut().model.tab_mut();
        tab.entry.target = super::stage::target(&format!("{}:{number}", "W".repeat(500)));
        tabs.push(tab.id);
        stage.settle();
        stage.click("Connect");
        while stage.any_order().is_some() {}
        stage.tell(TabNews::Connected(super::stage::session()));
    }
    for _ in 0..3 {
        hostile::count_on(&mut counters, 30);
        for tab in &tabs {
            stage.tell_at(stage.now(), *tab, TabNews::Stats(Ok(worker::tame(counters.clone()))));
        }
    }
    stage.window.run_steps(3 * TABS_MAX);
    for tab in &stage.window.state().model.tabs {
        assert_eq!(tab.history.len(), 2, "two seconds lie between three states");
    }
    assert_is_tame(&stage.window);
}

#[test]
fn a_file_of_calls_that_somebody_else_has_written_is_shown_as_far_as_it_could_be_ours() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("calls.jsonl");
    fs::write(&file, disk::lines(12 << 20)).unwrap();
    let pages = worker::calls_in(file);
    assert!((100..5000).contains(&pages.calls.len()), "{}", pages.calls.len());
    assert_eq!(pages.remarks, [Remark::Broken(5)]);
    let mut stage = Stage::hostile();
    stage.tell_window(Update::Journal(pages));
    let all = JournalCommand::SetReach(Reach::Everywhere);
    stage.obey_all([JournalCommand::Toggle, all].map(Command::Journal));
    let calls = stage.window.state().model.journal.pages.calls.clone();
    for call in calls.iter().rev().step_by(calls.len() / 10) {
        stage.obey_all([Command::Journal(JournalCommand::Choose(call.entry.id.clone()))]);
        assert!(stage.shows("evil.\\u{202e}Nuisance/\\nfaulty"));
    }
    let strange = calls.iter().find(|call| call.entry.id.0 == "5").unwrap();
    stage.obey_all([Command::Journal(JournalCommand::Choose(strange.entry.id.clone()))]);
    assert!(stage.shows("not notation\\u{202e}"));
}

#[test]
fn saved_requests_that_somebody_else_has_written_are_opened_or_refused_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_string_lossy().into_owned();
    let requests = disk::requests("evil.Nuisance/faulty");
    for (name, text) in &requests {
        fs::write(folder.path().join(format!("{name}.json")), text).unwrap();
    }
    let mut stage = Stage::hostile();
    stage.press("Saved requests");
    stage.tell(TabNews::Shelf(worker::look(path.clone())));
    assert_is_tame(&stage.window);
    assert!(stage.shows("\\u{202e}name") && stage.shows("keys of metadata, and 64 are the most"));
    let mut opened = Vec::new();
    for (name, _) in requests {
        let read = worker::read(&path, name);
        opened.extend(read.is_ok().then_some(name));
        stage.tell(TabNews::Shelf(ShelfNews::Opened(name.to_owned(), read.map(Box::new))));
        // What can be typed is as it is, and is put aside here before it is looked at.
        let _ = stage.window.state_mut().model.obey(Command::ResetForm, Instant::now());
        stage.obey_all([Command::WriteIn(draft::Lens::Form)]);
    }
    assert_eq!(opened, ["notation", "arguments"]);
}

#[test]
fn graphs_of_hostile_names_are_written_as_one_field_each_and_as_a_picture() {
    let folder = tempfile::tempdir().unwrap();
    let mut stage = Stage::hostile();
    let mut counters = hostile::counters(5);
    for row in &mut counters.procedures {
        row.procedure = format!("evil.Crowd/=1,\"\n{}", row.procedure);
    }
    for _ in 0..5 {
        hostile::count_on(&mut counters, 50);
        stage.tell(TabNews::Stats(Ok(worker::tame(counters.clone()))));
    }
    let name = text::line(&counters.procedures[0].procedure, 400);
    stage.obey_all([Command::Compare(name), Command::ToggleExport]);
    for format in [Format::Csv, Format::Png] {
        let now = (stage.now(), Timestamp::now());
        let order = stage.window.state().model.tab().export(format, now, true);
        let Some(TabOrder::Export(_, _, export)) = order else { panic!("nothing was exported: {order:?}") };
        let path = folder.path().join(format.ending());
        worker::export(&path, format, &export).unwrap();
    }
    let table = fs::read_to_string(folder.path().join("csv")).unwrap();
    let points: usize = stage
        .window
        .state()
        .model
        .tab()
        .graphs
        .sheet
        .as_ref()
        .unwrap()
        .series
        .iter()
        .map(|it| it.points.len())
        .sum();
    assert_eq!(table.lines().count(), 1 + points, "a name breaks no line");
    assert!(table.contains("\"evil.Crowd/=1,\"\"\\n"), "{table}");
    assert!(!table.chars().any(|c| text::is_unsafe(c) && c != '\n'));
    assert!(fs::metadata(folder.path().join("png")).unwrap().len() > 1000);
}

#[test]
fn every_key_and_button_stays_of_use_before_a_hundred_thousand_procedures() {
    let services = worker::services(hostile::services(1000), Some(hostile::forbidden(100_000)));
    assert!(services.len() > 90_000, "{}", services.len());
    let mut stage = Stage::connected(services);
    stage.window.key_press_modifiers(Modifiers::COMMAND, egui::Key::F);
    stage.settle();
    for words in ["evil line", &"evil line abc ".repeat(500)] {
        stage.window.event(egui::Event::Text(words.to_owned()));
        stage.window.run_steps(20);
        assert_is_tame(&stage.window);
    }
    stage.window.key_press(egui::Key::Escape);
    stage.settle();
    assert!(stage.shows("evil.Nuisance"));
}

#[test]
fn a_recording_that_somebody_else_has_made_is_escaped_and_drawn_within_bounds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("evil\u{202e}.csrec");
    fs::write(&path, kept::film(3000)).unwrap();
    let mut stage = Stage::hostile();
    stage.obey_all([Command::Recording(RecordingCommand::Open(path.clone()))]);
    let (mut reel, overview) = Reel::open(&path, stage.now(), &mut |_| true).unwrap().unwrap();
    assert!(overview.outages.len() <= 500 && overview.restarts.len() <= 500);
    assert_eq!(overview.marks.len(), 3000);
    let end = overview.length;
    stage.tell(TabNews::Recording(RecordingNews::Opened(Box::new(overview))));
    for share in [1.0, 0.5, 0.001] {
        let at = end.mul_f64(share);
        stage.obey_all([Command::Recording(RecordingCommand::GoTo(at))]);
        let history = reel.go_to(at).unwrap().clone();
        stage.tell(TabNews::Recording(RecordingNews::At(at, Box::new(history))));
        stage.obey_all([Command::Show(Page::Graphs), Command::Show(Page::Calls)]);
    }
    assert!(stage.shows("\\u{202e}evil"));
}

#[test]
fn alerts_of_hostile_procedures_are_escaped_and_told_once_each() {
    let mut stage = Stage::hostile();
    stage.window.state_mut().model.settings.alerts.rules.known = kept::rules(50);
    let mut counters = hostile::counters(60);
    stage.obey_all([Command::Show(Page::Alerts)]);
    for _ in 0..4 {
        hostile::count_on(&mut counters, 10);
        stage.tell(TabNews::Stats(Ok(worker::tame(counters.clone()))));
        assert_is_tame(&stage.window);
    }
    let count = stage.window.state().model.alerts.count(None);
    assert!((1..=50).contains(&count), "{count}");
    assert!(stage.shows("evil.Crowd/line\\nbreak"));
}

#[test]
fn runs_of_a_load_that_a_server_spoils_are_escaped_and_bounded() {
    let mut stage = Stage::hostile();
    stage.obey_all([Command::Show(Page::Load)]);
    // With the server's counters, without them, and failed.
    for end in [5, 6, 7] {
        let number = loads::start(&mut stage.window.state_mut().model.tab_mut().load);
        for news in loads::progress().take(2).chain([loads::end(end)]) {
            stage.tell(TabNews::Load(number, news));
            assert_is_tame(&stage.window);
        }
    }
    assert_eq!(stage.window.state().model.tab().load.records.len(), 3);
}
