//! A new alert, shown over everything else for a while: it covers little, takes no key, and leads to what
//! happened.

use egui::accesskit::Live;
use egui::{Align, Area, Frame, Id, Label, Layout, Margin, Order, Rect, RichText, Ui, vec2};

use super::small_button_ui;
use crate::command::Command;
use crate::model::Model;
use crate::model::alerts::AlertCommand;
use crate::model::alerts::log::Alert;
use crate::model::view::Page;
use crate::ui::theme::palette;

const WIDTH: f32 = 360.0;
const MARGIN: f32 = 10.0;

/// The new ones, in the upper right corner of what is below the top bar: the bell above says where they go.
pub(in crate::ui) fn told_ui(ui: &Ui, model: &Model, below: Rect, wishes: &mut Vec<Command>) {
    // Whoever looks at the list sees them there.
    if model.tab().page == Page::Alerts || model.alerts.told().next().is_none() {
        return;
    }
    let corner = below.right_top() + vec2(-WIDTH - MARGIN, MARGIN);
    Area::new(Id::unique("new alerts")).order(Order::Foreground).fixed_pos(corner).show(ui.ctx(), |ui| {
        ui.set_width(WIDTH);
        for alert in model.alerts.told() {
            ui.push_id(alert.id, |ui| card_ui(ui, alert, wishes));
        }
    });
}

fn card_ui(ui: &mut Ui, alert: &Alert, wishes: &mut Vec<Command>) {
    let colors = palette(ui);
    let frame =
        Frame::popup(ui.style()).fill(colors.card).inner_margin(Margin { left: 16, ..Margin::same(10) });
    let shown = frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                for command in [AlertCommand::PutAway(alert.id), AlertCommand::LookInto(alert.id)] {
                    let name = format!("{}: {}", command.text(), alert.rule.condition.words());
                    small_button_ui(ui, command, true, name, wishes);
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.add(Label::new(RichText::new(&alert.server).small().color(colors.muted)).truncate());
                });
            });
        });
        let words = ui.add(Label::new(RichText::new(alert.rule.condition.words()).strong()).wrap());
        // It is read aloud without taking the cursor away from where it is.
        ui.ctx().accesskit_node_builder(words.id, |node| node.set_live(Live::Polite));
        let worst = alert.worst_words();
        if !worst.is_empty() {
            ui.label(RichText::new(worst).color(colors.error));
        }
    });
    let edge = shown.response.rect.shrink(1.0);
    let bar = Rect::from_min_size(edge.min + vec2(5.0, 8.0), vec2(3.0, edge.height() - 16.0));
    ui.painter().rect_filled(bar, 1.5, colors.error);
    ui.add_space(2.0);
}
