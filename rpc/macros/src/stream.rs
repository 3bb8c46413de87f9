//! `Sender<T>` and `Receiver<T>`: the streams of items among what a method takes.

use proc_macro2::{Ident, Span};
use syn::{Error, GenericArgument, PathArguments, Result, Type};

use crate::errors::Errors;
use crate::types::{bare, is_named, owned, source};

/// A stream that a method takes after its arguments.
pub(crate) struct Stream {
    pub(crate) end: End,
    /// All of the type, such as `Sender<Event>`.
    pub(crate) ty: Type,
    /// The type of the items.
    pub(crate) item: Type,
}

/// The end of a stream that a handler holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Sender,
    Receiver,
}

pub(crate) const STANDS_ALONE: &str =
    "a stream stands alone as an argument, such as `rows: Receiver<Row>` or `events: Sender<Event>`";
const ONE_EACH_WAY: &str = "a call has one stream of items each way: put what differs into an enum";
const COMES_LAST: &str = "a stream comes after the arguments: these travel first";

impl Stream {
    /// The streams among the types of what a method takes, each mistake where it is.
    pub(crate) fn all(types: &[&Type], errors: &mut Errors) -> Vec<Self> {
        let mut streams: Vec<Self> = Vec::new();
        let arguments_end = types.iter().rposition(|ty| End::of(ty).is_none()).unwrap_or_default();
        for (position, ty) in types.iter().enumerate() {
            let Some(end) = End::of(ty) else { continue };
            if position < arguments_end {
                errors.at(ty, COMES_LAST);
            }
            if streams.iter().any(|stream| stream.end == end) {
                errors.at(ty, ONE_EACH_WAY);
            } else {
                streams.extend(errors.take(Self::new(end, ty)));
            }
        }
        streams
    }

    fn new(end: End, ty: &Type) -> Result<Self> {
        if let Type::Reference(reference) = ty {
            let message = format!("take a `{}`: the stream is the handler's own", source(&reference.elem));
            return Err(Error::new_spanned(ty, message));
        }
        let item = item(ty).ok_or_else(|| {
            let message = match end {
                End::Sender => "say what is sent: `Sender<Event>` (a type of your own needs another name)",
                End::Receiver => {
                    "say what is received: `Receiver<Row>` (a type of your own needs another name)"
                }
            };
            Error::new_spanned(ty, message)
        })?;
        owned(item, end.verb())?;
        Ok(Self { end, ty: ty.clone(), item: item.clone() })
    }
}

impl End {
    /// The end that a type is, or refers to.
    pub(crate) fn of(ty: &Type) -> Option<Self> {
        match bare(ty) {
            Type::Reference(reference) => Self::of(&reference.elem),
            ty if is_named(ty, "Sender") => Some(Self::Sender),
            ty if is_named(ty, "Receiver") => Some(Self::Receiver),
            _ => None,
        }
    }

    /// What generated code calls it.
    pub(crate) fn variable(self, span: Span) -> Ident {
        let name = match self {
            Self::Sender => "sender",
            Self::Receiver => "receiver",
        };
        Ident::new(name, span)
    }

    fn verb(self) -> &'static str {
        match self {
            Self::Sender => "send",
            Self::Receiver => "receive",
        }
    }
}

/// `T` of `Sender<T>`.
fn item(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else { return None };
    let mut arguments = arguments.args.iter();
    match (arguments.next(), arguments.next()) {
        (Some(GenericArgument::Type(item)), None) => Some(bare(item)),
        _ => None,
    }
}
