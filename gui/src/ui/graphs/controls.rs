//! The line above the graphs: whose numbers they show, what they are compared with, and where they are written.

use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{
    Align, Checkbox, Id, Label, Layout, Modal, PopupCloseBehavior, RichText, ScrollArea, TextEdit, Ui,
};

use crate::command::Command;
use crate::fuzzy::Pattern;
use crate::model::alerts::AlertCommand;
use crate::model::graphs::Comparison;
use crate::model::graphs::export::Format;
use crate::model::history::Percentile;
use crate::model::tab::Tab;
use crate::model::view::{Page, Scope};
use crate::text;
use crate::ui::parts::{back_button_ui, command_button_ui, failure_card_ui, muted};
use crate::ui::theme::palette;

/// Whoever looks for a procedure beyond these types some letters of it.
const MOST_LISTED: usize = 200;

/// Room for the name of a procedure.
const MENU_WIDTH: f32 = 340.0;

/// The height of a line in the list of what can be compared.
const ROW: f32 = 22.0;

pub(super) fn heading_ui(ui: &mut Ui, tab: &mut Tab, is_page: bool, wishes: &mut Vec<Command>) {
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        if is_page {
            back_button_ui(ui, wishes);
        } else {
            command_button_ui(ui, Command::Show(Page::Graphs), true, wishes);
        }
        let has_graphs = tab.graphs.sheet.is_some();
        command_button_ui(ui, Command::ToggleExport, has_graphs, wishes);
        // Of what is past nobody is told.
        if tab.replay.is_none() {
            let about = Command::Alert(AlertCommand::About);
            let hint = "Writes a rule about what is graphed: above twice what it is now";
            command_button_ui(ui, about, has_graphs, wishes).on_hover_text(hint);
        }
        compare_ui(ui, tab, wishes);
        if tab.graphs.zoom.is_some() {
            command_button_ui(ui, Command::ZoomOut, true, wishes);
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| scope_ui(ui, tab, wishes));
    });
}

fn scope_ui(ui: &mut Ui, tab: &Tab, wishes: &mut Vec<Command>) {
    let colors = palette(ui);
    let selected = tab.selected.as_deref().unwrap_or("Selected procedure");
    let mut scope_ui = |ui: &mut Ui, scope: Scope, text: &str| {
        let label = egui::Button::selectable(tab.scope == scope, text).truncate();
        if ui.add(label).on_hover_text(Command::SetScope(scope).text()).clicked() {
            wishes.push(Command::SetScope(scope));
        }
    };
    scope_ui(ui, Scope::All, "All procedures");
    ui.scope(|ui| {
        let room = ui.available_width();
        ui.set_max_width((room - 330.0).max(120.0).min(room));
        scope_ui(ui, Scope::Selected, &format!("Graph {selected}"));
    });
    let Some(sheet) = &tab.graphs.sheet else { return };
    ui.separator();
    for (is_so, word) in [(tab.frozen.is_some(), "paused"), (tab.graphs.zoom.is_some(), "zoomed")] {
        if is_so {
            ui.label(RichText::new(word).color(colors.warn));
        }
    }
    if let Some(last) = sheet.main().points.last() {
        let latency = last.latency.map_or_else(
            || "no call just now".to_owned(),
            |latency| format!("p50 {}  p99 {}", text::latency(latency.p50), text::latency(latency.p99)),
        );
        let words = format!("{} calls/s  {} in flight  {latency}", text::rate(last.rate), last.in_flight);
        ui.add(Label::new(muted(&colors, words)).truncate());
    }
}

fn compare_ui(ui: &mut Ui, tab: &mut Tab, wishes: &mut Vec<Command>) {
    let config = MenuConfig::default().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    let text = match &tab.graphs.comparison {
        Comparison::Nothing => "Compare…".to_owned(),
        Comparison::Procedures(procedures) => format!("Compared with {}", procedures.len()),
        Comparison::Servers => "Servers compared".to_owned(),
    };
    let button = MenuButton::new(text).config(config);
    let (response, _) = button.ui(ui, |ui| {
        ui.set_width(MENU_WIDTH);
        menu_ui(ui, tab, wishes);
    });
    response.on_hover_text("Draws other procedures, or the same one on other servers, beside this one");
}

