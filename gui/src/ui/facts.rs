//! Facts in rows: a name, a value, and a button that copies it. And how much is left of a life, as a bar.

use std::fmt::Debug;
use std::hash::Hash;
use std::time::Duration;

use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{
    Align, Button, Color32, CornerRadius, Frame, Id, Label, Layout, Rect, RichText, Role, Sense, TextStyle,
    Ui, Widget, WidgetInfo, pos2, vec2,
};

use super::parts::muted;
use super::theme::{Palette, palette};
use crate::model::life::{Health, Life, SOON, URGENT};
use crate::text;

/// How wide the names of facts are.
pub(super) const NAME_WIDTH: f32 = 104.0;
/// Facts stand closer together than things that can be pressed.
const ROW_HEIGHT: f32 = 19.0;
/// The most lines that an ID takes.
const ID_LINES: usize = 4;
/// For how long a button says that it has copied.
const COPIED: Duration = Duration::from_millis(1500);

/// A card with a title, as wide as there is room.
pub(super) fn card_ui(ui: &mut Ui, title: &str, content: impl FnOnce(&mut Ui)) {
    let (colors, stroke) = (palette(ui), ui.visuals().window_stroke);
    Frame::new().fill(colors.card).stroke(stroke).corner_radius(8).inner_margin(14).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.label(RichText::new(title).strong().size(15.0));
        ui.add_space(2.0);
        content(ui);
    });
}

/// A name and its value, cut where there is no more room; the whole is in its tooltip.
pub(super) fn fact_ui(ui: &mut Ui, name: &str, value: &str) {
    row_ui(ui, name, |ui| {
        ui.add(Label::new(value).truncate());
    });
}

/// The same with a button that copies the value.
pub(super) fn copied_fact_ui(ui: &mut Ui, name: &str, value: &str) {
    row_ui(ui, name, |ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            copy_button_ui(ui, name, value);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(Label::new(RichText::new(value).monospace()).truncate());
            });
        });
    });
}

/// An ID, whose end matters most: in several lines where it is long, with a button that copies it.
pub(super) fn id_ui(ui: &mut Ui, name: &str, id: &str) {
    let font = TextStyle::Monospace.resolve(ui.style());
    let mut job =
        LayoutJob::single_section(id.to_owned(), TextFormat::simple(font, ui.visuals().text_color()));
    job.wrap = TextWrapping { max_rows: ID_LINES, break_anywhere: true, ..TextWrapping::default() };
    row_ui(ui, name, |ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            copy_button_ui(ui, name, id);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                job.wrap.max_width = ui.available_width();
                let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
                let is_cut = galley.elided;
                let shown = ui.add(Label::new(galley).selectable(true));
                if is_cut {
                    shown.on_hover_text(id);
                }
            });
        });
    });
}

/// A digest, in two lines of the same length, with a button that copies it.
pub(super) fn digest_ui(ui: &mut Ui, name: &str, hex: &str) {
    let (first, second) = hex.split_at_checked(hex.len() / 2).unwrap_or((hex, ""));
    row_ui(ui, name, |ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            copy_button_ui(ui, name, hex);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(Label::new(RichText::new(first).monospace()).truncate());
            });
        });
    });
    row_ui(ui, "", |ui| drop(ui.add(Label::new(RichText::new(second).monospace()).truncate())));
}

/// A row of a name and whatever stands beside it.
pub(super) fn row_ui(ui: &mut Ui, name: &str, value: impl FnOnce(&mut Ui)) {
    let colors = palette(ui);
    ui.scope(|ui| {
        ui.spacing_mut().interact_size.y = ROW_HEIGHT;
        ui.horizontal(|ui| {
            let size = vec2(NAME_WIDTH, ROW_HEIGHT);
            ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
                ui.set_min_size(size);
                if !name.is_empty() {
                    let shown = ui.label(muted(&colors, name));
                    if let Some(meaning) = meaning(name) {
                        shown.on_hover_text(meaning);
                    }
                }
            });
            value(ui);
        });
    });
}

