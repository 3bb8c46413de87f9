//! The whole dashboard against a real server: worker, TLS and all.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use countersign::{Credentials, Policy, Server, ServerBuilder};
use countersign_certs::authority::{Existing, Passphrase, Plan, Request};
use countersign_certs::{Authority, TrustDomain};
use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use super::stage::desk;
use crate::demo::Identities;
use crate::{Chosen, Dashboard, Desk, Notice, Opening, Target};

/// Longer than anything here takes, and shorter than anybody waits for a hanging test.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that can be stopped and started again, and an identity for it.
pub(super) struct Shop {
    policy: Policy,
    wares: fn(ServerBuilder) -> ServerBuilder,
    pub(super) folder: TempDir,
    identities: Identities,
    address: SocketAddr,
    running: Option<(Runtime, oneshot::Sender<()>)>,
}

impl Shop {
    pub(super) fn open() -> Self {
        Self::open_under(Policy::any_trusted_peer())
    }

    /// A server that lets peers do what this policy says.
    pub(super) fn open_under(policy: Policy) -> Self {
        Self::open_with(policy, countersign_examples::serve)
    }

    /// One that offers something else.
    pub(super) fn open_with(policy: Policy, wares: fn(ServerBuilder) -> ServerBuilder) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let identities = Identities::issue(folder.path()).unwrap();
        let address = "127.0.0.1:0".parse().unwrap();
        let mut shop = Self { policy, wares, folder, identities, address, running: None };
        shop.start();
        shop
    }

    pub(super) fn start(&mut self) {
        let runtime = Runtime::new().unwrap();
        let credentials = Credentials::watch(&self.identities.server).unwrap();
        let server = (self.wares)(Server::builder(credentials, self.policy.clone()));
        let server = runtime.block_on(server.bind(self.address)).unwrap();
        self.address = server.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        runtime.spawn(server.run_until(stopped));
        self.running = Some((runtime, stop));
    }

    /// As if the process had been killed: nobody is told.
    pub(super) fn kill(&mut self) {
        let (runtime, stop) = self.running.take().unwrap();
        runtime.shutdown_timeout(PATIENCE);
        drop(stop);
    }

    pub(super) fn target(&self) -> Target {
        let identity = self.identities.dashboard.to_string_lossy().into_owned();
        Target { address: self.address.to_string(), identity, ..Target::default() }
    }
}

/// A dashboard with its own worker, and the bell that the worker rings.
pub(super) struct Window {
    pub(super) harness: Harness<'static, Dashboard>,
    bell: Receiver<()>,
}

impl Window {
    pub(super) fn open(target: Target) -> Self {
        Self::remembering(target, None)
    }

    /// One that keeps its settings in this file, and its calls beside it.
    pub(super) fn remembering(target: Target, settings_file: Option<PathBuf>) -> Self {
        Self::with(target, settings_file, None)
    }

    /// One whose user chooses this file or folder, whenever there is one to choose.
    pub(super) fn choosing(target: Target, file: PathBuf) -> Self {
        Self::with(target, None, Some(file))
    }

    fn with(target: Target, settings_file: Option<PathBuf>, choice: Option<PathBuf>) -> Self {
        let (ring, bell) = channel();
        let browse = Arc::new(move |_, chosen: Chosen| {
            if let Some(choice) = choice.clone() {
                // A thread that the worker knows nothing of, as in the window.
                std::thread::spawn(move || chosen(choice));
            }
        });
        let notify = Arc::new(|_: &Notice| Err("nobody listens".to_owned()));
        let desk = Desk { browse, notify, settings_file, ..desk(ring) };
        let dashboard = Dashboard::start(desk, Opening::Server(target)).unwrap();
        let draw = |ui: &mut egui::Ui, dashboard: &mut Dashboard| {
            dashboard.learn();
            dashboard.ui(ui);
        };
        let harness = Harness::builder().with_size([1280.0, 800.0]).build_ui_state(draw, dashboard);
        harness.state().install(&harness.ctx);
        Self { harness, bell }
    }

