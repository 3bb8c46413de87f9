//! The buttons beside “Call” that make a call many times.

use egui::{Button, Popup, Ui, vec2};

use crate::command::Command;
use crate::model::load::TIMES;
use crate::model::load::asked::LoadCommand;
use crate::model::view::Page;
use crate::text;
use crate::ui::parts::{hint_with_keys, triangle};

/// `×100`, how many that are, and the way to the page of loads.
pub(in crate::ui) fn times_ui(ui: &mut Ui, times: u64, allowed: bool, wishes: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 1.0;
        let (repeat, count) = (Command::Load(LoadCommand::Repeat), text::count(times));
        let button = ui.add_enabled(allowed, Button::new(format!("×{count}")));
        let hint = format!("Makes this call {count} times, one after the other");
        let hint = hint_with_keys(ui, &hint, &repeat);
        if button.accessible_name(format!("Call {count} times")).on_hover_text(hint).clicked() {
            wishes.push(repeat);
        }
        choice_ui(ui, times, wishes);
    });
    let load = Command::Show(Page::Load);
    let hint = hint_with_keys(ui, "Many calls at a rate, or as fast as it goes", &load);
    if ui.button("Load…").on_hover_text(hint).clicked() {
        wishes.push(load);
    }
}

/// How many times that is from now on.
fn choice_ui(ui: &mut Ui, times: u64, wishes: &mut Vec<Command>) {
    let button = ui.add(Button::new("").min_size(vec2(18.0, 0.0)));
    let color = ui.style().interact(&button).text_color();
    triangle(ui.painter(), button.rect.center(), false, color);
    Popup::menu(&button).show(|ui| {
        for choice in TIMES {
            if ui.radio(choice == times, format!("{} times", text::count(choice))).clicked() {
                wishes.push(Command::Load(LoadCommand::SetTimes(choice)));
                ui.close();
            }
        }
    });
    button.accessible_name("How many times").on_hover_text("How many times");
}
