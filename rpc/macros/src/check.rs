//! From a service as it was written to one that can be generated: every rule, and what to say of its breach.

use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::{
    Attribute, Error, FnArg, GenericArgument, ItemTrait, LitStr, Pat, PathArguments, Receiver, ReceiverKind,
    Result, ReturnType, Signature, TraitItem, TraitItemFn, Type, TypeReference,
};

use crate::errors::Errors;
use crate::parse::{self, Options, Written};
use crate::stream::{End, Stream};
use crate::types::{bare, is_named, owned};

/// A service whose procedures can be generated.
pub(crate) struct Service {
    /// The user's trait; its sound methods are rewritten, the others stay as they are.
    pub(crate) item: ItemTrait,
    /// Such as `acme.Ledger`.
    pub(crate) name: String,
    pub(crate) documentation: String,
    pub(crate) procedures: Vec<Procedure>,
}

/// A method without a mistake.
pub(crate) struct Procedure {
    /// Where in the trait the method stands.
    pub(crate) position: usize,
    pub(crate) ident: Ident,
    /// Doc comments and `#[deprecated]`, for the client's method.
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) documentation: String,
    pub(crate) idempotent: bool,
    pub(crate) deadline_ms: Option<u64>,
    pub(crate) arguments: Vec<Argument>,
    /// At most one each way, in the order of the method.
    pub(crate) streams: Vec<Stream>,
    pub(crate) output: Type,
    pub(crate) fault: Type,
}

/// An argument: its name is part of the contract.
pub(crate) struct Argument {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
}

impl Procedure {
    /// The name on the wire, `type` for `r#type`.
    pub(crate) fn name(&self) -> String {
        self.ident.unraw().to_string()
    }

    /// The type of the items of the stream on whose end the handler is, if there is one.
    pub(crate) fn item(&self, end: End) -> Option<&Type> {
        self.streams.iter().find(|stream| stream.end == end).map(|stream| &stream.item)
    }
}

impl Argument {
    /// The name on the wire.
    pub(crate) fn name(&self) -> String {
        self.ident.unraw().to_string()
    }
}

/// As many as the runtime can decode without an allocation for them; more want a type of their own.
const ARGUMENTS_MAX: usize = 16;

pub(crate) const NO_GENERICS: &str =
    "a method of a service has no generics or lifetimes: what travels has one type";
const TAKE_SELF: &str = "take `&self`: calls run at the same time; put what changes behind a lock";
const TAKE_CONTEXT: &str = "take `cx: &Context` after `&self`: it knows who calls and how much time is left";
const RETURN_RESULT: &str = "return `Result<T, E>`, where `E` is your fault type or `Status`";
const ITEMS_ARE_GONE: &str = "a call that takes items cannot be made again: those that were sent are gone";

/// Keeps the sound methods, and reports each mistake of the others.
pub(crate) fn service(written: Written, errors: &mut Errors) -> Service {
    let Written { item, package, options } = written;
    trait_itself(&item, errors);
    let package = package.and_then(|package| errors.take(package_name(&package))).unwrap_or_default();
    let mut procedures: Vec<Procedure> = Vec::new();
    for (position, (member, options)) in item.items.iter().zip(&options).enumerate() {
        let Some(procedure) = self::member(position, member, options, errors) else { continue };
        // A name given twice is the compiler's to report, in the user's own trait.
        if procedures.iter().all(|other| other.name() != procedure.name()) {
            procedures.push(procedure);
        }
    }
    let name = format!("{package}.{}", item.ident.unraw());
    Service { name, documentation: parse::documentation(&item.attrs), procedures, item }
}

fn trait_itself(item: &ItemTrait, errors: &mut Errors) {
    let generics = &item.generics;
    if !generics.params.is_empty() {
        errors.at(generics, "a service has no generics or lifetimes: what travels has one type");
    }
    if let Some(clause) = &generics.where_clause {
        errors.at(clause, "a service has no `where` clause: what travels has one type");
    }
    if let Some(token) = &item.unsafety {
        errors.at(token, "a service is a safe trait");
    }
    errors.take(ascii(&item.ident));
}

/// `acme` or `acme.billing`: what stands before the name of the trait in `acme.billing.Ledger`.
fn package_name(package: &LitStr) -> Result<String> {
    let name = package.value();
    let is_word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    if name.split('.').all(is_word) {
        return Ok(name);
    }
    Err(Error::new(package.span(), "a package is lower-case words with dots between, such as `acme.billing`"))
}

