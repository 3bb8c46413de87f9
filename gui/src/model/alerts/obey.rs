//! What the user wishes of alerts.

use std::time::{Duration, Instant};

use super::draft::Draft;
use super::kept::RULES_MAX;
use super::log::AlertId;
use super::rule::Condition;
use super::{AlertCommand, MUTED_FOR, Notice};
use crate::command::Command;
use crate::exchange::Order;
use crate::model::Model;
use crate::model::view::{Page, Scope, Stretch};

/// What is shown before and after an alert, at least.
const MARGIN: Duration = Duration::from_secs(30);
/// Over how long a latency is taken that a new rule begins with.
const PRESENT: Duration = Duration::from_secs(60);

impl Model {
    /// Looks at every server again: something was done here, or time has passed.
    pub(crate) fn look_at_all(&mut self, now: Instant) {
        let date = self.clock.now();
        self.alerts.pass(now);
        for tab in &self.tabs {
            self.alerts.look(&self.settings, tab, now, date);
        }
        self.alerts.keep(&self.tabs, now);
    }

    /// When it is to look at them without any news.
    pub(crate) fn due(&self, now: Instant) -> Option<Instant> {
        self.alerts.due(now)
    }

    /// Does what the user wished of alerts.
    pub(crate) fn obey_alert(&mut self, command: AlertCommand, now: Instant) -> Option<Order> {
        let alerts = &mut self.alerts;
        match command {
            AlertCommand::About => self.write_about(now),
            AlertCommand::Write => alerts.draft = Some(Draft::default()),
            AlertCommand::Edit(at) => {
                let rule = self.settings.alerts.rules().get(at);
                alerts.draft = rule.map(|rule| Draft::of(rule, at));
            }
            AlertCommand::Save => return self.save_rule(),
            AlertCommand::Discard => alerts.draft = None,
            AlertCommand::Switch(at) => {
                let rule = self.settings.alerts.rules.known.get_mut(at)?;
                rule.is_on = !rule.is_on;
                return self.save();
            }
            AlertCommand::Delete(at) if at < self.settings.alerts.rules().len() => {
                self.settings.alerts.rules.known.remove(at);
                return self.save();
            }
            AlertCommand::Delete(_) => {}
            AlertCommand::Mute(rule) => {
                alerts.muted.retain(|(muted, _)| *muted != *rule);
                alerts.muted.push((*rule, now + MUTED_FOR));
            }
            AlertCommand::Unmute(rule) => alerts.muted.retain(|(muted, _)| *muted != *rule),
            AlertCommand::Acknowledge(id) => {
                alerts
                    .log
                    .active
                    .iter_mut()
                    .filter(|alert| alert.id == id)
                    .for_each(|alert| alert.is_known = true);
                alerts.put_away(id);
            }
            AlertCommand::AcknowledgeAll => {
                alerts.log.active.iter_mut().for_each(|alert| alert.is_known = true);
                alerts.told.clear();
            }
            AlertCommand::LookInto(id) => return self.look_into(id, now),
            AlertCommand::PutAway(id) => alerts.put_away(id),
            AlertCommand::ClearPast => alerts.log.past.clear(),
            AlertCommand::ToggleDesktop => {
                let on_desktop = &mut self.settings.alerts.on_desktop;
                *on_desktop = !*on_desktop;
                alerts.untold = None;
                if *on_desktop {
                    // Whoever switches it on sees at once whether it works.
                    alerts.notices.push(Notice::first());
                }
                return self.save();
            }
        }
        None
    }

    /// Whether a command would do anything now.
    pub(crate) fn allows_alert(&self, command: &AlertCommand) -> bool {
        match command {
            AlertCommand::About => {
                let tab = self.tab();
                tab.graphs.sheet.is_some() && tab.replay.is_none() && self.has_room()
            }
            AlertCommand::Write => self.has_room(),
            AlertCommand::Save => {
                let draft = self.alerts.draft.as_ref();
                draft.is_some_and(|draft| draft.rule(self.settings.alerts.rules()).is_ok())
            }
            AlertCommand::AcknowledgeAll => self.alerts.log.active.iter().any(|alert| !alert.is_known),
            AlertCommand::ClearPast => !self.alerts.log.past.is_empty(),
            // What happened at a server that was left is in no graph.
            AlertCommand::LookInto(id) => {
                let tab = self.alerts.log.find(*id).map(|alert| alert.tab);
                self.tabs.iter().any(|open| Some(open.id) == tab)
            }
            _ => true,
        }
    }

    fn has_room(&self) -> bool {
        self.settings.alerts.rules().len() < RULES_MAX
    }

    /// Begins a rule about the latency of what the graphs show.
    fn write_about(&mut self, now: Instant) {
        let tab = self.tab();
        let (procedure, percentile) = (tab.wanted().procedure, tab.graphs.percentile);
        let present = percentile.of_histogram(&tab.history.latency(procedure, PRESENT, now));
        let server = tab.connection.target().cloned();
        let failed = tab.graphs.failed_share(procedure);
        self.alerts.draft = Some(Draft::about(server, procedure, percentile, present, failed));
    }

    fn save_rule(&mut self) -> Option<Order> {
        let draft = self.alerts.draft.as_ref()?;
        let rule = draft.rule(self.settings.alerts.rules()).ok()?;
        let rules = &mut self.settings.alerts.rules.known;
        match draft.replaces {
            Some(at) if at < rules.len() => rules[at] = rule,
            _ if rules.len() < RULES_MAX => rules.push(rule),
            _ => return None,
        }
        self.alerts.draft = None;
        self.save()
    }

    /// Shows the graphs of the time of an alert, or the certificate that it is about.
    fn look_into(&mut self, id: AlertId, now: Instant) -> Option<Order> {
        if !self.allows_alert(&AlertCommand::LookInto(id)) {
            return None;
        }
        self.alerts.put_away(id);
        let alert = self.alerts.log.find(id)?.clone();
        self.show_tab(alert.tab);
        if let Condition::Expiry(_) = alert.rule.condition {
            return self.obey(Command::Show(Page::Certificates), now);
        }
        let lasted = alert.lasted(now);
        let margin = MARGIN.max(lasted / 4);
        let to = (alert.began + lasted + margin).min(now);
        let stretch = Stretch { to, length: to.saturating_duration_since(alert.began) + margin };
        let scope = match alert.rule.condition.procedure() {
            Some(path) => {
                self.obey(Command::Select(path.to_owned()), now);
                Scope::Selected
            }
            None => Scope::All,
        };
        let wishes = [Command::SetScope(scope), Command::ZoomTo(stretch), Command::Show(Page::Graphs)];
        wishes.into_iter().filter_map(|wish| self.obey(wish, now)).last()
    }
}

impl super::Alerts {
    /// Shows one no longer over everything else.
    fn put_away(&mut self, id: AlertId) {
        self.told.retain(|(told, _)| *told != id);
    }
}
