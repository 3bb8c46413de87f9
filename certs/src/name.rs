//! The names of peers: parsed once at the edge, and valid from then on.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::text::shown;

/// What a peer is called within its trust domain, and the folder that holds its certificate.
///
/// Up to 63 lower-case letters, digits, `.`, `_` and `-`, beginning with a letter or a digit.
/// `authority` is reserved for the authority itself.
///
/// ```
/// use countersign_certs::{Name, SpiffeId, TrustDomain};
///
/// let name: Name = "billing-clerk-3".parse()?;
/// assert_eq!(name.as_str(), "billing-clerk-3");
/// let id = SpiffeId::new(&TrustDomain::default(), &name);
/// assert_eq!(id.as_str(), "spiffe://countersign.internal/billing-clerk-3");
///
/// let error = "Bob".parse::<Name>().unwrap_err();
/// assert!(error.to_string().starts_with(r#""Bob" is not a name: it has the character 'B'"#));
/// # Ok::<(), countersign_certs::ParseNameError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

impl Name {
    /// The longest name, in bytes: the longest label of a host name, so that one can serve as the other.
    pub const MAX_LEN: usize = 63;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The one that no identity can have.
    #[cfg(feature = "authority")]
    pub(crate) fn authority() -> Name {
        Name(AUTHORITY.into())
    }
}

/// The name that is reserved for the authority itself.
const AUTHORITY: &str = "authority";

impl FromStr for Name {
    type Err = ParseNameError;

    fn from_str(text: &str) -> Result<Name, ParseNameError> {
        let refuse = |problem| Err(ParseNameError::new("a name", text, problem));
        let allowed = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '.' | '_' | '-');
        if text.is_empty() {
            refuse(Problem::Empty)
        } else if let Some(wrong) = text.chars().find(|&c| !allowed(c)) {
            refuse(Problem::Character(wrong, "lower-case letters, digits, '.', '_' and '-'"))
        } else if text.starts_with(['.', '_', '-']) {
            refuse(Problem::Start)
        } else if text.len() > Name::MAX_LEN {
            refuse(Problem::TooLong { len: text.len(), limit: Name::MAX_LEN })
        } else if text == AUTHORITY {
            refuse(Problem::Reserved)
        } else {
            Ok(Name(text.into()))
        }
    }
}

/// Whose word counts: everyone whose identity one authority vouches for.
///
/// Up to 255 lower-case letters, digits, `.`, `-` and `_`, as the SPIFFE standard has it. The default
/// is `countersign.internal`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrustDomain(Arc<str>);

impl TrustDomain {
    /// The longest trust domain, in bytes.
    pub const MAX_LEN: usize = 255;

    /// The trust domain as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The ID of the domain itself, without a path: the one its authority carries.
    pub fn id(&self) -> SpiffeId {
        SpiffeId { text: format!("{SCHEME}{self}").into(), trust_domain: self.clone() }
    }
}

impl Default for TrustDomain {
    fn default() -> TrustDomain {
        TrustDomain("countersign.internal".into())
    }
}

impl FromStr for TrustDomain {
    type Err = ParseNameError;

    fn from_str(text: &str) -> Result<TrustDomain, ParseNameError> {
        match check_trust_domain(text) {
            Ok(()) => Ok(TrustDomain(text.into())),
            Err(problem) => Err(ParseNameError::new("a trust domain", text, problem)),
        }
    }
}

/// Who a peer is, everywhere: `spiffe://trust-domain/path`.
///
/// The rules are those of the [SPIFFE ID standard](https://spiffe.io/docs/latest/spiffe-specs/spiffe-id/);
/// an ID has one spelling, so that comparing two is comparing their text.
///
/// ```
/// use countersign_certs::SpiffeId;
///
/// let id: SpiffeId = "spiffe://example.org/billing/clerk-3".parse()?;
/// assert_eq!(id.trust_domain().as_str(), "example.org");
/// assert_eq!(id.path(), "/billing/clerk-3");
/// # Ok::<(), countersign_certs::ParseNameError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpiffeId {
    text: Arc<str>,
    trust_domain: TrustDomain,
}

impl SpiffeId {
    /// The longest ID, in bytes.
    pub const MAX_LEN: usize = 2048;

    /// The ID of the peer called `name` in `trust_domain`.
    pub fn new(trust_domain: &TrustDomain, name: &Name) -> SpiffeId {
        SpiffeId { text: format!("{SCHEME}{trust_domain}/{name}").into(), trust_domain: trust_domain.clone() }
    }

    /// The ID as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The part between `spiffe://` and the path.
    pub fn trust_domain(&self) -> &TrustDomain {
        &self.trust_domain
    }

    /// The part after the trust domain, with its leading `/`; empty for the ID of a domain itself.
    pub fn path(&self) -> &str {
        &self.text[SCHEME.len() + self.trust_domain.0.len()..]
    }

    /// The name in the path, if the path is a name and nothing else.
    pub fn name(&self) -> Option<Name> {
        self.path().strip_prefix('/')?.parse().ok()
    }
}

impl FromStr for SpiffeId {
    type Err = ParseNameError;