fn member(position: usize, member: &TraitItem, options: &Options, errors: &mut Errors) -> Option<Procedure> {
    let message = match member {
        TraitItem::Fn(method) => return self::method(position, method, options, errors),
        TraitItem::Const(_) => "a service has no constants: it is what a peer may call",
        TraitItem::Type(_) => "a service has no associated types: what travels has one type",
        _ => "a service has methods only",
    };
    errors.at(member, message);
    None
}

/// The procedure, if there is no mistake in it.
fn method(
    position: usize,
    method: &TraitItemFn,
    options: &Options,
    errors: &mut Errors,
) -> Option<Procedure> {
    let mistakes = errors.count();
    let sig = &method.sig;
    qualifiers(method, errors);
    self_parameter(sig, errors);
    context(sig, errors);
    let (arguments, streams) = taken(sig, errors);
    if let Some(option) = &options.idempotent
        && streams.iter().any(|stream| stream.end == End::Receiver)
    {
        errors.at(option, ITEMS_ARE_GONE);
    }
    let output = errors.take(output(&sig.output, &sig.ident)).and_then(|(output, fault)| {
        errors.take(owned(output, "return"))?;
        Some((output.clone(), fault.clone()))
    });
    let deadline_ms = options.deadline.as_ref().and_then(|text| errors.take(milliseconds(text)));
    let (output, fault) = output.filter(|_| errors.count() == mistakes)?;
    let is_for_callers =
        |attribute: &&Attribute| attribute.path().is_ident("doc") || attribute.path().is_ident("deprecated");
    Some(Procedure {
        position,
        ident: sig.ident.clone(),
        attributes: method.attrs.iter().filter(is_for_callers).cloned().collect(),
        documentation: parse::documentation(&method.attrs),
        idempotent: options.idempotent.is_some(),
        deadline_ms,
        arguments,
        streams,
        output,
        fault,
    })
}

/// Everything around the parameters and the result.
fn qualifiers(method: &TraitItemFn, errors: &mut Errors) {
    let sig = &method.sig;
    errors.take(ascii(&sig.ident));
    if ["new", "in_process"].iter().any(|name| sig.ident == name) {
        errors
            .at(&sig.ident, format!("`{}` is taken by the generated client: choose another name", sig.ident));
    }
    if sig.asyncness.is_none() {
        errors.at(sig.fn_token, "make it an `async fn`: whoever calls it waits for a peer");
    }
    if sig.constness.is_some() || sig.abi.is_some() || !matches!(sig.safety, syn::Safety::Default) {
        errors.at(&sig.ident, "a method of a service is a plain `async fn`");
    }
    if !sig.generics.params.is_empty() {
        errors.at(&sig.generics, NO_GENERICS);
    }
    if let Some(clause) = &sig.generics.where_clause {
        errors.at(clause, NO_GENERICS);
    }
    if let Some(body) = &method.default {
        errors.at(body, "a method of a service has no body here: each server gives its own");
    }
    for attribute in method.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg")) {
        errors.at(attribute, "a procedure is there or not: put `cfg` on the whole trait");
    }
}

fn self_parameter(sig: &Signature, errors: &mut Errors) {
    match sig.inputs.first() {
        Some(FnArg::Receiver(Receiver {
            kind: ReceiverKind::Reference(_, lifetime, mutability), ..
        })) => {
            if let Some(token) = mutability {
                errors.at(token, TAKE_SELF);
            }
            if let Some(lifetime) = lifetime
                && sig.generics.params.is_empty()
            {
                errors.at(lifetime, NO_GENERICS);
            }
        }
        Some(FnArg::Receiver(other)) => errors.at(other, TAKE_SELF),
        _ => errors.at(&sig.ident, TAKE_SELF),
    }
}

/// The parameters after `self`, whether or not there is one.
fn parameters(sig: &Signature) -> impl Iterator<Item = (&Pat, &Type)> {
    sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(input) => Some((&*input.pat, bare(&input.ty))),
        FnArg::Receiver(_) => None,
    })
}

fn context(sig: &Signature, errors: &mut Errors) {
    match parameters(sig).next() {
        Some((_, ty)) if is_context(ty) => {}
        Some((_, ty @ Type::Path(_))) if is_named(ty, "Context") => errors.at(ty, "take `&Context`"),
        Some((_, Type::Reference(TypeReference { mutability: Some(token), elem, .. })))
            if is_named(elem, "Context") =>
        {
            errors.at(token, "take `&Context`");
        }
        // One that comes late is a mistake at its own place.
        _ if parameters(sig).any(|(_, ty)| is_context(ty)) => {}
        _ => errors.at(&sig.ident, TAKE_CONTEXT),
    }
}

