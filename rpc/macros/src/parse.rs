//! From tokens to the service as it was written: attributes are read and taken off, nothing is judged.

use proc_macro2::TokenStream;
use syn::meta::ParseNestedMeta;
use syn::parse::Parser;
use syn::{Attribute, Expr, ItemTrait, Lit, LitStr, Meta, MetaNameValue, TraitItem};

use crate::errors::Errors;

/// The service as it was written.
pub(crate) struct Written {
    /// The user's trait, without the attributes that are ours.
    pub(crate) item: ItemTrait,
    pub(crate) package: Option<LitStr>,
    /// What `#[rpc(…)]` says of each item of the trait, in their order.
    pub(crate) options: Vec<Options>,
}

/// What `#[rpc(…)]` says of one method.
#[derive(Default)]
pub(crate) struct Options {
    /// The option itself, if it is there.
    pub(crate) idempotent: Option<syn::Path>,
    pub(crate) deadline: Option<LitStr>,
}

/// Reads the attribute's own arguments and the `#[rpc(…)]` of every method.
pub(crate) fn service(arguments: TokenStream, mut item: ItemTrait, errors: &mut Errors) -> Written {
    let package = package(arguments, errors);
    let options = item.items.iter_mut().map(|item| take_options(item, errors)).collect();
    Written { item, package, options }
}

fn package(arguments: TokenStream, errors: &mut Errors) -> Option<LitStr> {
    let mut package = None;
    let mistakes = errors.count();
    let parser = syn::meta::parser(|meta| {
        if meta.path.is_ident("package") {
            package = Some(meta.value()?.parse()?);
            Ok(())
        } else {
            Err(meta.error("unknown option: a service has a `package = \"…\"`"))
        }
    });
    errors.take(parser.parse2(arguments));
    if package.is_none() && errors.count() == mistakes {
        let message = "say which package the service belongs to: `#[service(package = \"acme\")]`";
        errors.push(syn::Error::new(proc_macro2::Span::call_site(), message));
    }
    package
}

fn take_options(item: &mut TraitItem, errors: &mut Errors) -> Options {
    let mut options = Options::default();
    let Some(attributes) = attributes(item) else { return options };
    for attribute in attributes.extract_if(.., |attribute| attribute.path().is_ident("rpc")) {
        errors.take(attribute.parse_nested_meta(|meta| options.read(&meta)));
    }
    options
}

impl Options {
    fn read(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        if meta.path.is_ident("idempotent") {
            self.idempotent = Some(meta.path.clone());
        } else if meta.path.is_ident("deadline") {
            self.deadline = Some(meta.value()?.parse()?);
        } else {
            return Err(meta.error("unknown option: there are `idempotent` and `deadline = \"500ms\"`"));
        }
        Ok(())
    }
}

fn attributes(item: &mut TraitItem) -> Option<&mut Vec<Attribute>> {
    match item {
        TraitItem::Fn(item) => Some(&mut item.attrs),
        TraitItem::Const(item) => Some(&mut item.attrs),
        TraitItem::Type(item) => Some(&mut item.attrs),
        TraitItem::Macro(item) => Some(&mut item.attrs),
        _ => None,
    }
}

/// The text of the doc comments, without the space that follows `///`.
pub(crate) fn documentation(attributes: &[Attribute]) -> String {
    let mut lines = Vec::new();
    for attribute in attributes {
        if let Meta::NameValue(MetaNameValue { path, value: Expr::Lit(literal), .. }) = &attribute.meta
            && path.is_ident("doc")
            && let Lit::Str(text) = &literal.lit
        {
            lines.extend(text.value().split('\n').map(without_margin));
        }
    }
    lines.join("\n").trim().to_owned()
}

fn without_margin(line: &str) -> String {
    line.strip_prefix(' ').unwrap_or(line).trim_end().to_owned()
}
