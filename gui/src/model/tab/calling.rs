//! The calls of one server: made, fed with items, looked into, given up.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::service::CallKind;

use super::Tab;
use crate::command::Command;
use crate::exchange::{CallOrder, FileOrder, ItemOrder, Purpose, TabOrder};
use crate::form::Part;
use crate::model::calls::{CallNumber, Ended, OwnCall};
use crate::model::draft::Ready;
use crate::model::find::{Find, Ground, Within};
use crate::model::reply::{Body, Earlier};
use crate::model::stream::{FileProgress, Look, Stream};
use crate::model::timing::{COMPARED_OVER, Rank};
use crate::model::view::Page;

impl Tab {
    pub(super) fn call(&mut self, now: Instant) -> Option<TabOrder> {
        if !self.allows(&Command::Call) {
            return None;
        }
        let procedure = self.catalogue.procedure(self.selected.as_deref()?)?;
        let (path, kind, schema) = (procedure.path.clone(), procedure.kind, procedure.arguments.clone());
        let gives_items = kind != CallKind::ClientStream;
        let takes_items = procedure.items_in.is_some();
        let stream = procedure.streams().then(|| Stream::new(takes_items, now).giving(gives_items));
        // A stream lasts as long as it lasts.
        let usual = self.preferences.deadline().filter(|_| !procedure.streams());
        let procedure_deadline = procedure.deadline_ms.map(Duration::from_millis).or(usual);
        let draft = self.drafts.get_mut(&path)?;
        draft.tried = true;
        let Ready { arguments, deadline, metadata } = draft.request()?;
        let deadline = deadline.or(procedure_deadline);
        // Whoever starts such a call wants to send something next.
        draft.cursor_wanted = draft.whole.item.is_some().then_some(Part::Item);
        let number = self.calls.start(&path, stream, now);
        let earlier = self.calls.last(&path).and_then(|call| call.earlier.clone());
        Some(TabOrder::Call(Box::new(CallOrder {
            number,
            procedure: path,
            kind,
            arguments,
            schema,
            deadline,
            earlier,
            items: Vec::new(),
            note: None,
            metadata,
        })))
    }

    pub(super) fn send_item(&mut self) -> Option<TabOrder> {
        if !self.allows(&Command::SendItem) {
            return None;
        }
        let draft = self.drafts.get_mut(self.selected.as_deref()?)?;
        draft.item_tried = true;
        let schema = draft.whole.item.as_ref()?.form().schema().clone();
        let item = ItemOrder { item: draft.item()?, schema };
        let number = self.running()?.number;
        self.shown_stream()?.sending.as_mut()?.waiting += 1;
        Some(TabOrder::Send(number, Box::new(item)))
    }

    pub(super) fn choose_file(&self) -> Option<TabOrder> {
        let call = self.running().filter(|_| self.allows(&Command::SendFile))?;
        Some(TabOrder::Browse(Purpose::Items(call.number)))
    }

    /// A file was chosen, to be sent over this call.
    pub(super) fn send_file(&mut self, number: CallNumber, path: PathBuf) -> Option<TabOrder> {
        let call = self.calls.under_way_mut(number)?;
        let schema = self.catalogue.procedure(&call.procedure)?.items_in.clone()?;
        let stream = call.stream.as_mut().filter(|stream| stream.takes_a_file())?;
        stream.sending.as_mut()?.file = Some(FileProgress::begun(&path));
        Some(TabOrder::SendFile(number, Box::new(FileOrder { path, schema })))
    }

    pub(super) fn half_close(&mut self) -> Option<TabOrder> {
        if !self.allows(&Command::HalfClose) {
            return None;
        }
        let number = self.running()?.number;
        self.shown_stream()?.sending.as_mut()?.done = true;
        Some(TabOrder::HalfClose(number))
    }

    pub(super) fn look_at(&mut self, item: u64) -> Option<TabOrder> {
        let call = self.calls.last(self.selected.as_deref()?)?.number;
        let stream = self.shown_stream()?;
        let bytes = stream.items().numbered(item)?.bytes.clone();
        let before = stream.items().numbered(item.saturating_sub(1));
        let earlier =
            before.map(|item| Earlier { name: format!("item {}", item.number), bytes: item.bytes.clone() });
        stream.looked_at = Some(Look { number: item, body: None });
        Some(TabOrder::Look { call, item, bytes, earlier })
    }

