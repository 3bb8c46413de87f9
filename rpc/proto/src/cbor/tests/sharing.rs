//! Byte strings that are parts of the payload they came in, and those that are not.

use serde::Serialize;

use crate::cbor::{Bytes, Value, from_owned, from_slice, sharing, to_vec};

/// A payload, and whether what was decoded from it lies in it.
fn payload<T: Serialize>(value: &T) -> (bytes::Bytes, impl Fn(&[u8]) -> bool + use<T>) {
    let payload = bytes::Bytes::from(to_vec(value).unwrap());
    let within = payload.as_ptr_range();
    (payload, move |part: &[u8]| within.contains(&part.as_ptr()))
}

#[test]
fn a_byte_string_that_is_most_of_its_payload_is_a_part_of_it() {
    let long = Bytes::from(vec![7; 10_000]);
    let (bytes, is_part) = payload(&("name", &long));
    let (_, part): (String, Bytes) = from_owned(bytes.clone()).unwrap();
    assert!(is_part(&part));
    assert_eq!(part, long);
    let value: Value = from_owned(bytes.clone()).unwrap();
    assert!(matches!(value.as_array(), Some([_, Value::Bytes(part)]) if is_part(part)));
    let (_, part): (String, Bytes) = sharing(bytes, |bytes| from_slice(bytes)).unwrap();
    assert!(is_part(&part));
    let (bytes, _) = payload(&long);
    let place = bytes.as_ptr().wrapping_add(3);
    assert_eq!(from_owned::<Bytes>(Vec::from(bytes)).unwrap().as_ptr(), place);
}

#[test]
fn what_would_keep_much_else_alive_is_copied() {
    let (short, long) = (Bytes::from(vec![1; 100]), Bytes::from(vec![2; 5000]));
    let (bytes, is_part) = payload(&(&short, &long, &long, &long));
    let parts: Vec<Bytes> = from_owned(bytes).unwrap();
    assert_eq!(parts, [short.clone(), long.clone(), long.clone(), long.clone()]);
    assert!(!parts.iter().any(|part| is_part(part)));
    let (bytes, is_part) = payload(&short);
    assert!(!is_part(&from_owned::<Bytes>(bytes).unwrap()));
}

#[test]
fn a_slice_stays_with_its_owner_also_within_another_payload() {
    let (outer, is_outer) = payload(&Bytes::from(vec![1; 5000]));
    let (inner, is_inner) = payload(&Bytes::from(vec![2; 6000]));
    sharing(outer, |outer| {
        let copy: Bytes = from_slice(&inner).unwrap();
        assert!(!is_inner(&copy) && !is_outer(&copy));
        assert!(is_inner(&from_owned::<Bytes>(inner.clone()).unwrap()));
        assert!(is_outer(&from_slice::<Bytes>(outer).unwrap()));
        let panicked = std::panic::catch_unwind(|| sharing(inner.clone(), |_| panic!("while it decodes")));
        assert!(panicked.is_err());
        assert!(is_outer(&from_slice::<Bytes>(outer).unwrap()));
    });
    assert!(!is_inner(&from_slice::<Bytes>(&inner).unwrap()));
}