fn menu_ui(ui: &mut Ui, tab: &mut Tab, wishes: &mut Vec<Command>) {
    let colors = palette(ui);
    ui.horizontal(|ui| {
        ui.label(muted(&colors, "Latency as"));
        for percentile in Percentile::ALL {
            let is_chosen = tab.graphs.percentile == percentile;
            if ui.selectable_label(is_chosen, percentile.text()).clicked() {
                wishes.push(Command::ComparePercentile(percentile));
            }
        }
    });
    let mut servers = tab.graphs.comparison == Comparison::Servers;
    let checkbox = Checkbox::new(&mut servers, Command::CompareServers.text());
    if ui.add_enabled(tab.allows(&Command::CompareServers), checkbox).clicked() {
        wishes.push(Command::CompareServers);
    }
    ui.separator();
    let edit = TextEdit::singleline(&mut tab.graphs.filter).hint_text("Filter what to compare with");
    ui.add(edit.desired_width(f32::INFINITY)).accessible_name("Filter what to compare with");
    let compared: &[String] = match &tab.graphs.comparison {
        Comparison::Procedures(procedures) => procedures,
        _ => &[],
    };
    let procedures = tab.catalogue.services().iter().flat_map(|service| &service.procedures);
    let pattern = Pattern::new(&tab.graphs.filter);
    let found: Vec<&str> = procedures
        .map(|procedure| procedure.path.as_str())
        .filter(|path| pattern.matches(path))
        .filter(|path| tab.scope == Scope::All || tab.selected.as_deref() != Some(path))
        .take(MOST_LISTED)
        .collect();
    ScrollArea::vertical().max_height(260.0).auto_shrink([false, true]).show_rows(
        ui,
        ROW,
        found.len(),
        |ui, rows| {
            for path in &found[rows] {
                let mut is_compared = compared.iter().any(|known| known == path);
                let checkbox = Checkbox::new(&mut is_compared, *path);
                if ui.add(checkbox).accessible_name(format!("Compare {path}")).clicked() {
                    wishes.push(Command::Compare((*path).to_owned()));
                }
            }
        },
    );
    ui.separator();
    let is_any = tab.graphs.comparison != Comparison::Nothing;
    command_button_ui(ui, Command::CompareNothing, is_any, wishes);
}

/// Asks where the graphs are to be written, while that is wanted, and says what came of it.
pub(crate) fn export_ui(ui: &Ui, tab: &mut Tab, wishes: &mut Vec<Command>) {
    let Some(exporting) = &mut tab.graphs.exporting else { return };
    let modal = Modal::new(Id::unique("export graphs")).show(ui.ctx(), |ui| {
        ui.set_width(460.0);
        let colors = palette(ui);
        ui.heading("Export graphs");
        ui.label(muted(
            &colors,
            "What is in view, as a table of its points or as a picture. An ending is added.",
        ));
        ui.add_space(4.0);
        let edit = TextEdit::singleline(&mut exporting.file).desired_width(f32::INFINITY);
        ui.add(edit).accessible_name("File without its ending");
        match &exporting.done {
            Some(Ok(path)) => {
                let words = format!("Saved as {}", path.display());
                ui.add(Label::new(RichText::new(words).color(colors.ok)).wrap());
            }
            Some(Err(failure)) => failure_card_ui(ui, failure),
            // The buttons do not move once there is something to say.
            None => drop(ui.label(" ")),
        }
        ui.add_space(4.0);
        ui.horizontal(|ui| {
            let is_named = !exporting.file.trim().is_empty();
            command_button_ui(ui, Command::Export(Format::Png), is_named, wishes);
            command_button_ui(ui, Command::Export(Format::Csv), is_named, wishes);
            if ui.button("Close").clicked() {
                wishes.push(Command::ToggleExport);
            }
        });
    });
    if modal.should_close() {
        wishes.push(Command::ToggleExport);
    }
}
