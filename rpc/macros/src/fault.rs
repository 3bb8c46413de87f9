//! `#[derive(Fault)]`: which code each variant becomes, and which variants never travel.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{
    Attribute, Data, DeriveInput, Error, Expr, Lit, LitStr, Member, Meta, Result, Token, Type, Variant,
};

use crate::errors::Errors;
use crate::parse;

/// What a variant becomes when a handler returns it.
enum Becomes {
    /// A fault of the contract, under this code.
    Declared { code: Ident, wire_name: String, message: String },
    /// The status that it holds.
    Status(Member, Type),
    /// `INTERNAL`, and a line in the log.
    Private,
}

const SAY_WHAT: &str =
    "say what it becomes: `#[fault(code = NotFound)]`, `#[fault(status)]` or `#[fault(private)]`";

pub(crate) fn derive(input: &DeriveInput, errors: &mut Errors) -> TokenStream {
    let Data::Enum(data) = &input.data else {
        errors.at(&input.ident, "a fault is an enum: a variant for each thing that can go wrong");
        return TokenStream::new();
    };
    if !input.generics.params.is_empty() {
        errors.at(&input.generics, "a fault has no generics or lifetimes: what travels has one type");
    }
    let style = rename_rule(&input.attrs, errors);
    let mistakes = errors.count();
    let variants: Vec<_> = data
        .variants
        .iter()
        .filter_map(|variant| Some((&variant.ident, errors.take(becomes(variant, style.as_deref()))?)))
        .collect();
    if input.generics.params.is_empty() {
        let complete = errors.count() == mistakes;
        return expand(&input.ident, &variants, complete);
    }
    TokenStream::new()
}

fn becomes(variant: &Variant, style: Option<&str>) -> Result<Becomes> {
    let Some(attribute) = variant.attrs.iter().find(|attribute| attribute.path().is_ident("fault")) else {
        return Err(Error::new_spanned(variant, SAY_WHAT));
    };
    let mut becomes = None;
    attribute.parse_nested_meta(|meta| {
        becomes = Some(if meta.path.is_ident("code") {
            declared(variant, meta.value()?.parse()?, style)?
        } else if meta.path.is_ident("status") {
            only_field(variant)?
        } else if meta.path.is_ident("private") {
            Becomes::Private
        } else {
            return Err(meta.error(SAY_WHAT));
        });
        Ok(())
    })?;
    let becomes = becomes.ok_or_else(|| Error::new_spanned(attribute, SAY_WHAT))?;
    match becomes {
        Becomes::Declared { .. } => {}
        _ if is_skipped(variant) => {}
        _ => {
            let message = "add `#[serde(skip)]`: this variant is not part of what travels";
            return Err(Error::new_spanned(variant, message));
        }
    }
    Ok(becomes)
}

fn declared(variant: &Variant, code: Ident, style: Option<&str>) -> Result<Becomes> {
    if code == "Ok" {
        return Err(Error::new(code.span(), "a fault is not OK: choose the code that says why"));
    }
    if is_skipped(variant) {
        return Err(Error::new_spanned(variant, "a variant with a code travels: take off `#[serde(skip)]`"));
    }
    let wire_name = renamed(variant).unwrap_or_else(|| in_style(&variant.ident.to_string(), style));
    Ok(Becomes::Declared { code, wire_name, message: message(variant) })
}

/// The field that holds the status.
fn only_field(variant: &Variant) -> Result<Becomes> {
    let mut fields = variant.fields.iter().zip(variant.fields.members());
    match (fields.next(), fields.next()) {
        (Some((field, member)), None) => Ok(Becomes::Status(member, field.ty.clone())),
        _ => Err(Error::new_spanned(variant, "such a variant holds one `Status` and nothing else")),
    }
}

/// What the fault says, as thiserror's attribute has it, in a form for people; else its documentation.
fn message(variant: &Variant) -> String {
    let error = variant.attrs.iter().find(|attribute| attribute.path().is_ident("error"));
    let format = error.and_then(|attribute| {
        attribute.parse_args_with(Punctuated::<Expr, Token![,]>::parse_terminated).ok()?.into_iter().next()
    });
    match &format {
        Some(Expr::Lit(literal)) if let Lit::Str(text) = &literal.lit => for_people(&text.value()),
        _ => parse::documentation(&variant.attrs),
    }
}

/// The format string with a name where a value has one, and `…` where it has none: callers need not know Rust.
fn for_people(format: &str) -> String {
    let mut shown = String::with_capacity(format.len());
    let mut rest = format;
    while let Some(brace) = rest.find(['{', '}']) {
        let (before, from_brace) = rest.split_at(brace);
        shown.push_str(before);
        if from_brace.starts_with("{{") || from_brace.starts_with("}}") {
            shown.push_str(&from_brace[..1]);
            rest = &from_brace[2..];
            continue;
        }
        let (value, after) = from_brace.split_once('}').unwrap_or((from_brace, ""));
        let name = value.trim_start_matches('{').split([':', '.']).next().unwrap_or_default().trim();
        match name.starts_with(|first: char| first.is_alphabetic() || first == '_') {
            true => shown.extend(["{", name, "}"]),
            false => shown.push('…'),
        }
        rest = after;
    }
    shown + rest
}

