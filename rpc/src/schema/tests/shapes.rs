use super::samples::*;
use super::*;

/// What a node is, written briefly: the whole of it, as far as three levels.
fn brief(node: &Node<'_>) -> String {
    brief_to(node, 3)
}

fn brief_to(node: &Node<'_>, levels: usize) -> String {
    let Some(levels) = levels.checked_sub(1) else { return "…".into() };
    let inner = |node: &Node<'_>| brief_to(node, levels);
    match node.shape() {
        Shape::Integer { min, max } => format!("{min}..={max}"),
        Shape::Text(Text { min_len: 0, max_len: u64::MAX, format: Format::Plain, .. }) => "text".into(),
        Shape::Text(text) => format!("text {}..={} {:?}", text.min_len, text.max_len, text.format),
        Shape::Optional(node) => format!("optional {}", inner(&node)),
        Shape::List(list) => {
            let set = if list.unique { "set" } else { "list" };
            let max = if list.max == u64::MAX { String::new() } else { format!("={}", list.max) };
            format!("{set} {}..{max} of {}", list.min, inner(&list.item))
        }
        Shape::Tuple(items) => format!("({})", items.iter().map(inner).collect::<Vec<_>>().join(", ")),
        Shape::Map(map) => format!("{:?} => {}", map.key, inner(&map.value)),
        Shape::Record(record) => {
            let fields = record.fields.iter().map(|field| {
                format!("{}{}: {}", field.name, if field.required { "*" } else { "" }, inner(&field.node))
            });
            let rest = record.rest.iter().map(|rest| match rest.shape() {
                Shape::Any => "..".into(),
                _ => format!("..: {}", inner(rest)),
            });
            format!("{{{}}}", fields.chain(rest).collect::<Vec<_>>().join(", "))
        }
        Shape::Choice(choice) => {
            let variants = choice.variants.iter().map(|variant| match &variant.content {
                Content::Literal(literal) => literal.to_string(),
                Content::Tagged(node) => format!("{}({})", variant.name, inner(node)),
                Content::Bare(node) => format!("{}={}", variant.name, inner(node)),
            });
            variants.collect::<Vec<_>>().join(" | ")
        }
        other => other.word().into(),
    }
}

fn brief_of<T: schemars::JsonSchema>() -> String {
    brief(&Node::root(&schema_of::<T>()))
}

fn field<'s>(node: &Node<'s>, name: &str) -> Node<'s> {
    let Shape::Record(record) = node.shape() else { panic!("not a record: {node:?}") };
    record.field(name).expect("the record has the field").node.clone()
}

#[test]
fn integers_have_the_bounds_of_their_rust_type() {
    assert_eq!(brief_of::<i8>(), "-128..=127");
    assert_eq!(brief_of::<u32>(), "0..=4294967295");
    assert_eq!(brief_of::<i64>(), "-9223372036854775808..=9223372036854775807");
    assert_eq!(brief_of::<u64>(), "0..=18446744073709551615");
    assert_eq!(brief_of::<usize>(), "0..=18446744073709551615");
    assert_eq!(brief_of::<std::num::NonZeroU8>(), "1..=255");
}

#[test]
fn bounds_of_every_kind_narrow_an_integer() {
    let bounds = |json: Json| brief(&Node::root(&schema(json)));
    assert_eq!(bounds(json!({ "type": "integer", "format": "int8", "exclusiveMinimum": -3 })), "-2..=127");
    assert_eq!(bounds(json!({ "type": "integer", "minimum": 0.5, "maximum": 9.5 })), "1..=9");
    assert_eq!(
        bounds(json!({ "type": "integer", "exclusiveMinimum": 0.5, "exclusiveMaximum": 9.5 })),
        "1..=9"
    );
    assert_eq!(
        bounds(json!({ "type": "integer", "exclusiveMaximum": 10, "minimum": -1e300 })),
        "-9223372036854775808..=9"
    );
}

