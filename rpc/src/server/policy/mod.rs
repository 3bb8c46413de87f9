//! Who may call what: rules that allow, and nothing beyond them.
//!
//! The rules are our own few lines and not those of a policy engine. Cedar brings 88 crates where a reader of
//! TOML is enough, its `like` knows no segments (`spiffe://acme.internal/team*` lets in `/team-evil`), and a
//! language that can also forbid is harder to review than a list of what is allowed. Casbin interprets a
//! script at each decision. And neither would say at which line and column a rule can match nothing, which is
//! most of the code here.

mod error;
mod explain;
mod file;
mod pattern;

#[cfg(test)]
mod tests;

/// The page, so that its program is compiled by the tests.
#[cfg(doctest)]
#[doc = include_str!("../../../POLICY.md")]
struct Page;

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use countersign_certs::{SpiffeId, TrustDomain, Watched};

use self::error::Place;
use self::pattern::{Mistake, Peers, Procedures};

pub use error::{PolicyError, PolicyProblem};
pub use explain::Explanation;
#[cfg(test)]
pub(super) use file::PolicyFile;

/// Decides, when a call opens and before its arguments are looked at, whether its peer may make it.
///
/// A policy is rules that allow; what none of them allows is refused. It comes from a file, which
/// `rpc/POLICY.md` describes, or is made in code. Cheap to clone.
///
/// ```
/// use countersign::Policy;
///
/// let policy: Policy = r#"
///     [[allow]]
///     peers = ["spiffe://acme.internal/tellers/*"]
///     procedures = ["acme.Ledger/*"]
/// "#.parse()?;
/// let teller = "spiffe://acme.internal/tellers/anna".parse()?;
/// assert!(policy.allows(&teller, "acme.Ledger/balance"));
/// assert!(!policy.allows(&teller, "acme.Vault/open"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Policy(Arc<Inner>);

struct Inner {
    origin: Origin,
    rules: Vec<Rule>,
    warnings: Vec<PolicyProblem>,
}

/// Where a policy comes from.
enum Origin {
    AnyTrustedPeer,
    Code,
    File(PathBuf),
}

/// Lets some peers call some procedures.
#[derive(Debug)]
struct Rule {
    /// Where it begins, if it comes from a text.
    line: Option<usize>,
    peers: Vec<Peers>,
    procedures: Vec<Procedures>,
}

/// A policy that is made in code.
///
/// ```
/// use countersign::Policy;
///
/// let policy = Policy::builder()
///     .allow(&["spiffe://acme.internal/tellers/*"], &["acme.Ledger/*"])
///     .allow(&["*"], &["countersign.Reflection/*"])
///     .build()?;
/// # Ok::<(), countersign::PolicyError>(())
/// ```
#[derive(Debug, Default)]
pub struct PolicyBuilder {
    rules: Vec<Rule>,
    problems: Vec<PolicyProblem>,
}

impl Policy {
    /// Every peer that has proved who it is may call everything but what [needs a rule of its
    /// own](Self::needs_own_rule). Written out, so that it is read, and logged when a server starts.
    pub fn any_trusted_peer() -> Self {
        let rule = Rule { line: None, peers: vec![Peers::Every], procedures: vec![Procedures::Every] };
        Self::new(Origin::AnyTrustedPeer, vec![rule], Vec::new())
    }

    /// The policy in a file, as it is now.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or everyone may write it, and with every mistake in it by line and column.
    pub fn load(file: impl AsRef<Path>) -> Result<Self, PolicyError> {
        let path = file.as_ref();
        Self::of_text(&file::read(path)?, Origin::File(path.to_owned()))
    }