fn expand(ident: &Ident, variants: &[(&Ident, Becomes)], complete: bool) -> TokenStream {
    let arms = variants.iter().map(|(variant, becomes)| match becomes {
        Becomes::Declared { code, .. } => quote! {
            Self::#variant { .. } => ::countersign::service::fault::declared(::countersign::Code::#code, &self)
        },
        Becomes::Status(member, ty) => quote_spanned! {ty.span()=>
            Self::#variant { #member: status } => status
        },
        Becomes::Private => quote! {
            Self::#variant { .. } => ::countersign::service::fault::private(&self)
        },
    });
    let declarations = variants.iter().filter_map(|(_, becomes)| match becomes {
        Becomes::Declared { code, wire_name, message } => {
            Some(quote!((#wire_name, ::countersign::Code::#code, #message)))
        }
        _ => None,
    });
    // A variant with a mistake has no arm; one error for it is enough.
    let rest = (!complete).then(|| quote!(_ => ::core::unreachable!(),));
    let bounds = quote_spanned! {ident.span()=>
        Self: ::std::error::Error
            + ::countersign::__private::Serialize
            + ::countersign::__private::DeserializeOwned
            + ::countersign::__private::JsonSchema
    };
    quote! {
        #[automatically_derived]
        impl ::countersign::service::Fault for #ident
        where
            #bounds
        {
            type Declared = Self;

            fn into_status(self) -> ::countersign::Status {
                match self {
                    #(#arms,)*
                    #rest
                }
            }

            fn from_status(status: &::countersign::Status) -> ::core::option::Option<Self> {
                ::countersign::service::fault::from_details(status)
            }

            fn describe() -> ::core::option::Option<::countersign::service::FaultDeclaration> {
                ::countersign::service::fault::describe::<Self>(&[#(#declarations),*])
            }
        }
    }
}

/// What serde's attributes say, as far as they read as a list; serde itself reports what does not.
fn serde_attributes(attributes: &[Attribute]) -> impl Iterator<Item = Meta> {
    let ours = attributes.iter().filter(|attribute| attribute.path().is_ident("serde"));
    ours.filter_map(|attribute| {
        attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok()
    })
    .flatten()
}

fn is_skipped(variant: &Variant) -> bool {
    serde_attributes(&variant.attrs).any(|meta| meta.path().is_ident("skip"))
}

fn renamed(variant: &Variant) -> Option<String> {
    serde_attributes(&variant.attrs).find(|meta| meta.path().is_ident("rename")).and_then(|meta| text(&meta))
}

fn rename_rule(attributes: &[Attribute], errors: &mut Errors) -> Option<String> {
    let mut rule = None;
    for meta in serde_attributes(attributes) {
        if ["tag", "content", "untagged"].iter().any(|name| meta.path().is_ident(name)) {
            errors.at(&meta, "a fault travels in serde's external tagging: take this off");
        } else if meta.path().is_ident("rename_all") {
            rule = text(&meta);
        }
    }
    rule
}

fn text(meta: &Meta) -> Option<String> {
    let Meta::NameValue(pair) = meta else { return None };
    syn::parse2::<LitStr>(pair.value.to_token_stream()).ok().map(|text| text.value())
}

/// The variant's name by a rule of `#[serde(rename_all = "…")]`.
fn in_style(name: &str, style: Option<&str>) -> String {
    let with = |separator: char| {
        let mut out = String::new();
        for (index, c) in name.char_indices() {
            if index > 0 && c.is_uppercase() {
                out.push(separator);
            }
            out.push(c.to_ascii_lowercase());
        }
        out
    };
    match style {
        Some("lowercase") => name.to_ascii_lowercase(),
        Some("UPPERCASE") => name.to_ascii_uppercase(),
        Some("camelCase") => {
            let (first, rest) = name.split_at(name.chars().next().map_or(0, char::len_utf8));
            first.to_ascii_lowercase() + rest
        }
        Some("snake_case") => with('_'),
        Some("SCREAMING_SNAKE_CASE") => with('_').to_ascii_uppercase(),
        Some("kebab-case") => with('-'),
        Some("SCREAMING-KEBAB-CASE") => with('-').to_ascii_uppercase(),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_fault_says_is_shown_without_rusts_formats() {
        for (format, shown) in [
            ("no such account {0}", "no such account …"),
            ("only {left_grams} g of {tea:?} are left", "only {left_grams} g of {tea} are left"),
            ("{} is {{not}} {0:>5} {day.name}", "… is {not} … {day}"),
            ("broken {", "broken …"),
            ("plain", "plain"),
        ] {
            assert_eq!(for_people(format), shown);
        }
    }
}
