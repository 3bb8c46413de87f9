//! From a checked service to code: the user's trait, a server and a client, both thin calls into
//! `countersign::service`, where what they do can be read.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{ReturnType, TraitItem, Type, parse_quote, parse_quote_spanned};

use crate::check::{Procedure, Service};
use crate::stream::End;

/// Everything that stands in place of the user's trait.
pub(crate) fn service(service: Service) -> TokenStream {
    let mut code = rewritten_trait(&service);
    // Both halves name the trait without arguments; the mistake is already reported.
    if service.item.generics.params.is_empty() {
        code.extend(server(&service));
        code.extend(client(&service));
    }
    code
}

/// The user's trait: `async fn` of sound methods becomes `fn … -> impl Future + Send`.
fn rewritten_trait(service: &Service) -> TokenStream {
    let mut item = service.item.clone();
    item.colon_token.get_or_insert_default();
    item.supertraits.push(parse_quote!(::core::marker::Send));
    item.supertraits.push(parse_quote!(::core::marker::Sync));
    item.supertraits.push(parse_quote!('static));
    for procedure in &service.procedures {
        let TraitItem::Fn(method) = &mut item.items[procedure.position] else { continue };
        let ReturnType::Type(arrow, output) = &method.sig.output else { continue };
        let future: Type = parse_quote_spanned! {output.span()=>
            impl ::core::future::Future<Output = #output> + ::core::marker::Send
        };
        method.sig.output = ReturnType::Type(*arrow, Box::new(future));
        method.sig.asyncness = None;
    }
    quote!(#item)
}

fn server(service: &Service) -> TokenStream {
    let (name, ident, vis) = (&service.name, &service.item.ident, &service.item.vis);
    let server = format_ident!("{ident}Server");
    let summary = format!("Serves `{name}` with an implementation of [`{ident}`].");
    let documentation = &service.documentation;
    let descriptions = service.procedures.iter().map(description);
    let arms = service.procedures.iter().enumerate().map(|(method, procedure)| {
        let call = handling(ident, procedure);
        quote!(#method => #call)
    });
    let bounds = service.procedures.iter().map(bounds);
    // The implementation's type has a name that no type of the user's has by accident. What is deprecated
    // is still served, and nobody can help that here.
    quote! {
        #[doc = #summary]
        #vis struct #server<__Implementation> {
            implementation: ::std::sync::Arc<__Implementation>,
        }

        impl #server<()> {
            /// The name on the wire.
            #vis const NAME: &'static str = #name;
        }

        impl<__Implementation: #ident> #server<__Implementation> {
            /// Serves this implementation.
            #vis fn new(implementation: __Implementation) -> Self {
                Self::shared(::std::sync::Arc::new(implementation))
            }

            /// Serves an implementation that the rest of the program uses as well.
            #vis fn shared(implementation: ::std::sync::Arc<__Implementation>) -> Self {
                Self { implementation }
            }
        }

        #[automatically_derived]
        #[allow(deprecated)]
        impl<__Implementation: #ident> ::countersign::service::Service for #server<__Implementation>
        where
            #(#bounds)*
        {
            fn description(&self) -> ::core::result::Result<
                ::countersign::service::ServiceDescription,
                ::countersign::service::DescriptionError,
            > {
                ::countersign::service::ServiceDescription::new(
                    #name,
                    #documentation,
                    ::std::vec![#(#descriptions),*],
                )
            }

            fn dispatch(
                &self,
                method: usize,
                cx: ::countersign::Context,
                arguments: &[u8],
            ) -> ::countersign::service::Handling {
                let service = ::core::clone::Clone::clone(&self.implementation);
                match method {
                    #(#arms,)*
                    _ => ::countersign::service::Handling::unknown_method(),
                }
            }
        }
    }
}