    /// A call has ended: it is ranked among those that the server counted before it.
    pub(super) fn end(&mut self, number: CallNumber, ended: Ended, at: Instant) {
        if let Some(call) = self.calls.end(number, ended, at) {
            call.rank = call.compared().and_then(|(took, is_of_server)| {
                let others = self.history.latency(Some(&call.procedure), COMPARED_OVER, at);
                Rank::among(&others, took, is_of_server)
            });
        }
    }

    /// The call of the selected procedure that has not ended.
    pub(crate) fn running(&self) -> Option<&OwnCall> {
        self.calls.last(self.selected.as_deref()?).filter(|call| call.ended.is_none())
    }

    pub(super) fn running_stream(&self) -> Option<&Stream> {
        self.running()?.stream.as_ref()
    }

    /// The same, only to look at.
    pub(super) fn last_stream(&self) -> Option<&Stream> {
        self.calls.last(self.selected.as_deref()?)?.stream.as_ref()
    }

    /// Changes how that is shown which came over it.
    pub(super) fn change_stream(&mut self, change: impl FnOnce(&mut Stream)) {
        if let Some(stream) = self.shown_stream() {
            change(stream);
        }
    }

    /// What came over the last call of the selected procedure, whether it has ended or not.
    pub(super) fn shown_stream(&mut self) -> Option<&mut Stream> {
        self.calls.last_mut(self.selected.as_deref()?)?.stream.as_mut()
    }
}

impl Tab {
    /// Whether there is something in which one can find something.
    pub(super) fn has_body(&self) -> bool {
        let call = self.selected.as_deref().and_then(|path| self.calls.last(path));
        call.is_some_and(|call| {
            let looks = call.stream.as_ref().is_some_and(|stream| stream.looked_at.is_some());
            looks || call.ended.is_some()
        })
    }

    /// Looks for something there.
    pub(super) fn find_within(&mut self, within: Within) {
        let find = self.find.get_or_insert_default();
        (find.within, find.is_asked_for) = (within, true);
    }

    /// What is looked for there, if anything is.
    pub(crate) fn finding(&self, within: Within) -> Option<&Find> {
        self.find.as_ref().filter(|find| find.within == within)
    }

    /// Searches on in what is shown. Call it once before drawing.
    pub(in crate::model) fn search_on(&mut self) {
        let Some(mut find) = self.find.take() else { return };
        find.is_wanted = std::mem::take(&mut find.is_asked_for);
        let lens = self.lens;
        match find.within {
            Within::Reply => self.change_body(|body| {
                let found = find.go_on(&body.ground(lens));
                if let Some(item) = found {
                    body.select(Some(item));
                }
            }),
            Within::Page => {
                if let Some(page) = self.written() {
                    find.go_on(&Ground::text(&page));
                }
            }
        }
        self.find = Some(find);
    }

    /// Goes from match to match.
    pub(super) fn step(&mut self, forwards: bool) {
        let Some(find) = &mut self.find else { return };
        if let Some(item) = find.step(forwards)
            && find.within == Within::Reply
        {
            self.change_body(|body| body.select(Some(item)));
        }
    }

    /// Whether the page about the selected procedure is there to be read.
    pub(crate) fn reads_page(&self) -> bool {
        let page = || self.reading.page(&self.procedure()?.path);
        self.reading.is_open && self.page == Page::Calls && page().is_some()
    }

    /// All that is written on that page.
    fn written(&mut self) -> Option<Arc<[u8]>> {
        if !self.reads_page() {
            return None;
        }
        let procedure = self.catalogue.procedure(self.selected.as_deref()?)?;
        let peer = self.own.identity().map(|identity| identity.id.as_str());
        self.reading.written(procedure, peer)
    }
}

/// What is shown of a call: the item that is looked into, or else its result or its fault.
pub(super) fn body_of(call: &mut OwnCall) -> Option<&mut Body> {
    if let Some(look) = call.stream.as_mut().and_then(|stream| stream.looked_at.as_mut()) {
        return look.body.as_mut()?.as_mut().ok();
    }
    match &mut call.ended.as_mut()?.outcome {
        Ok(body) => Some(body),
        Err(problem) => problem.fault.as_deref_mut(),
    }
}
