//! Reads and writes the heads of CBOR items: major type, argument, indefinite lengths.
//!
//! Frame headers and the decoder of payloads are both built on this. Any well-formed encoding is read,
//! shortest or not, in chunks or not; what a layer above makes of the item is its own business.

use std::borrow::Cow;

use crate::spare;

/// Reads items off the front of a slice. Never allocates, except to join the chunks of a string.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    len: usize,
}

/// The first bytes of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) major: Major,
    /// The low five bits of the first byte.
    info: u8,
    /// The number, length, tag or bits of the float; 0 where the length is indefinite.
    pub(crate) argument: u64,
}

/// The high three bits of an item's first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Major {
    Unsigned = 0,
    Negative = 1,
    Bytes = 2,
    Text = 3,
    Array = 4,
    Map = 5,
    Tag = 6,
    Simple = 7,
}

/// Why a read failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HeadError {
    #[error("the input ends inside an item")]
    Truncated,
    #[error("a head with a reserved length")]
    Reserved,
    #[error("a break where no item of indefinite length is open")]
    Break,
    #[error("a chunk of another kind inside a string of indefinite length")]
    Chunk,
    #[error("text that is not UTF-8")]
    Utf8,
    #[error("items nested too deep")]
    Depth,
    #[error("expected {0}")]
    Expected(&'static str),
}

type Result<T, E = HeadError> = std::result::Result<T, E>;

/// The `info` of an indefinite length, and of a break.
const INDEFINITE: u8 = 31;
const BREAK: u8 = 0xff;

pub(crate) const FALSE: u8 = 20;
pub(crate) const TRUE: u8 = 21;
pub(crate) const NULL: u8 = 22;
pub(crate) const UNDEFINED: u8 = 23;

impl Head {
    /// Whether this is a string, array or map that a break ends.
    #[inline]
    pub(crate) fn is_indefinite(self) -> bool {
        self.info == INDEFINITE
    }

    /// The declared length of a string, array or map; `None` where a break ends it.
    #[inline]
    pub(crate) fn length(self) -> Option<u64> {
        (self.info != INDEFINITE).then_some(self.argument)
    }

    /// The number, if this is a float of any width.
    #[inline]
    pub(crate) fn float(self) -> Option<f64> {
        match (self.major, self.info) {
            (Major::Simple, 27) => Some(f64::from_bits(self.argument)),
            (Major::Simple, 26) => Some(f32::from_bits(self.argument as u32).into()),
            (Major::Simple, 25) => Some(half(self.argument as u16)),
            _ => None,
        }
    }

    /// The number of a simple value (`FALSE`, `NULL`, …), if this is one.
    #[inline]
    pub(crate) fn simple(self) -> Option<u8> {
        (self.major == Major::Simple && self.info <= 24).then_some(self.argument as u8)
    }
}

