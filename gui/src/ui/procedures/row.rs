//! One row of the list: a package, a service or a procedure.

use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{
    Align2, Color32, FontId, Id, Pos2, Rect, Response, Role, Sense, Stroke, StrokeKind, TextStyle, Ui,
    WidgetInfo, pos2, vec2,
};

use crate::model::catalogue::{Listed, Procedure, Service, Services};
use crate::model::history::Trend;
use crate::model::listing::{Listing, Row, What};
use crate::model::manual::kind_meaning;
use crate::model::tab::Tab;
use crate::text;
use crate::ui::parts::{clipped_text, kind_mark, no_entry_mark, triangle};
use crate::ui::sparkline::sparkline;
use crate::ui::theme::palette;

pub(super) const ROW_HEIGHT: f32 = 24.0;
const SPARK_WIDTH: f32 = 44.0;
const NUMBER_WIDTH: f32 = 58.0;
const SMALL: f32 = 11.5;
/// How much further in a row stands than what it is in.
const INDENT: f32 = 13.0;
/// The longest documentation in a tooltip; the page about the procedure has it all.
const DOCUMENTATION_SHOWN: usize = 400;
/// How much of a name that matched is laid out: more than the panel is wide.
const NAME_SHOWN: usize = 120;

/// What a row is drawn from.
pub(super) struct Face<'t> {
    pub(super) tab: &'t Tab,
    pub(super) services: &'t Services,
    pub(super) listing: &'t Listing,
    /// The number of the row.
    pub(super) at: usize,
    /// Whether the keys go to the list.
    pub(super) has_keyboard: bool,
}

/// Draws a row, and says what was done to it.
pub(super) fn row_ui(ui: &mut Ui, face: &Face<'_>, row: Row, id: Id) -> Response {
    let (_, rect) = ui.allocate_space(vec2(ui.available_width(), ROW_HEIGHT));
    let response = ui.interact(rect, id, Sense::CLICK);
    ground_ui(ui, face, row, &response);
    let left = rect.left() + 9.0 + INDENT * f32::from(row.depth);
    match row.what {
        What::Package(first) => {
            let package = face.services.all()[first].package();
            Group { name: package, shown: package, service: None }.draw(ui, face, row.what, left, response)
        }
        What::Service(number) => {
            let service = &face.services.all()[number];
            let shown = if row.depth > 0 { service.short_name() } else { &service.name };
            let group = Group { name: &service.name, shown, service: Some(service) };
            group.draw(ui, face, row.what, left, response)
        }
        What::Procedure(entry) => match face.services.listed(entry) {
            Listed::Offered(procedure) => procedure_ui(ui, face, procedure, left, response),
            listed @ Listed::Forbidden(_) => forbidden_ui(ui, face, listed, left, response),
        },
    }
}

/// What says that a row is selected, pointed at or reached with the keys.
fn ground_ui(ui: &Ui, face: &Face<'_>, row: Row, response: &Response) {
    let (painter, visuals) = (ui.painter(), ui.visuals());
    let is_selected = match row.what {
        What::Procedure(entry) => face.tab.selected.as_deref() == Some(face.services.listed(entry).path()),
        _ => false,
    };
    if is_selected {
        painter.rect_filled(response.rect, 4.0, visuals.selection.bg_fill);
    } else if response.hovered() {
        painter.rect_filled(response.rect, 4.0, visuals.widgets.hovered.weak_bg_fill);
    }
    if face.has_keyboard && face.listing.cursor == Some(face.at) {
        let stroke = Stroke::new(1.0, palette(ui).accent);
        painter.rect_stroke(response.rect, 4.0, stroke, StrokeKind::Inside);
    }
}

/// A package or a service.
struct Group<'s> {
    /// In full.
    name: &'s str,
    /// As far as the row above does not say it.
    shown: &'s str,
    service: Option<&'s Service>,
}

