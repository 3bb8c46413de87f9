//! What a server says and answers that speaks the protocol well and means ill. All of it passes the decoder.

use std::time::{Duration, Instant};

use countersign::Schema;
use countersign::builtin::stats::{ProcedureStats, Snapshot};
use countersign::cbor::{self, Value};
use countersign::service::{CallKind, FaultDescription, ProcedureDescription, ServiceDescription};
use egui::{Event, Key, Modifiers, MouseWheelSource, MouseWheelUnit, TouchPhase, Vec2, pos2};
use serde_json::{Value as Json, json};

use super::Rehearsal;
use crate::command::Command;
use crate::exchange::{Order, TabNews, TabOrder};
use crate::model::calls::Ended;
use crate::model::catalogue::Services;
use crate::model::history::MOST_PROCEDURES;
use crate::model::manual::{Manual, Notation};
use crate::model::reply::Body;
use crate::model::view::Lens;
use crate::worker;

/// The names of procedures that are described in ways that are hard to show.
pub const NUISANCES: [&str; 8] =
    ["deep", "recursive", "circle", "wide", "widest", "misleading", "wordy", "faulty"];

/// The ways to look at a reply.
const LENSES: [Lens; 4] = [Lens::Tree, Lens::Diagnostic, Lens::Hex, Lens::Changes];

/// As many arrays within one another as the decoder lets through.
const DEEPEST: usize = 127;

/// Services that are hard to show: so many procedures with names that are meant to confuse, one of each nuisance,
/// and names of a quarter of a megabyte.
pub fn services(count: usize) -> Vec<ServiceDescription> {
    let crowd = (0..count).map(|i| procedure(&confusing(i), json!({}))).collect();
    let giants = (0..2).map(|i| procedure(&format!("{i}{}", "W".repeat(1 << 18)), json!({}))).collect();
    vec![
        service("evil.Nuisance", NUISANCES.map(nuisance).to_vec()),
        service("evil.Crowd", crowd),
        service(&format!("evil.{}", "G".repeat(1 << 18)), giants),
    ]
}

/// The paths of so many procedures that may not be called.
pub fn forbidden(count: usize) -> Vec<String> {
    (0..count).map(|i| format!("evil{}.Secret{}/{}", i % 7, i % 501, confusing(i))).collect()
}

/// A name that is meant to confuse.
fn confusing(i: usize) -> String {
    match i % 5 {
        0 => format!("\u{202e}{i}\u{2066}"),
        1 => format!("line\nbreak\t{i}\u{0}"),
        2 => format!("{i}{}", "a\u{300}\u{301}\u{302}".repeat(8)),
        3 => format!("{i}ß\u{200d}\u{feff}\u{fe0f}"),
        _ => format!("ordinary{i}"),
    }
}

fn service(name: &str, procedures: Vec<ProcedureDescription>) -> ServiceDescription {
    let documentation = "\u{202e}docs\n".repeat(2000);
    ServiceDescription { name: name.to_owned(), documentation, sha256: String::new(), procedures }
}

/// A procedure that is described so.
fn procedure(name: &str, arguments: Json) -> ProcedureDescription {
    let arguments = Schema::try_from(arguments).unwrap_or_default();
    ProcedureDescription {
        name: name.to_owned(),
        documentation: "\u{202e}All of this is a lie.\u{0}".to_owned(),
        kind: CallKind::Unary,
        idempotent: false,
        deadline_ms: Some(u64::MAX),
        items_in: None,
        items_out: None,
        result: Schema::default(),
        fault: None,
        faults: Vec::new(),
        arguments,
    }
}

