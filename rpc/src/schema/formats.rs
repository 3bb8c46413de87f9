//! Texts that mean something: dates, addresses, identifiers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};

use super::Format;

impl Format<'_> {
    /// Whether a text is written in this format. Formats that we do not know are left to the server.
    ///
    /// Dates and times are RFC 3339, also where jiff would read more: the other side may not.
    pub fn admits(self, text: &str) -> bool {
        match self {
            Self::Plain | Self::Other(_) => true,
            Self::Date => is_date(text),
            Self::Time => is_time(text),
            Self::LocalDateTime => {
                local_parts(text).is_some_and(|(date, time)| is_date(date) && is_time(time))
                    && text.parse::<DateTime>().is_ok()
            }
            Self::DateTime => is_date_time(text),
            Self::Uuid => is_uuid(text),
            Self::Ip => text.parse::<IpAddr>().is_ok(),
            Self::Ipv4 => text.parse::<Ipv4Addr>().is_ok(),
            Self::Ipv6 => text.parse::<Ipv6Addr>().is_ok(),
        }
    }
}

fn is_date(text: &str) -> bool {
    looks_like(text, "0000-00-00") && text.parse::<Date>().is_ok()
}

/// `12:00:00` or `12:00:00.5`, without an offset.
fn is_time(text: &str) -> bool {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
    looks_like(seconds, "00:00:00")
        && !fraction.is_empty()
        && fraction.bytes().all(|byte| byte.is_ascii_digit())
        && text.parse::<Time>().is_ok()
}

fn is_date_time(text: &str) -> bool {
    let Some((date, time)) = local_parts(text) else { return false };
    let zulu = time.strip_suffix(['Z', 'z']);
    let offset = || {
        let (time, offset) = time.split_at_checked(time.len().checked_sub("+00:00".len())?)?;
        (looks_like(offset, "+00:00") || looks_like(offset, "-00:00")).then_some(time)
    };
    zulu.or_else(offset).is_some_and(|time| is_date(date) && is_time(time))
        && text.parse::<Timestamp>().is_ok()
}

fn local_parts(text: &str) -> Option<(&str, &str)> {
    text.split_once(['T', 't'])
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Whether `text` has digits where `mask` has zeros and is the same otherwise.
fn looks_like(text: &str, mask: &str) -> bool {
    text.len() == mask.len()
        && text.bytes().zip(mask.bytes()).all(|(byte, mask)| match mask {
            b'0' => byte.is_ascii_digit(),
            _ => byte == mask,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_as_in_rfc_3339() {
        for text in ["2026-01-31", "2024-02-29", "0000-01-01", "9999-12-31"] {
            assert!(Format::Date.admits(text), "{text}");
        }
        for text in
            ["", "2026-1-31", "20260131", "2026-02-29", "2026-13-01", "2026-01-31T00:00:00Z", " 2026-01-31"]
        {
            assert!(!Format::Date.admits(text), "{text}");
        }
    }

    #[test]
    fn instants_need_an_offset() {
        for text in ["2026-01-31T12:00:00Z", "2026-01-31t12:00:00.123456789z", "2026-01-31T23:59:59+14:00"] {
            assert!(Format::DateTime.admits(text), "{text}");
        }
        for text in [
            "2026-01-31T12:00:00",
            "2026-01-31 12:00:00Z",
            "2026-01-31T12:00Z",
            "2026-01-31T24:00:00Z",
            "2026-01-31T12:00:00.Z",
            "2026-01-31T12:00:00+1400",
            "2026-01-31T12:00:00Z[Europe/Berlin]",
            "2026-01-31",
            "Tß",
        ] {
            assert!(!Format::DateTime.admits(text), "{text}");
        }
        assert!(Format::LocalDateTime.admits("2026-01-31T12:00:00.5"));
        assert!(!Format::LocalDateTime.admits("2026-01-31T12:00:00Z"));
        assert!(Format::Time.admits("12:00:00"));
        assert!(!Format::Time.admits("12:00"));
    }

    #[test]
    fn identifiers_and_addresses_are_whole() {
        assert!(Format::Uuid.admits("67e55044-10b1-426f-9247-bb680e5fe0c8"));
        assert!(!Format::Uuid.admits("67e5504410b1426f9247bb680e5fe0c8"));
        assert!(!Format::Uuid.admits("67e55044-10b1-426f-9247-bb680e5fe0cg"));
        assert!(Format::Ip.admits("::1") && Format::Ip.admits("127.0.0.1"));
        assert!(!Format::Ipv4.admits("::1") && !Format::Ipv6.admits("127.0.0.1"));
        assert!(!Format::Ipv4.admits("127.0.0.01"));
    }
}