    pub(super) fn shows(&self, words: &str) -> bool {
        self.harness.query_all_by_label_contains(words).next().is_some()
    }

    /// Draws whenever the worker rings, until these words can be read.
    pub(super) fn wait_for(&mut self, words: &str) {
        self.wait_until(words, |window| window.shows(words));
    }

    pub(super) fn wait_until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        self.harness.run_steps(4);
        let end = Instant::now() + PATIENCE;
        while !holds(self) {
            // The bell rings every second for the graphs alone.
            let rang = self.bell.recv_timeout(end.saturating_duration_since(Instant::now()));
            assert!(rang.is_ok(), "waited in vain for {what:?}; the window shows {:#?}", self.harness.root());
            self.harness.run_steps(4);
        }
    }

    pub(super) fn press(&mut self, name: &str) {
        self.reach(name);
        super::forms::control(&self.harness, name).click();
        self.harness.run_steps(4);
    }

    /// Dials another server in a tab of its own.
    pub(super) fn dial(&mut self, target: Target) {
        self.press("New tab");
        self.harness.state_mut().model.tab_mut().entry.target = target;
        self.press("Connect");
    }

    /// Scrolls to a control: what lies outside the form's frame cannot be clicked.
    pub(super) fn reach(&mut self, name: &str) {
        super::forms::control(&self.harness, name).scroll_to_me();
        self.harness.run_steps(4);
    }

    /// Opens a procedure by its name, wherever in the list it is.
    pub(super) fn find(&mut self, procedure: &str) {
        self.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::F);
        self.harness.run_steps(4);
        self.harness.event(egui::Event::Text(procedure.to_owned()));
        self.harness.key_press(egui::Key::Enter);
        self.harness.run_steps(4);
    }

    pub(super) fn fill(&mut self, name: &str, text: &str) {
        self.reach(name);
        let field = super::forms::control(&self.harness, name);
        field.focus();
        field.type_text(text);
        self.harness.run_steps(4);
    }

    /// Puts this into a field, in the place of what was there.
    pub(super) fn replace(&mut self, name: &str, text: &str) {
        self.harness.get_by_role_and_label(Role::TextInput, name).focus();
        self.harness.run_steps(4);
        self.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
        self.harness.get_by_role_and_label(Role::TextInput, name).type_text(text);
        self.harness.run_steps(4);
    }

    pub(super) fn choose(&mut self, menu: &str, entry: &str) {
        self.press(menu);
        self.press(entry);
    }
}

#[test]
fn an_order_is_filled_in_through_the_form_and_answered() {
    let shop = Shop::open();
    let mut window = Window::open(shop.target());
    window.wait_for("demo.Orders/place");
    assert!(window.shows("spiffe://countersign.internal/server") && window.shows("X25519MLKEM768"));
    window.press("demo.Orders/place");
    window.fill("order.customer.name", "Okakura Kakuzo");
    window.fill("order.customer.address.street", "Teapot Lane 4");
    window.fill("order.customer.address.town", "Camellia");
    window.fill("order.customer.address.postcode", "28195");
    window.choose("order.customer.address.country", "Japan");
    window.choose("order.lines[0].tea", "Oolong");
    window.fill("order.lines[0].grams", "250");
    window.choose("order.payment", "Card");
    window.fill("order.payment.Card.number", "4000000000000077");
    window.fill("order.payment.Card.month", "11");
    window.fill("order.payment.Card.year", "2031");
    window.press("Send order.labels");
    window.press("Add to order.labels");
    window.fill("Key order.labels[0]", "campaign");
    window.fill("order.labels[0]", "spring");
    window.press("Send order.picture");
    window.choose("Encoding of order.picture", "Hex");
    window.fill("order.picture", "89 50 4e 47");
    window.press("Call");
    window.wait_for("total_cents 4000");
    assert!(window.shows("OK") && window.shows("handler ") && window.shows("wire "));
}

