//! What services say of themselves.

use std::collections::{BTreeMap, BTreeSet};

use countersign_proto::{Status, cbor};
use serde_json::{Value, json};

use super::{Db, LedgerError, LedgerServer};
use crate as countersign;
use crate::service::{CallKind, Fault, ProcedureDescription, Service, ServiceDescription};
use crate::{Bytes, Context, Receiver, Sender};

fn description(service: impl Service) -> ServiceDescription {
    service.description().unwrap()
}

/// The digest of a trait `S` in a module: nobody has to implement it to ask.
macro_rules! digest {
    ($module:ident: $($item:tt)*) => {{
        mod $module {
            #![allow(dead_code, reason = "only the description counts")]
            use super::*;
            $($item)*
            struct Nobody;
        }
        $module::digest()
    }};
}

/// A trait of one method and a way to its digest, with documentation or without.
macro_rules! service {
    ($(#[$about:meta])* { $($method:tt)* } $($implementation:tt)*) => {
        $(#[$about])*
        #[countersign::service(package = "acme")]
        trait S { $($method)* }
        impl S for Nobody { $($implementation)* }
        pub(super) fn digest() -> String {
            description(SServer::new(Nobody)).sha256
        }
    };
}

#[test]
fn a_description_has_what_the_trait_says() {
    let ledger = description(LedgerServer::new(Db));
    assert_eq!((ledger.name.as_str(), ledger.documentation.as_str()), ("acme.Ledger", "Keeps accounts."));
    let names: Vec<_> = ledger.procedures.iter().map(|procedure| procedure.name.as_str()).collect();
    assert_eq!(names, ["balance", "rename", "type"]);
    let balance = &ledger.procedures[0];
    assert_eq!(balance.documentation, "The balance of an account.\n\nIn cents.");
    assert_eq!((balance.kind, balance.idempotent, balance.deadline_ms), (CallKind::Unary, true, Some(500)));
    let rename = &ledger.procedures[1];
    assert_eq!((rename.idempotent, rename.deadline_ms), (false, None));
}

#[test]
fn each_schema_has_its_own_definitions_and_an_option_is_not_required() {
    let ledger = description(LedgerServer::new(Db));
    let [balance, rename, nothing] = &ledger.procedures[..] else { panic!("three procedures") };
    assert_eq!(
        balance.arguments.as_value(),
        &json!({
            "type": "object",
            "properties": { "account": { "$ref": "#/$defs/Account" } },
            "additionalProperties": false,
            "required": ["account"],
            "$defs": { "Account": {
                "type": "object",
                "description": "An account.",
                "properties": {
                    "number": { "type": "integer", "format": "uint32", "minimum": 0 },
                    "lines": {
                        "type": "array",
                        "items": { "type": "integer", "format": "uint8", "minimum": 0, "maximum": 255 },
                    },
                },
                "required": ["number", "lines"],
            } },
        })
    );
    let names: Vec<_> = rename.arguments.get("properties").unwrap().as_object().unwrap().keys().collect();
    assert_eq!(names, ["account", "name", "limit"]);
    assert_eq!(rename.arguments.get("required"), Some(&json!(["account", "name"])));
    assert_eq!(rename.result.get("type"), Some(&json!("string")));
    assert_eq!(
        nothing.arguments.as_value(),
        &json!({ "type": "object", "properties": {}, "additionalProperties": false })
    );
}

#[test]
fn items_are_described_as_those_who_take_them_see_them() {
    #[countersign::message]
    struct Row {
        #[serde(default)]
        note: String,
    }
    let plain = ProcedureDescription::new::<(), u64, Status>("settle", "", &[]);
    assert_eq!((plain.kind, &plain.items_in, &plain.items_out), (CallKind::Unary, &None, &None));
    assert_eq!(plain.clone().items_in::<Row>().kind, CallKind::ClientStream);
    assert_eq!(plain.clone().items_out::<Row>().kind, CallKind::ServerStream);
    let both = plain.items_out::<Row>().items_in::<Row>();
    assert_eq!(both.kind, CallKind::BothWays);
    // The client may leave out what has a default; the server never does.
    assert_eq!(both.items_in.unwrap().get("required"), None);
    assert_eq!(both.items_out.unwrap().get("required"), Some(&json!(["note"])));
}

#[test]
fn a_fault_declares_what_travels_of_it() {
    let ledger = description(LedgerServer::new(Db));
    let [balance, rename, _] = &ledger.procedures[..] else { panic!("three procedures") };
    let faults: Vec<_> =
        balance.faults.iter().map(|fault| [&*fault.variant, &*fault.code, &*fault.message]).collect();
    assert_eq!(
        faults,
        [
            ["NoAccount", "NOT_FOUND", "no such account …"],
            ["too-little", "FAILED_PRECONDITION", "only {left} left"]
        ]
    );
    let schema = balance.fault.as_ref().unwrap().as_value().to_string();
    assert!(schema.contains("too-little") && !schema.contains("Disk") && !schema.contains("Other"));
    assert_eq!((&rename.fault, rename.faults.len()), (&None, 0));
}

/// An enum under a rule of serde's, and the names that serde and the derive give its variants.
macro_rules! assert_same_names {
    ($($rule:literal),*) => {$({
        #[countersign::message]
        #[derive(Debug, Clone, thiserror::Error, countersign::Fault)]
        #[serde(rename_all = $rule)]
        #[error("it failed")]
        enum Failure {
            #[fault(code = Internal)]
            One,
            #[fault(code = Internal)]
            TwoWords(u32),
            #[fault(code = Internal)]
            #[serde(rename = "Odd One")]
            Other { number: u32 },
        }
        let declared: BTreeSet<_> =
            Failure::describe().unwrap().variants.into_iter().map(|fault| fault.variant).collect();
        let sent = |failure: Failure| -> String {
            match cbor::from_slice(&failure.into_status().details).unwrap() {
                Value::String(name) => name,
                Value::Object(variant) => variant.keys().next().unwrap().clone(),
                other => panic!("a variant is no {other}"),
            }
        };
        let sent = [Failure::One, Failure::TwoWords(1), Failure::Other { number: 1 }].map(sent);
        assert_eq!(declared, BTreeSet::from(sent), "{}", $rule);
    })*};
}

#[test]
fn the_variants_of_a_fault_are_named_as_serde_names_them() {
    assert_same_names!(
        "lowercase",
        "UPPERCASE",
        "PascalCase",
        "camelCase",
        "snake_case",
        "SCREAMING_SNAKE_CASE",
        "kebab-case",
        "SCREAMING-KEBAB-CASE"
    );
}

#[test]
fn a_description_travels() {
    let ledger = description(LedgerServer::new(Db));
    let received: ServiceDescription = cbor::from_slice(&cbor::to_vec(&ledger).unwrap()).unwrap();
    assert_eq!(received, ledger);
}

#[test]
fn the_digest_knows_no_documentation_and_no_order_of_methods() {
    let documented = digest! { documented:
        /// A thing.
        #[countersign::message]
        pub(super) struct Thing {
            /// Its kind.
            kind: Kind,
            /// Anything at all.
            description: Option<Value>,
            size: u32,
        }
        /// A kind.
        #[countersign::message]
        pub(super) enum Kind {
            Plain,
            /// Full of it.
            Full,
            Sized(u32),
            /// Of no use.
            None,
        }
        service! {
            /// A service.
            {
                /// The first.
                async fn first(&self, cx: &Context, thing: Thing, name: Option<String>) -> Result<Kind, Status>;
                /// The second.
                async fn second(&self, cx: &Context) -> Result<(), Status>;
            }
            async fn first(&self, _: &Context, _: Thing, _: Option<String>) -> Result<Kind, Status> { Ok(Kind::Full) }
            async fn second(&self, _: &Context) -> Result<(), Status> { Ok(()) }
        }
    };
    let bare = digest! { bare:
        #[countersign::message]
        pub(super) struct Thing {
            size: u32,
            kind: Kind,
            description: Option<Value>,
        }
        #[countersign::message]
        pub(super) enum Kind {
            None,
            Full,
            Sized(u32),
            Plain,
        }
        service! {
            {
                async fn second(&self, cx: &Context) -> Result<(), Status>;
                async fn first(&self, cx: &Context, thing: Thing, name: Option<String>) -> Result<Kind, Status>;
            }
            async fn first(&self, _: &Context, _: Thing, _: Option<String>) -> Result<Kind, Status> { Ok(Kind::Full) }
            async fn second(&self, _: &Context) -> Result<(), Status> { Ok(()) }
        }
    };
    assert_eq!(documented, bare);
}

/// The digest of a service with one method of this signature.
macro_rules! digest_of {
    ($module:ident, $(#[$option:meta])* ($($name:ident: $ty:ty),*) -> $output:ty) => {
        digest! { $module:
            service! {
                { $(#[$option])* async fn get(&self, cx: &Context, $($name: $ty),*) -> $output; }
                async fn get(&self, _: &Context, $(_: $ty),*) -> $output { unreachable!() }
            }
        }
    };
}

#[test]
fn the_digest_knows_everything_else() {
    let digests = BTreeMap::from([
        (digest_of!(plain, (account: u32) -> Result<u32, Status>), "plain"),
        (digest_of!(renamed, (number: u32) -> Result<u32, Status>), "another name"),
        (digest_of!(retyped, (account: u64) -> Result<u32, Status>), "another type"),
        (digest_of!(optional, (account: Option<u32>) -> Result<u32, Status>), "optional"),
        (digest_of!(returns, (account: u32) -> Result<Bytes, Status>), "another result"),
        (digest_of!(fails, (account: u32) -> Result<u32, LedgerError>), "a fault"),
        (digest_of!(twice, #[rpc(idempotent)] (account: u32) -> Result<u32, Status>), "idempotent"),
        (digest_of!(sends, (account: u32, items: Sender<u32>) -> Result<u32, Status>), "sends items"),
        (digest_of!(sends_other, (account: u32, items: Sender<u64>) -> Result<u32, Status>), "others"),
        (digest_of!(takes, (account: u32, items: Receiver<u32>) -> Result<u32, Status>), "takes items"),
        (digest_of!(takes_other, (account: u32, items: Receiver<u64>) -> Result<u32, Status>), "others"),
    ]);
    assert_eq!(digests.len(), 11, "{digests:?}");
}

/// Peers of all versions compare digests: a new value here is a break.
#[test]
fn the_digest_of_a_contract_is_for_ever() {
    let digest = digest_of!(pinned, (account: u32, name: Option<String>) -> Result<Bytes, LedgerError>);
    assert_eq!(digest, "790e120b159ed3fcd430c34ff44a4a62e00ced87527b6ce70886d7bad0d564a5");
}

#[test]
fn integers_of_128_bits_are_refused_where_they_are() {
    #[countersign::message]
    struct Sum {
        parts: Vec<Option<i128>>,
    }
    #[countersign::service(package = "acme")]
    trait Adder {
        async fn add(&self, cx: &Context, sum: Sum) -> Result<u64, Status>;
    }
    struct Nobody;
    impl Adder for Nobody {
        async fn add(&self, _: &Context, sum: Sum) -> Result<u64, Status> {
            Ok(sum.parts.len() as u64)
        }
    }
    let error = AdderServer::new(Nobody).description().unwrap_err();
    assert_eq!(
        error.to_string(),
        "acme.Adder/add: a 128-bit integer cannot travel \
         (arguments/$defs/Sum/properties/parts/items): use `u64`, `i64` or text"
    );
    let watch = ProcedureDescription::new::<(), (), Status>("watch", "", &[]).items_out::<u128>();
    let error = ServiceDescription::new("acme.Adder", "", vec![watch]).unwrap_err();
    assert!(error.to_string().starts_with("acme.Adder/watch: "), "{error}");
    assert!(error.to_string().contains("(items_out)"), "{error}");
}
