//! A window without a display, before a server that exists here alone: what the benchmarks measure.

mod deeds;
pub mod hostile;
pub mod recording;
mod watch;

use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use countersign::Schema;
use countersign::builtin::stats::{ProcedureStats, Snapshot};
use countersign::service::CallKind;
use egui::accesskit::NodeId;
use egui::{Context, Event, Pos2, RawInput, Rect, Vec2};
use serde_json::json;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::Dashboard;
use crate::command::Command;
use crate::exchange::{Generation, Order, TabNews, TabUpdate, Update};
use crate::model::Model;
use crate::model::catalogue::{Procedure, Service, Services};
use crate::model::connection::{PeerFacts, Session, Target};
use crate::model::history::{History, Width};
use crate::model::settings::Settings;
use crate::model::tab::TabId;
use crate::model::view::{Page, TimeRange};

pub use self::watch::Watch;

/// How many procedures a service of the server has.
const A_SERVICE: usize = 50;

/// A dashboard that is connected to a server whose counters are turned by hand.
pub struct Rehearsal {
    dashboard: Dashboard,
    context: Context,
    size: Vec2,
    updates: Sender<Update>,
    /// Nobody obeys them.
    _orders: UnboundedReceiver<Order>,
    counters: Snapshot,
    /// What the next latencies are made of.
    random: u64,
    /// What was read aloud last, if anybody listens.
    aloud: Vec<(NodeId, String)>,
}

impl Rehearsal {
    /// A window of this size, in points, before a server with so many procedures.
    pub fn new(size: (f32, f32), procedures: usize) -> Self {
        let (order_sender, orders) = unbounded_channel();
        let (updates, update_receiver) = channel();
        let target = Target {
            address: "localhost:7443".to_owned(),
            identity: "pki/alice".to_owned(),
            ..Target::default()
        };
        let dashboard =
            Dashboard::new(Model::new(Settings::default(), target), order_sender, update_receiver);
        let context = Context::default();
        dashboard.install(&context);
        let names: Vec<String> = (0..procedures).map(name).collect();
        let row = |name: &String| ProcedureStats { procedure: name.clone(), ..ProcedureStats::default() };
        let counters = Snapshot { start_id: 1, monotonic_ns: 0, procedures: names.iter().map(row).collect() };
        let size = Vec2::from(size);
        let mut rehearsal = Self {
            dashboard,
            context,
            size,
            updates,
            _orders: orders,
            counters,
            random: 0x9e37_79b9_7f4a_7c15,
            aloud: Vec::new(),
        };
        rehearsal.wish(Command::Connect);
        rehearsal.tell(Instant::now(), TabNews::Connected(session()));
        rehearsal.tell(Instant::now(), TabNews::Catalogue(Ok(services(&names))));
        rehearsal
    }

    /// Shows large graphs of the first three procedures over six hours, of which each second is a point.
    pub fn compare_three_over_six_hours(&mut self) {
        let seconds = 6 * 3600;
        let start = Instant::now();
        self.dashboard.model.tab_mut().history =
            History::with_widths(&[Width { seconds: 1, kept: seconds + 1000 }]);
        for second in 0..seconds as u64 {
            // A machine that has run for less keeps the rest at its beginning.
            let ago = Duration::from_secs(seconds as u64 - second);
            self.count(start.checked_sub(ago).unwrap_or(start), Duration::from_secs(1), 3);
        }
        let range = Command::SetRange(TimeRange::SixHours);
        let others = [1, 2].map(|i| Command::Compare(name(i)));
        self.wish(range);
        self.wish(Command::Select(name(0)));
        others.into_iter().for_each(|other| self.wish(other));
        self.wish(Command::Show(Page::Graphs));
    }

    /// Shows everything at once, as when the window is opened.
    pub fn show_calls(&mut self) {
        self.wish(Command::CompareNothing);
        self.wish(Command::Show(Page::Calls));
    }

    /// From now on the graphs are worked out again as if their range had just been chosen.
    pub fn forget_points(&mut self) {
        self.wish(Command::SetRange(TimeRange::OneMinute));
        self.frame(Vec::new());
        self.wish(Command::SetRange(TimeRange::SixHours));
    }

    /// Whether the graphs go on being worked out in the next frame.
    pub fn is_behind(&self) -> bool {
        self.dashboard.model.tab().graphs.is_behind()
    }