#[test]
fn a_failure_shows_its_code_its_message_and_its_fault_and_so_does_the_graph() {
    let shop = Shop::open();
    let mut window = Window::open(shop.target());
    window.wait_for("demo.Orders/place");
    window.find("demo.Fault/fail");
    window.fill("code", "RESOURCE_EXHAUSTED");
    window.fill("message", "too many cups");
    window.wait_for("0.0 calls/s");
    window.press("Call");
    window.wait_for("too many cups");
    window.wait_until("the code beside the reply and above the graph", |window| {
        let beside = window.harness.query_all_by_label("RESOURCE_EXHAUSTED").count() == 1;
        // In the graph its rate follows, which has passed by the time we look.
        beside && window.shows("RESOURCE_EXHAUSTED ")
    });
    window.find("demo.Math/divide");
    window.fill("dividend", "1");
    window.fill("divisor", "0");
    window.press("Call");
    window.wait_for("DivisionByZero");
    assert!(window.shows("INVALID_ARGUMENT") && window.shows("Fault") && window.shows("dividend 1"));
}

#[test]
fn a_slow_call_is_given_up_by_hand_or_by_its_deadline() {
    let shop = Shop::open();
    let mut window = Window::open(shop.target());
    window.wait_for("demo.Clock/sleep");
    window.press("demo.Clock/sleep");
    window.fill("ms", "60000");
    window.press("Call");
    window.wait_for("1 in flight");
    window.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Period);
    window.wait_for("Cancelled here");
    window.wait_for("0 in flight");
    window.fill("Deadline", "50 ms");
    window.press("Call");
    window.wait_until("the end of the deadline", |window| {
        window.shows("No answer in time") || window.shows("DEADLINE_EXCEEDED")
    });
}

#[test]
fn a_killed_server_is_noticed_and_its_return_too_and_no_text_is_lost() {
    let mut shop = Shop::open();
    let mut window = Window::open(shop.target());
    window.wait_for("demo.Echo/record");
    window.fill("record.name", "half typed");
    window.wait_for("calls/s");
    shop.kill();
    window.wait_for("Connection lost");
    shop.start();
    window.wait_until("the connection", |window| !window.shows("Connection lost"));
    let name = super::forms::control(&window.harness, "record.name").value();
    assert_eq!(name.as_deref(), Some("half typed"));
    window.press("Example");
    window.press("Call");
    window.wait_for("OK");
}

#[test]
fn servers_with_different_identities_live_side_by_side_and_one_that_hangs_holds_up_nobody() {
    let (shop, other) = (Shop::open(), Shop::open());
    let mut window = Window::open(shop.target());
    window.wait_for("demo.Echo/record");
    // It takes connections, and never says a word.
    let hung = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = hung.local_addr().unwrap().to_string();
    window.dial(Target { address: address.clone(), ..shop.target() });
    window.wait_for(&format!("Connecting to {address}…"));
    window.dial(other.target());
    window.wait_for("demo.Echo/record");
    for server in [&shop, &other] {
        window.press(&server.address.to_string());
        window.press("Example");
        window.press("Call");
        window.wait_for("OK");
    }
    window.press(&address);
    assert!(window.shows("Connecting to"), "it has time until its deadline");
}

#[test]
fn a_dashboard_that_was_refused_is_let_in_with_a_renewed_identity() {
    let mut shop = Shop::open();
    let mut window = Window::open(shop.target());
    window.wait_for("demo.Echo/record");
    shop.kill();
    let renewed = tempfile::tempdir().unwrap();
    let old = std::mem::replace(&mut shop.identities, Identities::issue(renewed.path()).unwrap());
    shop.start();
    // By its own lights: the new server's authority is not the one that it knows.
    window.wait_for("authority");
    for file in ["cert.pem", "key.pem", "ca.pem"] {
        std::fs::copy(shop.identities.dashboard.join(file), old.dashboard.join(file)).unwrap();
    }
    // Nobody has to press anything.
    window.wait_until("the connection", |window| !window.shows("Connection lost"));
}

