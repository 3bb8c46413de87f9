//! The pages of one server side by side, to choose from. It stands at the same place on each of them.

use egui::{Align, Button, Frame, Label, Layout, RichText, Ui, vec2};

use super::parts::{filter_field_ui, hint_of, hint_with_keys, muted};
use super::theme::palette;
use crate::command::Command;
use crate::model::tab::Tab;
use crate::model::view::Page;

/// The pages that are about the server itself. That of the graphs is offered where no graphs are beside the calls.
const PAGES: [Page; 5] = [Page::Calls, Page::Graphs, Page::Connections, Page::Traces, Page::Load];
const HEIGHT: f32 = 22.0;
/// As wide as a name that one would look for.
const FILTER_WIDTH: f32 = 260.0;
const SHORTEST: f32 = 120.0;

/// The switch at the top left.
pub(super) fn pages_ui(ui: &mut Ui, shown: Page, with_graphs: bool, wishes: &mut Vec<Command>) {
    let pages = PAGES.into_iter().filter(|page| with_graphs || *page != Page::Graphs);
    let choices = pages.map(|page| {
        // The others are called as they are in the list of commands.
        let name = if page == Page::Graphs { "Graphs" } else { Command::Show(page).text() };
        (name, Command::Show(page).meaning(), page == shown, Command::Show(page))
    });
    switch_ui(ui, choices, wishes);
}

/// What is shown of a call, where there is no room for both.
pub(super) fn sides_ui(ui: &mut Ui, tab: &Tab, wishes: &mut Vec<Command>) {
    let choices = [("Request", false), ("Reply", true)].map(|(name, is_reply)| {
        let hint =
            if is_reply { "What the call came back with" } else { "What is to be called, and with what" };
        (name, hint, tab.shows_reply == is_reply, Command::TurnOver)
    });
    switch_ui(ui, choices, wishes);
}

/// Choices side by side, each with its name, what it shows, whether it is shown, and the command that shows it.
fn switch_ui<'a>(
    ui: &mut Ui,
    choices: impl IntoIterator<Item = (&'a str, &'a str, bool, Command)>,
    wishes: &mut Vec<Command>,
) {
    let colors = palette(ui);
    let frame = Frame::new().fill(ui.visuals().extreme_bg_color).corner_radius(6).inner_margin(2);
    frame.show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(2.0, 2.0);
            // All of them stand in one row of the list of procedures.
            ui.spacing_mut().button_padding.x = 7.0;
            for (name, hint, is_shown, command) in choices {
                let color = if is_shown { ui.visuals().strong_text_color() } else { colors.muted };
                let button = Button::selectable(is_shown, RichText::new(name).color(color));
                let response = ui.add(button.min_size(vec2(0.0, HEIGHT)));
                let hint = hint_with_keys(ui, hint, &command);
                if response.on_hover_text(hint).clicked() && !is_shown {
                    wishes.push(command);
                }
            }
        });
    });
    ui.add_space(2.0);
}

/// The switch, what the page shows in a few words, and a field to find some of it. Says whether that was
/// edited.
pub(super) fn heading_ui(
    ui: &mut Ui,
    page: Page,
    summary: &str,
    (filter, name, find): (&mut String, &str, bool),
    wishes: &mut Vec<Command>,
) -> bool {
    let response = ui.horizontal(|ui| {
        pages_ui(ui, page, false, wishes);
        let width = FILTER_WIDTH.min(ui.available_width() - 16.0).max(SHORTEST);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let response = filter_field_ui(ui, filter, (name, name), width, find);
            if ui.available_width() > SHORTEST {
                let copy = ui.add(Button::new(Command::CopyTable.text()).small());
                if copy.on_hover_text(hint_of(ui, &Command::CopyTable)).clicked() {
                    wishes.push(Command::CopyTable);
                }
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add_space(8.0);
                ui.add(Label::new(muted(&palette(ui), summary)).truncate());
            });
            response
        })
    });
    ui.add_space(2.0);
    response.inner.inner.changed()
}
