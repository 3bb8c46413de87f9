//! The procedures of the server, by service, each with how it did over the last minute.

use egui::text::CCursorRange;
use egui::{
    Align2, FontId, Id, Key, Rect, Role, ScrollArea, Sense, TextEdit, TextStyle, Ui, WidgetInfo, pos2, vec2,
};

use super::parts::{clipped_text, command_button_ui, empty_ui, failed_ui, kind_mark, kind_words, loading_ui};
use super::sparkline::sparkline;
use super::theme::palette;
use crate::command::Command;
use crate::model::catalogue::{Catalogue, Procedure, Service};
use crate::model::history::Trend;
use crate::model::tab::Tab;
use crate::text;

const ROW_HEIGHT: f32 = 24.0;
const SPARK_WIDTH: f32 = 44.0;
const NUMBER_WIDTH: f32 = 58.0;

/// One line of the list.
enum Row<'m> {
    Service(&'m Service),
    Procedure(&'m Procedure),
}

/// The list at the left.
pub(crate) fn procedures_ui(ui: &mut Ui, tab: &mut Tab, wishes: &mut Vec<Command>) {
    let id = Id::unique("filter procedures");
    let edit = TextEdit::singleline(&mut tab.filter).id(id).hint_text("Filter procedures");
    let response = ui.add(edit.desired_width(f32::INFINITY)).accessible_name("Filter procedures");
    if std::mem::take(&mut tab.find_wanted) {
        response.request_focus();
        // What is typed next takes the place of the last search.
        let mut state = TextEdit::load_state(ui.ctx(), id).unwrap_or_default();
        state.cursor.set_char_range(Some(CCursorRange::select_all_str(&tab.filter)));
        state.store(ui.ctx(), id);
    }
    if response.lost_focus()
        && ui.input(|input| input.key_pressed(Key::Enter))
        && let Some(found) = first_match(tab)
    {
        wishes.push(Command::FillIn(found));
    }
    ui.add_space(2.0);
    match &tab.catalogue {
        Catalogue::Loading => loading_ui(ui, "Asking the server what it can do…"),
        Catalogue::Failed(failure) => {
            failed_ui(ui, failure);
            ui.vertical_centered(|ui| command_button_ui(ui, Command::ReloadProcedures, true, wishes));
        }
        Catalogue::Ready(services) if services.is_empty() => {
            empty_ui(ui, "No procedures", "The server's policy shows none to this identity.");
        }
        Catalogue::Ready(services) => {
            let rows = rows(tab, services);
            if rows.is_empty() {
                empty_ui(
                    ui,
                    "Nothing matches",
                    "Every word of the filter has to occur in the procedure's name.",
                );
            }
            let folded = rows_ui(ui, tab, &rows, wishes);
            if let Some(name) = folded.map(str::to_owned)
                && !tab.folded.remove(&name)
            {
                tab.folded.insert(name);
            }
        }
    }
}

/// The procedure that Return in the filter opens.
fn first_match(tab: &Tab) -> Option<String> {
    let mut procedures = tab.catalogue.services().iter().flat_map(|service| &service.procedures);
    let found = procedures.find(|procedure| procedure.matches(&tab.filter))?;
    Some(found.path.clone())
}

fn rows<'m>(tab: &Tab, services: &'m [Service]) -> Vec<Row<'m>> {
    let is_filtered = !tab.filter.trim().is_empty();
    let mut rows = Vec::new();
    for service in services {
        let mut matching = service.procedures.iter().filter(|p| p.matches(&tab.filter)).peekable();
        if matching.peek().is_some() {
            rows.push(Row::Service(service));
            // A filter looks into folded services, too.
            if is_filtered || !tab.folded.contains(&service.name) {
                rows.extend(matching.map(Row::Procedure));
            }
        }
    }
    rows
}

/// Draws the rows that are in sight, and says which service is to be folded or unfolded.
fn rows_ui<'m>(ui: &mut Ui, tab: &Tab, rows: &[Row<'m>], wishes: &mut Vec<Command>) -> Option<&'m str> {
    let mut folded = None;
    ui.spacing_mut().item_spacing.y = 1.0;
    ScrollArea::vertical().auto_shrink(false).show_rows(ui, ROW_HEIGHT, rows.len(), |ui, range| {
        for row in &rows[range] {
            match row {
                Row::Service(service) if service_ui(ui, service, tab.folded.contains(&service.name)) => {
                    folded = Some(service.name.as_str());
                }
                Row::Procedure(procedure) if procedure_ui(ui, tab, procedure) => {
                    wishes.push(Command::Select(procedure.path.clone()));
                }
                _ => {}
            }
        }
    });
    folded
}