impl<'a> Reader<'a> {
    #[inline]
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, len: bytes.len() }
    }

    /// Reads one head. A break is an error here: `more` looks for it where one may stand.
    #[inline]
    pub(crate) fn head(&mut self) -> Result<Head> {
        let (&first, rest) = self.rest.split_first().ok_or(HeadError::Truncated)?;
        let major = Major::of(first);
        let info = first & 0x1f;
        if info < 24 {
            self.rest = rest;
            return Ok(Head { major, info, argument: info.into() });
        }
        self.long_head(major, info)
    }

    /// The rest of a head whose argument is not in its first byte.
    #[inline]
    fn long_head(&mut self, major: Major, info: u8) -> Result<Head> {
        let after = &self.rest[1..];
        let (argument, rest) = match info {
            24 => after.split_first_chunk().map(|(b, rest)| (u8::from_be_bytes(*b).into(), rest)),
            25 => after.split_first_chunk().map(|(b, rest)| (u16::from_be_bytes(*b).into(), rest)),
            26 => after.split_first_chunk().map(|(b, rest)| (u32::from_be_bytes(*b).into(), rest)),
            27 => after.split_first_chunk().map(|(b, rest)| (u64::from_be_bytes(*b), rest)),
            INDEFINITE if matches!(major, Major::Bytes | Major::Text | Major::Array | Major::Map) => {
                Some((0, after))
            }
            INDEFINITE if major == Major::Simple => return Err(HeadError::Break),
            _ => return Err(HeadError::Reserved),
        }
        .ok_or(HeadError::Truncated)?;
        // RFC 8949 §3.3: below 32 the one-byte form is the only one.
        if major == Major::Simple && info == 24 && argument < 32 {
            return Err(HeadError::Reserved);
        }
        self.rest = rest;
        Ok(Head { major, info, argument })
    }

    /// Whether another element of an array or map follows, `left` being what its head declared.
    /// Takes the break that ends an indefinite one. Maps count pairs, so ask once per pair.
    #[inline]
    pub(crate) fn more(&mut self, left: &mut Option<u64>) -> Result<bool> {
        match left {
            Some(0) => Ok(false),
            Some(left) => {
                *left -= 1;
                Ok(true)
            }
            None if self.rest.is_empty() => Err(HeadError::Truncated),
            None if self.is_break() => {
                self.rest = &self.rest[1..];
                *left = Some(0);
                Ok(false)
            }
            None => Ok(true),
        }
    }

    pub(crate) fn u64(&mut self) -> Result<u64> {
        self.expect(Major::Unsigned, "a whole number").map(|head| head.argument)
    }

    /// Takes a null if one is next, and says whether it did.
    pub(crate) fn null(&mut self) -> Result<bool> {
        let is_null = self.clone().head()?.simple() == Some(NULL);
        if is_null {
            self.head()?;
        }
        Ok(is_null)
    }

    #[inline]
    pub(crate) fn text(&mut self) -> Result<Cow<'a, str>> {
        let head = self.expect(Major::Text, "text")?;
        self.text_of(head)
    }

    #[inline]
    pub(crate) fn bytes(&mut self) -> Result<Cow<'a, [u8]>> {
        let head = self.expect(Major::Bytes, "a byte string")?;
        self.bytes_of(head)
    }

    /// The number of elements that follow; `None` means that a break ends them. See `more`.
    pub(crate) fn array(&mut self) -> Result<Option<u64>> {
        self.expect(Major::Array, "an array").map(Head::length)
    }

    /// The number of pairs that follow; `None` means that a break ends them. See `more`.
    pub(crate) fn map(&mut self) -> Result<Option<u64>> {
        self.expect(Major::Map, "a map").map(Head::length)
    }

    /// What follows the head of a text string.
    #[inline]
    pub(crate) fn text_of(&mut self, head: Head) -> Result<Cow<'a, str>> {
        match head.length() {
            Some(len) => self.take_text(len).map(Cow::Borrowed),
            None => self.chunked_text().map(Cow::Owned),
        }
    }

    /// As [`Reader::text_of`], as a value of its own. It is copied before it is checked: std looks at many bytes
    /// at once where they are aligned, as those of an allocation are.
    #[inline]
    pub(crate) fn string_of(&mut self, head: Head) -> Result<String> {
        match head.length() {
            Some(len) => String::from_utf8(self.take(len)?.to_vec()).map_err(|_| HeadError::Utf8),
            None => self.chunked_text(),
        }
    }

    /// The bytes of a text in one piece, if one is next. Whether they are UTF-8 is still to be seen.
    #[inline]
    pub(crate) fn raw_text(&mut self) -> Option<&'a [u8]> {
        let head = self.expect(Major::Text, "text").ok()?;
        self.take(head.length()?).ok()
    }

    /// What follows the head of a byte string.
    #[inline]
    pub(crate) fn bytes_of(&mut self, head: Head) -> Result<Cow<'a, [u8]>> {
        match head.length() {
            Some(len) => self.take(len).map(Cow::Borrowed),
            None => self.chunked_bytes().map(Cow::Owned),
        }
    }

    /// Passes over one item, whatever it is, and checks that it is well-formed and its text UTF-8.
    /// `depth` is how many arrays, maps and tags may enclose one another.
    pub(crate) fn skip_item(&mut self, depth: usize) -> Result<()> {
        let head = self.head()?;
        let inner = || depth.checked_sub(1).ok_or(HeadError::Depth);
        match head.major {
            Major::Unsigned | Major::Negative | Major::Simple => Ok(()),
            Major::Text => self.text_of(head).map(drop),
            Major::Bytes => self.bytes_of(head).map(drop),
            Major::Tag => self.skip_item(inner()?),
            Major::Array | Major::Map => {
                let inner = inner()?;
                let mut left = head.length();
                while self.more(&mut left)? {
                    self.skip_item(inner)?;
                    if head.major == Major::Map {
                        self.skip_item(inner)?;
                    }
                }
                Ok(())
            }
        }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// How many bytes were read.
    #[inline]
    pub(crate) fn position(&self) -> usize {
        self.len - self.rest.len()
    }

    /// What was not read yet.
    #[inline]
    pub(crate) fn remaining(&self) -> &'a [u8] {
        self.rest
    }

    /// What kind of item is next; a break counts as `Simple`.
    #[inline]
    pub(crate) fn peek_major(&self) -> Option<Major> {
        self.rest.first().map(|&first| Major::of(first))
    }

    /// Whether a break is next.
    #[inline]
    pub(crate) fn is_break(&self) -> bool {
        self.rest.first() == Some(&BREAK)
    }

    /// Reads a head of this major type, or stays where it is.
    #[inline]
    fn expect(&mut self, major: Major, what: &'static str) -> Result<Head> {
        match self.peek_major() {
            Some(found) if found == major => self.head(),
            Some(_) => Err(HeadError::Expected(what)),
            None => Err(HeadError::Truncated),
        }
    }

    #[inline]
    fn take(&mut self, len: u64) -> Result<&'a [u8]> {
        let len = usize::try_from(len).map_err(|_| HeadError::Truncated)?;
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(HeadError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    #[inline]
    fn take_text(&mut self, len: u64) -> Result<&'a str> {
        std::str::from_utf8(self.take(len)?).map_err(|_| HeadError::Utf8)
    }

    #[cold]
    fn chunked_text(&mut self) -> Result<String> {
        let mut joined = String::new();
        while let Some(len) = self.chunk(Major::Text)? {
            // RFC 8949 §3.2.3: no character is spread over two chunks.
            joined.push_str(self.take_text(len)?);
        }
        Ok(joined)
    }

    #[cold]
    fn chunked_bytes(&mut self) -> Result<Vec<u8>> {
        let mut joined = Vec::new();
        while let Some(len) = self.chunk(Major::Bytes)? {
            joined.extend_from_slice(self.take(len)?);
        }
        Ok(joined)
    }

    /// The length of the next chunk, or `None` at the break.
    fn chunk(&mut self, major: Major) -> Result<Option<u64>> {
        if !self.more(&mut None)? {
            return Ok(None);
        }
        let head = self.head()?;
        if head.major != major || head.is_indefinite() {
            return Err(HeadError::Chunk);
        }
        Ok(Some(head.argument))
    }
}

