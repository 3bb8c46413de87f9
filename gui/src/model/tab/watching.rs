//! Who is connected to the server, and its slow and failed calls: told by the worker while that is looked at.

use std::time::Instant;

use super::Tab;
use crate::command::Command;
use crate::exchange::{Sight, TabOrder};
use crate::model::connection::Connection;
use crate::model::table::tsv;
use crate::model::view::Page;

impl Tab {
    /// The table that is shown, as it is sorted and filtered.
    pub(crate) fn table(&self, now: Instant) -> Option<String> {
        let (connections, traces) = (&self.connections, &self.traces);
        let table = match self.page {
            Page::Connections => {
                let rows = (0..connections.shown()).filter_map(|row| connections.row(row));
                tsv(rows.map(|row| row.record(now)))
            }
            Page::Traces => {
                tsv((0..traces.shown()).filter_map(|row| traces.row(row)).map(|trace| trace.record()))
            }
            _ => return None,
        };
        (!table.is_empty()).then_some(table)
    }

    /// Whether there is one, and something in it.
    pub(super) fn has_table(&self) -> bool {
        match self.page {
            Page::Connections => self.connections.shown() > 0,
            Page::Traces => self.traces.shown() > 0,
            _ => false,
        }
    }

    /// Whether the pages of the server can be shown: it is connected, or was and is coming back.
    pub(crate) fn has_server(&self) -> bool {
        matches!(self.connection, Connection::Connected(..) | Connection::Reconnecting(..))
    }

    /// What the worker is told of what is looked at here, if that has changed.
    pub(crate) fn watch(&mut self, is_shown: bool) -> Option<TabOrder> {
        let sight = match self.page {
            _ if !is_shown || !self.has_server() => None,
            Page::Connections => Some(Sight::Connections),
            Page::Traces => Some(Sight::Traces(self.traces.procedure().map(str::to_owned))),
            _ => None,
        };
        let has_changed = self.watched != sight;
        self.watched.clone_from(&sight);
        has_changed.then_some(TabOrder::Watch(sight))
    }

    pub(super) fn obey_watching(&mut self, command: Command, now: Instant) -> Option<TabOrder> {
        match command {
            // No traces were recorded.
            Command::ShowTraces(moment) if self.replay.is_some() => self.go_to_moment(moment.stretch.to, now),
            Command::AskAgain => {
                match self.page {
                    Page::Connections => self.connections.listed = None,
                    _ => self.traces.listed = None,
                }
                return Some(TabOrder::Watch(self.watched.clone()));
            }
            Command::AskToClose(number) => self.connections.ask_to_close(number),
            Command::KeepConnection => self.connections.forget_closing(),
            Command::CloseConnection => return self.close_connection(),
            Command::SortConnections(column) => self.connections.sort_by(column),
            Command::ShowTraces(moment) => {
                self.page = Page::Traces;
                self.traces.look_into(Some(moment));
            }
            Command::ShowAllTraces => {
                self.page = Page::Traces;
                self.traces.look_into(None);
            }
            Command::SetTraced(which) => {
                self.traces.ended = which;
                self.traces.arrange();
            }
            Command::SortTraces(column) => self.traces.sort_by(column),
            Command::LookAtTrace(row) => self.traces.choose(row),
            Command::PutTraceAway => self.traces.chosen = None,
            Command::ShowProcedure(path) => {
                self.select(path);
                self.page = Page::Calls;
            }
            _ => {}
        }
        None
    }

    fn close_connection(&mut self) -> Option<TabOrder> {
        let connections = &mut self.connections;
        let doomed = connections.doomed.as_ref().filter(|_| !connections.is_closing)?;
        connections.is_closing = true;
        Some(TabOrder::CloseConnection { number: doomed.number, is_own: doomed.is_own })
    }
}