#[test]
fn a_record_keeps_the_order_of_its_fields_and_knows_which_it_needs() {
    let schema = schema_of::<Order>();
    let Shape::Record(record) = Node::root(&schema).shape() else { panic!("not a record") };
    let names: Vec<_> = record.fields.iter().map(|field| (field.name, field.required)).collect();
    assert_eq!(
        names,
        [
            ("customer", true),
            ("lines", true),
            ("payment", true),
            ("speed", true),
            ("gift", false),
            ("note", false),
            ("labels", false),
            ("shelf", true),
            ("backup", false)
        ]
    );
    assert!(record.rest.is_some(), "serde ignores what it does not know");
}

#[test]
fn every_kind_of_field_has_its_shape() {
    let schema = schema_of::<Order>();
    let order = Node::root(&schema);
    assert_eq!(brief(&field(&order, "customer")), "text 1..=12 Plain");
    assert_eq!(brief(&field(&order, "note")), "optional text");
    assert_eq!(brief(&field(&order, "labels")), "Text => -32768..=32767");
    assert_eq!(brief(&field(&order, "shelf")), "(0..=255, text)");
    assert_eq!(brief(&field(&order, "speed")), r#""Slow" | "Fast""#);
    assert_eq!(brief(&field(&order, "lines")), "list 1.. of {sku*: text, quantity*: 1..=99, price*: number}",);
    assert!(brief(&field(&order, "backup")).starts_with(r#"optional "Cash" | Card("#));
    assert_eq!(field(&order, "customer").docs(), "Who pays.");
    assert_eq!(field(&order, "payment").docs(), "How it is paid.");
    assert_eq!(field(&order, "payment").name().as_deref(), Some("Payment"));
    assert_eq!(field(&order, "gift").default(), Some(&json!(false)));
    assert_eq!(order.name().as_deref(), Some("Order"));
}

#[test]
fn an_enum_is_a_choice_in_each_of_serdes_representations() {
    let payment = brief_of::<Payment>();
    let start = r#""Cash" | Card({number*: text, month*: 0..=255, ..}) | Invoice(-9223372036854775808..="#;
    assert!(payment.starts_with(start), "{payment}");
    assert_eq!(
        brief_of::<Internal>(),
        "Point={kind*: \"Point\", ..} | Circle={kind*: \"Circle\", radius*: number, ..} | \
         Named={kind*: \"Named\", text*: text, ..}"
    );
    assert_eq!(
        brief_of::<Adjacent>(),
        "Empty={t*: \"Empty\", ..} | Number={t*: \"Number\", c*: 0..=65535, ..} | \
         Pair={t*: \"Pair\", c*: (…, …), ..}"
    );
    assert_eq!(brief_of::<Untagged>(), "integer=0..=4294967295 | text=text | x={x*: -128..=127, ..}");
    assert_eq!(
        brief_of::<Flattened>(),
        "Point={kind*: \"Point\", id*: 0..=18446744073709551615, ..} | \
         Circle={kind*: \"Circle\", radius*: number, id*: 0..=18446744073709551615, ..} | \
         Named={kind*: \"Named\", text*: text, id*: 0..=18446744073709551615, ..}"
    );
}

#[test]
fn the_documentation_of_a_variant_is_kept() {
    let schema = schema_of::<Payment>();
    let Shape::Choice(choice) = Node::root(&schema).shape() else { panic!("not a choice") };
    let docs: Vec<_> = choice.variants.iter().map(|variant| (&*variant.name, variant.docs)).collect();
    assert_eq!(
        docs,
        [
            ("Cash", "At the door."),
            ("Card", "By card."),
            ("Invoice", "On this account."),
            ("Split", "Part here, part there.")
        ]
    );
}

#[test]
fn maps_sets_and_units_have_their_shapes() {
    let schema = schema_of::<Numbers>();
    let numbers = Node::root(&schema);
    let brief_field = |name| brief(&field(&numbers, name));
    assert_eq!(brief_field("by_number"), "Natural => true or false");
    assert_eq!(brief_field("by_signed"), "Integer => true or false");
    assert_eq!(brief_field("by_speed"), r#"Text => "Slow" | "Fast""#);
    assert_eq!(brief_field("set"), "set 0.. of 0..=255");
    assert_eq!(brief_field("letter"), "text 1..=1 Plain");
    assert_eq!(brief_field("unit"), "null");
    assert_eq!(brief_field("three"), "list 3..=3 of 0..=255");
    let Shape::Float(single) = field(&numbers, "single").shape() else { panic!("not a float") };
    assert!(single.single && single.contains(f64::NAN));
}

#[test]
fn an_option_is_optional_however_its_type_is_written() {
    assert_eq!(brief_of::<Option<u8>>(), "optional 0..=255");
    assert_eq!(brief_of::<Option<Speed>>(), r#"optional "Slow" | "Fast""#);
    assert_eq!(brief_of::<Option<Option<bool>>>(), "optional true or false");
    assert_eq!(brief_of::<Option<()>>(), "null");
    let listed = schema(json!({ "enum": ["a", null, "b"] }));
    assert_eq!(brief(&Node::root(&listed)), r#"optional "a" | "b""#);
    let several = schema(json!({ "type": ["integer", "null", "string"] }));
    let several = brief(&Node::root(&several));
    assert!(several.starts_with("optional integer=") && several.ends_with("| text=text"), "{several}");
}

#[test]
fn a_recursive_type_is_walked_one_place_at_a_time() {
    let schema = schema_of::<Tree>();
    let mut tree = Node::root(&schema);
    for _ in 0..100 {
        let Shape::List(children) = field(&tree, "children").shape() else { panic!("not a list") };
        tree = children.item;
    }
    assert_eq!(tree.docs(), "A tree, which knows itself.");
}

#[test]
fn a_schema_that_leads_nowhere_is_anything() {
    let anything = [
        json!({ "$ref": "#" }),
        json!({ "$ref": "#/$defs/missing" }),
        json!({ "$ref": "https://example.com/schema" }),
        json!({ "anyOf": [{ "$ref": "#" }] }),
        json!({ "oneOf": [{ "$ref": "#" }, { "$ref": "#" }] , "type": "frob"}),
        json!({ "allOf": [{ "$ref": "#" }, { "$ref": "#" }] }),
        json!({ "type": "array", "prefixItems": [true], "items": true }),
        json!({ "frobs": 3 }),
        json!(true),
    ];
    for json in anything {
        let schema = schema(json);
        let shape = Node::root(&schema).shape();
        assert!(matches!(shape, Shape::Any | Shape::Choice(_)), "{schema:?}: {shape:?}");
    }
    assert!(matches!(Node::root(&schema(json!(false))).shape(), Shape::Never));
    assert!(matches!(Node::root(&schema_of::<Nothing>()).shape(), Shape::Never));
}

#[test]
fn a_choice_that_leads_to_itself_ends() {
    let schema = schema(json!({ "oneOf": [{ "$ref": "#" }, { "$ref": "#" }] }));
    let mut node = Node::root(&schema);
    let mut steps = 0;
    while let Shape::Choice(choice) = node.shape() {
        let Content::Bare(next) = &choice.variants[0].content else { panic!("not bare") };
        node = next.clone();
        steps += 1;
    }
    assert!(steps < 100 && matches!(node.shape(), Shape::Any));
}

#[test]
fn a_name_that_needs_escaping_is_found() {
    let schema = schema(json!({
        "$ref": "#/$defs/a~1b%20c",
        "$defs": { "a/b c": { "type": "boolean" } }
    }));
    assert!(matches!(Node::root(&schema).shape(), Shape::Bool));
}