fn is_context(ty: &Type) -> bool {
    matches!(ty, Type::Reference(TypeReference { mutability: None, elem, .. }) if is_named(elem, "Context"))
}

/// What follows the context. A method that forgot its context still gets the rest checked.
fn taken(sig: &Signature, errors: &mut Errors) -> (Vec<Argument>, Vec<Stream>) {
    let is_any_context = |ty: &Type| match ty {
        Type::Reference(reference) => is_named(&reference.elem, "Context"),
        ty => is_named(ty, "Context"),
    };
    let mut rest: Vec<_> = parameters(sig).collect();
    if rest.first().is_some_and(|(_, ty)| is_any_context(ty)) {
        rest.remove(0);
    }
    let types: Vec<_> = rest.iter().map(|(_, ty)| *ty).filter(|ty| !is_any_context(ty)).collect();
    let streams = Stream::all(&types, errors);
    rest.retain(|(_, ty)| End::of(ty).is_none());
    (arguments(&rest, errors), streams)
}

fn arguments(parameters: &[(&Pat, &Type)], errors: &mut Errors) -> Vec<Argument> {
    let mut arguments: Vec<Argument> = Vec::new();
    for (pattern, ty) in parameters {
        let Some(argument) = errors.take(argument(pattern, ty)) else { continue };
        if arguments.iter().any(|other| other.name() == argument.name()) {
            errors.at(&argument.ident, "another argument has this name: arguments travel by name");
        } else if arguments.len() == ARGUMENTS_MAX {
            errors.at(
                pattern,
                format!("at most {ARGUMENTS_MAX} arguments: put these into a type of their own"),
            );
            break;
        } else {
            arguments.push(argument);
        }
    }
    arguments
}

fn argument(pattern: &Pat, ty: &Type) -> Result<Argument> {
    let ident = match pattern {
        Pat::Ident(name) if name.by_ref.is_none() && name.mutability.is_none() && name.subpat.is_none() => {
            name.ident.clone()
        }
        _ => {
            return Err(Error::new_spanned(
                pattern,
                "give the argument a plain name: arguments travel by name",
            ));
        }
    };
    if is_context(ty) {
        return Err(Error::new_spanned(ty, "the context comes first, right after `&self`"));
    }
    owned(ty, "take")?;
    Ok(Argument { ident, ty: ty.clone() })
}

/// `T` and `E` of `Result<T, E>`.
fn output<'a>(output: &'a ReturnType, method: &Ident) -> Result<(&'a Type, &'a Type)> {
    let ReturnType::Type(_, ty) = output else { return Err(Error::new_spanned(method, RETURN_RESULT)) };
    let refused = || Error::new_spanned(ty, RETURN_RESULT);
    let Type::Path(path) = bare(ty) else { return Err(refused()) };
    let segment =
        path.path.segments.last().filter(|segment| segment.ident == "Result").ok_or_else(refused)?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return Err(refused()) };
    let types: Vec<_> = arguments.args.iter().collect();
    match types[..] {
        [GenericArgument::Type(output), GenericArgument::Type(fault)] => Ok((bare(output), bare(fault))),
        _ => Err(refused()),
    }
}

/// `"500ms"`, `"5s"`, `"2m"` or `"1h"`, in milliseconds.
fn milliseconds(text: &LitStr) -> Result<u64> {
    let value = text.value();
    let unit = value.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = value[..value.len() - unit.len()].parse::<u64>().ok();
    let factor = match unit {
        "ms" => Some(1),
        "s" => Some(1000),
        "m" => Some(60 * 1000),
        "h" => Some(60 * 60 * 1000),
        _ => None,
    };
    let product = number.zip(factor).and_then(|(number, factor)| number.checked_mul(factor));
    product
        .filter(|&ms| ms > 0)
        .ok_or_else(|| Error::new(text.span(), "a time has a number and a unit: `500ms`, `5s`, `2m` or `1h`"))
}

/// That a name can be typed everywhere: it is part of the procedure's name on the wire.
fn ascii(ident: &Ident) -> Result<()> {
    if ident.to_string().is_ascii() {
        return Ok(());
    }
    Err(Error::new(ident.span(), "keep to ASCII: this is part of the procedure's name, for every language"))
}
