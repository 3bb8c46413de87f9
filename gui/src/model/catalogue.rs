//! What the server can do, as its reflection says and as this peer may see it.

use std::collections::HashMap;

use countersign::Schema;
use countersign::service::CallKind;

use super::connection::Failure;
use crate::text;

/// So many procedures are let go of in a millisecond.
const KEPT_BRIEFLY: usize = 1000;

/// The longest name of a procedure that is shown.
pub(crate) const NAME_SHOWN: usize = 400;

/// The services of the server, or why there are none to show.
#[derive(Debug, Clone, Default)]
pub(crate) enum Catalogue {
    /// Nothing was heard yet.
    #[default]
    Loading,
    /// Reflection answered.
    Ready(Services),
    /// Reflection did not answer.
    Failed(Failure),
}

/// What a server offers, in its order, but with the built-in services last and those of a package beside one another.
/// How many there are is bounded by the message in which they came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Services {
    all: Vec<Service>,
    entries: HashMap<String, Entry>,
    /// Whether the server names also what this peer may not call.
    pub(crate) names_forbidden: bool,
}

/// A service and its procedures. All text is fit to show.
#[derive(Debug, Clone, Default)]
pub(crate) struct Service {
    /// `acme.Ledger`.
    pub(crate) name: String,
    /// What the service's author says of it.
    pub(crate) documentation: String,
    /// In the order of the trait.
    pub(crate) procedures: Vec<Procedure>,
    /// What this peer may not call, and knows by name alone.
    pub(crate) forbidden: Vec<Forbidden>,
}

/// A procedure. All text is fit to show; the schemas are as the server sent them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Procedure {
    /// `acme.Ledger/balance`: what goes on the wire.
    pub(crate) path: String,
    /// `balance`.
    pub(crate) name: String,
    /// What the service's author says of it.
    pub(crate) documentation: String,
    /// Which sides send a stream of items.
    pub(crate) kind: CallKind,
    /// Whether it may be called twice without harm.
    pub(crate) idempotent: bool,
    /// The deadline that the author declared.
    pub(crate) deadline_ms: Option<u64>,
    /// The parameters by name.
    pub(crate) arguments: Schema,
    /// What each item is that the client sends, if it sends any.
    pub(crate) items_in: Option<Schema>,
    /// What each item is that the server sends, if it sends any.
    pub(crate) items_out: Option<Schema>,
    /// What the server answers, at the end if there are items.
    pub(crate) result: Schema,
    /// What a fault is in the details of a status, if one is declared.
    pub(crate) fault: Option<Schema>,
    /// The faults that the author declared: variant, code and message.
    pub(crate) faults: Vec<DeclaredFault>,
}

/// A fault that a procedure may end with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DeclaredFault {
    /// The variant's name.
    pub(crate) variant: String,
    /// The code of the status that carries it.
    pub(crate) code: String,
    /// What it says, with `{…}` where values go.
    pub(crate) message: String,
}

/// A procedure that this peer may not call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Forbidden {
    /// `acme.Ledger/close`.
    pub(crate) path: String,
    /// `close`.
    pub(crate) name: String,
}

/// Which procedure, by number: of which service, and the forbidden ones after the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    service: u32,
    at: u32,
}

/// A procedure, as far as this peer may know it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Listed<'c> {
    /// One that may be called.
    Offered(&'c Procedure),
    /// One that may not.
    Forbidden(&'c Forbidden),
}

impl Catalogue {
    /// What the server offers, if reflection answered.
    pub(crate) fn ready(&self) -> Option<&Services> {
        if let Self::Ready(services) = self { Some(services) } else { None }
    }

    /// The services, if reflection answered.
    pub(crate) fn services(&self) -> &[Service] {
        self.ready().map_or(&[], Services::all)
    }

    /// The procedure of this path, if it may be called.
    pub(crate) fn procedure(&self, path: &str) -> Option<&Procedure> {
        match self.listed(path)? {
            Listed::Offered(procedure) => Some(procedure),
            Listed::Forbidden(_) => None,
        }
    }

    /// What is known of the procedure of this path.
    pub(crate) fn listed(&self, path: &str) -> Option<Listed<'_>> {
        let services = self.ready()?;
        Some(services.listed(services.entry(path)?))
    }

    /// The path to select first: an ordinary procedure before a built-in one.
    pub(crate) fn first(&self) -> Option<&str> {
        let first = self.services().iter().flat_map(|service| &service.procedures).next()?;
        Some(&first.path)
    }
}