    fn from_str(text: &str) -> Result<SpiffeId, ParseNameError> {
        match check_spiffe_id(text) {
            Ok(domain) => Ok(SpiffeId { text: text.into(), trust_domain: TrustDomain(domain.into()) }),
            Err(problem) => Err(ParseNameError::new("a SPIFFE ID", text, problem)),
        }
    }
}

/// Why a text is not a name, a trust domain or a SPIFFE ID, and what would be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{text}\" is not {expected}: {problem}")]
pub struct ParseNameError {
    expected: &'static str,
    text: String,
    problem: Problem,
}

impl ParseNameError {
    fn new(expected: &'static str, text: &str, problem: Problem) -> ParseNameError {
        ParseNameError { expected, text: shown(text, 80), problem }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Problem {
    Empty,
    TooLong { len: usize, limit: usize },
    Character(char, &'static str),
    Start,
    Reserved,
    Scheme,
    EmptySegment,
    TrailingSlash,
    DotSegment,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Empty => f.write_str("it is empty"),
            Problem::TooLong { len, limit } => write!(f, "it is {len} bytes long; use at most {limit}"),
            Problem::Character(c, allowed) => {
                write!(f, "it has the character '{}'; use {allowed}", shown(&c.to_string(), 1))
            }
            Problem::Start => f.write_str("begin it with a lower-case letter or a digit"),
            Problem::Reserved => f.write_str("that one is reserved for the authority; choose another"),
            Problem::Scheme => {
                f.write_str("begin it with \"spiffe://\", as in spiffe://countersign.internal/alice")
            }
            Problem::EmptySegment => f.write_str("it has \"//\" in its path; write a single '/'"),
            Problem::TrailingSlash => f.write_str("leave out the '/' at its end"),
            Problem::DotSegment => {
                f.write_str("it has \".\" or \"..\" as a path segment; spell the path out")
            }
        }
    }
}

const SCHEME: &str = "spiffe://";

fn check_trust_domain(text: &str) -> Result<(), Problem> {
    let allowed = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '.' | '-' | '_');
    if text.is_empty() {
        Err(Problem::Empty)
    } else if let Some(wrong) = text.chars().find(|&c| !allowed(c)) {
        let allowed = "lower-case letters, digits, '.', '-' and '_' in the trust domain";
        Err(Problem::Character(wrong, allowed))
    } else if text.len() > TrustDomain::MAX_LEN {
        Err(Problem::TooLong { len: text.len(), limit: TrustDomain::MAX_LEN })
    } else {
        Ok(())
    }
}

/// The trust domain within a SPIFFE ID, if `text` is one.
fn check_spiffe_id(text: &str) -> Result<&str, Problem> {
    if text.is_empty() {
        return Err(Problem::Empty);
    }
    if text.len() > SpiffeId::MAX_LEN {
        return Err(Problem::TooLong { len: text.len(), limit: SpiffeId::MAX_LEN });
    }
    let rest = text.strip_prefix(SCHEME).ok_or(Problem::Scheme)?;
    let Some((domain, path)) = rest.split_once('/') else {
        check_trust_domain(rest)?;
        return Ok(rest);
    };
    check_trust_domain(domain)?;
    if path.is_empty() || path.ends_with('/') {
        return Err(Problem::TrailingSlash);
    }
    path.split('/').try_for_each(check_segment)?;
    Ok(domain)
}

fn check_segment(segment: &str) -> Result<(), Problem> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    match segment {
        "" => Err(Problem::EmptySegment),
        "." | ".." => Err(Problem::DotSegment),
        _ => match segment.chars().find(|&c| !allowed(c)) {
            Some(wrong) => Err(Problem::Character(wrong, "letters, digits, '.', '-' and '_' in the path")),
            None => Ok(()),
        },
    }
}

/// `Display`, conversions and serde for a type that is a checked text.
macro_rules! is_text {
    ($type:ident, $expecting:literal) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl TryFrom<&str> for $type {
            type Error = ParseNameError;

            fn try_from(text: &str) -> Result<$type, ParseNameError> {
                text.parse()
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
                struct Visitor;
                impl serde::de::Visitor<'_> for Visitor {
                    type Value = $type;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$type, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Visitor)
            }
        }
    };
}

