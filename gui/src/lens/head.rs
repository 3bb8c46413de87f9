//! The heads of CBOR items (RFC 8949 §3): of which kind an item is, and how long.

/// The first bytes of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) major: Major,
    /// The number, length or bits that follow from it; nothing where the length is indefinite.
    pub(super) argument: Option<u64>,
    /// How many bytes the head itself takes.
    pub(super) len: usize,
}

/// The high three bits of an item's first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Major {
    Unsigned,
    Negative,
    Bytes,
    Text,
    Array,
    Map,
    Tag,
    Simple,
}

/// What ends an item of indefinite length.
pub(super) const BREAK: u8 = 0xff;

impl Head {
    /// The head that these bytes begin with, if they begin with a whole one.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let (&first, rest) = bytes.split_first()?;
        let major = Major::of(first);
        let more = match first & 0x1f {
            info @ 0..24 => return Some(Self { major, argument: Some(info.into()), len: 1 }),
            info @ 24..28 => 1 << (info - 24),
            31 => return Some(Self { major, argument: None, len: 1 }),
            _ => return None,
        };
        let argument = rest.get(..more)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        Some(Self { major, argument: Some(argument), len: 1 + more })
    }
}

impl Major {
    fn of(first: u8) -> Self {
        match first >> 5 {
            0 => Self::Unsigned,
            1 => Self::Negative,
            2 => Self::Bytes,
            3 => Self::Text,
            4 => Self::Array,
            5 => Self::Map,
            6 => Self::Tag,
            _ => Self::Simple,
        }
    }
}

/// How many bytes the text or byte string takes that these bytes begin with.
pub(super) fn string_len(bytes: &[u8]) -> Option<usize> {
    let head = Head::of(bytes)?;
    if let Some(length) = head.argument {
        let len = head.len.checked_add(usize::try_from(length).ok()?)?;
        return (len <= bytes.len()).then_some(len);
    }
    let mut at = head.len;
    while *bytes.get(at)? != BREAK {
        let chunk = &bytes[at..];
        // A chunk has a length of its own.
        Head::of(chunk)?.argument?;
        at += string_len(chunk)?;
    }
    Some(at + 1)
}

/// Up to `limit` bytes of what is in the text or byte string that these bytes begin with.
pub(super) fn string_start(bytes: &[u8], limit: usize) -> Vec<u8> {
    let Some(head) = Head::of(bytes) else { return Vec::new() };
    let content = &bytes[head.len..];
    if let Some(length) = head.argument {
        let length = usize::try_from(length).map_or(limit, |length| length.min(limit));
        return content[..length.min(content.len())].to_vec();
    }
    let (mut start, mut rest) = (Vec::new(), content);
    while start.len() < limit && rest.first().is_some_and(|first| *first != BREAK) {
        let Some(len) = string_len(rest) else { break };
        start.extend(string_start(&rest[..len], limit - start.len()));
        rest = &rest[len..];
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_says_how_long_it_is_and_what_follows() {
        let read = |bytes: &[u8]| Head::of(bytes).map(|head| (head.major, head.argument, head.len));
        assert_eq!(read(&[0x17]), Some((Major::Unsigned, Some(23), 1)));
        assert_eq!(read(&[0x39, 0x01, 0x02]), Some((Major::Negative, Some(258), 3)));
        assert_eq!(read(&[0x9f, 0x01]), Some((Major::Array, None, 1)));
        assert_eq!(
            read(&[0x1b, 1, 2, 3, 4, 5, 6, 7, 8]),
            Some((Major::Unsigned, Some(0x0102_0304_0506_0708), 9))
        );
        for wrong in [&[][..], &[0x18], &[0x1b, 1, 2, 3], &[0x1c]] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_string_in_chunks_is_read_to_its_break() {
        let chunked = [0x7f, 0x62, b'a', b'b', 0x61, b'c', 0xff, 0x00];
        assert_eq!((string_len(&chunked), string_start(&chunked, 9)), (Some(7), b"abc".to_vec()));
        assert_eq!(string_start(&chunked, 2), b"ab");
        assert_eq!(string_len(&[0x62, b'a']), None);
        assert_eq!(string_len(&[0x7f, 0x61, b'a']), None);
        assert_eq!(string_len(&[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), None);
    }
}
