//! The codec as a library, beside others: nanoseconds to encode and to decode, the medians of several rounds.
//!
//! Encoding is into a buffer that is used again, decoding makes owned values. Countersign checks, while it
//! decodes, what the others do not: that no key comes twice, how deep and how many the items are, that nothing
//! follows.

use std::hint::black_box;
use std::time::{Duration, Instant};

use countersign::cbor::{self, Bytes, Value};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

const ROUNDS: usize = 9;
/// How long one codec is measured in one round, once encoding and once decoding.
const SLICE: Duration = Duration::from_millis(20);
/// Calls between two looks at the clock.
const BATCH: u32 = 64;

const WRITTEN: &str = "a vector takes every value";
const READ: &str = "a codec reads what was written for it";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Record {
    id: u64,
    name: String,
    tags: Vec<u32>,
}

/// One codec on one value.
struct Case {
    what: &'static str,
    codec: &'static str,
    len: usize,
    encode: Measured,
    decode: Measured,
}

struct Measured {
    work: Box<dyn FnMut()>,
    ns: Vec<f64>,
}

impl Case {
    fn new<T: Clone + PartialEq + 'static>(
        what: &'static str,
        codec: &'static str,
        value: &T,
        encode: impl Fn(&T, &mut Vec<u8>) + 'static,
        decode: impl Fn(&bytes::Bytes) -> T + 'static,
    ) -> Self {
        let mut buffer = Vec::new();
        encode(value, &mut buffer);
        let payload = bytes::Bytes::from(buffer.clone());
        assert!(decode(&payload) == *value, "{codec} changes {what}");
        let value = value.clone();
        Self {
            what,
            codec,
            len: payload.len(),
            encode: Measured::new(move || {
                buffer.clear();
                encode(black_box(&value), black_box(&mut buffer));
            }),
            decode: Measured::new(move || drop(black_box(decode(black_box(&payload))))),
        }
    }
}

impl Measured {
    fn new(work: impl FnMut() + 'static) -> Self {
        Self { work: Box::new(work), ns: Vec::new() }
    }

    fn round(&mut self) {
        let began = Instant::now();
        let mut calls = 0;
        while began.elapsed() < SLICE {
            (0..BATCH).for_each(|_| (self.work)());
            calls += BATCH;
        }
        self.ns.push(began.elapsed().as_nanos() as f64 / f64::from(calls));
    }

    fn median(&mut self) -> f64 {
        self.ns.sort_by(f64::total_cmp);
        self.ns[self.ns.len() / 2]
    }
}

/// The same value with every codec that serde drives.
fn with_serde<T>(what: &'static str, value: &T) -> Vec<Case>
where
    T: Serialize + DeserializeOwned + Clone + PartialEq + 'static,
{
    vec![
        Case::new(what, "countersign", value, ours, |bytes| cbor::from_slice(bytes).expect(READ)),
        Case::new(what, "ciborium", value, ciboriums, |bytes| ciborium::from_reader(&bytes[..]).expect(READ)),
        Case::new(
            what,
            "cbor4ii",
            value,
            |value, out| *out = cbor4ii::serde::to_vec(std::mem::take(out), value).expect(WRITTEN),
            |bytes| cbor4ii::serde::from_slice(bytes).expect(READ),
        ),
    ]
}

fn ours<T: Serialize>(value: &T, out: &mut Vec<u8>) {
    cbor::encode_into(value, out).expect(WRITTEN);
}

fn ciboriums<T: Serialize>(value: &T, out: &mut Vec<u8>) {
    ciborium::into_writer(value, out).expect(WRITTEN);
}

fn floats_to_bytes(floats: &[f64]) -> Bytes {
    floats.iter().flat_map(|float| float.to_le_bytes()).collect::<Vec<_>>().into()
}

fn floats_of_bytes(bytes: &[u8]) -> Vec<f64> {
    bytes.as_chunks().0.iter().map(|float| f64::from_le_bytes(*float)).collect()
}

fn cases() -> Vec<Case> {
    let record =
        |id| Record { id, name: "abcdefghijklmnop".into(), tags: vec![7, 300, 70_000, 4_000_000_000] };
    let (small, list) = (record(1 << 40), (0..1000).map(record).collect::<Vec<_>>());
    let blob = Bytes::from((0..65_536u32).map(|n| (n * 31) as u8).collect::<Vec<_>>());
    let floats = (0..10_000).map(|n| (f64::from(n) * 0.37).sin()).collect::<Vec<_>>();

    let mut cases = with_serde("a small record", &small);
    cases.extend(with_serde("1,000 records", &list));
    cases.extend(with_serde("64 KiB of bytes", &blob));
    cases.push(Case::new("64 KiB of bytes", "countersign, of an owned payload", &blob, ours, |bytes| {
        cbor::from_owned(bytes.clone()).expect(READ)
    }));
    cases.extend(with_serde("10,000 f64", &floats));
    cases.push(Case::new(
        "10,000 f64",
        "countersign, as bytes",
        &floats,
        |floats, out| ours(&floats_to_bytes(floats), out),
        |bytes| floats_of_bytes(&cbor::from_slice::<Bytes>(bytes).expect(READ)),
    ));
    let dynamic: Value = cbor::from_slice(&cbor::to_vec(&list).expect(WRITTEN)).expect(READ);
    cases.push(Case::new("1,000 records as a Value", "countersign", &dynamic, ours, |bytes| {
        cbor::from_slice(bytes).expect(READ)
    }));
    let dynamic: ciborium::Value =
        ciborium::from_reader(&cbor::to_vec(&list).expect(WRITTEN)[..]).expect(READ);
    cases.push(Case::new("1,000 records as a Value", "ciborium", &dynamic, ciboriums, |bytes| {
        ciborium::from_reader(&bytes[..]).expect(READ)
    }));
    cases
}

fn main() {
    let mut cases = cases();
    for _ in 0..ROUNDS {
        for case in &mut cases {
            case.encode.round();
            case.decode.round();
        }
    }
    println!("| what | codec | bytes | ns to encode | ns to decode |");
    println!("|---|---|--:|--:|--:|");
    for Case { what, codec, len, encode, decode } in &mut cases {
        println!("| {what} | {codec} | {len} | {:.0} | {:.0} |", encode.median(), decode.median());
    }
}