is_text!(Name, "a name");
is_text!(TrustDomain, "a trust domain");
is_text!(SpiffeId, "a SPIFFE ID");

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal<T: FromStr<Err = ParseNameError> + fmt::Debug>(text: &str) -> String {
        text.parse::<T>().unwrap_err().to_string()
    }

    #[test]
    fn names_are_lower_case_words() {
        for name in ["a", "0", "alice", "billing-clerk-3", "a.b_c-d", &"x".repeat(63)] {
            assert_eq!(name.parse::<Name>().unwrap().as_str(), name);
        }
        for not in ["", "Alice", "-a", ".a", "_a", "a b", "a/b", "é", "authority", &"x".repeat(64), "a\n"] {
            assert!(not.parse::<Name>().is_err(), "{not:?}");
        }
    }

    #[test]
    fn a_refused_name_says_what_to_do() {
        assert_eq!(refusal::<Name>(""), r#""" is not a name: it is empty"#);
        assert_eq!(
            refusal::<Name>("alice smith"),
            "\"alice smith\" is not a name: it has the character ' '; \
             use lower-case letters, digits, '.', '_' and '-'"
        );
        assert_eq!(
            refusal::<Name>("-alice"),
            r#""-alice" is not a name: begin it with a lower-case letter or a digit"#
        );
        assert_eq!(
            refusal::<Name>("authority"),
            r#""authority" is not a name: that one is reserved for the authority; choose another"#
        );
        assert!(refusal::<Name>(&"x".repeat(64)).ends_with("it is 64 bytes long; use at most 63"));
    }

    #[test]
    fn a_refused_text_cannot_deceive_the_terminal() {
        let refusal = refusal::<Name>("\u{1b}[2J");
        assert!(refusal.chars().all(|c| !c.is_control()), "{refusal:?}");
    }

    #[test]
    fn trust_domains_follow_the_standard() {
        for domain in ["countersign.internal", "a", "a_b-c.d", "10.0.0.1", &"x".repeat(255)] {
            assert_eq!(domain.parse::<TrustDomain>().unwrap().as_str(), domain);
        }
        for not in
            ["", "Example.org", "example.org:8080", "user@example.org", "a/b", "a%20b", &"x".repeat(256)]
        {
            assert!(not.parse::<TrustDomain>().is_err(), "{not:?}");
        }
    }

    #[test]
    fn spiffe_ids_follow_the_standard() {
        for (id, domain, path) in [
            ("spiffe://example.org", "example.org", ""),
            ("spiffe://example.org/alice", "example.org", "/alice"),
            ("spiffe://example.org/ns/Prod/sa/x_1", "example.org", "/ns/Prod/sa/x_1"),
            ("spiffe://example.org/...", "example.org", "/..."),
        ] {
            let parsed: SpiffeId = id.parse().unwrap();
            assert_eq!((parsed.as_str(), parsed.trust_domain().as_str(), parsed.path()), (id, domain, path));
        }
        for not in [
            "",
            "example.org/alice",
            "https://example.org/alice",
            "SPIFFE://example.org/alice",
            "spiffe:/example.org/alice",
            "spiffe://",
            "spiffe:///alice",
            "spiffe://Example.org/alice",
            "spiffe://example.org:443/alice",
            "spiffe://user@example.org/alice",
            "spiffe://example.org/",
            "spiffe://example.org/alice/",
            "spiffe://example.org//alice",
            "spiffe://example.org/a//b",
            "spiffe://example.org/./alice",
            "spiffe://example.org/../alice",
            "spiffe://example.org/a%41",
            "spiffe://example.org/alice?x",
            "spiffe://example.org/alice#x",
            "spiffe://example.org?x",
            "spiffe://example.org/älice",
            "spiffe://example.org/alice\0",
            "spiffe://example.org/alice ",
        ] {
            assert!(not.parse::<SpiffeId>().is_err(), "{not:?}");
        }
    }

    #[test]
    fn a_spiffe_id_has_at_most_2048_bytes() {
        let longest = format!("spiffe://example.org/{}", "x".repeat(2048 - 21));
        assert_eq!(longest.len(), 2048);
        assert!(longest.parse::<SpiffeId>().is_ok());
        assert!(format!("{longest}x").parse::<SpiffeId>().is_err());
    }

    #[test]
    fn a_refused_spiffe_id_says_what_to_do() {
        assert_eq!(
            refusal::<SpiffeId>("alice"),
            "\"alice\" is not a SPIFFE ID: begin it with \"spiffe://\", \
             as in spiffe://countersign.internal/alice"
        );
        assert_eq!(
            refusal::<SpiffeId>("spiffe://example.org/alice/"),
            "\"spiffe://example.org/alice/\" is not a SPIFFE ID: leave out the '/' at its end"
        );
    }

    #[test]
    fn an_id_made_of_a_name_gives_it_back() {
        let name: Name = "alice".parse().unwrap();
        let id = SpiffeId::new(&TrustDomain::default(), &name);
        assert_eq!(id, "spiffe://countersign.internal/alice".parse().unwrap());
        assert_eq!(id.name(), Some(name));
        assert_eq!("spiffe://example.org/a/b".parse::<SpiffeId>().unwrap().name(), None);
        assert_eq!(TrustDomain::default().id().name(), None);
    }

    #[test]
    fn the_id_of_a_domain_is_a_spiffe_id() {
        let id = TrustDomain::default().id();
        assert_eq!(id, "spiffe://countersign.internal".parse().unwrap());
        assert_eq!(id.path(), "");
    }

    #[test]
    fn names_travel_as_text() {
        let id: SpiffeId = serde_json::from_str(r#""spiffe://example.org/alice""#).unwrap();
        assert_eq!(serde_json::to_string(&id).unwrap(), r#""spiffe://example.org/alice""#);
        let error = serde_json::from_str::<Name>(r#""Bob""#).unwrap_err().to_string();
        assert!(error.contains("is not a name"), "{error}");
    }
}
