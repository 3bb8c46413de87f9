//! The graphs of one server: what they show, and where they are written.

use std::time::Instant;

use jiff::Timestamp;

use super::{Frozen, Tab};
use crate::command::Command;
use crate::exchange::TabOrder;
use crate::model::calls::CallNumber;
use crate::model::graphs::export::{Export, Exporting, Format};
use crate::model::graphs::{Comparison, Wanted};
use crate::model::history::History;
use crate::model::journal::entry::EntryId;
use crate::model::view::{Page, Scope};
use crate::text;

impl Tab {
    pub(super) fn obey_of_graphs(&mut self, command: Command, now: Instant) {
        match command {
            Command::TogglePause => self.toggle_pause(now),
            // Whoever asks for the last hour does not mean the minute that was zoomed to.
            Command::SetRange(range) => (self.range, self.graphs.zoom) = (range, None),
            Command::SetScope(scope) => self.scope = scope,
            Command::ZoomTo(stretch) => self.graphs.zoom_to(stretch),
            Command::ZoomOut => self.graphs.zoom = None,
            Command::Compare(procedure) => self.graphs.compare(procedure),
            Command::CompareServers => self.graphs.toggle_servers(),
            Command::CompareNothing => self.graphs.comparison = Comparison::Nothing,
            Command::ComparePercentile(percentile) => self.graphs.percentile = percentile,
            _ => {}
        }
    }

    /// What the graphs are to show.
    pub(crate) fn wanted(&self) -> Wanted<'_> {
        let procedure = self.selected.as_deref().filter(|_| self.scope == Scope::Selected);
        let recorded = self.playing().map(|playing| playing.moment().0);
        let frozen = recorded.or(self.frozen.as_ref().map(|frozen| frozen.at));
        Wanted { procedure, range: self.range, frozen }
    }

    /// What was counted, as far as the graphs show it.
    pub(crate) fn shown_history(&self) -> &History {
        self.frozen.as_ref().map_or(&self.history, |frozen| &frozen.history)
    }

    fn toggle_pause(&mut self, now: Instant) {
        self.frozen = match self.frozen {
            Some(_) => None,
            None => Some(Frozen { at: now, history: self.history.clone() }),
        };
    }

    /// Asks where the graphs are to be written, or asks no longer.
    pub(crate) fn toggle_export(&mut self, date: Timestamp) {
        self.graphs.exporting = match (&self.graphs.exporting, &self.graphs.sheet) {
            (None, Some(sheet)) => Some(Exporting::new(&sheet.main().name, date)),
            _ => None,
        };
    }

    /// What is to be written, and where to. `now` is a moment and its date.
    pub(crate) fn export(
        &self,
        format: Format,
        now: (Instant, Timestamp),
        is_dark: bool,
    ) -> Option<TabOrder> {
        let sheet = self.graphs.sheet.clone()?;
        let address = self.connection.target().map_or("", |target| target.address.as_str());
        let export = Export {
            title: format!("{} · {}", sheet.main().name, text::line(address, 60)),
            marks: self.calls.marks(None).filter(|mark| sheet.includes(&mark.procedure)).cloned().collect(),
            sheet,
            now,
            times: self.preferences.times,
            is_dark,
        };
        Some(TabOrder::Export(self.graphs.exporting.as_ref()?.path(format), format, Box::new(export)))
    }

    /// Shows a call that was made here: beside its form, or in the history if others were made since. Of one that was
    /// recorded there is only the moment.
    pub(crate) fn show_call(&mut self, number: CallNumber, id: &EntryId, now: Instant) {
        let mark = self.calls.marks(None).find(|mark| mark.number == number);
        let Some((procedure, at)) = mark.map(|mark| (mark.procedure.clone(), mark.at)) else { return };
        if self.replay.is_some() {
            return self.go_to_moment(at, now);
        }
        let is_last = self.calls.last(&procedure).is_some_and(|last| last.number == number);
        self.select(procedure);
        self.page = Page::Calls;
        self.recall.is_open = !is_last;
        if !is_last {
            self.recall.choose(id);
        }
    }
}