fn service_ui(ui: &mut Ui, service: &Service, is_folded: bool) -> bool {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, !is_folded, &service.name));
    let painter = ui.painter_at(rect);
    let colors = palette(ui);
    let color = if response.hovered() { ui.visuals().text_color() } else { colors.muted };
    let center = pos2(rect.left() + 8.0, rect.center().y);
    super::parts::triangle(&painter, center, is_folded, color);
    clipped_text(ui, &service.name, rect.with_min_x(rect.left() + 18.0), TextStyle::Body, color);
    let shown = response.on_hover_ui(|ui| {
        ui.strong(&service.name);
        if !service.documentation.is_empty() {
            ui.label(&service.documentation);
        }
    });
    shown.clicked()
}

fn procedure_ui(ui: &mut Ui, tab: &Tab, procedure: &Procedure) -> bool {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT), Sense::click());
    let is_selected = tab.selected.as_deref() == Some(&procedure.path);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_selected, &procedure.path));
    let visuals = ui.visuals();
    let (colors, painter) = (palette(ui), ui.painter_at(rect));
    if is_selected {
        painter.rect_filled(rect, 4.0, visuals.selection.bg_fill);
    } else if response.hovered() || response.has_focus() {
        painter.rect_filled(rect, 4.0, visuals.widgets.hovered.weak_bg_fill);
    }
    let trend = tab.graphs.trends.get(&procedure.path);
    let mut left = trend.map_or(rect.right(), |trend| trend_ui(ui, rect, trend));
    let is_open = tab.calls.last(&procedure.path).is_some_and(|call| call.ended.is_none());
    if procedure.streams() {
        left -= 16.0;
        let color = if is_open { colors.accent } else { colors.muted };
        kind_mark(&painter, pos2(left, rect.center().y), procedure.kind, color);
        left -= 6.0;
        let words = if is_open { format!("{}, open", procedure.kind) } else { procedure.kind.to_string() };
        ui.ctx().accesskit_node_builder(response.id, |node| node.set_description(words));
    }
    if is_open {
        painter.circle_filled(pos2(rect.left() + 9.0, rect.center().y), 3.0, colors.accent);
    }
    let name_rect = Rect::from_min_max(pos2(rect.left() + 18.0, rect.top()), pos2(left - 6.0, rect.bottom()));
    clipped_text(ui, &procedure.name, name_rect, TextStyle::Body, visuals.text_color());
    response.on_hover_ui(|ui| hover_ui(ui, procedure, trend)).clicked()
}

/// Draws the trend at the right of a row, and says where it begins.
fn trend_ui(ui: &Ui, rect: Rect, trend: &Trend) -> f32 {
    let colors = palette(ui);
    let painter = ui.painter_at(rect);
    let font = FontId::proportional(11.5);
    let mut right = rect.right() - 4.0;
    let Some(latency) = trend.latency else { return right };
    let at = pos2(right, rect.center().y);
    painter.text(at, Align2::RIGHT_CENTER, text::latency(latency.p50), font.clone(), colors.muted);
    right -= NUMBER_WIDTH;
    let spark =
        Rect::from_min_max(pos2(right - SPARK_WIDTH, rect.top() + 5.0), pos2(right, rect.bottom() - 6.0));
    sparkline(&painter, spark, &trend.medians, colors.accent);
    right = spark.left() - 6.0;
    if trend.failed > 0 {
        let share = 100.0 * trend.failed as f64 / trend.calls.max(1) as f64;
        let mark = if share < 1.0 { "! <1 %".to_owned() } else { format!("! {share:.0} %") };
        let drawn =
            painter.text(pos2(right, rect.center().y), Align2::RIGHT_CENTER, mark, font, colors.error);
        right = drawn.left();
    }
    right
}

fn hover_ui(ui: &mut Ui, procedure: &Procedure, trend: Option<&Trend>) {
    ui.strong(&procedure.path);
    if !procedure.documentation.is_empty() {
        ui.label(&procedure.documentation);
    }
    if procedure.streams() {
        ui.label(kind_words(procedure.kind));
    }
    let Some(trend) = trend.filter(|trend| trend.calls > 0) else {
        ui.weak("Not called in the last minute");
        return;
    };
    let rate = trend.calls as f64 / trend.seconds.max(1.0);
    ui.weak(format!("Last minute: {} calls, {rate:.1} a second, {} failed", trend.calls, trend.failed));
    if let Some(latency) = trend.latency {
        let [p50, p90, p99] = [latency.p50, latency.p90, latency.p99].map(text::latency);
        ui.weak(format!("p50 {p50}, p90 {p90}, p99 {p99}"));
    }
}
