//! The form of a rule: each mistake is told at its field.

use egui::{Button, ComboBox, Id, Label, Modal, RichText, ScrollArea, TextEdit, Ui};

use countersign::Code;

use super::rules::server_name;
use crate::command::Command;
use crate::fuzzy::Pattern;
use crate::model::Model;
use crate::model::alerts::AlertCommand;
use crate::model::alerts::draft::{Draft, Field, Kind};
use crate::model::alerts::rule::Whose;
use crate::model::connection::Target;
use crate::model::history::Percentile;
use crate::ui::form::mistake_ui;
use crate::ui::parts::{below_field_ui, field_name_ui, muted, primary_button_ui};
use crate::ui::theme::palette;

const WIDTH: f32 = 520.0;
const NAME_WIDTH: f32 = 96.0;
/// Room for a time or a number.
const NUMBER_WIDTH: f32 = 88.0;
/// What title, words and buttons take of a low window, so that the fields scroll in what is left.
const BESIDE_FIELDS: f32 = 170.0;
/// So many procedures are offered of those that have the letters typed.
const OFFERED: usize = 5;

/// The form over everything else, while a rule is written.
pub(in crate::ui) fn editor_ui(ui: &Ui, model: &mut Model, wishes: &mut Vec<Command>) {
    let Some(mut draft) = model.alerts.draft.take() else { return };
    let modal = Modal::new(Id::unique("alert rule")).show(ui.ctx(), |ui| {
        ui.set_width(WIDTH);
        ui.spacing_mut().item_spacing.y = 8.0;
        ui.heading(if draft.replaces.is_some() { "Edit alert rule" } else { "New alert rule" });
        let rule = draft.rule(model.settings.alerts.rules());
        let wrong = rule.as_ref().err().cloned().unwrap_or_default();
        let mut form = Form { draft: &mut draft, wrong: &wrong };
        ScrollArea::vertical().max_height(ui.ctx().content_rect().height() - BESIDE_FIELDS).show(ui, |ui| {
            ui.set_width(WIDTH);
            form.fields_ui(ui, model);
        });
        ui.separator();
        let colors = palette(ui);
        match &rule {
            Ok(rule) => {
                let server = server_name(model, rule.server.as_ref());
                let words = format!("{} · {server}", rule.condition.words());
                ui.add(Label::new(muted(&colors, words)).wrap());
            }
            Err(wrong) => {
                let at_all = wrong.iter().find(|(field, _)| *field == Field::Rule);
                let words = at_all.map_or("Something above cannot be meant so.", |(_, words)| words);
                ui.add(Label::new(RichText::new(words).color(colors.error)).wrap());
            }
        }
        ui.horizontal(|ui| {
            if primary_button_ui(ui, AlertCommand::Save.text(), rule.is_ok()).clicked() {
                wishes.push(Command::Alert(AlertCommand::Save));
            }
            if ui.button(AlertCommand::Discard.text()).clicked() {
                wishes.push(Command::Alert(AlertCommand::Discard));
            }
        });
    });
    if modal.should_close() {
        wishes.push(Command::Alert(AlertCommand::Discard));
    }
    model.alerts.draft = Some(draft);
}

struct Form<'d> {
    draft: &'d mut Draft,
    wrong: &'d [(Field, String)],
}

