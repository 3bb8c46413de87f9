//! Latency, errors, rate: what the server counted, with the calls made here marked on it.

pub(super) mod axis;
pub(super) mod chart;
mod controls;
mod gestures;
mod scene;
mod words;

pub(super) use self::axis::TimeAxis;
pub(crate) use self::controls::export_ui;
use std::time::{Duration, Instant};

use egui::{Align2, FontId, Rect, Sense, Ui, pos2, vec2};
use jiff::Timestamp;

use self::chart::{Canvas, Graph, Places};
use self::scene::{Kind, Scene};
use super::parts::{empty_ui, failed_ui, loading_ui};
use crate::command::Command;
use crate::model::graphs::export::Export;
use crate::model::tab::Tab;
use crate::model::view::{Page, Scope};

/// Between one graph and the next.
const GAP: f32 = 14.0;

/// What stands beside an axis of counts, of times and of bytes takes so much. On the page all have the widest: there
/// one graph stands below another.
const COUNTS_WIDTH: f32 = 36.0;
const TIMES_WIDTH: f32 = 46.0;
const BYTES_WIDTH: f32 = 54.0;

/// How often lines move on that nothing is added to: a little less often than news comes, which moves them, too.
const STEP: Duration = Duration::from_millis(1500);

/// A page so low has no room for graphs below each other.
const ONE_ROW: f32 = 240.0;

/// A window so wide has room for three graphs beside each other.
const THREE_COLUMNS: f32 = 1700.0;

/// The panel at the bottom: four graphs, of which the last is two.
pub(crate) fn graphs_ui(ui: &mut Ui, tab: &mut Tab, now: (Instant, Timestamp), wishes: &mut Vec<Command>) {
    ui.horizontal(|ui| controls::heading_ui(ui, tab, false, wishes));
    ui.add_space(2.0);
    body_ui(ui, tab, now, strip, wishes);
}

/// The same and more, each as large as it gets.
pub(crate) fn page_ui(ui: &mut Ui, tab: &mut Tab, now: (Instant, Timestamp), wishes: &mut Vec<Command>) {
    ui.horizontal(|ui| controls::heading_ui(ui, tab, tab.page == Page::Graphs, wishes));
    ui.add_space(6.0);
    body_ui(ui, tab, now, page, wishes);
}

fn body_ui(
    ui: &mut Ui,
    tab: &mut Tab,
    now: (Instant, Timestamp),
    layout: fn(Rect) -> Vec<(Kind, Places)>,
    wishes: &mut Vec<Command>,
) {
    if let Some(failure) = &tab.no_stats {
        return failed_ui(ui, failure);
    }
    if tab.scope == Scope::Selected && tab.selected.is_none() {
        return empty_ui(ui, "No procedure selected", "Select one, or graph all procedures.");
    }
    let Some(sheet) = &tab.graphs.sheet else {
        if tab.playing().is_some_and(|playing| !playing.is_behind()) {
            return empty_ui(ui, "Nothing was counted yet", "Go further along the time line.");
        }
        return loading_ui(ui, "Waiting for the server's counters…");
    };
    // News asks for a frame each second, and so does the time while there is something that moves with it.
    if sheet.is_live && sheet.shows_calls() {
        ui.ctx().request_repaint_after(sheet.point.max(STEP));
    }
    let area = ui.available_rect_before_wrap();
    let places = layout(area);
    let marks = tab.calls.marks(None).filter(|mark| sheet.includes(&mark.procedure)).collect();
    let mut scene = Scene::new(ui, sheet, marks, now, tab.preferences.times);
    scene.is_recorded = tab.replay.is_some();
    let pointer = gestures::pointer(ui, &places, &scene.time);
    scene.cursor = pointer.map(|pointer| pointer.moment).or(tab.graphs.cursor);
    let mut cursor = tab.graphs.cursor;
    for (kind, places) in places {
        let here = pointer.filter(|pointer| pointer.kind == kind);
        let (graph, canvas) = draw(ui, &scene, kind, places, here.map(|pointer| pointer.height));
        let response = gestures::graph_ui(ui, kind, &graph, &canvas, &scene, &mut cursor, wishes);
        if kind == Kind::Latency {
            canvas.marks(&scene);
            gestures::marks_ui(ui, &canvas, &scene, wishes);
        }
        if let Some(at) = scene.cursor {
            canvas.cursor(at, here.is_some() || (pointer.is_none() && response.has_focus()));
        }
    }
    tab.graphs.cursor = cursor;
    ui.allocate_rect(area, Sense::empty());
}

