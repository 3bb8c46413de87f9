//! How much memory a decoded tree takes.

use super::{unhex, value};
use crate::cbor::{Value, from_slice};

/// What the tree takes, by the rules of a common allocator: eight bytes on top of each allocation,
/// rounded up to sixteen, thirty-two at least.
pub(super) fn memory(value: &Value) -> usize {
    size_of::<Value>() + heap(value)
}

fn heap(value: &Value) -> usize {
    match value {
        Value::Text(text) => allocation(text.capacity()),
        Value::Bytes(bytes) => allocation(bytes.len()),
        Value::Array(elements) => {
            allocation(elements.capacity() * size_of::<Value>()) + elements.iter().map(heap).sum::<usize>()
        }
        Value::Map(entries) => {
            allocation(entries.capacity() * size_of::<(Value, Value)>())
                + entries.iter().map(|(key, value)| heap(key) + heap(value)).sum::<usize>()
        }
        _ => 0,
    }
}

fn allocation(len: usize) -> usize {
    if len == 0 { 0 } else { (len + 8).next_multiple_of(16).max(32) }
}

#[track_caller]
fn assert_bounded(bytes: &[u8]) {
    let taken = memory(&from_slice(bytes).unwrap());
    let most = Value::MEMORY_MULTIPLE * bytes.len();
    assert!(taken <= most, "{taken} bytes of memory for {} of input", bytes.len());
}

#[test]
fn a_tree_takes_no_more_than_the_stated_multiple() {
    let head = |major: u8, len: usize| [vec![major | 26], (len as u32).to_be_bytes().to_vec()].concat();
    let many = |element: &str| {
        let element = unhex(element);
        for len in [1, 2, 3, 1000] {
            assert_bounded(&[head(0x80, len), element.repeat(len)].concat());
            assert_bounded(&[vec![0x9f], element.repeat(len), vec![0xff]].concat());
        }
    };
    // Small integers, empty strings, short strings, arrays of one, small maps, either kind of length.
    for element in [
        "00",
        "60",
        "40",
        "6161",
        "4101",
        "7f6161ff",
        "5f4101ff",
        "80",
        "a0",
        "8100",
        "820000",
        "81818100",
        "9f00ff",
        "9fff",
        "9f0000000000ff",
        "a10000",
        "bf0000ff",
        "a160a160a100 60",
        "a2000001 00",
        "f6",
        "f97e00",
    ] {
        many(element);
    }
    for depth in [1, 10, 127] {
        assert_bounded(&[vec![0x81; depth], vec![0]].concat());
        assert_bounded(&[vec![0x9f; depth], vec![0], vec![0xff; depth]].concat());
    }
    let small_map = (0..24).chain(0x20..0x38).flat_map(|key| [key, 0]);
    assert_bounded(&[vec![0xb8, 48]].into_iter().flatten().chain(small_map.clone()).collect::<Vec<_>>());
    assert_bounded(&[vec![0xbf], small_map.collect(), vec![0xff]].concat());
}

#[test]
fn what_was_read_from_chunks_holds_no_spare_room() {
    let Value::Text(text) = value("7f 6461626364 6161 ff").unwrap() else { panic!("text") };
    assert_eq!(text.capacity(), 5);
    let Value::Array(elements) = value("9f 00 00 00 00 00 ff").unwrap() else { panic!("an array") };
    assert_eq!(elements.capacity(), 5);
}