impl Services {
    /// Services in their order, with the paths of what may not be called, if the server tells those.
    pub(crate) fn new(mut all: Vec<Service>, forbidden: Option<Vec<String>>) -> Self {
        let names_forbidden = forbidden.is_some();
        add_forbidden(&mut all, forbidden.unwrap_or_default());
        all.retain(|service| !service.is_empty());
        sort(&mut all);
        let mut services = Self { all, entries: HashMap::new(), names_forbidden };
        let entries: Vec<Entry> = services.entries().collect();
        for entry in entries {
            // A server that names two alike has only the first one called.
            services.entries.entry(services.listed(entry).path().to_owned()).or_insert(entry);
        }
        services
    }

    /// In the order in which they are listed.
    pub(crate) fn all(&self) -> &[Service] {
        &self.all
    }

    /// How many procedures there are.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Every procedure, in the order in which they are listed.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry> {
        self.all.iter().zip(0..).flat_map(|(service, number)| service.entries(number))
    }

    /// The procedure of this path.
    pub(crate) fn entry(&self, path: &str) -> Option<Entry> {
        self.entries.get(path).copied()
    }

    /// A procedure by its number, which has to be from here.
    pub(crate) fn listed(&self, entry: Entry) -> Listed<'_> {
        let (service, at) = (self.service(entry), entry.at as usize);
        match service.procedures.get(at) {
            Some(procedure) => Listed::Offered(procedure),
            None => Listed::Forbidden(&service.forbidden[at - service.procedures.len()]),
        }
    }

    /// The service that a procedure is of.
    pub(crate) fn service(&self, entry: Entry) -> &Service {
        &self.all[entry.service()]
    }
}

/// To let go of a hundred thousand procedures takes longer than a frame may: it is done aside.
impl Drop for Services {
    fn drop(&mut self) {
        if self.len() > KEPT_BRIEFLY {
            let gone = (std::mem::take(&mut self.all), std::mem::take(&mut self.entries));
            // Where there is no thread to be had, it takes its time here.
            let _ = std::thread::Builder::new().spawn(move || drop(gone));
        }
    }
}

/// Where nothing is known of what may not be called.
impl From<Vec<Service>> for Services {
    fn from(all: Vec<Service>) -> Self {
        Self::new(all, None)
    }
}

fn sort(all: &mut [Service]) {
    let mut packages: HashMap<String, usize> = HashMap::new();
    for service in all.iter() {
        let next = packages.len();
        packages.entry(service.package().to_owned()).or_insert(next);
    }
    all.sort_by_key(|service| (is_builtin(&service.name), packages[service.package()]));
}

fn add_forbidden(all: &mut Vec<Service>, paths: Vec<String>) {
    let mut numbers: HashMap<String, usize> =
        all.iter().enumerate().map(|(number, service)| (service.name.clone(), number)).collect();
    for path in paths {
        let path = text::line(&path, NAME_SHOWN);
        let (service, name) = path.split_once('/').unwrap_or(("", &path));
        let number = *numbers.entry(service.to_owned()).or_insert(all.len());
        if number == all.len() {
            all.push(Service { name: service.to_owned(), ..Service::default() });
        }
        let name = name.to_owned();
        all[number].forbidden.push(Forbidden { path, name });
    }
}

