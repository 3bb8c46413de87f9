//! What an identity is asked for.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::name::Name;
use crate::text::shown;

/// The identity to issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What it is called in the authority's trust domain.
    pub name: Name,
    /// The hosts that it may answer for. With none it is a client only.
    pub hosts: Vec<Host>,
    /// For how long it is valid; less if the authority ends earlier.
    pub valid: Duration,
}

impl Request {
    /// The usual life of a certificate: thirty days.
    pub const VALID: Duration = Duration::from_hours(30 * 24);

    /// An identity that calls others.
    pub fn client(name: Name) -> Request {
        Request { name, hosts: Vec::new(), valid: Request::VALID }
    }

    /// An identity that answers at `hosts`, and may call others, too.
    pub fn server(name: Name, hosts: impl IntoIterator<Item = Host>) -> Request {
        Request { name, hosts: hosts.into_iter().collect(), valid: Request::VALID }
    }
}

/// Where a server can be reached: a DNS name or an IP address, without a port.
///
/// ```
/// use countersign_certs::authority::Host;
///
/// assert_eq!("Example.ORG".parse::<Host>()?.to_string(), "example.org");
/// assert_eq!("::1".parse::<Host>()?.to_string(), "::1");
/// assert!("localhost:7443".parse::<Host>().unwrap_err().to_string().contains("without the port"));
/// # Ok::<(), countersign_certs::authority::ParseHostError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Host(Kind);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Kind {
    Dns(String),
    Ip(IpAddr),
}

impl Host {
    /// The address, if it is one and not a name.
    pub fn ip(&self) -> Option<IpAddr> {
        match self.0 {
            Kind::Ip(ip) => Some(ip),
            Kind::Dns(_) => None,
        }
    }
}

impl FromStr for Host {
    type Err = ParseHostError;

    fn from_str(text: &str) -> Result<Host, ParseHostError> {
        if let Ok(ip) = text.parse() {
            return Ok(Host(Kind::Ip(ip)));
        }
        match check_dns_name(text) {
            Ok(()) => Ok(Host(Kind::Dns(text.to_ascii_lowercase()))),
            Err(reason) => Err(ParseHostError { text: shown(text, 80), reason }),
        }
    }
}

impl From<IpAddr> for Host {
    fn from(ip: IpAddr) -> Host {
        Host(Kind::Ip(ip))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Dns(name) => f.pad(name),
            Kind::Ip(ip) => ip.fmt(f),
        }
    }
}

impl From<Host> for String {
    fn from(host: Host) -> String {
        host.to_string()
    }
}

impl TryFrom<String> for Host {
    type Error = ParseHostError;

    fn try_from(text: String) -> Result<Host, ParseHostError> {
        text.parse()
    }
}

/// Why a text is not a host, and what would be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{text}\" is not a host: {reason}")]
pub struct ParseHostError {
    text: String,
    reason: &'static str,
}

fn check_dns_name(text: &str) -> Result<(), &'static str> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let numeric = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    if text.is_empty() {
        Err("it is empty")
    } else if text.starts_with('[') {
        Err("give an IPv6 address without brackets and without the port, as in ::1")
    } else if text.contains(':') {
        Err("give the name or the address alone, without the port")
    } else if text.contains('*') {
        Err("a certificate here is for one server; give each host name in full")
    } else if text.contains('/') {
        Err("give the name or the address alone, not a URL or a network")
    } else if !text.is_ascii() {
        Err("give the name in its ASCII form, which begins with xn--")
    } else if !text.chars().all(allowed) {
        Err("use letters, digits, '-', '_' and '.'")
    } else if text.len() > 253 {
        Err("a host name has at most 253 characters")
    } else if text.split('.').any(|label| label.is_empty() || label.len() > 63) {
        Err("between dots there are 1 to 63 characters, and no dot at the end")
    } else if text.split('.').any(|label| label.starts_with('-') || label.ends_with('-')) {
        Err("no part of it begins or ends with '-'")
    } else if text.rsplit('.').next().is_some_and(numeric) {
        Err("it looks like an address, but is none")
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_or_addresses() {
        for (text, shown) in [
            ("localhost", "localhost"),
            ("Example.ORG", "example.org"),
            ("a-b.c_d.example", "a-b.c_d.example"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("127.0.0.1", "127.0.0.1"),
            ("0:0:0:0:0:0:0:1", "::1"),
        ] {
            assert_eq!(text.parse::<Host>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_is_no_host_is_refused_with_a_remedy() {
        for (text, remedy) in [
            ("", "empty"),
            ("[::1]:80", "without brackets"),
            ("localhost:80", "without the port"),
            ("*.example.org", "each host name in full"),
            ("https://example.org", "without the port"),
            ("10.0.0.0/8", "not a URL or a network"),
            ("bücher.example", "xn--"),
            ("a b", "use letters"),
            ("example.org.", "no dot at the end"),
            ("a..b", "between dots"),
            ("-a.example", "begins or ends with '-'"),
            ("256.0.0.1", "looks like an address"),
            (&"a.".repeat(130), "at most 253"),
        ] {
            let error = text.parse::<Host>().unwrap_err().to_string();
            assert!(error.contains(remedy), "{error}");
        }
    }
}
