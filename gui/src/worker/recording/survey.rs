//! What is in a recording beside the statistics themselves, gathered as it is read.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use countersign::Schema;

use crate::model::calls::{CallNumber, Mark};
use crate::model::catalogue::{Procedure, Service, Services};
use crate::model::history::Step;
use crate::model::recording::format::{Called, Event, Head, Listed, ListedProcedure};
use crate::model::recording::replay::{Activity, Outage, Overview};

/// The most procedures of a recording: more than any server lists.
const PROCEDURES_MAX: usize = 200_000;

/// Calls beyond so many are not marked.
const MARKS_MAX: usize = 100_000;

/// Outages and restarts beyond so many each are not marked: all of them are drawn on one line, which is less wide.
const BREAKS_MAX: usize = 500;

/// Gathers it.
pub(super) struct Survey {
    base: Instant,
    head: Option<Head>,
    services: Vec<Service>,
    /// Where the service of a name is.
    places: HashMap<String, usize>,
    names_forbidden: bool,
    procedures: usize,
    marks: Vec<Mark>,
    outages: Vec<Outage>,
    restarts: Vec<Duration>,
    activity: Activity,
    length: Duration,
    /// Why it ended, if it ended in good order.
    end: Option<String>,
}

impl Survey {
    /// Nothing yet, of a recording that begins at this moment for those who look at it.
    pub(super) fn new(base: Instant) -> Self {
        Self {
            base,
            head: None,
            services: Vec::new(),
            places: HashMap::new(),
            names_forbidden: false,
            procedures: 0,
            marks: Vec::new(),
            outages: Vec::new(),
            restarts: Vec::new(),
            activity: Activity::default(),
            length: Duration::ZERO,
            end: None,
        }
    }

    /// Takes in what a snapshot told.
    pub(super) fn step(&mut self, at: Duration, step: &Step) {
        self.length = self.length.max(at);
        match step {
            Step::Began { .. } => {}
            Step::Restarted { .. } => push(&mut self.restarts, at, BREAKS_MAX),
            Step::Passed { ticks, .. } => self.activity.add(at, ticks),
        }
    }

    /// Takes in anything else.
    pub(super) fn note(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::Head(_) if self.head.is_some() => return Err("it begins once more".to_owned()),
            Event::Head(head) => self.head = Some(head),
            _ if self.head.is_none() => return Err("it does not say of which server it is".to_owned()),
            Event::Listing { names_forbidden } => {
                self.names_forbidden = names_forbidden;
                (self.services, self.procedures) = (Vec::new(), 0);
                self.places.clear();
            }
            Event::Service(listed) => self.list(listed)?,
            Event::Step(at, step) => self.step(at, &step),
            Event::Called(called) => {
                let mark = self.mark(called);
                push(&mut self.marks, mark, MARKS_MAX);
            }
            Event::Lost(at, why) => {
                self.length = self.length.max(at);
                push(&mut self.outages, Outage { from: at, to: None, why }, BREAKS_MAX);
            }
            Event::Regained(at) => {
                self.length = self.length.max(at);
                if let Some(outage) = self.outages.last_mut() {
                    outage.to.get_or_insert(at);
                }
            }
            Event::Ended(at, why) => {
                self.length = self.length.max(at);
                self.end = Some(why);
            }
        }
        Ok(())
    }

    /// What it was, once all of it was read but for so many bytes that are not whole.
    pub(super) fn overview(mut self, torn: u64) -> Result<Overview, String> {
        let head = self.head.ok_or("it does not say of which server it is")?;
        self.marks.sort_by_key(|mark| mark.at);
        let remark = match (torn, &self.end) {
            (0, Some(_)) => None,
            (0, None) => Some("It was not ended in good order; all that is there is shown.".to_owned()),
            (torn, _) => {
                Some(format!("The last {torn} bytes are incomplete; all that is before them is shown."))
            }
        };
        Ok(Overview {
            base: self.base,
            head,
            services: Services::new(self.services, self.names_forbidden.then(Vec::new)),
            length: self.length,
            marks: self.marks,
            outages: self.outages,
            restarts: self.restarts,
            activity: self.activity,
            remark,
        })
    }

    fn list(&mut self, listed: Listed) -> Result<(), String> {
        self.procedures += listed.procedures.len() + listed.forbidden.len();
        if PROCEDURES_MAX < self.procedures {
            return Err(format!("it lists more than {PROCEDURES_MAX} procedures"));
        }
        let Listed { name, documentation, procedures, forbidden } = listed;
        let procedures = procedures.into_iter().map(|listed| procedure(&name, listed));
        let place = *self.places.entry(name.clone()).or_insert_with(|| {
            self.services.push(Service { name: name.clone(), documentation, ..Service::default() });
            self.services.len() - 1
        });
        self.services[place].procedures.extend(procedures);
        self.services[place].forbid(forbidden);
        Ok(())
    }

    fn mark(&self, called: Called) -> Mark {
        Mark {
            number: CallNumber(called.number),
            procedure: called.procedure,
            at: self.base + Duration::from_nanos(called.at_ns),
            took: Duration::from_nanos(called.took_ns),
            answered: called.answered,
        }
    }
}

fn push<T>(all: &mut Vec<T>, one: T, most: usize) {
    if all.len() < most {
        all.push(one);
    }
}

fn procedure(service: &str, listed: ListedProcedure) -> Procedure {
    let ListedProcedure { name, documentation, kind, idempotent, deadline_ms } = listed;
    Procedure {
        path: format!("{service}/{name}"),
        name,
        documentation,
        kind,
        idempotent,
        deadline_ms,
        // Nobody calls it.
        arguments: Schema::default(),
        items_in: None,
        items_out: None,
        result: Schema::default(),
        fault: None,
        faults: Vec::new(),
    }
}
