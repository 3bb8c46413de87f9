//! Values as the list of cases writes them, in JSON with a few words of its own.

use countersign::cbor::Value;
use serde_json::Value as Json;

/// The value that is meant: `{"$bytes": 3}` are so many zeros, `{"$hex": "ff"}` bytes, `{"$float": "NaN"}` a float
/// that JSON does not have, `{"$map": [[1, "a"]]}` a map by number, and `{"$repeat": [7, 3]}` is `[7, 7, 7]`.
pub(super) fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => number.into(),
            (None, Some(number)) => number.into(),
            (None, None) => number.as_f64().expect("a number").into(),
        },
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(elements) => Value::Array(elements.iter().map(value).collect()),
        Json::Object(entries) => {
            if let Some((word, json)) = entries.iter().next().filter(|(key, _)| key.starts_with('$')) {
                return special(word, json);
            }
            let text = |key: &String| Value::Text(key.clone());
            Value::Map(entries.iter().map(|(key, json)| (text(key), value(json))).collect())
        }
    }
}

fn special(word: &str, json: &Json) -> Value {
    match (word, json) {
        ("$bytes", Json::Number(size)) => {
            Value::Bytes(vec![0; size.as_u64().expect("a size") as usize].into())
        }
        ("$hex", Json::String(digits)) => Value::Bytes(hex(digits).into()),
        ("$float", Json::String(text)) => text.parse::<f64>().expect("a float").into(),
        ("$repeat", Json::Array(of)) => {
            Value::Array(vec![value(&of[0]); of[1].as_u64().expect("how many") as usize])
        }
        ("$map", Json::Array(entries)) => {
            Value::Map(entries.iter().map(|entry| (value(&entry[0]), value(&entry[1]))).collect())
        }
        _ => panic!("{word} is no value"),
    }
}

fn hex(digits: &str) -> Vec<u8> {
    let pair = |at| u8::from_str_radix(&digits[at..at + 2], 16).expect("two digits");
    (0..digits.len()).step_by(2).map(pair).collect()
}
