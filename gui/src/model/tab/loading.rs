//! Many calls of one procedure: planned, confirmed, started, stopped, looked at.

use countersign::service::CallKind;
use jiff::Timestamp;

use super::Tab;
use crate::exchange::{LoadOrder, TabOrder};
use crate::model::connection::Failure;
use crate::model::draft::Ready;
use crate::model::journal::entry::Server;
use crate::model::load::asked::LoadCommand;
use crate::model::load::plan::Plan;
use crate::model::load::run::Run;
use crate::model::view::Page;

impl Tab {
    /// Whether a command about loads would do anything now.
    pub(super) fn allows_load(&self, command: &LoadCommand) -> bool {
        match command {
            LoadCommand::Repeat => self.can_load(),
            LoadCommand::Start => self.page == Page::Load && self.can_load() && self.load.plan().is_some(),
            LoadCommand::Stop => {
                self.page == Page::Load && self.load.running.as_ref().is_some_and(|run| !run.is_stopping)
            }
            LoadCommand::StartAnyway => self.connection.is_connected() && self.load.running.is_none(),
            LoadCommand::Copy(_) => self.load.shown_record().is_some(),
            LoadCommand::CompareNothing => self.load.beside.is_some(),
            _ => true,
        }
    }

    /// Whether the selected procedure can be called many times just now.
    fn can_load(&self) -> bool {
        let is_unary = self.procedure().is_some_and(|procedure| procedure.kind == CallKind::Unary);
        is_unary && self.connection.is_connected() && self.load.running.is_none()
    }

    pub(in crate::model) fn obey_load(&mut self, command: LoadCommand, date: Timestamp) -> Option<TabOrder> {
        if !self.allows_load(&command) {
            return None;
        }
        match command {
            LoadCommand::Repeat => {
                let order = self.prepare(Plan::times(self.load.times), date);
                // What is wrong with a request is said where that is written.
                if self.load.refused.take().is_none() {
                    self.page = Page::Load;
                }
                return order;
            }
            LoadCommand::SetTimes(times) => self.load.times = times,
            LoadCommand::Start => return self.prepare(self.load.plan()?, date),
            LoadCommand::StartAnyway => {
                let order = self.load.asked.take()?;
                return self.start(order, date);
            }
            LoadCommand::DoNotStart => (self.load.asked, self.load.refused) = (None, None),
            LoadCommand::Stop => {
                let run = self.load.running.as_mut()?;
                run.is_stopping = true;
                return Some(TabOrder::StopLoad(run.number));
            }
            LoadCommand::Look(number) => self.load.shown = Some(number),
            LoadCommand::Compare(number) => {
                let load = &mut self.load;
                load.beside = Some(number).filter(|_| load.beside != Some(number));
            }
            LoadCommand::CompareNothing => self.load.beside = None,
            LoadCommand::Forget(number) => {
                let load = &mut self.load;
                load.records.forget(number);
                load.beside = load.beside.filter(|beside| *beside != number);
                load.shown = load.shown.filter(|shown| *shown != number);
            }
            LoadCommand::Sort(column) => self.load.records.sort_by(column),
            // The clipboard is the window's.
            LoadCommand::Copy(_) => {}
        }
        None
    }

    /// Starts this, or asks first whether that is meant.
    fn prepare(&mut self, plan: Plan, date: Timestamp) -> Option<TabOrder> {
        (self.load.asked, self.load.refused) = (None, None);
        let procedure = self.catalogue.procedure(self.selected.as_deref()?)?;
        let draft = self.drafts.get_mut(&procedure.path)?;
        draft.tried = true;
        let Some(Ready { arguments, deadline, metadata }) = draft.request() else {
            let mistake = draft.mistakes().first().map(ToString::to_string).unwrap_or_default();
            let reason = format!("The request cannot be sent as it is written. {mistake}");
            self.load.refused = Some(Failure::new(reason.trim_end(), "Write it, then come back."));
            return None;
        };
        let order = Box::new(LoadOrder {
            run: self.load.next_number(),
            procedure: procedure.path.clone(),
            arguments,
            schema: procedure.arguments.clone(),
            deadline,
            metadata,
            plan,
        });
        if !procedure.idempotent {
            self.load.asked = Some(order);
            return None;
        }
        self.start(order, date)
    }

    fn start(&mut self, order: Box<LoadOrder>, date: Timestamp) -> Option<TabOrder> {
        let server = Server::of(self.connection.target()?);
        self.load.running = Some(Run::new(&order, server, date));
        self.load.shown = Some(order.run);
        Some(TabOrder::StartLoad(order))
    }
}