    /// So much time passes on the server, in which each of the first procedures is called twenty times.
    pub fn pass(&mut self, time: Duration, procedures: usize) {
        self.count(Instant::now(), time, procedures);
    }

    /// Draws a frame, up to the triangles. Says whether another one is wanted at once.
    pub fn frame(&mut self, events: Vec<Event>) -> bool {
        let screen_rect = Some(Rect::from_min_size(Pos2::ZERO, self.size));
        let input = RawInput { screen_rect, events, ..RawInput::default() };
        self.dashboard.learn();
        let mut output = self.context.run_ui(input, |ui| self.dashboard.ui(ui));
        output.textures_delta.clear();
        if let Some(update) = output.platform_output.accesskit_update.take() {
            let named = update.nodes.iter().filter_map(|(id, node)| Some((*id, node.label()?.to_owned())));
            self.aloud = named.collect();
        }
        let pixels_per_point = output.pixels_per_point;
        self.context.tessellate(output.shapes, pixels_per_point);
        output.viewport_output.values().any(|viewport| viewport.repaint_delay.is_zero())
    }

    /// How many points the lines that are drawn have in all, and of how many they were made.
    pub fn points(&self) -> (usize, usize) {
        let tab = self.dashboard.model.tab();
        let Some(sheet) = &tab.graphs.sheet else { return (0, 0) };
        let drawn = sheet.series.iter().map(|series| series.points.len()).sum();
        (drawn, sheet.series.len() * tab.history.len())
    }

    fn count(&mut self, at: Instant, time: Duration, procedures: usize) {
        self.counters.monotonic_ns += u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        for row in self.counters.procedures.iter_mut().take(procedures) {
            // Any will do that are spread over some powers of two.
            twenty_calls(row, &mut self.random, |random| (1 << 16) + (random >> (38 + random % 8)));
        }
        self.tell(at, TabNews::Stats(Ok(self.counters.clone())));
        self.dashboard.learn();
    }

    fn wish(&mut self, command: Command) {
        // Nobody connects to what is not there.
        let _ = self.dashboard.model.obey(command, Instant::now());
    }

    fn tell(&mut self, at: Instant, news: TabNews) {
        self.tell_window(told(TabId::default(), at, news));
    }
}

/// Twenty more calls of a procedure, each of which took as many nanoseconds as are made of a random number.
fn twenty_calls(row: &mut ProcedureStats, random: &mut u64, took_ns: fn(u64) -> u64) {
    row.calls += 20;
    row.bytes_in += 2000;
    row.bytes_out += 8000;
    *row.errors.entry("UNAVAILABLE".to_owned()).or_default() += 1;
    for _ in 0..20 {
        *random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        row.latency.record(Duration::from_nanos(took_ns(*random)));
    }
}

/// What the worker says of the first server that a tab was connected with.
fn told(tab: TabId, at: Instant, news: TabNews) -> Update {
    Update::Tab(tab, Box::new(TabUpdate { generation: Generation(1), at, news }))
}

fn name(number: usize) -> String {
    format!("acme.Service{}/method{number}", number / A_SERVICE)
}

fn services(names: &[String]) -> Services {
    let arguments = json!({ "type": "object", "properties": { "account": { "type": "string" } } });
    let schema = Schema::try_from(arguments).unwrap_or_default();
    let procedure = |path: &String| Procedure {
        path: path.clone(),
        name: path.split('/').next_back().unwrap_or_default().to_owned(),
        documentation: "The balance of an account.".to_owned(),
        kind: CallKind::Unary,
        idempotent: true,
        deadline_ms: None,
        arguments: schema.clone(),
        items_in: None,
        items_out: None,
        result: schema.clone(),
        fault: None,
        faults: Vec::new(),
    };
    let service = |names: &[String]| Service {
        name: names[0].split('/').next().unwrap_or_default().to_owned(),
        documentation: String::new(),
        procedures: names.iter().map(procedure).collect(),
        forbidden: Vec::new(),
    };
    Services::new(names.chunks(A_SERVICE).map(service).collect(), None)
}

fn session() -> Session {
    Session {
        peer: PeerFacts {
            id: "spiffe://countersign.internal/server".to_owned(),
            address: "127.0.0.1:7443".to_owned(),
            fingerprint: "9f".repeat(32),
            not_before: jiff::Timestamp::now(),
            not_after: jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * 30),
            cipher: "TLS13_AES_256_GCM_SHA384".to_owned(),
            key_exchange: "X25519MLKEM768".to_owned(),
        },
    }
}
