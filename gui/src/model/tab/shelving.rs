//! Requests that are kept as files: saved from a draft, opened into one.

use super::Tab;
use crate::exchange::TabOrder;
use crate::form::Part;
use crate::model::connection::Failure;
use crate::model::shelf::saved::Saved;
use crate::model::shelf::{Shelf, ShelfCommand, ShelfNews, ShelfOrder};

impl Tab {
    pub(super) fn obey_shelf(&mut self, command: ShelfCommand) -> Option<TabOrder> {
        let folder = self.shelf.folder.trim().to_owned();
        let order = match command {
            ShelfCommand::Toggle => {
                self.shelf.is_open = !self.shelf.is_open;
                self.recall.is_open = false;
                if !self.shelf.is_open {
                    return None;
                }
                self.shelf.remark = None;
                ShelfOrder::Look(folder)
            }
            ShelfCommand::Choose => ShelfOrder::Choose,
            ShelfCommand::Look => ShelfOrder::Look(folder),
            ShelfCommand::Save => {
                let (name, saved) = self.take_down()?;
                ShelfOrder::Save(folder, name, saved)
            }
            ShelfCommand::Open(name) => ShelfOrder::Open(folder, name),
        };
        Some(TabOrder::Shelf(order))
    }

    /// The request as it is written down; what keeps it from that is said.
    fn take_down(&mut self) -> Option<(String, Box<Saved>)> {
        let path = self.selected.as_deref()?;
        let name = self.shelf.name_of(path).to_owned();
        if Shelf::mistake_in(&name).is_some() {
            return None;
        }
        let saved = Saved::of(path, self.drafts.get(path)?);
        let refused = |wrong| {
            Failure::new(
                format!("Not saved: {wrong}."),
                "A file holds what can be sent. Nothing typed is lost.",
            )
        };
        match saved {
            Ok(saved) => Some((name, Box::new(saved))),
            Err(wrong) => {
                self.shelf.remark = Some(Err(refused(wrong)));
                None
            }
        }
    }

    pub(super) fn learn_of_shelf(&mut self, news: ShelfNews) -> Option<TabOrder> {
        match news {
            ShelfNews::Found(folder, files) => {
                self.shelf.folder = folder;
                self.shelf.files = Some(files);
            }
            ShelfNews::Saved(Ok(file)) => {
                self.shelf.remark = Some(Ok(format!("Saved to {}", file.display())));
                return Some(TabOrder::Shelf(ShelfOrder::Look(self.shelf.folder.clone())));
            }
            ShelfNews::Saved(Err(failure)) => self.shelf.remark = Some(Err(failure)),
            ShelfNews::Opened(name, Ok(saved)) => self.open_saved(name, &saved),
            ShelfNews::Opened(_, Err(failure)) => self.shelf.remark = Some(Err(failure)),
        }
        None
    }

    fn open_saved(&mut self, name: String, saved: &Saved) {
        let path = saved.procedure.clone();
        if self.catalogue.procedure(&path).is_none() {
            let remedy = "Open it on the server that it was saved for, or ask for the right to call it.";
            let reason = format!("This server offers no {path} to this identity.");
            self.shelf.remark = Some(Err(Failure::new(reason, remedy)));
            return;
        }
        self.select(path.clone());
        let Some(draft) = self.drafts.get_mut(&path) else { return };
        draft.open(saved);
        draft.cursor_wanted = Some(Part::Arguments);
        let withheld = saved.withheld();
        let secrets = match withheld.is_empty() {
            true => String::new(),
            false => format!(" Type {} again: secrets are not in the file.", withheld.join(", ")),
        };
        self.shelf.remark = Some(Ok(format!("Opened {name}.{secrets}")));
        self.shelf.is_open = !withheld.is_empty();
        self.shelf.name = name;
    }
}