#[test]
fn a_renewed_identity_is_shown_at_once_and_a_broken_one_leaves_the_old_in_force() {
    let shop = Shop::open();
    let mut window = Window::open(shop.target());
    window.wait_for("demo.Echo/record");
    window.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::I);
    window.wait_for("Whom it trusts");
    assert!(window.shows("one root") && window.shows("are not checked for revocation"));
    let serial = || {
        let credentials = Credentials::load(&shop.identities.dashboard).unwrap();
        credentials.identity().certificate().serial().to_owned()
    };
    let old = serial();
    window.wait_for(&old);
    let key = shop.identities.dashboard.join("key.pem");
    let sound = std::fs::read(&key).unwrap();
    std::fs::write(&key, "not a key").unwrap();
    window.wait_for("New identity not usable");
    assert!(window.shows("key.pem: no private key in this file") && window.shows(&old));
    std::fs::write(&key, sound).unwrap();
    window.wait_until("the old files", |window| !window.shows("New identity not usable"));
    let authority = Authority::open(shop.folder.path()).unwrap();
    let request = Request::client("dashboard".parse().unwrap());
    authority.issue_to(shop.folder.path(), &request, Existing::Replace).unwrap();
    window.wait_for(&serial());
    assert!(!window.shows(&old) && window.shows("renewed once"));
}

#[test]
fn an_identity_that_could_not_be_used_is_taken_as_soon_as_it_can() {
    let shop = Shop::open();
    let key = shop.identities.dashboard.join("key.pem");
    let sound = std::fs::read(&key).unwrap();
    std::fs::write(&key, "not a key").unwrap();
    let mut window = Window::open(shop.target());
    window.wait_for("key.pem: no private key in this file");
    window.press("Show certificates");
    window.wait_for("This identity cannot be used");
    std::fs::write(&key, sound).unwrap();
    window.wait_for("own certificate");
    window.press("Back");
    window.press("Connect");
    window.wait_for("demo.Echo/record");
}

#[test]
fn an_identity_is_made_beside_ones_own_and_taken_back() {
    let shop = Shop::open();
    let mut window = Window::open(shop.target());
    window.wait_for("demo.Echo/record");
    window.press("spiffe://countersign.internal/server");
    window.press("New identity");
    window.wait_for("Make identity");
    window.fill("Name", "bob");
    window.press("Make identity");
    window.wait_for("Made spiffe://countersign.internal/bob");
    let bob = Credentials::load(shop.folder.path().join("bob")).unwrap();
    assert_eq!(bob.identity().id().as_str(), "spiffe://countersign.internal/bob");
    window.press("Make identity");
    window.wait_for("there is an identity of this name already");
    window.press("Renew bob");
    window.wait_for("Renewed bob. ");
    let renewed = Credentials::load(shop.folder.path().join("bob")).unwrap();
    assert_ne!(renewed.identity().certificate().serial(), bob.identity().certificate().serial());
    super::forms::any_control(&window.harness, "Revoke bob").click();
    window.wait_for("Revoke the 2 certificates of bob?");
    window.press("Revoke");
    window.wait_for("Revoked bob. Place ");
    window.wait_until("the row without its button", |window| {
        window.harness.query_by_label("Revoke bob").is_none()
    });
    assert!(window.shows("revoked"));
}

