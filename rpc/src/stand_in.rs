//! Stand-ins until the real ones land.
#![allow(
    missing_docs,
    clippy::all,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    dead_code
)]
use std::marker::PhantomData;

#[derive(Debug, Clone, Default)]
pub struct Context(());
#[derive(Debug, Clone, Default)]
pub struct Client(());
#[must_use]
pub struct Call<T, F> {
    pub arguments: Result<Vec<u8>, crate::cbor::EncodeError>,
    pub procedure: &'static crate::service::Procedure,
    kind: PhantomData<(T, F)>,
}
impl<T, F> Call<T, F> {
    pub fn new(
        _: &Client,
        procedure: &'static crate::service::Procedure,
        arguments: Result<Vec<u8>, crate::cbor::EncodeError>,
    ) -> Self {
        Self { arguments, procedure, kind: PhantomData }
    }
}
