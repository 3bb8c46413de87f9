//! Whether a value fits: ours against the `jsonschema` crate, on values that are plain JSON.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::samples::*;
use super::*;

/// Types with some of their values, to be mutated.
fn cases() -> Vec<(&'static str, Schema, Vec<Json>)> {
    let line = json!({ "sku": "A-1", "quantity": 2, "price": 9.5 });
    let order = json!({
        "customer": "Ada",
        "lines": [line, line],
        "payment": { "Card": { "number": "4111", "month": 12 } },
        "speed": "Fast",
        "gift": true,
        "note": null,
        "labels": { "floor": -2 },
        "shelf": [7, "left"],
        "backup": { "Split": ["Cash", { "Invoice": -1 }] },
    });
    let numbers = json!({
        "tiny": -3, "signed": -9, "unsigned": 9, "single": 0.5, "double": 1e100, "by_number": { "1": true },
        "by_signed": { "-1": false }, "by_speed": { "x": "Slow" }, "set": [1, 2], "letter": "ß", "unit": null,
        "three": [1, 2, 3],
    });
    let tree = json!({ "value": 1, "children": [{ "value": 2, "children": [] }] });
    let internal = vec![
        json!({ "kind": "Point" }),
        json!({ "kind": "Circle", "radius": 1 }),
        json!({ "kind": "Named", "text": "x" }),
    ];
    let adjacent =
        vec![json!({ "t": "Empty" }), json!({ "t": "Number", "c": 3 }), json!({ "t": "Pair", "c": [1, 2] })];
    vec![
        ("Order", schema_of::<Order>(), vec![order]),
        ("Numbers", schema_of::<Numbers>(), vec![numbers]),
        ("Tree", schema_of::<Tree>(), vec![tree]),
        ("Internal", schema_of::<Internal>(), internal),
        ("Adjacent", schema_of::<Adjacent>(), adjacent),
        ("Untagged", schema_of::<Untagged>(), vec![json!(1), json!("x"), json!({ "x": 1 })]),
        ("Flattened", schema_of::<Flattened>(), vec![json!({ "id": 1, "kind": "Circle", "radius": 1 })]),
        ("Option", schema_of::<Option<Payment>>(), vec![json!(null), json!("Cash"), json!({ "Invoice": 1 })]),
    ]
}

/// Plain values: no decimal text, and no number near the end of a range that only a Rust type has.
fn plain() -> impl Strategy<Value = Json> {
    let some = [
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(-1),
        json!(100),
        json!(256),
        json!(-129),
        json!(40_000),
        json!(1.0),
        json!(0.5),
        json!(-0.5),
        json!(""),
        json!("x"),
        json!("Fast"),
        json!("Cash"),
        json!("Point"),
        json!("Circle"),
        json!("more than twelve"),
        json!([]),
        json!([1]),
        json!([1, 1]),
        json!([1, 2]),
        json!([1, "x"]),
        json!({}),
        json!({ "x": 1 }),
        json!({ "Cash": null }),
        json!({ "Invoice": 5 }),
        json!({ "Invoice": 5, "x": 1 }),
        json!({ "kind": "Circle", "radius": 2 }),
        json!({ "t": "Number" }),
        json!({ "sku": "x", "quantity": 1, "price": 0 }),
        json!({ "value": 1, "children": [] }),
    ];
    select(some.to_vec())
}

#[derive(Debug, Clone)]
enum Change {
    Replace(Index, Json),
    Remove(Index),
    Add(Index, Json),
}

fn changes() -> impl Strategy<Value = Change> {
    prop_oneof![
        3 => (any::<Index>(), plain()).prop_map(|(at, json)| Change::Replace(at, json)),
        1 => any::<Index>().prop_map(Change::Remove),
        1 => (any::<Index>(), plain()).prop_map(|(at, json)| Change::Add(at, json)),
    ]
}

/// The paths of all values in `json`, as JSON pointers.
fn pointers(json: &Json) -> Vec<String> {
    let mut all = vec![(String::new(), json)];
    let mut at = 0;
    while let Some((path, json)) = all.get(at).cloned() {
        match json {
            Json::Array(items) => {
                all.extend(items.iter().enumerate().map(|(i, item)| (format!("{path}/{i}"), item)))
            }
            Json::Object(fields) => {
                all.extend(fields.iter().map(|(name, field)| (format!("{path}/{name}"), field)))
            }
            _ => {}
        }
        at += 1;
    }
    all.into_iter().map(|(path, _)| path).collect()
}

fn apply(json: &mut Json, change: &Change) {
    let pointers = pointers(json);
    let pick = |at: &Index| pointers[at.index(pointers.len())].clone();
    match change {
        Change::Replace(at, new) => *json.pointer_mut(&pick(at)).unwrap() = new.clone(),
        Change::Add(at, new) => match json.pointer_mut(&pick(at)).unwrap() {
            Json::Array(items) => items.push(new.clone()),
            Json::Object(fields) => drop(fields.insert("5".into(), new.clone())),
            other => *other = new.clone(),
        },
        Change::Remove(at) => {
            let pointer = pick(at);
            let Some((parent, last)) = pointer.rsplit_once('/') else { return };
            match json.pointer_mut(parent).unwrap() {
                Json::Array(items) => drop(items.remove(last.parse().unwrap())),
                Json::Object(fields) => drop(fields.shift_remove(last)),
                _ => {}
            }
        }
    }
}

#[test]
fn the_samples_fit() {
    for (name, schema, samples) in cases() {
        let oracle = jsonschema::validator_for(schema.as_value()).unwrap();
        for sample in samples {
            assert!(oracle.is_valid(&sample), "{name}: {sample}");
            assert_eq!(to_cbor(&schema, &sample).map(drop), Ok(()), "{name}: {sample}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn we_accept_what_the_oracle_accepts(changes in proptest::collection::vec(changes(), 0..4), pick in any::<Index>()) {
        for (name, schema, samples) in cases() {
            let oracle = jsonschema::validator_for(schema.as_value()).unwrap();
            let mut json = samples[pick.index(samples.len())].clone();
            changes.iter().for_each(|change| apply(&mut json, change));
            let ours = to_cbor(&schema, &json).map(drop);
            prop_assert_eq!(ours.is_ok(), oracle.is_valid(&json), "{}: {}: {:?}", name, json, ours);
        }
    }
}
