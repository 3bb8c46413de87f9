//! What may be said of a type by looking at it: what it is named, and whether it owns all of itself.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Error, Result, Type};

use crate::check::NO_GENERICS;
use crate::stream::STANDS_ALONE;

/// That a value of this type owns all of itself, and that it is one type for both sides.
pub(crate) fn owned(ty: &Type, verb: &str) -> Result<()> {
    if has_stream(ty.to_token_stream()) {
        return Err(Error::new_spanned(ty, STANDS_ALONE));
    }
    if let Type::ImplTrait(_) = ty {
        return Err(Error::new_spanned(ty, NO_GENERICS));
    }
    if let Type::Reference(reference) = ty {
        return Err(Error::new_spanned(ty, instead_of_reference(&reference.elem, verb)));
    }
    match borrowed_part(ty.to_token_stream()) {
        Some(part) if part.to_string() == "Self" => {
            Err(Error::new(part.span(), "`Self` is the server here: name the type"))
        }
        Some(part) => {
            Err(Error::new(part.span(), "what travels owns all of itself: no references or lifetimes"))
        }
        None => Ok(()),
    }
}

fn instead_of_reference(inner: &Type, verb: &str) -> String {
    let (value, also) = match inner {
        inner if is_named(inner, "str") => ("String".to_owned(), "&str".to_owned()),
        Type::Slice(slice) => {
            let element = source(&slice.elem);
            (format!("Vec<{element}>"), format!("&[{element}]"))
        }
        inner => (source(inner), format!("&{}", source(inner))),
    };
    match verb {
        "take" => {
            format!("take a `{value}`: arguments are decoded into values (callers may still pass `{also}`)")
        }
        _ => format!("{verb} a `{value}`: what travels owns all of itself"),
    }
}

/// Whether a stream is anywhere in a type. Without parameters, the name is that of a type of the user's own.
fn has_stream(tokens: TokenStream) -> bool {
    let is_open = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == '<');
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let found = match token {
            TokenTree::Ident(ident) => {
                (ident == "Sender" || ident == "Receiver") && tokens.peek().is_some_and(is_open)
            }
            TokenTree::Group(group) => has_stream(group.stream()),
            _ => false,
        };
        if found {
            return true;
        }
    }
    false
}

/// The first token that makes a type borrow, or that means another type on each side.
fn borrowed_part(tokens: TokenStream) -> Option<TokenTree> {
    tokens.into_iter().find_map(|token| match &token {
        TokenTree::Punct(punct) if matches!(punct.as_char(), '&' | '\'') => Some(token),
        TokenTree::Ident(ident) if ident == "Self" => Some(token),
        TokenTree::Group(group) => borrowed_part(group.stream()),
        _ => None,
    })
}

/// A type without the group that a `macro_rules!` puts around it.
pub(crate) fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => bare(&group.elem),
        ty => ty,
    }
}

/// Whether a type is a path that ends in `name`: the types that the macro knows are recognised by name.
pub(crate) fn is_named(ty: &Type, name: &str) -> bool {
    match ty {
        Type::Path(path) => path.path.segments.last().is_some_and(|segment| segment.ident == name),
        _ => false,
    }
}

/// A type as one would write it: tokens print with a space between any two.
pub(crate) fn source(ty: &Type) -> String {
    let mut text = ty.to_token_stream().to_string();
    for tight in ["::", "<", ">", ","] {
        text = text.replace(&format!(" {tight}"), tight);
        if tight != "," {
            text = text.replace(&format!("{tight} "), tight);
        }
    }
    text
}