impl Group<'_> {
    fn draw(&self, ui: &Ui, face: &Face<'_>, what: What, left: f32, response: Response) -> Response {
        let is_folded = face.listing.is_folded(what, face.services);
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, !is_folded, self.name));
        let (rect, colors) = (response.rect, palette(ui));
        let color = if response.hovered() { ui.visuals().text_color() } else { colors.muted };
        triangle(&ui.painter_at(rect), pos2(left, rect.center().y), is_folded, color);
        let mut right = rect.right();
        if is_folded {
            // What is folded away does not fail unseen.
            right = failed_share(ui, pos2(rect.right() - 4.0, rect.center().y), &self.sum(face.tab));
        }
        let place = Rect::from_x_y_ranges(left + 10.0..=right - 6.0, rect.y_range());
        clipped_text(ui, self.shown, place, TextStyle::Body, color);
        response.on_hover_ui(|ui| self.hover_ui(ui, &self.sum(face.tab)))
    }

    /// What its procedures did in the last minute.
    fn sum(&self, tab: &Tab) -> Trend {
        let first = format!("{}{}", self.name, if self.service.is_some() { '/' } else { '.' });
        let within = tab
            .graphs
            .trends
            .range(first.clone()..)
            .map_while(|(path, trend)| Some((path.strip_prefix(&first)?, trend)));
        let mut sum = Trend::default();
        // Packages within packages are listed by themselves.
        for (_, trend) in within.filter(|(rest, _)| self.service.is_some() || !rest.contains('.')) {
            sum.calls = sum.calls.saturating_add(trend.calls);
            sum.failed = sum.failed.saturating_add(trend.failed);
            sum.seconds = sum.seconds.max(trend.seconds);
        }
        sum
    }

    fn hover_ui(&self, ui: &mut Ui, sum: &Trend) {
        ui.strong(self.name);
        match self.service {
            None => {
                ui.label("A package: services that belong together.");
            }
            Some(service) if !service.documentation.is_empty() => {
                ui.label(text::paragraph(&service.documentation, DOCUMENTATION_SHOWN));
            }
            Some(_) => {}
        }
        minute_ui(ui, sum);
    }
}

fn procedure_ui(ui: &Ui, face: &Face<'_>, procedure: &Procedure, left: f32, response: Response) -> Response {
    let is_selected = face.tab.selected.as_deref() == Some(&procedure.path);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_selected, &procedure.path));
    let (rect, colors) = (response.rect, palette(ui));
    let is_open = face.tab.calls.last(&procedure.path).is_some_and(|call| call.ended.is_none());
    let words = if is_open { format!("{}, open", procedure.kind) } else { procedure.kind.to_string() };
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_description(words));
    let color = if is_open { colors.accent } else { colors.muted };
    kind_mark(&ui.painter_at(rect), pos2(left, rect.center().y), procedure.kind, color);
    let trend = face.tab.graphs.trends.get(&procedure.path);
    let right = trend.map_or(rect.right(), |trend| trend_ui(ui, rect, trend));
    let place = Rect::from_x_y_ranges(left + 12.0..=right - 6.0, rect.y_range());
    name_ui(ui, face, Listed::Offered(procedure), place, ui.visuals().text_color());
    response.on_hover_ui(|ui| {
        ui.strong(&procedure.path);
        if !procedure.documentation.is_empty() {
            ui.label(text::paragraph(&procedure.documentation, DOCUMENTATION_SHOWN));
        }
        ui.label(kind_meaning(procedure.kind));
        minute_ui(ui, trend.unwrap_or(&Trend::default()));
    })
}

fn forbidden_ui(ui: &Ui, face: &Face<'_>, listed: Listed<'_>, left: f32, response: Response) -> Response {
    let (rect, path) = (response.rect, listed.path());
    let is_selected = face.tab.selected.as_deref() == Some(path);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_selected, path));
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_description("not allowed"));
    let dim = palette(ui).muted.gamma_multiply(0.7);
    no_entry_mark(&ui.painter_at(rect), pos2(left, rect.center().y), dim);
    let place = Rect::from_x_y_ranges(left + 12.0..=rect.right() - 6.0, rect.y_range());
    name_ui(ui, face, listed, place, dim);
    response.on_hover_ui(|ui| {
        ui.strong(path);
        ui.label("Not allowed: no rule of the server's policy lets this identity call it.");
        ui.weak("Select it to see the rule that is missing.");
    })
}