/// The procedure of this name among [`NUISANCES`].
fn nuisance(name: &str) -> ProcedureDescription {
    let fields = |count: usize, field: &Json| -> Json {
        (0..count).map(|i| (format!("field{i}"), field.clone())).collect()
    };
    let all = |count: usize, field: Json| {
        let properties = fields(count, &field);
        let required: Vec<String> = (0..count).map(|i| format!("field{i}")).collect();
        json!({ "type": "object", "properties": properties, "required": required })
    };
    let variants: Vec<String> = (0..500).map(|i| format!("variant{i}")).collect();
    let with = |mut schema: Json, definitions: Json| {
        schema["$defs"] = definitions;
        schema
    };
    match name {
        "deep" => procedure(
            name,
            (0..120).fold(json!(true), |inner, _| match inner {
                Json::Bool(_) => all(1, inner),
                inner => json!({ "type": "array", "items": inner, "minItems": 1 }),
            }),
        ),
        "recursive" => {
            let node = all(2, json!({ "$ref": "#/$defs/T" }));
            procedure(name, with(all(2, json!({ "$ref": "#/$defs/T" })), json!({ "T": node })))
        }
        "circle" => procedure(
            name,
            with(
                all(3, json!({ "$ref": "#/$defs/A" })),
                json!({
                    "A": { "anyOf": [{ "$ref": "#/$defs/B" }, { "$ref": "#/$defs/A" }] },
                    "B": { "allOf": [{ "$ref": "#/$defs/A" }, { "$ref": "#/$defs/B" }] },
                }),
            ),
        ),
        "wide" => {
            let huge = json!({ "Huge": { "enum": variants } });
            procedure(name, with(all(280, json!({ "$ref": "#/$defs/Huge" })), huge))
        }
        "widest" => procedure(name, all(20_000, json!({ "type": "string" }))),
        "misleading" => procedure(
            name,
            json!({
                "type": "object", "description": "\u{202e}txet desrever\u{0}\u{1b}[2J",
                "properties": { "a\u{202e}b": { "type": "string", "default": "\u{2066}" }, "x\ny": {} },
            }),
        ),
        "wordy" => {
            let field =
                json!({ "type": "integer", "description": "word ".repeat(1000), "title": "T".repeat(5000) });
            procedure(name, all(60, field))
        }
        _ => {
            let fault = |i: usize| FaultDescription {
                variant: format!("Fault{i}{}", "x".repeat(2000)),
                code: "\u{202e}NO".to_owned(),
                message: "m".repeat(2000),
            };
            ProcedureDescription { faults: (0..100).map(fault).collect(), ..procedure(name, json!({})) }
        }
    }
}

