//! The procedures of the server, by package and service or by what is typed into the filter, each with how it did
//! over the last minute.

mod row;

use egui::scroll_area::State;
use egui::{
    Event, EventFilter, Id, Key, Label, Modifiers, Panel, Rect, Response, Role, ScrollArea, Sense, Ui,
    WidgetInfo,
};

use self::row::{Face, ROW_HEIGHT};
use super::parts::{command_button_ui, empty_ui, failed_ui, filter_field_ui, loading_ui, muted};
use super::theme::palette;
use crate::command::Command;
use crate::model::catalogue::{Catalogue, Services};
use crate::model::listing::{Listing, What};
use crate::model::tab::Tab;
use crate::text;

/// The room between two rows.
const GAP: f32 = 1.0;

/// The list at the left.
pub(crate) fn procedures_ui(ui: &mut Ui, tab: &mut Tab, wishes: &mut Vec<Command>) {
    let filter = filter_ui(ui, tab);
    ui.add_space(2.0);
    // The parts of the tab that are needed side by side.
    let mut listing = std::mem::take(&mut tab.listing);
    match &tab.catalogue {
        Catalogue::Loading => loading_ui(ui, "Asking the server what it can do…"),
        Catalogue::Failed(failure) => {
            failed_ui(ui, failure);
            ui.vertical_centered(|ui| command_button_ui(ui, Command::ReloadProcedures, true, wishes));
        }
        Catalogue::Ready(services) if services.all().is_empty() => {
            empty_ui(ui, "No procedures", "The server's policy shows none to this identity.");
        }
        Catalogue::Ready(services) => listing_ui(ui, tab, services, &mut listing, &filter, wishes),
    }
    tab.listing = listing;
}

/// The box to type into, and what was done in it.
fn filter_ui(ui: &mut Ui, tab: &mut Tab) -> Response {
    let filter = &mut tab.listing.filter;
    tab.find_wanted |= slash_was_typed(ui);
    let is_wanted = std::mem::take(&mut tab.find_wanted);
    let words = ("Filter procedures", "Filter procedures    /");
    let response = filter_field_ui(ui, filter, words, f32::INFINITY, is_wanted);
    if response.lost_focus() && ui.input(|input| input.key_pressed(Key::Escape)) {
        filter.clear();
    }
    response
}

/// Whether a slash was typed where nothing else takes letters. It is eaten: the box that gets the cursor is not to
/// begin with it.
fn slash_was_typed(ui: &Ui) -> bool {
    let is_slash = |event: &Event| matches!(event, Event::Text(text) if text == "/");
    if ui.text_edit_focused() || !ui.input(|input| input.events.iter().any(is_slash)) {
        return false;
    }
    ui.input_mut(|input| input.events.retain(|event| !is_slash(event)));
    true
}

fn listing_ui(
    ui: &mut Ui,
    tab: &Tab,
    services: &Services,
    listing: &mut Listing,
    filter: &Response,
    wishes: &mut Vec<Command>,
) {
    let was_filtered = listing.pattern().is_some();
    if listing.refresh(services) {
        ui.request_repaint();
    }
    if was_filtered && listing.pattern().is_none() {
        let selected = tab.selected.as_deref().and_then(|path| services.entry(path));
        selected.into_iter().for_each(|entry| listing.reveal(entry, services));
    }
    Panel::bottom("count").show_separator_line(false).frame(egui::Frame::new()).show(ui, |ui| {
        count_ui(ui, services, listing);
    });
    if listing.rows().is_empty() && listing.pattern().is_some() {
        let hint = "Each word has to occur in a procedure's name, letter by letter, with any others between them. \
                    Escape clears the filter.";
        empty_ui(ui, "Nothing matches", hint);
    }
    let list = Id::unique("procedures").with(ui.scope_id());
    keys(ui, services, listing, filter, list, wishes);
    rows_ui(ui, tab, services, listing, (list, filter.has_focus()), wishes);
}

/// How many there are, and whether that is all.
fn count_ui(ui: &mut Ui, services: &Services, listing: &Listing) {
    let colors = palette(ui);
    let all = services.len() as u64;
    let words = match listing.pattern() {
        Some(_) => format!("{} of {}", text::count(listing.rows().len() as u64), text::count(all)),
        None => text::counted(all, ["procedure", "procedures"]),
    };
    ui.horizontal(|ui| {
        ui.label(muted(&colors, words).small());
        if !services.names_forbidden {
            let more = ui.add(Label::new(muted(&colors, "· there may be more").small()).sense(Sense::hover()));
            more.on_hover_text(
                "These are the procedures that this identity may call. The server names the others only to those \
                 whom a rule of its policy allows countersign.Reflection/names, in full.",
            );
        }
    });
}