impl Form<'_> {
    fn fields_ui(&mut self, ui: &mut Ui, model: &Model) {
        self.kind_ui(ui);
        self.server_ui(ui, model);
        match self.draft.kind {
            Kind::Latency => self.latency_ui(ui, model),
            Kind::Errors => self.errors_ui(ui, model),
            Kind::Expiry => self.expiry_ui(ui),
            Kind::Lost => self.field_ui(ui, "Longer than", Field::Lasts, ""),
        }
    }

    fn kind_ui(&mut self, ui: &mut Ui) {
        ui.horizontal(|ui| {
            field_name_ui(ui, "About", NAME_WIDTH);
            for kind in Kind::ALL {
                ui.selectable_value(&mut self.draft.kind, kind, kind.text());
            }
        });
    }

    fn server_ui(&mut self, ui: &mut Ui, model: &Model) {
        ui.horizontal(|ui| {
            let label = field_name_ui(ui, "Server", NAME_WIDTH);
            let shown = server_name(model, self.draft.server.as_ref());
            let menu = ComboBox::from_id_salt("server").selected_text(shown).width(260.0).show_ui(ui, |ui| {
                ui.selectable_value(&mut self.draft.server, None, "All servers");
                for target in servers(model) {
                    let name = server_name(model, Some(&target));
                    ui.selectable_value(&mut self.draft.server, Some(target), name);
                }
            });
            menu.response.labelled_by(label.id);
        });
    }

    fn latency_ui(&mut self, ui: &mut Ui, model: &Model) {
        self.procedure_ui(ui, model);
        ui.horizontal(|ui| {
            field_name_ui(ui, "Percentile", NAME_WIDTH);
            for percentile in Percentile::ALL {
                ui.selectable_value(&mut self.draft.percentile, percentile, percentile.text());
            }
        });
        self.field_ui(ui, "Above", Field::Above, "");
        self.lasting_ui(ui, "For", "in every second of it in which calls ended");
    }

    fn errors_ui(&mut self, ui: &mut Ui, model: &Model) {
        self.procedure_ui(ui, model);
        ui.horizontal(|ui| {
            let label = field_name_ui(ui, "Failing with", NAME_WIDTH);
            let shown = self.draft.code.map_or("Any code", Code::name);
            let menu = ComboBox::from_id_salt("code").selected_text(shown).width(220.0).show_ui(ui, |ui| {
                ui.selectable_value(&mut self.draft.code, None, "Any code");
                for code in Code::ALL.into_iter().filter(|code| *code != Code::Ok) {
                    ui.selectable_value(&mut self.draft.code, Some(code), code.name());
                }
            });
            menu.response.labelled_by(label.id);
        });
        self.field_ui(ui, "More than", Field::Percent, "% of the calls");
        self.lasting_ui(ui, "Over", "in all of it together");
    }

    fn expiry_ui(&mut self, ui: &mut Ui) {
        ui.horizontal(|ui| {
            field_name_ui(ui, "Certificate", NAME_WIDTH);
            for whose in Whose::ALL {
                ui.selectable_value(&mut self.draft.whose, whose, whose.text());
            }
        });
        self.field_ui(ui, "Ends within", Field::Within, "");
        self.field_ui(ui, "And below", Field::Left, "% of its life; 100 for whatever is left");
    }

    /// For how long, and in how many calls.
    fn lasting_ui(&mut self, ui: &mut Ui, name: &str, how: &str) {
        self.field_ui(ui, name, Field::Lasts, how);
        self.field_ui(ui, "At least", Field::Calls, "calls in that time: one of one is no alarm");
    }

    fn procedure_ui(&mut self, ui: &mut Ui, model: &Model) {
        ui.horizontal(|ui| {
            let label = field_name_ui(ui, "Procedure", NAME_WIDTH);
            let edit = TextEdit::singleline(&mut self.draft.procedure).hint_text("All procedures");
            ui.add(edit.desired_width(f32::INFINITY)).labelled_by(label.id);
        });
        self.wrong_ui(ui, Field::Procedure);
        let typed = self.draft.procedure.trim();
        let services = || model.tab().catalogue.services().iter();
        if typed.is_empty() || model.tab().catalogue.listed(typed).is_some() || services().next().is_none() {
            return;
        }
        let pattern = Pattern::new(typed);
        let paths =
            services().flat_map(|service| &service.procedures).map(|procedure| procedure.path.as_str());
        let offered: Vec<String> =
            paths.filter(|path| pattern.matches(path)).take(OFFERED).map(str::to_owned).collect();
        for path in offered {
            below_field_ui(ui, NAME_WIDTH, |ui| {
                let button = ui.add(Button::new(RichText::new(&path).small()).truncate());
                if button.accessible_name(format!("Take {path}")).clicked() {
                    self.draft.procedure = path;
                }
            });
        }
    }

    /// A field for a time or a number, with what stands behind it, and below it what is wrong with it.
    fn field_ui(&mut self, ui: &mut Ui, name: &str, field: Field, behind: &str) {
        let draft = &mut *self.draft;
        let typed = match field {
            Field::Above => &mut draft.above,
            Field::Percent => &mut draft.percent,
            Field::Calls => &mut draft.calls,
            Field::Within => &mut draft.within,
            Field::Left => &mut draft.left,
            Field::Lasts | Field::Procedure | Field::Rule => &mut draft.lasts,
        };
        ui.horizontal(|ui| {
            let label = field_name_ui(ui, name, NAME_WIDTH);
            ui.add(TextEdit::singleline(typed).desired_width(NUMBER_WIDTH)).labelled_by(label.id);
            if !behind.is_empty() {
                ui.label(muted(&palette(ui), behind));
            }
        });
        self.wrong_ui(ui, field);
    }

    fn wrong_ui(&self, ui: &mut Ui, field: Field) {
        if let Some((_, words)) = self.wrong.iter().find(|(wrong, _)| *wrong == field) {
            below_field_ui(ui, NAME_WIDTH, |ui| mistake_ui(ui, words));
        }
    }
}

/// The servers that are open and those that were saved, each once.
fn servers(model: &Model) -> Vec<Target> {
    let open = model.tabs.iter().filter_map(|tab| tab.connection.target().cloned());
    let saved = model.settings.profiles.iter().map(|profile| profile.target());
    let mut servers: Vec<Target> = Vec::new();
    for target in open.chain(saved) {
        if !servers.contains(&target) {
            servers.push(target);
        }
    }
    servers
}
