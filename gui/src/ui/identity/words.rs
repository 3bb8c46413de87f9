//! Moments and lists in the words of this page.

use egui::{Align, Label, Layout, RichText, Ui};
use jiff::Timestamp;

use crate::model::server::{List, Reload};
use crate::text;
use crate::ui::parts::dot_ui;
use crate::ui::theme::palette;

/// A moment as certificates write it.
pub(super) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// Since when something has been in force.
pub(super) fn in_force(reload: &Reload) -> String {
    let since = moment(reload.since);
    match reload.replaced {
        0 => format!("since {since}"),
        1 => format!("since {since}, renewed once"),
        count => format!("since {since}, renewed {} times", text::count(count)),
    }
}

/// A revocation list: how much is on it, and when the next one is due.
pub(super) fn list_ui(ui: &mut Ui, list: &List, now: Timestamp) {
    let colors = palette(ui);
    let left = list.due.as_second() - now.as_second();
    let (due, color, due_color) = match left < 0 {
        true => (format!("overdue for {}", text::span(-left)), colors.error, colors.error),
        false => (format!("next one due in {}", text::span(left)), colors.ok, colors.muted),
    };
    let revoked = match list.revoked {
        0 => "nobody revoked".to_owned(),
        count => format!("{} revoked", text::count(count)),
    };
    ui.horizontal(|ui| {
        dot_ui(ui, color);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.label(RichText::new(due).small().color(due_color));
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let words = ui.add(Label::new(format!("Revocation list, {revoked}")).truncate());
                words.on_hover_text(format!("Made by {} on {}", list.issuer, moment(list.made)));
            });
        });
    });
}
