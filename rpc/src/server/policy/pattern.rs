//! How a rule names peers and procedures: one, or all that go on after a whole segment.

use std::fmt;
use std::str::FromStr;

use countersign_certs::SpiffeId;

use crate::builtin;
use crate::text::escaped;

/// What no `*` stands for, since each is a power over what belongs to others.
pub(super) const NAMED_ONLY: [&str; 2] = ["countersign.Connections/close", "countersign.Reflection/names"];

/// Peers that a rule is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Peers {
    /// `*`: whoever has proved who it is, of whatever trusted domain.
    Every,
    /// `spiffe://acme.internal/tellers/*`. It is kept up to the last `/`, so that no `/tellers-evil` begins
    /// with it.
    Below(Box<str>),
    /// `spiffe://acme.internal/alice`
    One(SpiffeId),
}

/// Procedures that a rule allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Procedures {
    /// `*`
    Every,
    /// `acme.Ledger/*`, a service, or `acme.*`, a package with those within it. It is kept up to the `/` or
    /// `.`.
    Below(Box<str>),
    /// `acme.Ledger/balance`
    One(Box<str>),
}

/// What is wrong with a part of a policy, and what to do about it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mistake(pub(super) String);

/// What a rule is written with.
pub(super) trait Pattern: FromStr<Err = Mistake> + PartialEq {
    /// Why its author should look at it again, though it is well formed.
    fn doubt(&self) -> Option<String> {
        None
    }
}

impl Pattern for Peers {}

impl Pattern for Procedures {
    fn doubt(&self) -> Option<String> {
        let (Self::Below(name) | Self::One(name)) = self else { return None };
        let is_idle = builtin::is_reserved(name) && !builtin::NAMES.iter().any(|name| self.matches(name));
        is_idle.then(|| format!("no server has `{self}`; the built-in services are in rpc/proto/SPEC.md"))
    }
}

impl Peers {
    pub(super) fn contain(&self, peer: &SpiffeId) -> bool {
        match self {
            Self::Every => true,
            Self::Below(prefix) => peer.as_str().starts_with(&**prefix),
            Self::One(id) => id == peer,
        }
    }

    /// The trust domain that they are of, if it is one.
    pub(super) fn domain(&self) -> Option<&str> {
        match self {
            Self::Every => None,
            Self::Below(prefix) => prefix.strip_prefix("spiffe://")?.split('/').next(),
            Self::One(id) => Some(id.trust_domain().as_str()),
        }
    }
}

impl Procedures {
    pub(super) fn contain(&self, procedure: &str) -> bool {
        match self {
            Self::One(name) => **name == *procedure,
            Self::Every | Self::Below(_) => self.matches(procedure) && !NAMED_ONLY.contains(&procedure),
        }
    }

    /// The same, if a `*` did stand for everything.
    pub(super) fn matches(&self, procedure: &str) -> bool {
        match self {
            Self::Every => true,
            Self::Below(prefix) => procedure.starts_with(&**prefix),
            Self::One(name) => **name == *procedure,
        }
    }
}

impl FromStr for Peers {
    type Err = Mistake;

    fn from_str(text: &str) -> Result<Self, Mistake> {
        if text == "*" {
            return Ok(Self::Every);
        }
        if let Some(above) = text.strip_suffix("/*") {
            parse_id(above)?;
            return Ok(Self::Below(format!("{above}/").into()));
        }
        if let Some(begin) = text.strip_suffix('*') {
            return Err(Mistake::new(
                text,
                "ends in the middle of a segment, and would let in whatever begins alike",
                format_args!("write `{}/*` for all below it, or name each ID", escaped(begin)),
            ));
        }
        let id = parse_id(text)?;
        if id.path().is_empty() {
            let remedy = format_args!("write `{id}/*` for every peer of this trust domain");
            return Err(Mistake::new(text, "can match nobody: it names a trust domain, and no peer", remedy));
        }
        Ok(Self::One(id))
    }
}

fn parse_id(text: &str) -> Result<SpiffeId, Mistake> {
    if text.is_empty() {
        return Err(Mistake::new(
            text,
            "can match nobody",
            "write an ID as in `spiffe://acme.internal/alice`",
        ));
    }
    text.parse().map_err(|error| Mistake(format!("{error}")))
}

impl FromStr for Procedures {
    type Err = Mistake;

    fn from_str(text: &str) -> Result<Self, Mistake> {
        if text == "*" {
            return Ok(Self::Every);
        }
        let is_sound = match (text.strip_suffix("/*"), text.strip_suffix(".*"), text.split_once('/')) {
            (Some(service), ..) => is_service(service),
            (_, Some(package), _) => package.split('.').all(is_package_word),
            (.., Some((service, method))) => is_service(service) && is_word(method),
            (None, None, None) => return Err(without_method(text)),
        };
        if !is_sound {
            return Err(Mistake::new(
                text,
                "can match nothing",
                "write a procedure as in `acme.Ledger/balance`, a service as in `acme.Ledger/*`, \
                 a package as in `acme.*`",
            ));
        }
        Ok(match text.strip_suffix('*') {
            Some(prefix) => Self::Below(prefix.into()),
            None => Self::One(text.into()),
        })
    }
}

/// A name that has no `/` in it, and was meant for one that has.
fn without_method(text: &str) -> Mistake {
    let shown = escaped(text);
    let is_type = |word: &str| word.starts_with(|c: char| c.is_ascii_uppercase());
    let mut words = shown.rsplitn(3, '.');
    let (last, before) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let remedy = match shown.rsplit_once('.') {
        Some((service, method)) if is_type(before) => format!("write `{service}/{method}`"),
        _ if is_type(last) => format!("write `{shown}/*` for every procedure of this service"),
        _ => format!("write `{shown}.*` for a package, or a procedure as in `acme.Ledger/balance`"),
    };
    Mistake::new(text, "can match nothing: no `/` stands before a method", remedy)
}

/// `acme.billing.Ledger`
fn is_service(name: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(package, name)| package.split('.').all(is_package_word) && is_word(name))
}

fn is_package_word(word: &str) -> bool {
    is_word(word) && !word.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// What Rust and most other languages take as a name.
fn is_word(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

impl Mistake {
    pub(super) fn new(text: &str, what: &str, remedy: impl fmt::Display) -> Self {
        Self(format!("`{}` {what}; {remedy}", escaped(text)))
    }

    /// A list without which a rule would allow nothing.
    pub(super) fn empty(key: &str) -> Self {
        Self(format!("no {key}, so that the rule allows nothing; name some, or leave out the rule"))
    }
}

impl fmt::Display for Peers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Every => f.write_str("*"),
            Self::Below(prefix) => write!(f, "{prefix}*"),
            Self::One(id) => write!(f, "{id}"),
        }
    }
}

impl fmt::Display for Procedures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Every => f.write_str("*"),
            Self::Below(prefix) => write!(f, "{prefix}*"),
            Self::One(name) => f.write_str(name),
        }
    }
}
