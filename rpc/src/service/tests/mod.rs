//! A service called through `dispatch`, with the bytes of a call and no network.

mod arguments;
mod description;
mod streams;

use std::future::Future;
use std::pin::pin;
use std::task::{Context as TaskContext, Poll, Waker};

use countersign_proto::{Code, HandlerRan, Status, cbor};
use serde_json::json;

use super::{Handling, Reply, Service};
use crate as countersign;
use crate::{Client, Context, Fault};

/// An account.
#[countersign::message]
#[derive(Debug, Clone, PartialEq)]
struct Account {
    number: u32,
    lines: Vec<u8>,
}

#[countersign::message]
#[derive(Debug, thiserror::Error, countersign::Fault)]
#[non_exhaustive]
enum LedgerError {
    #[error("no such account {0}")]
    #[fault(code = NotFound)]
    NoAccount(u32),
    #[error("only {left} left")]
    #[fault(code = FailedPrecondition)]
    #[serde(rename = "too-little")]
    TooLittle { left: i64 },
    #[error(transparent)]
    #[fault(status)]
    #[serde(skip)]
    Other(#[from] Status),
    #[error("the disk is full: {0}")]
    #[fault(private)]
    #[serde(skip)]
    Disk(std::io::Error),
}

/// Keeps accounts.
#[countersign::service(package = "acme")]
trait Ledger {
    /// The balance of an account.
    ///
    /// In cents.
    #[rpc(idempotent, deadline = "500ms")]
    async fn balance(&self, cx: &Context, account: Account) -> Result<i64, LedgerError>;
    async fn rename(
        &self,
        cx: &Context,
        account: u32,
        name: String,
        limit: Option<u32>,
    ) -> Result<String, Status>;
    async fn r#type(&self, cx: &Context) -> Result<(), Status>;
}

struct Db;

impl Ledger for Db {
    async fn balance(&self, _: &Context, account: Account) -> Result<i64, LedgerError> {
        match account.number {
            1 => Ok(12),
            2 => Err(LedgerError::TooLittle { left: 3 }),
            3 => Err(LedgerError::Disk(std::io::Error::other("/dev/sda1"))),
            4 => Err(Status::new(Code::Unavailable, "later").with_handler_ran(HandlerRan::No).into()),
            number => Err(LedgerError::NoAccount(number)),
        }
    }

    async fn rename(
        &self,
        _: &Context,
        account: u32,
        name: String,
        limit: Option<u32>,
    ) -> Result<String, Status> {
        Ok(format!("{account} {name} {limit:?}"))
    }

    async fn r#type(&self, _: &Context) -> Result<(), Status> {
        Err(Status::new(Code::Ok, "fine"))
    }
}

fn context() -> Context {
    Context::of_a_test()
}

/// The reply of a handler that waits for nothing.
fn call(method: usize, arguments: &[u8]) -> Reply {
    match LedgerServer::new(Db).dispatch(method, context(), arguments) {
        Handling::Ready(reply) => reply,
        Handling::Running(future) => match pin!(future).poll(&mut TaskContext::from_waker(Waker::noop())) {
            Poll::Ready(reply) => reply,
            Poll::Pending => panic!("the handler waits"),
        },
    }
}

fn call_json(method: usize, arguments: serde_json::Value) -> Reply {
    call(method, &cbor::to_vec(&arguments).unwrap())
}

fn client() -> LedgerClient {
    LedgerClient::new(Client::of_a_test())
}

fn account(number: u32) -> Account {
    Account { number, lines: vec![] }
}

fn decoded<T: serde::de::DeserializeOwned>(reply: Reply) -> T {
    cbor::from_slice(&reply.unwrap()).unwrap()
}

#[test]
fn what_the_client_encodes_the_server_takes() {
    let first = account(1);
    let arguments = client().balance(&first).encoded_arguments();
    assert_eq!(decoded::<i64>(call(0, &arguments)), 12);
    let arguments = client().rename(7, "cash", None).encoded_arguments();
    assert_eq!(decoded::<String>(call(1, &arguments)), "7 cash None");
    let arguments = client().rename(7, String::from("cash"), Some(3)).encoded_arguments();
    assert_eq!(decoded::<String>(call(1, &arguments)), "7 cash Some(3)");
}

#[test]
fn an_argument_that_is_none_is_not_sent() {
    let arguments: serde_json::Value =
        cbor::from_slice(&client().rename(7, "cash", None).encoded_arguments()).unwrap();
    assert_eq!(arguments, json!({ "account": 7, "name": "cash" }));
}