#[test]
fn a_revoked_dashboard_is_told_so_at_once_and_let_in_again_with_a_new_identity() {
    let shop = Shop::open();
    let authority = Authority::open(shop.folder.path()).unwrap();
    let place_list = || {
        let [from, to] = [shop.folder.path().join("authority"), shop.identities.server.clone()];
        std::fs::copy(from.join("crl.pem"), to.join("new.pem")).unwrap();
        std::fs::rename(to.join("new.pem"), to.join("crl.pem")).unwrap();
    };
    let mut window = Window::open(shop.target());
    window.wait_for("demo.Echo/record");
    authority.revoke(&"dashboard".parse().unwrap()).unwrap();
    place_list();
    window.wait_for("Connection lost");
    window.wait_for("revoked");
    window.wait_for("Ask for a new identity.");
    window.press("Show certificates");
    window.wait_for("This dashboard");
    let request = Request::client("dashboard".parse().unwrap());
    authority.issue_to(shop.folder.path(), &request, Existing::Replace).unwrap();
    window.wait_until("the connection", |window| !window.shows("Connection lost"));
    assert!(window.shows("renewed once"));
}

#[test]
fn an_encrypted_authority_is_unlocked_and_locked_again() {
    let shop = Shop::open();
    let sealed = tempfile::tempdir().unwrap();
    let plan = Plan::new(TrustDomain::default()).encrypted(Passphrase::new("open sesame").unwrap());
    Authority::init(sealed.path(), plan).unwrap();
    let mut window = Window::open(shop.target());
    window.wait_for("demo.Echo/record");
    window.harness.state_mut().model.office.folder = sealed.path().to_string_lossy().into_owned();
    window.press("spiffe://countersign.internal/server");
    window.press("New identity");
    for (words, outcome) in [("open barley", "the passphrase is wrong"), ("open sesame", "Make identity")] {
        window.wait_for("Unlock");
        window.fill("Passphrase", words);
        window.press("Unlock");
        window.wait_for(outcome);
    }
    window.fill("Name", "bob");
    window.press("Make identity");
    window.wait_for("Made spiffe://countersign.internal/bob");
    window.press("Lock");
    window.wait_for("Unlock");
    assert!(Credentials::load(sealed.path().join("bob")).is_ok());
}

#[test]
fn a_stranger_is_told_why_it_was_refused_and_what_to_do() {
    let shop = Shop::open();
    let strange = tempfile::tempdir().unwrap();
    let stranger = Identities::issue(strange.path()).unwrap().dashboard;
    // It trusts the server, but the server does not trust it.
    std::fs::copy(shop.folder.path().join("authority/cert.pem"), stranger.join("ca.pem")).unwrap();
    let identity = stranger.to_string_lossy().into_owned();
    let mut window = Window::open(Target { identity, ..shop.target() });
    window.wait_for("authority");
    assert!(!window.shows("demo.Echo"));
    let mut nobody = Window::open(Target { identity: "/nowhere/alice".to_owned(), ..shop.target() });
    nobody.wait_for("/nowhere/alice: no such folder");
}

#[test]
fn a_stream_is_watched_and_cancelled_and_the_server_stops() {
    let shop = Shop::open();
    let mut window = Window::open(shop.target());
    window.wait_for("demo.Clock/ticks");
    window.press("demo.Clock/ticks");
    window.fill("interval_ms", "5");
    window.press("Start");
    window.wait_for("10 items");
    window.wait_for("1 in flight");
    // Other procedures can be called meanwhile.
    window.press("demo.Clock/now");
    window.press("Call");
    window.wait_for("OK");
    window.press("demo.Clock/ticks");
    window.wait_for("Streaming");
    window.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Period);
    window.wait_for("Cancelled here");
    window.wait_for("0 in flight");
    assert!(window.shows("{\"number\": "), "what came stays");
}

#[test]
fn a_stream_that_is_left_alone_ends_with_its_result_after_all_of_its_items() {
    let shop = Shop::open();
    let mut window = Window::open(shop.target());
    window.wait_for("demo.Echo/stream");
    window.press("demo.Echo/stream");
    window.fill("count", "20000");
    window.fill("size", "100");
    window.press("Start");
    window.wait_for("OK");
    assert!(window.shows("20,000 items") && window.shows("the newest 5,000 are kept"));
    window.wait_for("Item 20,000");
}

