//! Pages of cards that take the whole window: a heading, and below it two columns, or one where there is no room for two.

use egui::{Align, Layout, Rect, ScrollArea, Ui, UiBuilder, vec2};

use super::parts::{back_button_ui, is_left};
use crate::command::Command;
use crate::model::view::Page;

/// How wide the page gets in a wide window.
const WIDEST: f32 = 1240.0;
/// Columns that are narrower than this are none.
const NARROWEST: f32 = 380.0;
/// The room between two columns.
const GAP: f32 = 14.0;
/// The room between two cards of one, beside the usual spacing.
pub(super) const BETWEEN: f32 = 8.0;

/// What is to be drawn of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// What stands beside its title.
    Heading,
    /// What it is for.
    Cards,
}

/// Which of two columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

/// A page, which Escape leaves.
pub(super) fn page_ui(
    ui: &mut Ui,
    page: Page,
    title: &str,
    wishes: &mut Vec<Command>,
    mut draw: impl FnMut(&mut Ui, Part, &mut Vec<Command>),
) {
    let is_left = is_left(ui);
    let room = ui.available_rect_before_wrap();
    let width = room.width().min(WIDEST);
    let middle = Rect::from_center_size(room.center(), vec2(width, room.height()));
    ui.scope_builder(UiBuilder::new().max_rect(middle), |ui| {
        ui.horizontal(|ui| {
            ui.heading(title);
            draw(ui, Part::Heading, wishes);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                back_button_ui(ui, wishes).on_hover_text("Leads back to the calls  Esc");
            });
        });
        ui.add_space(8.0);
        ScrollArea::vertical().id_salt(page).auto_shrink(false).show(ui, |ui| draw(ui, Part::Cards, wishes));
    });
    if is_left {
        wishes.push(Command::Show(Page::Calls));
    }
}

/// Two columns of the same width; or first the left one, then the right one.
pub(super) fn columns_ui(ui: &mut Ui, mut draw: impl FnMut(&mut Ui, Side)) {
    if ui.available_width() < 2.0 * NARROWEST + GAP {
        draw(ui, Side::Left);
        ui.add_space(BETWEEN);
        return draw(ui, Side::Right);
    }
    let within = ui.spacing().item_spacing.x;
    ui.spacing_mut().item_spacing.x = GAP;
    ui.columns_const(|[left, right]| {
        for (column, side) in [(left, Side::Left), (right, Side::Right)] {
            column.spacing_mut().item_spacing.x = within;
            column.vertical(|column| draw(column, side));
        }
    });
}