fn description(procedure: &Procedure) -> TokenStream {
    let Procedure { documentation, output, fault, .. } = procedure;
    let (name, names, types) = (procedure.name(), procedure.names(), procedure.types());
    let items_in = procedure.item(End::Receiver).map(|item| quote!(.items_in::<#item>()));
    let items_out = procedure.item(End::Sender).map(|item| quote!(.items_out::<#item>()));
    let idempotent = procedure.idempotent.then(|| quote!(.idempotent()));
    let deadline = procedure.deadline_ms.map(|ms| quote!(.deadline_ms(#ms)));
    quote! {
        ::countersign::service::ProcedureDescription::new::<#types, #output, #fault>(
            #name, #documentation, #names
        ) #items_in #items_out #idempotent #deadline
    }
}

fn handling(service: &Ident, procedure: &Procedure) -> TokenStream {
    let Procedure { ident, output, fault, streams, .. } = procedure;
    let (names, types) = (procedure.names(), procedure.types());
    let items = procedure.items();
    let serve = procedure.words().serve;
    let values: Vec<_> =
        (0..procedure.arguments.len()).map(|index| format_ident!("argument_{index}")).collect();
    let ends = [End::Receiver, End::Sender].into_iter().filter(|end| procedure.item(*end).is_some());
    let ends = ends.map(|end| end.variable(Span::call_site()));
    // In the method's order, and at the user's place: another type of this name is a mistake there.
    let passed =
        streams.iter().map(|stream| stream.end.variable(Span::call_site().located_at(stream.ty.span())));
    quote! {
        ::countersign::service::#serve::<#types, #(#items,)* #output, #fault, _, _>(
            #names, cx, arguments,
            move |cx, (#(#values,)*) #(, #ends)*| async move {
                <__Implementation as #service>::#ident(&service, &cx, #(#values,)* #(#passed),*).await
            },
        )
    }
}

fn client(service: &Service) -> TokenStream {
    let (name, ident, vis) = (&service.name, &service.item.ident, &service.item.vis);
    let (client, server) = (format_ident!("{ident}Client"), format_ident!("{ident}Server"));
    let summary = format!("Calls `{name}`.");
    let methods = service.procedures.iter().map(|procedure| method(service, procedure));
    quote! {
        #[doc = #summary]
        #[derive(::core::clone::Clone, ::core::fmt::Debug)]
        #vis struct #client {
            client: ::countersign::Client,
        }

        impl #client {
            /// The name on the wire.
            #vis const NAME: &'static str = #name;

            /// Calls the service over this client's connections.
            #vis fn new(client: ::countersign::Client) -> Self {
                Self { client }
            }

            #(#methods)*
        }

        ::countersign::__if_testing! {
            impl #client {
                /// Calls this implementation over TLS in memory, for a unit test.
                #vis fn in_process<__Implementation: #ident>(implementation: __Implementation) -> Self {
                    Self::new(::countersign::testing::in_process(#server::new(implementation)))
                }
            }
        }
    }
}

fn method(service: &Service, procedure: &Procedure) -> TokenStream {
    let Procedure { ident, attributes, idempotent, arguments, output, fault, .. } = procedure;
    let (vis, wire_name) = (&service.item.vis, format!("{}/{}", service.name, procedure.name()));
    let summary = procedure.documentation.is_empty().then(|| format!("Calls `{wire_name}`."));
    let summary = summary.map(|text| quote!(#[doc = #text]));
    let parameters = arguments.iter().map(|argument| {
        let (ident, ty) = (&argument.ident, &argument.ty);
        quote!(#ident: impl ::countersign::service::Arg<#ty>)
    });
    let encoded = arguments.iter().map(|argument| {
        let (name, ident, ty) = (argument.name(), &argument.ident, &argument.ty);
        quote!(.with::<#ty, _>(#name, #ident))
    });
    let deadline = match procedure.deadline_ms {
        Some(ms) => quote!(::core::option::Option::Some(::core::time::Duration::from_millis(#ms))),
        None => quote!(::core::option::Option::None),
    };
    let bounds = bounds(procedure);
    let Words { kind, call, .. } = procedure.words();
    let items = procedure.items();
    quote! {
        #(#attributes)*
        #summary
        #vis fn #ident(
            &self,
            #(#parameters),*
        ) -> ::countersign::call::#call<#(#items,)* #output, <#fault as ::countersign::service::Fault>::Declared>
        where
            #bounds
        {
            static PROCEDURE: ::countersign::service::Procedure = ::countersign::service::Procedure {
                name: #wire_name,
                kind: ::countersign::service::CallKind::#kind,
                idempotent: #idempotent,
                deadline: #deadline,
            };
            ::countersign::call::#call::new(
                &self.client,
                &PROCEDURE,
                ::countersign::service::ArgumentMap::new()#(#encoded)*.finish(),
            )
        }
    }
}

/// What must hold of each type, at the place of the type: a missing derive is one error there.
fn bounds(procedure: &Procedure) -> TokenStream {
    let Procedure { arguments, streams, output, fault, .. } = procedure;
    let arguments = arguments.iter().map(|argument| &argument.ty);
    let items = streams.iter().map(|stream| &stream.item);
    let travelling = arguments.chain(items).chain([output]).map(|ty| {
        let [serialize, deserialize, schema, send] =
            ["Serialize", "DeserializeOwned", "JsonSchema", "Send"].map(|name| bound(ty, name));
        quote!(#ty: #serialize + #deserialize + #schema + #send + 'static,)
    });
    let is_fault = bound(fault, "Fault");
    quote!(#(#travelling)* #fault: #is_fault,)
}

/// The path of a trait, spanned so that an error at it underlines all of the type.
fn bound(ty: &Type, name: &str) -> TokenStream {
    let mut spans = ty.to_token_stream().into_iter().map(|token| token.span());
    let first = spans.next().unwrap_or_else(Span::call_site);
    let name = Ident::new(name, spans.last().unwrap_or(first));
    let module = quote_spanned!(first=> ::countersign::__private);
    quote!(#module::#name)
}

/// What generated code names after a procedure's kind.
struct Words {
    /// The variant of `CallKind`.
    kind: Ident,
    /// The function that serves it.
    serve: Ident,
    /// The future that a client's method returns.
    call: Ident,
}

impl Procedure {
    fn words(&self) -> Words {
        let (kind, serve, call) = match (self.item(End::Receiver), self.item(End::Sender)) {
            (None, None) => ("Unary", "unary", "Call"),
            (None, Some(_)) => ("ServerStream", "server_stream", "ServerStreamCall"),
            (Some(_), None) => ("ClientStream", "client_stream", "ClientStreamCall"),
            (Some(_), Some(_)) => ("BothWays", "both_ways", "BothWaysCall"),
        };
        let [kind, serve, call] = [kind, serve, call].map(|word| Ident::new(word, Span::call_site()));
        Words { kind, serve, call }
    }

    /// The types of its items, the client's first.
    fn items(&self) -> impl Iterator<Item = &Type> {
        [End::Receiver, End::Sender].into_iter().filter_map(|end| self.item(end))
    }

    /// The names of the arguments, as a slice.
    fn names(&self) -> TokenStream {
        let names = self.arguments.iter().map(|argument| argument.name());
        quote!(&[#(#names),*])
    }

    /// The types of the arguments, as a tuple.
    fn types(&self) -> TokenStream {
        let types = self.arguments.iter().map(|argument| &argument.ty);
        quote!((#(#types,)*))
    }
}