#[test]
fn a_file_of_items_is_sent_and_its_mistakes_are_told_by_line() {
    let shop = Shop::open();
    let file = shop.folder.path().join("numbers.jsonl");
    let lines: Vec<String> = (1..=1000).map(|number| number.to_string()).collect();
    std::fs::write(&file, format!("{}\n\n/ five hundred / 500\nmany\n7\n", lines.join("\n"))).unwrap();
    let mut window = Window::choosing(shop.target(), file);
    window.wait_for("demo.Math/sum");
    window.press("demo.Math/sum");
    window.press("Start");
    window.wait_for("Streaming");
    window.press("Send a file of items…");
    window.wait_for("numbers.jsonl: 1,001 items sent, not all of it");
    assert!(window.shows("Line 1,003: ") && window.shows("1,001 sent"));
    window.press("Done");
    window.wait_for("OK");
    window.wait_for("501000");
}

#[test]
fn items_are_sent_and_received() {
    let shop = Shop::open();
    let mut window = Window::open(shop.target());
    window.wait_for("demo.Math/sum");
    window.press("demo.Math/sum");
    window.press("Start");
    window.wait_for("Streaming");
    for (number, count) in [("40", "1 sent"), ("2", "2 sent")] {
        super::forms::control(&window.harness, "item").focus();
        window.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
        window.fill("item", number);
        window.press("Send");
        window.wait_for(count);
    }
    window.press("Done");
    window.wait_for("OK");
    assert!(window.shows("42"));
    window.press("demo.Chat/room");
    window.fill("room", "pantry");
    window.press("Start");
    window.wait_for("Streaming");
    window.fill("item", "Is there cake?");
    window.press("Send");
    window.wait_for("\"Is there cake?\"");
    window.press("Done");
    window.wait_for("OK");
}

#[test]
fn a_stream_ends_when_its_server_is_killed_or_the_user_hangs_up() {
    let mut shop = Shop::open();
    let mut window = Window::open(shop.target());
    window.wait_for("demo.Clock/ticks");
    window.press("demo.Clock/ticks");
    window.fill("interval_ms", "5");
    window.press("Start");
    window.wait_for("10 items");
    shop.kill();
    window.wait_for("Connection lost");
    window.wait_until("the end of the stream", |window| !window.shows("Streaming"));
    shop.start();
    window.wait_until("the connection", |window| window.harness.query_by_label("Not connected").is_none());
    window.wait_until("a server to start a stream on", |window| {
        let start = super::forms::control(&window.harness, "Start");
        !egui_kittest::kittest::NodeT::accesskit_node(&start).is_disabled()
    });
    window.press("Start");
    window.wait_for("10 items");
    window.press("Disconnect");
    window.press("Connect");
    window.wait_for("Cancelled here");
    window.wait_for("0 in flight");
}

#[test]
fn a_request_in_diagnostic_notation_or_hex_is_answered() {
    let shop = Shop::open();
    let mut window = Window::open(shop.target());
    window.wait_for("demo.Math/divide");
    window.find("demo.Math/divide");
    for (lens, text, answer) in [
        ("diagnostic notation", r#"{"dividend": 1, / by / "divisor": 4.0}"#, "0.25"),
        ("hexadecimal digits", "a2 68 6469766964656e64 01 67 64697669736f72 08", "0.125"),
    ] {
        window.press(&format!("Write the request in {lens}"));
        super::forms::control(&window.harness, &format!("Arguments in {lens}")).focus();
        window.harness.run_steps(2);
        window.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
        window.harness.run_steps(2);
        window.harness.event(egui::Event::Text(text.to_owned()));
        window.harness.run_steps(4);
        window.press("Call");
        window.wait_for(answer);
    }
}