/// Results that are hard to show: deep, long, wide, and one text of megabytes.
pub fn results() -> [(&'static str, Vec<u8>); 4] {
    let abyss = (0..DEEPEST).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
    let mass = Value::Array(vec![Value::Float(f64::NAN); 400_000]);
    let rows = (0..60_000_u64)
        .map(|i| Value::Map(vec![(Value::Integer(i.into()), Value::Text("\u{202e}x\ny".to_owned()))]));
    let flood = Value::Text("\u{202e}x\nW".repeat(600_000));
    [("abyss", abyss), ("mass", mass), ("rows", Value::Array(rows.collect())), ("flood", flood)]
        .map(|(name, value)| (name, cbor::to_vec(&value).unwrap_or_default()))
}

/// Counters of so many procedures that cannot be: as large as numbers are, and of codes that do not exist.
pub fn counters(count: usize, second: u64) -> Snapshot {
    let row = |i: usize| {
        let mut row = ProcedureStats { procedure: confusing(i), ..ProcedureStats::default() };
        (row.calls, row.in_flight) = (u64::MAX - second, u64::MAX);
        row.errors = (0..40).map(|code| (format!("CODE\u{202e}{code}"), u64::MAX)).collect();
        (0..60).for_each(|bucket| row.latency.record(Duration::from_nanos(1 << bucket)));
        row
    };
    let procedures = (0..count).map(row).collect();
    Snapshot { start_id: 1, monotonic_ns: second.saturating_mul(1_000_000_000), procedures }
}

impl Rehearsal {
    /// The server says that it can do all this. What comes before the window has it is the worker's time.
    pub fn announce(
        &mut self,
        described: Vec<ServiceDescription>,
        forbidden: Vec<String>,
    ) -> impl FnOnce(&mut Self) + use<> {
        let services: Services = worker::services(described, Some(forbidden));
        |window| {
            window.tell(Instant::now(), TabNews::Catalogue(Ok(services)));
            window.frame(Vec::new());
        }
    }

    /// The server's counters come, as far as the worker lets them.
    pub fn learn_counters(&mut self, mut counters: Snapshot) {
        counters.procedures.truncate(MOST_PROCEDURES);
        self.tell(Instant::now(), TabNews::Stats(Ok(counters)));
        self.frame(Vec::new());
    }

    /// Nothing happens, and a frame is drawn.
    pub fn rest(&mut self) {
        self.frame(Vec::new());
    }

    /// The cursor goes into the filter, and what is there is marked.
    pub fn go_to_filter(&mut self) {
        self.wish(Command::FindProcedure);
        self.frame(Vec::new());
        self.frame(Vec::new());
    }

    /// Somebody types, and sees what comes of it at once.
    pub fn type_text(&mut self, text: &str) {
        self.frame(vec![Event::Text(text.to_owned())]);
    }

    /// Somebody presses a key.
    pub fn press(&mut self, key: Key) {
        let event = |pressed| {
            let (physical_key, repeat, modifiers) = (None, false, Modifiers::NONE);
            Event::Key { key, physical_key, pressed, repeat, modifiers }
        };
        self.frame(vec![event(true), event(false)]);
    }

    /// Somebody turns the wheel over the list of procedures.
    pub fn scroll(&mut self, by: f32) {
        let (unit, modifiers, phase) = (MouseWheelUnit::Point, Modifiers::NONE, TouchPhase::Move);
        let source = MouseWheelSource::Wheel;
        let delta = Vec2::new(0.0, by);
        let wheel = Event::MouseWheel { unit, delta, modifiers, phase, source };
        self.frame(vec![Event::PointerMoved(pos2(120.0, 300.0)), wheel]);
    }

    /// How many rows the list has now.
    pub fn rows(&self) -> usize {
        self.dashboard.model.tab().listing.rows().len()
    }

    /// Somebody selects a procedure.
    pub fn select(&mut self, path: &str) {
        self.wish(Command::Select(path.to_owned()));
        self.frame(Vec::new());
    }

    /// Somebody opens the page about the selected procedure, or closes it. What makes the page is the worker's time.
    pub fn open_page(&mut self) -> impl FnOnce(&mut Self) + use<> {
        let order = self.dashboard.model.obey(Command::ToggleManual, Instant::now());
        let page = match order {
            Some(Order::Tab(_, TabOrder::Explain(procedure))) => {
                let page = Box::new(Manual::of(&procedure));
                Some(TabNews::Explained(procedure.path, page))
            }
            _ => None,
        };
        |window| {
            page.into_iter().for_each(|page| window.tell(Instant::now(), page));
            window.frame(Vec::new());
        }
    }

    /// Somebody looks at the types of the page as JSON Schema, or as types again.
    pub fn read_json(&mut self, is_json: bool) {
        self.wish(Command::SetNotation(if is_json { Notation::JsonSchema } else { Notation::Types }));
        self.frame(Vec::new());
    }

    /// The selected procedure is called, and answered so. What makes the reply fit to show is the worker's time.
    pub fn answer(&mut self, result: &[u8]) -> impl FnOnce(&mut Self) + use<> {
        let order = self.dashboard.model.obey(Command::Call, Instant::now());
        let ended = match order {
            Some(Order::Tab(_, TabOrder::Call(call))) => {
                let body = Body::new(result.to_vec(), call.earlier.as_ref()).ok();
                let ended = |body| Ended::alone(Duration::from_millis(3), Ok(body));
                body.map(|body| TabNews::Ended(call.number, ended(body)))
            }
            _ => None,
        };
        |window| {
            ended.into_iter().for_each(|ended| window.tell(Instant::now(), ended));
            window.frame(Vec::new());
        }
    }

    /// Somebody looks at the reply through the lens of this number.
    pub fn look(&mut self, lens: usize) {
        self.wish(Command::SetLens(LENSES[lens]));
        self.frame(Vec::new());
    }
}
