//! The macros of Countersign. Use them through the crate `countersign`, which their output names.
//!
//! `#[service]` goes from tokens to code in three steps: `parse` reads what is written, `check` keeps
//! what is sound and reports the rest, `expand` prints.

mod check;
mod errors;
mod expand;
mod fault;
mod message;
mod parse;
mod stream;
mod types;

use proc_macro::TokenStream;
use proc_macro2::Span;
use quote::quote;
use syn::{DeriveInput, ItemTrait, parse_macro_input};

use crate::errors::Errors;

/// Makes a trait a service: a server, a client and a description of itself.
///
/// ```
/// use countersign::{Context, Sender, Status};
///
/// #[countersign::service(package = "acme")]
/// pub trait Ledger {
///     /// The balance of an account, in cents.
///     #[rpc(idempotent, deadline = "500ms")]
///     async fn balance(&self, cx: &Context, account: u32) -> Result<i64, Status>;
///
///     /// Every change from now on.
///     async fn watch(&self, cx: &Context, account: u32, changes: Sender<i64>) -> Result<(), Status>;
/// }
/// ```
///
/// gives `LedgerServer::new(implementation)` and `LedgerClient::new(client)`, whose method `balance` takes
/// its argument by value or by reference. Doc comments become the documentation that reflection gives.
///
/// After the arguments, a method may take a `Sender<T>` for items to its caller, a `Receiver<T>` for items
/// from its caller, or both: the client's method gives a stream for each.
///
/// Options of a method: `idempotent` says that calling twice is calling once, so that a call whose fate is
/// unknown may be made again, which one that takes items never can; `deadline` is how long a caller waits who
/// says nothing else, for all of a stream.
#[proc_macro_attribute]
pub fn service(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let kept = proc_macro2::TokenStream::from(item.clone());
    let Ok(item) = syn::parse::<ItemTrait>(item) else {
        errors.push(syn::Error::new(Span::call_site(), "`#[service]` goes on a trait"));
        return quote!(#kept #errors).into();
    };
    let written = parse::service(arguments.into(), item, &mut errors);
    let service = check::service(written, &mut errors);
    let code = expand::service(service);
    quote!(#code #errors).into()
}

/// Makes an enum the fault of a procedure: each variant says which code it becomes.
///
/// ```
/// use countersign::{Fault, Status};
///
/// #[countersign::message]
/// #[derive(Debug, thiserror::Error, Fault)]
/// pub enum LedgerError {
///     #[error("no such account {0}")]
///     #[fault(code = NotFound)]
///     NoAccount(u32),
///     #[error(transparent)]
///     #[fault(status)]
///     #[serde(skip)]
///     Other(#[from] Status),
///     #[error("the ledger cannot be read")]
///     #[fault(private)]
///     #[serde(skip)]
///     Disk(#[from] std::io::Error),
/// }
/// ```
///
/// `#[fault(code = NotFound)]` declares a variant: it travels, and the client gets it back.
/// `#[fault(status)]` marks a variant that holds a `Status`, which is sent as it is, and
/// `#[fault(private)]` one whose cause is logged and never sent: the peer sees `INTERNAL` and a sentence
/// that gives nothing away. Both need `#[serde(skip)]`, since they are no part of the contract.
#[proc_macro_derive(Fault, attributes(fault))]
pub fn fault(item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as DeriveInput);
    let mut errors = Errors::default();
    let code = fault::derive(&item, &mut errors);
    quote!(#code #errors).into()
}

/// Makes a struct or an enum a type that travels: derives serde's traits and `JsonSchema`.
///
/// Attributes of serde and schemars work as ever, and the crate needs no dependency on either.
#[proc_macro_attribute]
pub fn message(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let item = proc_macro2::TokenStream::from(item);
    match message::message(arguments.into(), item.clone()) {
        Ok(code) => code.into(),
        Err(error) => {
            let error = error.to_compile_error();
            quote!(#item #error).into()
        }
    }
}
