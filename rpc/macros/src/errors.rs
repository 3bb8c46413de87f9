//! Every mistake of one expansion, each at its own span.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

/// Collects mistakes, so that the first does not hide the others.
#[derive(Default)]
pub(crate) struct Errors(Vec<syn::Error>);

impl Errors {
    /// A mistake at all of `tokens`.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.0.push(syn::Error::new_spanned(tokens, message));
    }

    pub(crate) fn push(&mut self, error: syn::Error) {
        self.0.push(error);
    }

    /// The value, or nothing and a mistake more.
    pub(crate) fn take<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.0.push(error)).ok()
    }

    /// How many there are: a step that added none has succeeded.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }
}

impl ToTokens for Errors {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let errors = self.0.iter().map(syn::Error::to_compile_error);
        tokens.extend(quote!(#(#errors)*));
    }
}