/// Obeys the keys that move in the list: from the filter those that are of no use there, and from the list itself
/// all of them.
fn keys(
    ui: &Ui,
    services: &Services,
    listing: &mut Listing,
    filter: &Response,
    list: Id,
    wishes: &mut Vec<Command>,
) {
    let is_opened = filter.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    if is_opened
        && let Some((_, row)) = listing.at_cursor()
        && let What::Procedure(entry) = row.what
    {
        wishes.push(Command::FillIn(services.listed(entry).path().to_owned()));
    }
    let has_list = ui.memory(|memory| memory.has_focus(list));
    if !has_list && !filter.has_focus() {
        return;
    }
    let pressed = |key: Key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    let page = (ui.available_height() / (ROW_HEIGHT + GAP)) as isize;
    for (key, by) in [(Key::ArrowDown, 1), (Key::ArrowUp, -1), (Key::PageDown, page), (Key::PageUp, -page)] {
        if pressed(key) {
            listing.move_cursor(by);
        }
    }
    if !has_list {
        return;
    }
    let arrows = EventFilter { vertical_arrows: true, horizontal_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(list, arrows));
    if pressed(Key::Home) {
        listing.put_cursor(0);
    }
    if pressed(Key::End) {
        listing.move_cursor(isize::MAX / 2);
    }
    if pressed(Key::ArrowLeft) {
        listing.step_out(services);
    }
    if pressed(Key::ArrowRight) {
        listing.step_in(services);
    }
    if (pressed(Key::Enter) || pressed(Key::Space))
        && let Some((_, row)) = listing.at_cursor()
    {
        press(row.what, services, listing, wishes);
    }
}

/// Shows a procedure, and folds or unfolds what holds several.
fn press(what: What, services: &Services, listing: &mut Listing, wishes: &mut Vec<Command>) {
    match what {
        What::Procedure(entry) => wishes.push(Command::Select(services.listed(entry).path().to_owned())),
        _ => listing.toggle(what, services),
    }
}

/// Draws the rows that are in sight.
fn rows_ui(
    ui: &mut Ui,
    tab: &Tab,
    services: &Services,
    listing: &mut Listing,
    (list, is_filtering): (Id, bool),
    wishes: &mut Vec<Command>,
) {
    ui.spacing_mut().item_spacing.y = GAP;
    let place = ui.available_rect_before_wrap();
    let focus = ui.interact(place, list, Sense::focusable_noninteractive());
    focus.widget_info(|| WidgetInfo::labeled(Role::Tree, true, "Procedures"));
    if focus.gained_focus() && listing.cursor.is_none() {
        listing.move_cursor(1);
    }
    let mut area = ScrollArea::vertical().id_salt("rows").auto_shrink(false);
    if let Some(wanted) = listing.wanted.take() {
        area = scrolled(area, ui, wanted, place);
    }
    let mut pressed = None;
    area.show_rows(ui, ROW_HEIGHT, listing.rows().len(), |ui, range| {
        for at in range {
            let row = listing.rows()[at];
            let face = Face { tab, services, listing, at, has_keyboard: is_filtering || focus.has_focus() };
            let response = row::row_ui(ui, &face, row, list.with(at));
            if listing.cursor == Some(at) {
                ui.ctx().accesskit_node_builder(list, |node| {
                    node.set_active_descendant(response.id.accesskit_id());
                });
            }
            if response.clicked() {
                pressed = Some((at, row));
            }
        }
    });
    if let Some((at, row)) = pressed {
        focus.request_focus();
        listing.cursor = Some(at);
        press(row.what, services, listing, wishes);
    }
}

/// The area, moved no further than it takes for a row to be in sight.
fn scrolled(area: ScrollArea, ui: &Ui, row: usize, place: Rect) -> ScrollArea {
    let id = ui.make_persistent_id("rows");
    let offset = State::load(ui.ctx(), id).map_or(0.0, |state| state.unclamped_offset().y);
    let top = row as f32 * (ROW_HEIGHT + GAP);
    let lowest = (top + ROW_HEIGHT - place.height()).max(0.0);
    if (lowest..=top).contains(&offset) {
        area
    } else {
        area.vertical_scroll_offset(offset.clamp(lowest, top))
    }
}
