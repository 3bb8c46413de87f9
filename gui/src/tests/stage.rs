//! A dashboard whose worker is the test.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use countersign::Schema;
use countersign::cbor::{self, Value};
use countersign::service::CallKind;
use egui::accesskit::Role;
use egui::{Key, Modifiers, OutputCommand};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use serde_json::json;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::command::Command;
use crate::exchange::{CallOrder, Generation, OfficeOrder, Order, TabNews, TabOrder, TabUpdate, Update};
use crate::model::Model;
use crate::model::authority::OfficeNews;
use crate::model::calls::Ended;
use crate::model::catalogue::{Procedure, Service, Services};
use crate::model::connection::{PeerFacts, Session, Target};
use crate::model::journal::Pages;
use crate::model::reply::{Body, Problem, ProblemKind};
use crate::model::settings::Settings;
use crate::model::tab::TabId;
use crate::{Dashboard, Desk};
use countersign::builtin::stats::{ProcedureStats, Snapshot};

/// The window, and the worker's ends of its channels.
pub(crate) struct Stage {
    pub(crate) window: Harness<'static, Dashboard>,
    orders: UnboundedReceiver<Order>,
    updates: Sender<Update>,
    /// The targets of each tab, counted as the window counts them.
    generations: BTreeMap<TabId, Generation>,
    counters: Snapshot,
}

impl Stage {
    /// A window that was just opened.
    pub(crate) fn new() -> Self {
        let (order_sender, orders) = unbounded_channel();
        let (updates, update_receiver) = channel();
        let target = target("localhost:7443");
        let model = Model::new(Settings::default(), target);
        let dashboard = Dashboard::new(model, order_sender, update_receiver);
        let window = Harness::builder().with_size([1280.0, 800.0]).with_max_steps(12).build_ui_state(
            |ui, dashboard: &mut Dashboard| {
                dashboard.learn();
                dashboard.ui(ui);
            },
            dashboard,
        );
        window.state().install(&window.ctx);
        let counters = Snapshot { start_id: 1, ..Snapshot::default() };
        let mut stage = Self { window, orders, updates, generations: BTreeMap::new(), counters };
        stage.settle();
        stage
    }

    /// A window that is connected to a server with these services, whose counters have come twice.
    pub(crate) fn connected(services: impl Into<Services>) -> Self {
        let mut stage = Self::new();
        stage.click("Connect");
        assert!(matches!(stage.order(), Some(TabOrder::Connect(..))));
        stage.tell(TabNews::Connected(session()));
        stage.tell(TabNews::Catalogue(Ok(services.into())));
        stage.count("acme.Ledger/balance", 0, Duration::ZERO, None);
        stage
    }

    /// The worker says something of the server that is shown.
    pub(crate) fn tell(&mut self, news: TabNews) {
        self.tell_tab(self.window.state().model.tab().id, news);
    }

    /// The worker says something of the server in a tab, whether that is shown or not.
    pub(crate) fn tell_tab(&mut self, tab: TabId, news: TabNews) {
        self.tell_at(self.now(), tab, news);
        self.settle();
    }

    /// What time it is in the window.
    pub(crate) fn now(&self) -> Instant {
        self.window.state().still.unwrap_or_else(Instant::now)
    }

    /// The same, learned at this moment; nothing is drawn yet.
    pub(crate) fn tell_at(&mut self, at: Instant, tab: TabId, news: TabNews) {
        let generation = self.generations.get(&tab).copied().unwrap_or_default();
        let update = TabUpdate { generation, at, news };
        self.updates.send(Update::Tab(tab, Box::new(update))).unwrap();
    }

    /// The worker says something that belongs to no server.
    pub(crate) fn tell_window(&mut self, update: Update) {
        self.updates.send(update).unwrap();
        self.settle();
    }

    /// The worker says something of an authority.
    pub(crate) fn tell_of_office(&mut self, news: OfficeNews) {
        self.tell_window(Update::Office(news));
    }

    /// The worker says which calls are known.
    pub(crate) fn tell_of_calls(&mut self, pages: Pages) {
        self.tell_window(Update::Journal(pages));
    }

    /// What a button puts on the clipboard.
    pub(crate) fn copied(&mut self, button: &str) -> String {
        copied(&mut self.window, button)
    }

    /// Presses a key together with the one for commands.
    pub(crate) fn keys(&mut self, key: Key) {
        self.window.key_press_modifiers(Modifiers::COMMAND, key);
        self.settle();
    }

    /// As if the command had been chosen.
    pub(crate) fn command(&mut self, command: Command) {
        let now = self.now();
        self.window.state_mut().model.obey(command, now);
        self.settle();
    }

    /// The procedure that is shown.
    pub(crate) fn selected(&self) -> Option<&str> {
        self.window.state().model.tab().selected.as_deref()
    }

    /// A second passes on the server, in which so many calls of a procedure ended.
    pub(crate) fn count(&mut self, procedure: &str, calls: u64, took: Duration, code: Option<&str>) {
        self.count_at(self.now(), procedure, calls, took, code);
        self.settle();
    }

    /// The same, at another moment; nothing is drawn yet.
    pub(crate) fn count_at(
        &mut self,
        at: Instant,
        procedure: &str,
        calls: u64,
        took: Duration,
        code: Option<&str>,
    ) {
        self.counters.monotonic_ns += 1_000_000_000;
        let stats = match self.counters.procedures.iter_mut().find(|stats| stats.procedure == procedure) {
            Some(stats) => stats,
            None => {
                let stats = ProcedureStats { procedure: procedure.to_owned(), ..ProcedureStats::default() };
                self.counters.procedures.push(stats);
                self.counters.procedures.last_mut().unwrap()
            }
        };
        stats.calls += calls;
        for _ in 0..calls {
            stats.latency.record(took);
        }
        if let Some(code) = code {
            *stats.errors.entry(code.to_owned()).or_default() += calls;
        }
        let snapshot = self.counters.clone();
        self.tell_at(at, self.window.state().model.tab().id, TabNews::Stats(Ok(snapshot)));
    }