impl Major {
    #[inline]
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

/// Writes an unsigned integer in its shortest form.
#[inline]
pub(crate) fn write_uint(out: &mut Vec<u8>, number: u64) {
    write_head(out, Major::Unsigned, number);
}

/// Writes an integer in its shortest form.
#[inline]
pub(crate) fn write_int(out: &mut Vec<u8>, number: i64) {
    match u64::try_from(number) {
        Ok(natural) => write_uint(out, natural),
        Err(_) => write_head(out, Major::Negative, !number as u64),
    }
}

#[inline]
pub(crate) fn write_text(out: &mut Vec<u8>, text: &str) {
    write_head(out, Major::Text, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

#[inline]
pub(crate) fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    spare::reserve(out, bytes.len());
    write_head(out, Major::Bytes, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Opens an array of this many elements.
#[inline]
pub(crate) fn write_array(out: &mut Vec<u8>, len: u64) {
    write_head(out, Major::Array, len);
}

/// Opens a map of this many pairs.
#[inline]
pub(crate) fn write_map(out: &mut Vec<u8>, len: u64) {
    write_head(out, Major::Map, len);
}

#[inline]
pub(crate) fn write_bool(out: &mut Vec<u8>, value: bool) {
    write_head(out, Major::Simple, if value { TRUE } else { FALSE }.into());
}

#[inline]
pub(crate) fn write_null(out: &mut Vec<u8>) {
    write_head(out, Major::Simple, NULL.into());
}

/// Opens an array or map that [`write_break`] will end.
#[inline]
pub(crate) fn write_indefinite(out: &mut Vec<u8>, major: Major) {
    out.push((major as u8) << 5 | INDEFINITE);
}

#[inline]
pub(crate) fn write_break(out: &mut Vec<u8>) {
    out.push(BREAK);
}

/// Writes a number in the narrowest width that holds exactly it.
pub(crate) fn write_float(out: &mut Vec<u8>, number: f64) {
    let first = (Major::Simple as u8) << 5;
    let narrow = number as f32;
    if let Some(half) = to_half(number) {
        let [a, b] = half.to_be_bytes();
        out.extend_from_slice(&[first | 25, a, b]);
    } else if f64::from(narrow).to_bits() == number.to_bits() {
        let [a, b, c, d] = narrow.to_be_bytes();
        out.extend_from_slice(&[first | 26, a, b, c, d]);
    } else {
        let [a, b, c, d, e, f, g, h] = number.to_be_bytes();
        out.extend_from_slice(&[first | 27, a, b, c, d, e, f, g, h]);
    }
}

/// Writes a head in its shortest form (RFC 8949 §4.2.1).
#[inline]
pub(crate) fn write_head(out: &mut Vec<u8>, major: Major, argument: u64) {
    let major = (major as u8) << 5;
    if argument < 24 {
        out.push(major | argument as u8);
    } else {
        write_long_head(out, major, argument);
    }
}

/// A head whose argument does not fit its first byte. Called, so that the short ones are inlined.
#[inline(never)]
fn write_long_head(out: &mut Vec<u8>, major: u8, argument: u64) {
    if let Ok(byte) = u8::try_from(argument) {
        out.extend_from_slice(&[major | 24, byte]);
    } else if let Ok(short) = u16::try_from(argument) {
        let [a, b] = short.to_be_bytes();
        out.extend_from_slice(&[major | 25, a, b]);
    } else if let Ok(word) = u32::try_from(argument) {
        let [a, b, c, d] = word.to_be_bytes();
        out.extend_from_slice(&[major | 26, a, b, c, d]);
    } else {
        let [a, b, c, d, e, f, g, h] = argument.to_be_bytes();
        out.extend_from_slice(&[major | 27, a, b, c, d, e, f, g, h]);
    }
}

/// The value of a half-precision float (RFC 8949 appendix D). A NaN keeps its payload, and does not signal.
fn half(bits: u16) -> f64 {
    const QUIET_NAN: u64 = 0x7ff8 << 48;
    let exponent = i32::from(bits >> 10 & 0x1f);
    let mantissa = f64::from(bits & 0x3ff);
    let magnitude = match exponent {
        0 => mantissa * 2f64.powi(-24),
        31 if mantissa == 0.0 => f64::INFINITY,
        31 => f64::from_bits(QUIET_NAN | u64::from(bits & 0x3ff) << 42),
        _ => (mantissa + 1024.0) * 2f64.powi(exponent - 25),
    };
    if bits & 0x8000 == 0 { magnitude } else { -magnitude }
}

/// The half-precision float of exactly this value, if there is one.
fn to_half(number: f64) -> Option<u16> {
    const EXPONENT: u64 = 0x7ff;
    let bits = number.to_bits();
    let sign = (bits >> 48) as u16 & 0x8000;
    let exponent = bits >> 52 & EXPONENT;
    // Ten bits of the mantissa are all that it has.
    if bits << 22 != 0 {
        return None;
    }
    let mantissa = (bits >> 42) as u16 & 0x3ff;
    let magnitude = match exponent {
        0 if mantissa == 0 => 0,
        // A NaN that signals is widened to one that does not, so it is another number.
        EXPONENT if mantissa == 0 || mantissa & 0x200 != 0 => 0x7c00 | mantissa,
        1009..=1038 => (exponent as u16 - 1008) << 10 | mantissa,
        // Below that, the leading one is written out, and whatever is shifted out must be zero.
        999..=1008 => {
            let (significand, shift) = (0x400 | mantissa, 1009 - exponent);
            if significand.trailing_zeros() < shift as u32 {
                return None;
            }
            significand >> shift
        }
        _ => return None,
    };
    Some(sign | magnitude)
}
