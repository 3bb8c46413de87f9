//! The list of procedures as it is shown: the tree of packages and services, or what a filter found, best first. A
//! flat row of rows either way, so that only those in sight are drawn.

mod search;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use self::search::Search;
use super::catalogue::{Entry, Service, Services, is_builtin};
use crate::fuzzy::Pattern;

/// A server with more procedures than this is shown by its services first.
const MANY: usize = 300;

/// What is listed, what is folded away, and where the cursor is.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// What is typed into the filter.
    pub(crate) filter: String,
    /// The row that the arrow keys have reached.
    pub(crate) cursor: Option<usize>,
    /// A row that has to come into sight.
    pub(crate) wanted: Option<usize>,
    /// The packages, with a dot behind, and services whose procedures are folded away.
    folded: BTreeSet<String>,
    rows: Vec<Row>,
    search: Option<Search>,
    outdated: bool,
}

/// One line of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    /// How far in it stands.
    pub(crate) depth: u8,
    /// What it is of.
    pub(crate) what: What,
}

/// What a line is of. What it shows is with the services, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// A package with several services, of which this is the first.
    Package(usize),
    /// A service. Further in than 0, the row of its package stands above.
    Service(usize),
    /// A procedure below its service, or one that was found.
    Procedure(Entry),
}

impl Listing {
    /// Takes services that have just come. What was folded stays so.
    pub(crate) fn meet(&mut self, services: &Services, is_first: bool) {
        if is_first {
            self.fold_at_first(services);
        }
        // The rows speak of services by number, and those are others now.
        self.rows.clear();
        self.search = None;
        self.outdated = true;
    }

    fn fold_at_first(&mut self, services: &Services) {
        let are_many = services.entries().nth(MANY).is_some();
        for package in packages(services) {
            for service in package {
                if package.len() > 1 && is_builtin(&service.name) {
                    self.folded.insert(package_key(service));
                } else if are_many || is_builtin(&service.name) {
                    self.folded.insert(service.name.clone());
                }
            }
        }
    }

    /// Works out the rows if something has changed, as far as one frame has time for that. Says whether there is
    /// more to do in the next one.
    pub(crate) fn refresh(&mut self, services: &Services) -> bool {
        let pattern = Pattern::new(&self.filter);
        if pattern.is_empty() {
            self.outdated |= self.search.take().is_some();
            if std::mem::take(&mut self.outdated) {
                self.rows = tree(services, &self.folded);
                self.cursor = None;
            }
            return false;
        }
        if self.search.as_ref().is_none_or(|search| *search.pattern() != pattern) {
            self.search = Some(Search::begin(pattern, self.search.take(), services));
        }
        let Some(search) = self.search.as_mut().filter(|search| !search.is_done()) else { return false };
        if let Some(found) = search.advance(services) {
            self.rows = found.map(|entry| Row { depth: 0, what: What::Procedure(entry) }).collect();
            self.cursor = (!self.rows.is_empty()).then_some(0);
            self.wanted = self.cursor;
            self.outdated = true;
        }
        !search.is_done()
    }

    /// The rows, as they were when they were worked out last.
    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// What is searched for, if the rows are what was found.
    pub(crate) fn pattern(&self) -> Option<&Pattern> {
        self.search.as_ref().map(Search::pattern)
    }

    /// Whether what is in this is folded away.
    pub(crate) fn is_folded(&self, what: What, services: &Services) -> bool {
        self.folded.contains(&key(what, services))
    }

    /// Folds or unfolds a package or a service.
    pub(crate) fn toggle(&mut self, what: What, services: &Services) {
        let key = key(what, services);
        if !self.folded.remove(&key) {
            self.folded.insert(key);
        }
        self.rows = tree(services, &self.folded);
    }

    /// Unfolds what this procedure is in, and has it come into sight.
    pub(crate) fn reveal(&mut self, entry: Entry, services: &Services) {
        let service = services.service(entry);
        let is_hidden = self.folded.remove(&service.name) | self.folded.remove(&package_key(service));
        if self.search.is_none() && (is_hidden || self.outdated) {
            self.rows = tree(services, &self.folded);
            self.outdated = false;
        }
        self.wanted = self.rows.iter().position(|row| row.what == What::Procedure(entry));
    }

    /// Moves the cursor by so many rows, and as far as there are any.
    pub(crate) fn move_cursor(&mut self, by: isize) {
        let Some(last) = self.rows.len().checked_sub(1) else { return };
        let from = self.cursor.or_else(|| (by < 0).then_some(self.rows.len()));
        let to = from.map_or(by - 1, |from| from as isize + by);
        self.put_cursor(to.clamp(0, last as isize) as usize);
    }

    /// Puts the cursor into this row.
    pub(crate) fn put_cursor(&mut self, row: usize) {
        self.cursor = Some(row);
        self.wanted = self.cursor;
    }

    /// Goes one step out: folds what the cursor is at, or goes up to what that is in.
    pub(crate) fn step_out(&mut self, services: &Services) {
        let Some((at, row)) = self.at_cursor() else { return };
        if self.search.is_some() {
            return;
        }
        if !matches!(row.what, What::Procedure(_)) && !self.is_folded(row.what, services) {
            self.toggle(row.what, services);
        } else if let Some(up) = (0..at).rev().find(|&up| self.rows[up].depth < row.depth) {
            self.put_cursor(up);
        }
    }

    /// Goes one step in: unfolds what the cursor is at, or goes to the first of what is in it.
    pub(crate) fn step_in(&mut self, services: &Services) {
        let Some((_, row)) = self.at_cursor() else { return };
        if matches!(row.what, What::Procedure(_)) {
            return;
        }
        if self.is_folded(row.what, services) {
            self.toggle(row.what, services);
        } else {
            self.move_cursor(1);
        }
    }

    /// The row of the cursor and its place.
    pub(crate) fn at_cursor(&self) -> Option<(usize, Row)> {
        let at = self.cursor?;
        Some((at, *self.rows.get(at)?))
    }
}

/// The services of each package, in their order.
fn packages(services: &Services) -> impl Iterator<Item = &[Service]> {
    let is_same = |a: &Service, b: &Service| !a.package().is_empty() && a.package() == b.package();
    services.all().chunk_by(is_same)
}

/// The rows of the tree: a package has one of its own where that saves its services from repeating it.
fn tree(services: &Services, folded: &BTreeSet<String>) -> Vec<Row> {
    let (mut rows, mut number) = (Vec::new(), 0);
    for package in packages(services) {
        let depth = u8::from(package.len() > 1);
        if depth > 0 {
            rows.push(Row { depth: 0, what: What::Package(number) });
        }
        let is_hidden = depth > 0 && folded.contains(&package_key(&package[0]));
        for service in package {
            if !is_hidden {
                rows.push(Row { depth, what: What::Service(number) });
            }
            if !is_hidden && !folded.contains(&service.name) {
                let procedures = service.entries(number as u32);
                rows.extend(procedures.map(|entry| Row { depth: depth + 1, what: What::Procedure(entry) }));
            }
            number += 1;
        }
    }
    rows
}

/// What a package or a service is called among the folded ones. No service has a name that ends in a dot.
fn key(what: What, services: &Services) -> String {
    match what {
        What::Package(first) => package_key(&services.all()[first]),
        What::Service(number) => services.all()[number].name.clone(),
        What::Procedure(entry) => services.service(entry).name.clone(),
    }
}

fn package_key(service: &Service) -> String {
    format!("{}.", service.package())
}
