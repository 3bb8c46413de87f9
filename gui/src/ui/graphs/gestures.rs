//! What pointer and keys do on a graph: read values, zoom, and follow what is seen to where it comes from.

use std::time::Instant;

use egui::{Event, EventFilter, Id, Key, Rangef, Rect, Response, Role, Sense, Stroke, Ui, Vec2, WidgetInfo};

use super::axis::TimeAxis;
use super::chart::{Canvas, Graph, MARK, Places};
use super::scene::{Kind, Scene};
use crate::command::Command;
use crate::model::calls::Mark;
use crate::model::view::{Moment, Stretch};
use crate::text;

/// The latest marks in view, which can be clicked; those before them are only drawn.
const MOST_MARKS: usize = 200;

/// Half the side of what can be clicked of a mark.
const MARK_REACH: f32 = 8.0;

/// Where the pointer is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pointer {
    pub(super) kind: Kind,
    pub(super) moment: Instant,
    /// From 0 at the bottom of the graph to 1 at its top.
    pub(super) height: f32,
}

/// On which of these graphs the pointer is, if any. Asked before any is drawn, since all show the moment.
pub(super) fn pointer(ui: &Ui, places: &[(Kind, Places)], time: &TimeAxis) -> Option<Pointer> {
    let at = ui.input(|input| input.pointer.latest_pos())?;
    // A menu may lie over them.
    ui.ctx().layer_id_at(at).filter(|layer| *layer == ui.layer_id())?;
    let (kind, places) = places.iter().find(|(_, places)| places.plot.contains(at))?;
    let moment = time.moment(at.x, places.plot)?;
    Some(Pointer { kind: *kind, moment, height: (places.plot.bottom() - at.y) / places.plot.height() })
}

/// Says what the graph shows, and turns what is done to it into wishes.
pub(super) fn graph_ui(
    ui: &Ui,
    kind: Kind,
    graph: &Graph,
    canvas: &Canvas<'_>,
    scene: &Scene<'_>,
    cursor: &mut Option<Instant>,
    wishes: &mut Vec<Command>,
) -> Response {
    let (plot, id) = (canvas.places.plot, ui.scope_id().with(kind));
    let response = ui.interact(plot, id, Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, scene.words(graph)));
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_description(kind.meaning()));
    ui.interact(canvas.places.legend, id.with("legend"), Sense::hover()).on_hover_text(kind.meaning());
    if response.has_focus() {
        keys(ui, id, scene, cursor, wishes);
        ui.painter().rect_stroke(
            plot,
            0.0,
            Stroke::new(1.0, canvas.colors.accent),
            egui::StrokeKind::Outside,
        );
    } else if response.lost_focus() {
        *cursor = None;
    }
    if let Some(range) = dragged(ui, &response, id) {
        canvas.selection(range);
        if response.drag_stopped() {
            wishes.extend(scene.time.between(range, plot).map(Command::ZoomTo));
        }
    }
    let moment = response.hover_pos().and_then(|at| scene.time.moment(at.x, plot));
    let factor = ui.input(|input| input.zoom_delta());
    if let Some(moment) = moment
        && factor != 1.0
    {
        wishes.push(zoomed(scene.time.stretch, moment, factor));
    }
    if response.secondary_clicked() {
        wishes.push(Command::ZoomOut);
    } else if response.clicked()
        && let Some(moment) = scene.cursor
    {
        wishes.push(traces(scene, moment));
    }
    response
}

/// From where to where the pointer is dragged.
fn dragged(ui: &Ui, response: &Response, id: Id) -> Option<Rangef> {
    if response.drag_started() {
        let origin = ui.input(|input| input.pointer.press_origin())?;
        ui.data_mut(|data| data.insert_temp(id, origin.x));
    }
    if !response.dragged() && !response.drag_stopped() {
        return None;
    }
    let origin = ui.data(|data| data.get_temp::<f32>(id))?.clamp(response.rect.left(), response.rect.right());
    let now =
        ui.input(|input| input.pointer.latest_pos())?.x.clamp(response.rect.left(), response.rect.right());
    Some(Rangef::new(origin.min(now), origin.max(now)))
}

/// The stretch in which this moment stays where it is and all else comes nearer or goes further away.
fn zoomed(stretch: Stretch, moment: Instant, factor: f32) -> Command {
    let length = stretch.length.div_f32(factor.clamp(0.1, 10.0));
    let after = stretch.to.saturating_duration_since(moment).div_f32(factor.clamp(0.1, 10.0));
    Command::ZoomTo(Stretch { to: moment + after, length })
}

/// The traces of the point that tells of a moment.
fn traces(scene: &Scene<'_>, moment: Instant) -> Command {
    let series = scene.sheet.main();
    let stretch = match series.point(Some(moment)) {
        Some(point) => Stretch { to: point.to, length: point.to.saturating_duration_since(point.from) },
        None => Stretch { to: moment + scene.sheet.point / 2, length: scene.sheet.point },
    };
    Command::ShowTraces(Moment { procedure: series.procedure.clone(), stretch })
}

/// Arrows move the cursor from point to point, plus and minus zoom, and Return does what a click does.
fn keys(ui: &Ui, id: Id, scene: &Scene<'_>, cursor: &mut Option<Instant>, wishes: &mut Vec<Command>) {
    let filter = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
    let points = &scene.sheet.main().points;
    let last = points.len().saturating_sub(1);
    let at = cursor.map_or(last, |at| points.partition_point(|point| point.to < at).min(last));
    for event in ui.input(|input| input.events.clone()) {
        let Event::Key { key, pressed: true, .. } = event else { continue };
        let moment = cursor.unwrap_or(scene.sheet.stretch.to);
        match key {
            Key::ArrowLeft => *cursor = points.get(at.saturating_sub(1)).map(|point| point.middle()),
            Key::ArrowRight => *cursor = points.get((at + 1).min(last)).map(|point| point.middle()),
            Key::Plus | Key::Equals => wishes.push(zoomed(scene.time.stretch, moment, 2.0)),
            Key::Minus => wishes.push(zoomed(scene.time.stretch, moment, 0.5)),
            Key::Escape => *cursor = None,
            _ => {}
        }
    }
}

/// Lets the latest marks be clicked, which leads to their calls.
pub(super) fn marks_ui(ui: &Ui, canvas: &Canvas<'_>, scene: &Scene<'_>, wishes: &mut Vec<Command>) {
    let in_view: Vec<&Mark> = scene.own().collect();
    for mark in &in_view[in_view.len().saturating_sub(MOST_MARKS)..] {
        let center = canvas.place(mark.at, mark.took.as_secs_f64());
        let place = Rect::from_center_size(center, Vec2::splat(2.0 * MARK_REACH));
        let response = ui.interact(place, ui.scope_id().with(("mark", mark.number)), Sense::CLICK);
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, words(mark)));
        if response.hovered() {
            let ring = Stroke::new(1.5, ui.visuals().text_color());
            ui.painter().circle_stroke(center, MARK + 2.5, ring);
        }
        let leads_to = if scene.is_recorded { "go to this moment" } else { "see the call" };
        if response.on_hover_text(format!("{}\nClick to {leads_to}", words(mark))).clicked() {
            wishes.push(Command::ShowCall(mark.number));
        }
    }
}

fn words(mark: &Mark) -> String {
    let verdict = if mark.answered { "answered" } else { "failed" };
    let took = text::latency(mark.took.as_secs_f64());
    format!("My call {} of {}, {verdict} after {took}", mark.number.0, mark.procedure)
}