/// What is exported: everything as it stands, with nobody to point at it.
pub(crate) fn still_ui(ui: &mut Ui, export: &Export) {
    let area = ui.max_rect().shrink(20.0);
    let marks = export.marks.iter().collect();
    let mut scene = Scene::new(ui, &export.sheet, marks, export.now, export.times);
    // A picture has no now: its times are those of the clock.
    scene.time.is_live = false;
    let (colors, strong) = (scene.colors, ui.visuals().strong_text_color());
    ui.painter().text(area.min, Align2::LEFT_TOP, &export.title, FontId::proportional(17.0), strong);
    let when = scene.time.date();
    ui.painter().text(area.right_top(), Align2::RIGHT_TOP, when, FontId::proportional(13.0), colors.muted);
    for (kind, places) in page(area.with_min_y(area.top() + 34.0)) {
        let (_, canvas) = draw(ui, &scene, kind, places, None);
        if kind == Kind::Latency {
            canvas.marks(&scene);
        }
    }
}

/// Draws one graph, but not what moves with the pointer. That may be so high up in it, from 0 to 1.
fn draw<'s>(
    ui: &Ui,
    scene: &'s Scene<'_>,
    kind: Kind,
    places: Places,
    pointer: Option<f32>,
) -> (Graph, Canvas<'s>) {
    let graph = scene.graph(kind, pointer);
    let canvas = Canvas {
        painter: ui.painter().clone(),
        colors: &scene.colors,
        text: ui.visuals().text_color(),
        places,
        time: &scene.time,
        axis: graph.axis,
    };
    canvas.draw(&graph);
    for restart in &scene.sheet.restarts {
        canvas.event(*restart, scene.colors.warn);
    }
    (graph, canvas)
}

/// Four columns with a row of legend below the title.
fn strip(area: Rect) -> Vec<(Kind, Places)> {
    let width = (area.width() - 3.0 * GAP) / 4.0;
    let column = |i: u8| {
        let left = area.left() + f32::from(i) * (width + GAP);
        Rect::from_min_size(pos2(left, area.top()), vec2(width, area.height()))
    };
    let middle = area.top() + area.height() * 0.5;
    vec![
        (Kind::Latency, Places::of(column(0), 1, TIMES_WIDTH)),
        (Kind::Heat, Places::of(column(1), 1, TIMES_WIDTH)),
        (Kind::Errors, Places::of(column(2), 1, COUNTS_WIDTH)),
        (Kind::Rate, Places::of(column(3).with_max_y(middle - 2.0), 0, COUNTS_WIDTH)),
        (Kind::InFlight, Places::of(column(3).with_min_y(middle + 2.0), 0, COUNTS_WIDTH)),
    ]
}

/// Everything, in two columns or three, with a row of legend below the title, or as much as there is room for.
fn page(area: Rect) -> Vec<(Kind, Places)> {
    if area.height() < ONE_ROW {
        return strip(area);
    }
    let columns: u8 = if area.width() < THREE_COLUMNS { 2 } else { 3 };
    let rows = 6 / columns;
    let width = (area.width() - GAP * f32::from(columns - 1)) / f32::from(columns);
    let height = (area.height() - GAP * f32::from(rows - 1)) / f32::from(rows);
    let kinds = [Kind::Latency, Kind::Heat, Kind::Rate, Kind::Errors, Kind::InFlight, Kind::Bytes];
    let place = |(i, kind): (u8, Kind)| {
        let [column, row] = [i % columns, i / columns].map(f32::from);
        let corner = area.min + vec2(column * (width + GAP), row * (height + GAP));
        (kind, Places::of(Rect::from_min_size(corner, vec2(width, height)), 1, BYTES_WIDTH))
    };
    (0..).zip(kinds).map(place).collect()
}
