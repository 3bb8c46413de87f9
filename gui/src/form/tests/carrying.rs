//! From the form of one schema to that of the next.

use super::*;

/// What is dropped on the way from one schema to the other, and what the form says then.
fn carry(from: Json, typed: Json, to: Json) -> (Json, Vec<String>) {
    let all = |properties: &Json| properties.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let schema = |properties: Json| {
        let required = all(&properties);
        record(properties, &required.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let mut form = Form::new(Part::Arguments, &schema(from));
    form.root = Input::of(&Node::root(&form.schema), &typed);
    let (carried, dropped) = form.carried(&schema(to));
    let dropped = dropped.into_iter().map(|dropped| format!("{} = {}", dropped.path, dropped.text));
    (carried.arguments().map(|arguments| arguments.json).unwrap_or_default(), dropped.collect())
}

#[test]
fn what_has_a_place_stays_and_what_has_none_is_named_with_its_text() {
    let line = |fields: Json| {
        json!({ "type": "array", "items": { "type": "object", "properties": fields,
        "required": fields.as_object().unwrap().keys().collect::<Vec<_>>() } })
    };
    let (said, dropped) = carry(
        json!({ "id": { "type": "integer" }, "name": { "type": "string" },
            "lines": line(json!({ "sku": { "type": "string" }, "price": { "type": "number" } })) }),
        json!({ "id": 7, "name": "Ada",
            "lines": [{ "sku": "A-1", "price": 2.5 }, { "sku": "B-2", "price": 3.0 }] }),
        json!({ "lines": line(json!({ "price": { "type": "number" }, "urgent": { "type": "boolean" } })),
            "id": { "type": "integer" } }),
    );
    assert_eq!(
        said,
        json!({ "lines": [{ "price": 2.5, "urgent": false }, { "price": 3.0, "urgent": false }], "id": 7 })
    );
    assert_eq!(dropped, ["name = Ada", "lines[0].sku = A-1", "lines[1].sku = B-2"]);
}

#[test]
fn variants_keep_their_contents_by_name() {
    let card = |field: &str| {
        json!({ "type": "object", "properties": { "Card": { "type": "object",
        "properties": { field: { "type": "string" } }, "required": [field] } }, "required": ["Card"],
        "additionalProperties": false })
    };
    let cash = json!({ "type": "string", "const": "Cash" });
    let (said, dropped) = carry(
        json!({ "payment": { "oneOf": [cash, card("number")] } }),
        json!({ "payment": { "Card": { "number": "4111" } } }),
        json!({ "payment": { "oneOf": [card("number"), cash] } }),
    );
    assert_eq!((said, dropped.len()), (json!({ "payment": { "Card": { "number": "4111" } } }), 0));
    let (said, dropped) = carry(
        json!({ "payment": { "oneOf": [cash, card("number")] } }),
        json!({ "payment": { "Card": { "number": "4111" } } }),
        json!({ "payment": { "oneOf": [cash, card("token")] } }),
    );
    assert_eq!(said, json!({ "payment": { "Card": { "token": "" } } }));
    assert_eq!(dropped, ["payment.Card.number = 4111"]);
}

#[test]
fn a_value_of_another_kind_stays_where_it_says_the_same() {
    let any = json!(true);
    let number = json!({ "type": "integer" });
    let text = json!({ "type": "string" });
    let optional = json!({ "type": ["integer", "null"] });
    for (from, typed, to, kept) in [
        (&number, json!(7), &optional, json!(7)),
        (&optional, json!(7), &number, json!(7)),
        (&number, json!(7), &text, json!("7")),
        (&text, json!("7"), &number, json!(7)),
        (&any, json!("seven"), &text, json!("seven")),
        (&text, json!("seven"), &any, json!("seven")),
    ] {
        let (said, dropped) = carry(json!({ "x": from }), json!({ "x": typed }), json!({ "x": to }));
        assert_eq!((said, dropped), (json!({ "x": kept }), vec![]), "{from} to {to}");
    }
    let list = json!({ "type": "array", "items": { "type": "boolean" } });
    let (said, dropped) = carry(json!({ "x": text }), json!({ "x": "seven" }), json!({ "x": list }));
    assert_eq!((said, dropped), (json!({ "x": [] }), vec!["x = seven".to_owned()]));
}