    /// The policy in a file, for as long as it is needed: twice a second the file is looked at, and another
    /// policy in it takes the place of this one, also for connections that there are. One with a mistake does
    /// not; it is logged, and the old one stays in force. See [`Watched`].
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load): the first one has to be sound.
    pub fn watch(file: impl AsRef<Path>) -> Result<Watched<Self>, PolicyError> {
        Watched::watch(file::PolicyFile::new(file.as_ref()))
    }

    /// For a policy that is made in code.
    pub fn builder() -> PolicyBuilder {
        PolicyBuilder::default()
    }

    /// Whether the peer may call the procedure, `package.Service/method`, be there one of that name or not.
    pub fn allows(&self, peer: &SpiffeId, procedure: &str) -> bool {
        self.0.rules.iter().any(|rule| rule.allows(peer, procedure))
    }

    /// The same with its reason: the rule that allows it, or what comes nearest.
    pub fn explain(&self, peer: &SpiffeId, procedure: &str) -> Explanation {
        explain::explain(&self.0.rules, peer, procedure)
    }

    /// Whether no `*` gives this permission, so that a rule must name it in full: ending the connections of
    /// others, and reading the names of what one may not call.
    pub fn needs_own_rule(procedure: &str) -> bool {
        pattern::NAMED_ONLY.contains(&procedure)
    }

    /// What its author should look at, though the policy can be used as it is.
    pub fn warnings(&self) -> &[PolicyProblem] {
        &self.0.warnings
    }

    /// How many rules it has.
    pub fn rules(&self) -> usize {
        self.0.rules.len()
    }

    /// What the rules give a peer, each pattern as it is written.
    pub(super) fn given_to(&self, peer: &SpiffeId) -> impl Iterator<Item = String> {
        let rules = self.0.rules.iter().filter(move |rule| rule.is_for(peer));
        rules.flat_map(|rule| rule.procedures.iter().map(ToString::to_string))
    }

    /// The trust domains that its rules name and that are none of these: the first few.
    pub(super) fn unknown_domains<'d>(&self, domains: impl Iterator<Item = &'d TrustDomain>) -> Vec<&str> {
        let domains: Vec<_> = domains.map(TrustDomain::as_str).collect();
        let peers = self.0.rules.iter().flat_map(|rule| &rule.peers);
        let unknown: BTreeSet<_> =
            peers.filter_map(Peers::domain).filter(|each| !domains.contains(each)).collect();
        unknown.into_iter().take(10).collect()
    }

    /// What of its rules matches none of these procedures: the first few.
    pub(super) fn idle<'p>(&self, procedures: impl Iterator<Item = &'p str> + Clone) -> Vec<String> {
        let rules = self.0.rules.iter().enumerate();
        let patterns = rules.flat_map(|(at, rule)| rule.procedures.iter().map(move |each| (at, rule, each)));
        let idle = patterns.filter(|(.., each)| !procedures.clone().any(|procedure| each.contain(procedure)));
        idle.take(10).map(|(at, rule, each)| format!("{each} ({})", explain::place(at, rule))).collect()
    }

    fn of_text(text: &str, origin: Origin) -> Result<Self, PolicyError> {
        let mut problems = file::Problems::new(text, origin.file());
        let rules = file::rules(text, &mut problems);
        let warnings = problems.warnings_unless_mistaken()?;
        Ok(Self::new(origin, rules, warnings))
    }

    fn new(origin: Origin, rules: Vec<Rule>, warnings: Vec<PolicyProblem>) -> Self {
        Self(Arc::new(Inner { origin, rules, warnings }))
    }
}

impl FromStr for Policy {
    type Err = PolicyError;

    /// A policy that is written as in a file.
    fn from_str(text: &str) -> Result<Self, PolicyError> {
        Self::of_text(text, Origin::Code)
    }
}

impl PolicyBuilder {
    /// One more rule: these peers may call these procedures, each written as in a file.
    #[must_use]
    pub fn allow(mut self, peers: &[&str], procedures: &[&str]) -> Self {
        let number = self.rules.len() + 1;
        let mut mistaken = |Mistake(message)| {
            self.problems.push(PolicyProblem { file: None, place: Place::Rule(number), message });
        };
        if peers.is_empty() {
            mistaken(Mistake::empty("peers"));
        }
        if procedures.is_empty() {
            mistaken(Mistake::empty("procedures"));
        }
        let peers = peers.iter().filter_map(|text| text.parse().map_err(&mut mistaken).ok()).collect();
        let procedures =
            procedures.iter().filter_map(|text| text.parse().map_err(&mut mistaken).ok()).collect();
        self.rules.push(Rule { line: None, peers, procedures });
        self
    }

    /// The policy, if there is no mistake in any of its rules.
    pub fn build(self) -> Result<Policy, PolicyError> {
        match self.problems.is_empty() {
            true => Ok(Policy::new(Origin::Code, self.rules, Vec::new())),
            false => Err(PolicyError::Mistaken(self.problems)),
        }
    }
}

impl Rule {
    fn allows(&self, peer: &SpiffeId, procedure: &str) -> bool {
        self.is_for(peer) && self.covers(procedure)
    }

    fn is_for(&self, peer: &SpiffeId) -> bool {
        self.peers.iter().any(|peers| peers.contain(peer))
    }

    fn covers(&self, procedure: &str) -> bool {
        self.procedures.iter().any(|procedures| procedures.contain(procedure))
    }
}

impl Origin {
    fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::AnyTrustedPeer | Self::Code => None,
        }
    }
}

impl fmt::Display for Policy {
    /// In a line of a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.0.origin, self.rules()) {
            (Origin::AnyTrustedPeer, _) => f.write_str("any trusted peer may call everything"),
            (_, 0) => f.write_str("nobody may call anything"),
            (Origin::Code, 1) => f.write_str("one rule, made in code"),
            (Origin::Code, rules) => write!(f, "{rules} rules, made in code"),
            (Origin::File(path), 1) => write!(f, "one rule of {}", path.display()),
            (Origin::File(path), rules) => write!(f, "{rules} rules of {}", path.display()),
        }
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Policy({self})")
    }
}