/// The name; where it was searched for also that of its service, and in both the letters that matched.
fn name_ui(ui: &Ui, face: &Face<'_>, listed: Listed<'_>, place: Rect, color: Color32) {
    let Some(pattern) = face.listing.pattern() else {
        clipped_text(ui, listed.name(), place, TextStyle::Body, color);
        return;
    };
    let (path, accent) = (listed.path(), palette(ui).accent);
    let matched = pattern.places(path);
    let letters: Vec<(char, bool)> =
        path.chars().zip(0..).map(|(c, at)| (c, matched.binary_search(&at).is_ok())).collect();
    let (service, name) = match letters.iter().position(|(c, _)| *c == '/') {
        Some(slash) => (&letters[..slash], &letters[slash + 1..]),
        None => (&[][..], &letters[..]),
    };
    let wrap = TextWrapping::truncate_at_width(place.width().max(0.0));
    let mut job = LayoutJob { wrap, ..LayoutJob::default() };
    let mut write = |letters: &[(char, bool)], plain: TextFormat| {
        for run in letters[..letters.len().min(NAME_SHOWN)].chunk_by(|a, b| a.1 == b.1) {
            let mut format = plain.clone();
            if run[0].1 {
                // Not by colour alone.
                (format.color, format.underline) = (accent, Stroke::new(1.0, accent));
            }
            job.append(&run.iter().map(|(c, _)| c).collect::<String>(), 0.0, format);
        }
    };
    let body = TextFormat::simple(TextStyle::Body.resolve(ui.style()), color);
    write(name, body);
    let small = TextFormat::simple(FontId::proportional(SMALL), palette(ui).muted);
    write(&[(' ', false); 2], small.clone());
    write(service, small);
    let galley = ui.painter().layout_job(job);
    let at = Align2::LEFT_CENTER.align_size_within_rect(galley.size(), place).min;
    ui.painter_at(place).galley(at, galley, color);
}

/// Draws the trend at the right of a row, and says where it begins.
fn trend_ui(ui: &Ui, rect: Rect, trend: &Trend) -> f32 {
    let colors = palette(ui);
    let painter = ui.painter_at(rect);
    let right = rect.right() - 4.0;
    let Some(latency) = trend.latency else { return right };
    let at = pos2(right, rect.center().y);
    let font = FontId::proportional(SMALL);
    painter.text(at, Align2::RIGHT_CENTER, text::latency(latency.p50), font, colors.muted);
    let spark = Rect::from_x_y_ranges(
        right - NUMBER_WIDTH - SPARK_WIDTH..=right - NUMBER_WIDTH,
        rect.top() + 5.0..=rect.bottom() - 6.0,
    );
    sparkline(&painter, spark, &trend.medians, colors.accent);
    failed_share(ui, pos2(spark.left() - 6.0, rect.center().y), trend)
}

/// Writes how many of the calls failed, if any did, to the left of a place, and says where that begins.
fn failed_share(ui: &Ui, at: Pos2, trend: &Trend) -> f32 {
    if trend.failed == 0 {
        return at.x;
    }
    let share = 100.0 * trend.failed as f64 / trend.calls.max(1) as f64;
    let words = if share < 1.0 { "! <1 %".to_owned() } else { format!("! {:.0} %", share.min(100.0)) };
    let font = FontId::proportional(SMALL);
    ui.painter().text(at, Align2::RIGHT_CENTER, words, font, palette(ui).error).left()
}

/// What happened in the last minute, in words.
fn minute_ui(ui: &mut Ui, trend: &Trend) {
    if trend.calls == 0 {
        ui.weak("Not called in the last minute");
        return;
    }
    let rate = text::rate(trend.calls as f64 / trend.seconds.max(1.0));
    let [calls, failed] = [trend.calls, trend.failed].map(text::count);
    ui.weak(format!("Last minute: {calls} calls, {rate} a second, {failed} failed"));
    if let Some(latency) = trend.latency {
        let [p50, p90, p99] = [latency.p50, latency.p90, latency.p99].map(text::latency);
        ui.weak(format!("p50 {p50}, p90 {p90}, p99 {p99}"));
    }
}