impl Service {
    /// The package, `acme` of `acme.Ledger`; empty if there is none.
    pub(crate) fn package(&self) -> &str {
        self.name.rsplit_once('.').map_or("", |(package, _)| package)
    }

    /// The name within the package: `Ledger`.
    pub(crate) fn short_name(&self) -> &str {
        self.name.rsplit_once('.').map_or(&self.name, |(_, name)| name)
    }

    /// How many procedures it has that can be listed.
    pub(crate) fn len(&self) -> usize {
        self.procedures.len() + self.forbidden.len()
    }

    /// Its procedures by number, if its own is this.
    pub(crate) fn entries(&self, service: u32) -> impl Iterator<Item = Entry> + use<> {
        // What came in one message is counted in 32 bits.
        (0..self.len() as u32).map(move |at| Entry { service, at })
    }

    /// Adds procedures by name that may not be called.
    pub(crate) fn forbid(&mut self, names: Vec<String>) {
        let service = &self.name;
        let forbidden = names.into_iter().map(|name| Forbidden { path: format!("{service}/{name}"), name });
        self.forbidden.extend(forbidden);
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Entry {
    /// The number of the service.
    pub(crate) fn service(self) -> usize {
        self.service as usize
    }
}

impl<'c> Listed<'c> {
    /// `acme.Ledger/balance`.
    pub(crate) fn path(self) -> &'c str {
        match self {
            Self::Offered(procedure) => &procedure.path,
            Self::Forbidden(forbidden) => &forbidden.path,
        }
    }

    /// `balance`.
    pub(crate) fn name(self) -> &'c str {
        match self {
            Self::Offered(procedure) => &procedure.name,
            Self::Forbidden(forbidden) => &forbidden.name,
        }
    }

    /// Whether this peer may call it.
    pub(crate) fn is_allowed(self) -> bool {
        matches!(self, Self::Offered(_))
    }
}

impl Procedure {
    /// Whether either side sends a stream of items.
    pub(crate) fn streams(&self) -> bool {
        self.kind != CallKind::Unary
    }
}

/// Whether a procedure is one that every server has; those are outside the totals.
pub(crate) fn is_builtin(path: &str) -> bool {
    path.starts_with("countersign.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(name: &str) -> Service {
        let path = format!("{name}/get");
        let procedure = crate::tests::stage::procedure(&path, serde_json::json!({}));
        Service { name: name.to_owned(), procedures: vec![procedure], ..Service::default() }
    }

    #[test]
    fn services_stand_by_package_with_the_built_in_ones_last() {
        let services = ["countersign.Stats", "b.Two", "a.Zeta", "b.One", "Bare"].map(service);
        let services = Services::from(services.to_vec());
        let names: Vec<_> = services.all().iter().map(|service| service.name.as_str()).collect();
        assert_eq!(names, ["b.Two", "b.One", "a.Zeta", "Bare", "countersign.Stats"]);
        assert_eq!((services.all()[1].package(), services.all()[1].short_name()), ("b", "One"));
    }

    #[test]
    fn what_may_not_be_called_stands_behind_the_rest_of_its_service() {
        let forbidden = ["a.One/close", "b.Two/open", "nonsense\u{202e}"].map(str::to_owned).to_vec();
        let services = Services::new(vec![service("a.One")], Some(forbidden));
        let listed: Vec<_> = services.entries().map(|entry| services.listed(entry)).collect();
        let told: Vec<_> = listed.iter().map(|each| (each.path(), each.is_allowed())).collect();
        let expected = [
            ("a.One/get", true),
            ("a.One/close", false),
            ("b.Two/open", false),
            ("nonsense\\u{202e}", false),
        ];
        assert_eq!(told, expected);
        assert!(services.names_forbidden && !Services::from(Vec::new()).names_forbidden);
        let catalogue = Catalogue::Ready(services);
        assert!(catalogue.procedure("a.One/close").is_none() && catalogue.listed("a.One/close").is_some());
        assert_eq!(catalogue.first(), Some("a.One/get"));
    }
}
