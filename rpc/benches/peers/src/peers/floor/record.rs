//! The small record, as the bare loop writes it.

use serde::{Deserialize, Serialize};

use super::frame::u64_at;
use crate::load::{NAME, TAGS};

/// Whether the record is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    /// Its number and as many bytes as it has.
    None,
    /// CBOR, by ciborium.
    Ciborium,
}

#[derive(Serialize, Deserialize)]
struct Small {
    id: u64,
    name: String,
    tags: Vec<u32>,
}

/// Writes the small record with this number.
pub(super) fn encode(codec: Codec, id: u64, out: &mut Vec<u8>) {
    match codec {
        Codec::None => {
            out.extend_from_slice(&id.to_le_bytes());
            out.extend_from_slice(NAME.as_bytes());
            TAGS.iter().for_each(|tag| out.extend_from_slice(&tag.to_le_bytes()));
        }
        Codec::Ciborium => write(&Small { id, name: NAME.to_owned(), tags: TAGS.to_vec() }, out),
    }
}

/// The number of a record.
pub(super) fn decode(codec: Codec, bytes: &[u8]) -> u64 {
    match codec {
        Codec::None => u64_at(bytes, 0),
        Codec::Ciborium => read(bytes).id,
    }
}

/// Writes the record that is in these bytes, as a handler that gives back what it got.
pub(super) fn echo(codec: Codec, bytes: &[u8], out: &mut Vec<u8>) {
    match codec {
        Codec::None => out.extend_from_slice(bytes),
        Codec::Ciborium => write(&read(bytes), out),
    }
}

fn read(bytes: &[u8]) -> Small {
    ciborium::from_reader(bytes).expect("the other end of this program wrote a record")
}

fn write(record: &Small, out: &mut Vec<u8>) {
    ciborium::into_writer(record, out).expect("a vector takes every record");
}
