//! The pages of one server side by side, to choose from. It stands at the same place on each of them.

use egui::{Align, Button, Frame, Label, Layout, RichText, Ui, vec2};

use super::parts::{filter_field_ui, hint_with_keys, muted};
use super::theme::palette;
use crate::command::Command;
use crate::model::view::Page;

/// The pages that are about the server itself.
const PAGES: [Page; 3] = [Page::Calls, Page::Connections, Page::Traces];
const HEIGHT: f32 = 22.0;
/// As wide as a name that one would look for.
const FILTER_WIDTH: f32 = 260.0;

/// The switch at the top left.
pub(super) fn pages_ui(ui: &mut Ui, shown: Page, wishes: &mut Vec<Command>) {
    let colors = palette(ui);
    let frame = Frame::new().fill(ui.visuals().extreme_bg_color).corner_radius(6).inner_margin(2);
    frame.show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 2.0;
            for page in PAGES {
                let command = Command::Show(page);
                let is_shown = page == shown;
                let color = if is_shown { ui.visuals().strong_text_color() } else { colors.muted };
                let button = Button::selectable(is_shown, RichText::new(command.text()).color(color));
                let response = ui.add(button.min_size(vec2(0.0, HEIGHT)));
                let hint = hint_with_keys(ui, words(page), &command);
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
        pages_ui(ui, page, wishes);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let response = filter_field_ui(ui, filter, (name, name), FILTER_WIDTH, find);
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

fn words(page: Page) -> &'static str {
    match page {
        Page::Connections => "Who is connected to this server",
        Page::Traces => "Calls that were slow or failed, and where their time went",
        _ => "The procedures of this server, calls and graphs",
    }
}
