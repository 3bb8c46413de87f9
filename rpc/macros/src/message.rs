//! `#[message]`: the derives of a type that travels, through the runtime's own re-exports.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, Item, Result};

pub(crate) fn message(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    if !arguments.is_empty() {
        return Err(Error::new_spanned(
            arguments,
            "`#[message]` takes nothing: attributes of serde go beside it",
        ));
    }
    if !matches!(syn::parse2(item.clone())?, Item::Struct(_) | Item::Enum(_)) {
        return Err(Error::new_spanned(item, "a message is a struct or an enum"));
    }
    Ok(quote! {
        #[derive(
            ::countersign::__private::serde::Serialize,
            ::countersign::__private::serde::Deserialize,
            ::countersign::__private::schemars::JsonSchema,
        )]
        #[serde(crate = "::countersign::__private::serde")]
        #[schemars(crate = "::countersign::__private::schemars")]
        #item
    })
}