    /// The server was started again: its counters begin anew.
    pub(crate) fn restart_server(&mut self) {
        self.counters = Snapshot { start_id: self.counters.start_id + 1, ..Snapshot::default() };
    }

    /// What the window asked of the worker, oldest first.
    pub(crate) fn any_order(&mut self) -> Option<Order> {
        let order = self.orders.try_recv().ok();
        if let Some(Order::Tab(tab, TabOrder::Connect(_, generation))) = &order {
            self.generations.insert(*tab, *generation);
        }
        order
    }

    /// The same, which is for the server in a tab.
    pub(crate) fn order(&mut self) -> Option<TabOrder> {
        self.any_order().map(|order| match order {
            Order::Tab(_, order) => order,
            other => panic!("an order for a server was expected: {other:?}"),
        })
    }

    /// The same, which is for an authority.
    pub(crate) fn office_order(&mut self) -> Option<OfficeOrder> {
        self.any_order().map(|order| match order {
            Order::Office(order) => order,
            other => panic!("an order for an authority was expected: {other:?}"),
        })
    }

    /// The call that the window asked for.
    pub(crate) fn call(&mut self) -> CallOrder {
        match self.order() {
            Some(TabOrder::Call(call)) => *call,
            other => panic!("a call was expected: {other:?}"),
        }
    }

    /// The server answers a call.
    pub(crate) fn answer(&mut self, call: &CallOrder, value: &Value) {
        let body = Body::new(cbor::to_vec(value).unwrap(), call.earlier.as_ref()).unwrap();
        let ended = Ended::alone(Duration::from_micros(3100), Ok(body));
        self.tell(TabNews::Ended(call.number, ended));
    }

    /// The server refuses a call.
    pub(crate) fn refuse(&mut self, call: &CallOrder, code: countersign::Code, message: &str) {
        let problem = Problem::new(ProblemKind::Status(code), message);
        self.tell(TabNews::Ended(call.number, Ended::alone(Duration::from_millis(2), Err(problem))));
    }

    /// Draws until nothing moves; where a spinner turns, a few times.
    pub(crate) fn settle(&mut self) {
        self.window.run_steps(6);
        // News beyond what a frame has time for comes with the next ones.
        while self.window.state().is_behind {
            self.window.run_steps(1);
        }
    }
}

/// What a button puts on the clipboard.
pub(super) fn copied(window: &mut Harness<'_, Dashboard>, button: &str) -> String {
    window.get_by_role_and_label(Role::Button, button).click();
    for _ in 0..6 {
        window.step();
        let commands = &window.output().platform_output.commands;
        if let Some(OutputCommand::CopyText(text)) = commands.first() {
            return text.clone();
        }
    }
    panic!("{button} copies nothing");
}

/// What a worker has around it where nobody looks: it rings this bell, and nobody is asked or told anything.
pub(crate) fn desk(bell: Sender<()>) -> Desk {
    Desk {
        // A test that has ended hears no bell.
        repaint: Arc::new(move || bell.send(()).unwrap_or_default()),
        browse: Arc::new(|_, _| {}),
        notify: Arc::new(|_| Ok(())),
        remove_on_exit: Arc::new(|_| Ok(())),
        settings_file: None,
    }
}

/// A server at this address, to whom we are alice.
pub(crate) fn target(address: &str) -> Target {
    Target { address: address.to_owned(), identity: "pki/alice".to_owned(), ..Target::default() }
}

/// Who the server is.
pub(crate) fn session() -> Session {
    Session {
        peer: PeerFacts {
            id: "spiffe://countersign.internal/server".to_owned(),
            address: "127.0.0.1:7443".to_owned(),
            fingerprint: "9f".repeat(32),
            not_before: jiff::Timestamp::now() - jiff::SignedDuration::from_mins(5),
            not_after: jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * 29 + 1),
            cipher: "TLS13_AES_256_GCM_SHA384".to_owned(),
            key_exchange: "X25519MLKEM768".to_owned(),
        },
    }
}

/// A service of two procedures, and a built-in one.
pub(crate) fn ledger() -> Vec<Service> {
    let service = |name: &str, procedures: Vec<Procedure>| Service {
        name: name.to_owned(),
        documentation: "Accounts and what is in them.".to_owned(),
        procedures,
        forbidden: Vec::new(),
    };
    let account = json!({ "type": "object", "properties": { "account": { "type": "string" } },
        "required": ["account"], "additionalProperties": false });
    vec![
        service(
            "acme.Ledger",
            vec![procedure("acme.Ledger/balance", account.clone()), procedure("acme.Ledger/rename", account)],
        ),
        service("countersign.Stats", vec![procedure("countersign.Stats/get", json!({ "type": "object" }))]),
    ]
}

/// A procedure with these arguments.
pub(crate) fn procedure(path: &str, arguments: serde_json::Value) -> Procedure {
    Procedure {
        path: path.to_owned(),
        name: path.rsplit('/').next().unwrap().to_owned(),
        documentation: "The balance of an account.".to_owned(),
        kind: CallKind::Unary,
        idempotent: true,
        deadline_ms: None,
        arguments: Schema::try_from(arguments).unwrap(),
        items_in: None,
        items_out: None,
        result: Schema::default(),
        fault: None,
        faults: Vec::new(),
    }
}