/// What a fact tells, for whoever has not met its name.
fn meaning(name: &str) -> Option<&'static str> {
    Some(match name {
        "SPIFFE ID" => {
            "Who a certificate says its owner is: spiffe://, a trust domain, and a name in it. Policies go by this."
        }
        "SHA-256" => "The fingerprint of the certificate: the same on both sides, or somebody is in between.",
        "Serial" => "The number that its authority gave it, by which it is revoked.",
        "In force" | "Identity" => {
            "Since when these files are used. New ones are taken in without a restart."
        }
        "Policy" => {
            "Since when the rules of who may call what are used. New ones are taken in without a restart."
        }
        "Issuer" => "The authority that vouches for it.",
        "Usages" => "What its authority made it for: clients need clientAuth, servers serverAuth as well.",
        "Hosts" => "The names under which a server may be dialled with it.",
        "Key exchange" => {
            "How both sides agreed on keys. X25519MLKEM768 holds against quantum computers, too."
        }
        "Cipher suite" => "How what is sent is encrypted and kept from being changed.",
        "Domain" => "A trust domain, with its own roots and its own revocation list (CRL).",
        _ => return None,
    })
}

/// A command to be copied.
pub(super) fn command_ui(ui: &mut Ui, line: &str) {
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            copy_button_ui(ui, "Command", line);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(Label::new(RichText::new(line).monospace()).truncate());
            });
        });
    });
}

/// A button that copies, and says so for a moment.
pub(super) fn copy_button_ui(ui: &mut Ui, what: &str, text: &str) {
    copy_made_ui(ui, what, text, || text.to_owned());
}

/// The same for a text that is made once the button is pressed, and is known by something shorter until then.
pub(super) fn copy_made_ui(
    ui: &mut Ui,
    what: &str,
    known_by: impl Hash + Debug,
    text: impl FnOnce() -> String,
) {
    let id = ui.make_persistent_id(Id::unique(("copied", what, known_by)));
    let now = ui.input(|input| input.time);
    let copied_at = ui.data(|data| data.get_temp::<f64>(id));
    let is_copied = copied_at.is_some_and(|at| now - at < COPIED.as_secs_f64());
    let button = Button::new(if is_copied { "Copied" } else { "Copy" }).small().min_size(vec2(52.0, 0.0));
    let response = button.ui(ui).on_hover_text(format!("Copies the {}", what.to_lowercase()));
    let name = if is_copied { format!("Copied {what}") } else { format!("Copy {what}") };
    if response.accessible_name(name).clicked() {
        ui.ctx().copy_text(text());
        ui.data_mut(|data| data.insert_temp(id, now));
    }
    if is_copied {
        ui.ctx().request_repaint_after(COPIED);
    }
}

/// What is left of a certificate's life: words, and a bar with marks where it should be renewed.
pub(super) fn life_ui(ui: &mut Ui, life: Life) {
    let colors = palette(ui);
    let color = health_color(&colors, life.health());
    let percent = format!("{:.0} % of its life left", life.share() * 100.0);
    ui.horizontal(|ui| {
        if life.health() == Health::Invalid {
            ui.label(RichText::new(text::capitalized(&life.words())).strong().color(color));
        } else {
            ui.label(RichText::new(life.advice()).strong().color(color));
            ui.label(life.words());
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.label(muted(&colors, &percent)));
        }
    });
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 8.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, &percent));
    let painter = ui.painter_at(rect);
    let round = CornerRadius::same(4);
    painter.rect_filled(rect, round, colors.line);
    let left = rect.left() + rect.width() * life.share() as f32;
    if left > rect.left() {
        let bar = Rect::from_min_max(rect.min, pos2(left.max(rect.left() + 8.0), rect.bottom()));
        painter.rect_filled(bar, round, if life.health() == Health::Fine { colors.accent } else { color });
    }
    for share in [URGENT, SOON] {
        let x = rect.left() + rect.width() * share as f32;
        painter.vline(x, rect.y_range(), egui::Stroke::new(1.0, colors.card));
    }
    response.on_hover_text("Below 30 % it is time to renew, below 10 % high time");
}

/// The colour of a certificate's health; the words beside it say the same.
pub(super) fn health_color(colors: &Palette, health: Health) -> Color32 {
    match health {
        Health::Fine => colors.ok,
        Health::Soon => colors.warn,
        Health::Urgent | Health::Invalid => colors.error,
    }
}
