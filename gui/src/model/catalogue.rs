//! What the server can do, as its reflection says and as this peer may see it.

use countersign::Schema;
use countersign::service::CallKind;

use super::connection::Failure;

/// The longest name of a procedure that is shown.
pub(crate) const NAME_SHOWN: usize = 400;

/// The services of the server, or why there are none to show.
#[derive(Debug, Clone, Default)]
pub(crate) enum Catalogue {
    /// Nothing was heard yet.
    #[default]
    Loading,
    /// Reflection answered.
    Ready(Vec<Service>),
    /// Reflection did not answer.
    Failed(Failure),
}

/// A service and its procedures. All text is fit to show.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    /// `acme.Ledger`.
    pub(crate) name: String,
    /// What the service's author says of it.
    pub(crate) documentation: String,
    /// In the order of the trait.
    pub(crate) procedures: Vec<Procedure>,
}

/// A procedure. All text is fit to show; the schemas are as the server sent them.
#[derive(Debug, Clone)]
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
    /// The faults that the author declared: variant, code and message.
    pub(crate) faults: Vec<DeclaredFault>,
}

/// A fault that a procedure may end with.
#[derive(Debug, Clone)]
pub(crate) struct DeclaredFault {
    /// The variant's name.
    pub(crate) variant: String,
    /// The code of the status that carries it.
    pub(crate) code: String,
}

impl Catalogue {
    /// The services, if reflection answered.
    pub(crate) fn services(&self) -> &[Service] {
        match self {
            Self::Ready(services) => services,
            _ => &[],
        }
    }

    /// The procedure of this path.
    pub(crate) fn procedure(&self, path: &str) -> Option<&Procedure> {
        self.services()
            .iter()
            .flat_map(|service| &service.procedures)
            .find(|procedure| procedure.path == path)
    }

    /// The path to select first: an ordinary procedure before a built-in one.
    pub(crate) fn first(&self) -> Option<&str> {
        let procedures = || self.services().iter().flat_map(|service| &service.procedures);
        procedures()
            .find(|procedure| !is_builtin(&procedure.path))
            .or_else(|| procedures().next())
            .map(|procedure| procedure.path.as_str())
    }
}

impl Procedure {
    /// Whether either side sends a stream of items.
    pub(crate) fn streams(&self) -> bool {
        self.kind != CallKind::Unary
    }

    /// Whether the filter lets this procedure through: every word occurs in the path, in any case.
    pub(crate) fn matches(&self, filter: &str) -> bool {
        let path = self.path.to_lowercase();
        filter.to_lowercase().split_whitespace().all(|word| path.contains(word))
    }
}

/// Whether a procedure is one that every server has; those are outside the totals.
pub(crate) fn is_builtin(path: &str) -> bool {
    path.starts_with("countersign.")
}