#[test]
fn arguments_come_in_any_order() {
    let reply = call_json(1, json!({ "name": "cash", "limit": 3, "account": 7 }));
    assert_eq!(decoded::<String>(reply), "7 cash Some(3)");
}

#[test]
fn wrong_arguments_are_named_and_the_handler_does_not_run() {
    for (arguments, message) in [
        (json!({ "account": 7 }), "name: missing field"),
        (json!({ "account": 7, "name": "cash", "dry_run": true }), "dry_run: unknown field"),
        (json!({ "account": -7, "name": "cash" }), "account: "),
        (json!(["cash"]), "expected a map of the arguments by name"),
    ] {
        let status = call_json(1, arguments).unwrap_err();
        assert_eq!((status.code, status.handler_ran), (Code::InvalidArgument, HandlerRan::No));
        assert!(status.message.starts_with(message), "{status}");
    }
    let status = call_json(0, json!({ "account": { "number": 1, "lines": [1, 2, 300] } })).unwrap_err();
    assert!(status.message.starts_with("account.lines[2]: "), "{status}");
    let status = call_json(2, json!({ "dry_run": 1 })).unwrap_err();
    assert!(status.message.starts_with("dry_run: unknown field"), "{status}");
}

#[test]
fn a_declared_fault_comes_back_as_itself() {
    let status = call_json(0, json!({ "account": account(2) })).unwrap_err();
    assert_eq!((status.code, status.handler_ran), (Code::FailedPrecondition, HandlerRan::Yes));
    assert_eq!(status.message, "only 3 left");
    assert_eq!(LedgerError::from_status(&status).unwrap().to_string(), "only 3 left");
}

#[test]
fn a_fault_of_a_newer_server_is_a_status() {
    let details = cbor::to_vec(&json!({ "Frozen": "yes" })).unwrap();
    let status = Status::new(Code::FailedPrecondition, "frozen").with_details(details);
    assert!(LedgerError::from_status(&status).is_none());
    assert!(LedgerError::from_status(&Status::not_found("gone")).is_none());
}

#[test]
fn a_status_passes_as_it_is_but_our_handler_did_run() {
    let status = call_json(0, json!({ "account": account(4) })).unwrap_err();
    assert_eq!((status.code, status.message.as_str()), (Code::Unavailable, "later"));
    assert_eq!(status.handler_ran, HandlerRan::Yes);
    assert!(status.details.is_empty());
}

#[test]
fn a_private_cause_is_not_sent() {
    let status = call_json(0, json!({ "account": account(3) })).unwrap_err();
    assert_eq!(status.code, Code::Internal);
    assert!(!status.message.contains("sda1") && status.details.is_empty());
}

#[test]
fn a_failure_is_never_ok() {
    assert_eq!(call_json(2, json!({})).unwrap_err().code, Code::Internal);
}

#[test]
fn there_are_no_other_procedures() {
    assert_eq!(call_json(3, json!({})).unwrap_err().code, Code::Unimplemented);
}

#[test]
fn the_client_knows_the_options() {
    let half_a_second = Some(std::time::Duration::from_millis(500));
    assert_eq!(client().balance(account(1)).procedure(), ("acme.Ledger/balance", half_a_second));
    assert_eq!(client().r#type().procedure(), ("acme.Ledger/type", None));
    assert_eq!((LedgerServer::NAME, LedgerClient::NAME), ("acme.Ledger", "acme.Ledger"));
}

/// Names that the output must not take for its own, and nothing of the prelude.
mod without_a_prelude {
    #![no_implicit_prelude]
    #![allow(dead_code, reason = "only that it compiles counts")]

    use ::countersign::{Context, Status};
    use ::std::result::Result;
    use ::std::string::String;

    use super::{Account as T, Account as Option, LedgerError as Send};

    struct Arc;
    struct Handling;
    struct Service;

    #[::countersign::service(package = "acme")]
    trait Names {
        #[rpc(deadline = "2m")]
        async fn dispatch(&self, cx: &Context, method: T, arguments: Option) -> Result<T, Send>;
        async fn clone(&self, cx: &Context, client: String, service: u8) -> Result<Option, Status>;
        async fn description(&self, cx: &Context, r#type: u8, argument_0: u8) -> Result<(), Status>;
    }
}
