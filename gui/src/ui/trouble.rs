//! Trouble that belongs to no panel.

use egui::{Label, Ui, Window};

use super::parts::copy_failure_ui;
use crate::command::Command;
use crate::model::Model;

/// A message about something beside the connection, until it is dismissed.
pub(crate) fn trouble_ui(ui: &mut Ui, model: &Model, wishes: &mut Vec<Command>) {
    let Some(trouble) = &model.trouble else { return };
    let place = ui.max_rect().right_bottom() - egui::vec2(16.0, 16.0);
    let window = Window::new("Something went wrong").collapsible(false).resizable(false);
    window.pivot(egui::Align2::RIGHT_BOTTOM).fixed_pos(place).show(ui.ctx(), |ui| {
        ui.set_max_width(360.0);
        ui.add(Label::new(&trouble.reason).wrap());
        ui.add(Label::new(&trouble.remedy).wrap());
        ui.horizontal(|ui| {
            if ui.button(Command::DismissTrouble.text()).clicked() {
                wishes.push(Command::DismissTrouble);
            }
            copy_failure_ui(ui, trouble);
        });
    });
}
