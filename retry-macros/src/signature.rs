//! What a signature must be for the function to be retried, and what its attempts return.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{
    FnArg, GenericArgument, GenericParam, Ident, PathArguments, Receiver, ReturnType, Signature,
    Type, TypeParamBound,
};

use crate::fault::Faults;
use crate::function::Function;
use crate::hidden_body::Shape;

/// What the expansion needs to know of a sound signature.
pub(crate) struct Checked {
    /// Whether attempts are futures.
    pub(crate) is_async: bool,
    /// The type of an attempt's outcome, fit for a `let` or a closure.
    pub(crate) outcome: TokenStream,
    pub(crate) outcome_span: Span,
    /// Whether the error's type is a parameter of the function, so that nothing can be picked by
    /// what it implements.
    pub(crate) error_is_parameter: bool,
}

/// Checks everything that the tokens can tell. `None` if there is no outcome to speak of.
pub(crate) fn check(function: &Function, shape: Shape, faults: &mut Faults) -> Option<Checked> {
    let signature = &function.signature;
    refuse_qualifiers(signature, faults);
    if let Some(receiver) = signature.receiver() {
        refuse_by_value(receiver, faults);
    }
    refuse_test(function, faults);
    let ReturnType::Type(_, declared) = &signature.output else {
        let message = "a retry attribute needs a function that returns a `Result`; this one \
                       returns nothing";
        faults.on(&signature.ident, message);
        return None;
    };
    let is_async = signature.asyncness.is_some() || shape == Shape::Boxed;
    let outcome = if signature.asyncness.is_some() {
        declared.as_ref().clone()
    } else {
        match (future_output(declared), shape) {
            (Some(output), Shape::Boxed) => output.unwrap_or_else(|| declared.as_ref().clone()),
            (Some(_), _) => {
                let message = "this function returns a future, so there is nothing to retry yet \
                               when it returns: make it an `async fn`";
                faults.on(declared, message);
                return None;
            }
            (None, _) => declared.as_ref().clone(),
        }
    };
    refuse_lent_return(signature, &outcome, faults);
    Some(Checked {
        is_async,
        outcome: without_impl(&outcome),
        outcome_span: outcome.span(),
        error_is_parameter: error_is_parameter(signature, &outcome),
    })
}

fn refuse_qualifiers(signature: &Signature, faults: &mut Faults) {
    if let Some(constness) = &signature.constness {
        faults.on(constness, "a `const fn` cannot wait: remove `const`");
    }
    if let Some(unsafety) = &signature.unsafety {
        let message = "an `unsafe fn` cannot be retried: its conditions would have to hold again \
                       for each attempt; wrap it in a safe function that sees to that";
        faults.on(unsafety, message);
    }
    if let Some(abi) = &signature.abi {
        let message = "an `extern` function cannot be retried: wrap it in a Rust function";
        faults.on(abi, message);
    }
}

fn refuse_by_value(receiver: &Receiver, faults: &mut Faults) {
    let is_self = |ty: &Type| matches!(ty, Type::Path(path) if path.path.is_ident("Self"));
    if receiver.reference.is_none() && (receiver.colon_token.is_none() || is_self(&receiver.ty)) {
        let message =
            "`self` by value is gone after the first attempt: take `&self` or `&mut self`";
        faults.on(receiver, message);
    }
}

/// `#[tokio::test]` above turns the function into a sync one that makes a runtime in its body.
fn refuse_test(function: &Function, faults: &mut Faults) {
    let expanded = function.attributes.iter().find(|attribute| {
        let path = attribute
            .path()
            .to_token_stream()
            .to_string()
            .replace(' ', "");
        path.ends_with("core::prelude::v1::test")
    });
    if expanded.is_some() {
        let message = "the test attribute above this one has already taken the `async fn` apart: \
                       write the retry attribute above it";
        faults.on(&function.signature.ident, message);
    }
}

/// For a type that is a future: `Some`, with its output where that is written out.
fn future_output(ty: &Type) -> Option<Option<Type>> {
    match ty {
        Type::Group(group) => future_output(&group.elem),
        Type::Paren(paren) => future_output(&paren.elem),
        Type::ImplTrait(it) => output_of(it.bounds.iter()),
        Type::TraitObject(it) => output_of(it.bounds.iter()),
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            if last.ident == "BoxFuture" || last.ident == "LocalBoxFuture" {
                return Some(type_arguments(&last.arguments).last().cloned());
            }
            if last.ident == "Pin" || last.ident == "Box" {
                return future_output(type_arguments(&last.arguments).first()?);
            }
            None
        }
        _ => None,
    }
}

fn output_of<'a>(bounds: impl Iterator<Item = &'a TypeParamBound>) -> Option<Option<Type>> {
    for bound in bounds {
        if let TypeParamBound::Trait(bound) = bound
            && let Some(last) = bound.path.segments.last()
            && last.ident == "Future"
        {
            let PathArguments::AngleBracketed(arguments) = &last.arguments else {
                return Some(None);
            };
            return Some(arguments.args.iter().find_map(|argument| match argument {
                GenericArgument::AssocType(output) if output.ident == "Output" => {
                    Some(output.ty.clone())
                }
                _ => None,
            }));
        }
    }
    None
}

fn type_arguments(arguments: &PathArguments) -> Vec<Type> {
    let PathArguments::AngleBracketed(arguments) = arguments else {
        return Vec::new();
    };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    });
    types.collect()
}

/// A `&mut` is lent anew to each attempt, so nothing borrowed from it can leave one.
fn refuse_lent_return(signature: &Signature, outcome: &Type, faults: &mut Faults) {
    let returned = lifetimes(outcome.to_token_stream());
    if returned.is_empty() {
        return;
    }
    let elided = returned.iter().any(Option::is_none);
    let named = |lifetime: Option<&syn::Lifetime>| {
        lifetime.is_some_and(|lifetime| returned.contains(&Some(lifetime.ident.to_string())))
    };
    let references = signature.inputs.iter().filter_map(|input| match input {
        FnArg::Receiver(receiver) => {
            let (_, lifetime) = receiver.reference.as_ref()?;
            Some((
                input,
                receiver.mutability.is_some(),
                lifetime.as_ref(),
                true,
            ))
        }
        FnArg::Typed(typed) => match typed.ty.as_ref() {
            Type::Reference(it) => {
                Some((input, it.mutability.is_some(), it.lifetime.as_ref(), false))
            }
            _ => None,
        },
    });
    let references: Vec<_> = references.collect();
    let has_receiver = references.iter().any(|(.., is_receiver)| *is_receiver);
    for (input, is_mut, lifetime, is_receiver) in references {
        // Elision takes the receiver's lifetime, else that of the only reference.
        let is_source = elided && lifetime.is_none() && (is_receiver || !has_receiver);
        if is_mut && (is_source || named(lifetime)) {
            let message = "the result borrows from this `&mut`, which each attempt borrows anew: \
                           return an owned value, or take `&`";
            faults.on(input, message);
        }
    }
}

/// The lifetimes in a type: `None` for an elided one.
fn lifetimes(tokens: TokenStream) -> Vec<Option<String>> {
    let mut found = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Group(group) => found.extend(lifetimes(group.stream())),
            TokenTree::Punct(punct) if punct.as_char() == '&' => {
                let named =
                    matches!(tokens.peek(), Some(TokenTree::Punct(next)) if next.as_char() == '\'');
                if !named {
                    found.push(None);
                }
            }
            TokenTree::Punct(punct) if punct.as_char() == '\'' => {
                if let Some(TokenTree::Ident(name)) = tokens.next() {
                    let name = name.to_string();
                    match name.as_str() {
                        "static" => {}
                        "_" => found.push(None),
                        _ => found.push(Some(name)),
                    }
                }
            }
            _ => {}
        }
    }
    found
}

/// The type with `impl Trait` left to inference: neither a `let` nor a closure may name it.
fn without_impl(ty: &Type) -> TokenStream {
    let has_impl = |tokens: TokenStream| contains(tokens, &|ident| ident == "impl");
    if !has_impl(ty.to_token_stream()) {
        return ty.to_token_stream();
    }
    if let Type::Path(path) = ty
        && let Some(last) = path.path.segments.last()
    {
        let mut path = path.clone();
        let arguments = type_arguments(&last.arguments).into_iter().map(|argument| {
            if has_impl(argument.to_token_stream()) {
                quote!(_)
            } else {
                quote!(#argument)
            }
        });
        let arguments = quote!(<#(#arguments),*>);
        if let Some(last) = path.path.segments.last_mut() {
            last.arguments = PathArguments::None;
        }
        return quote!(#path #arguments);
    }
    quote!(_)
}

fn contains(tokens: TokenStream, is: &dyn Fn(&Ident) -> bool) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => is(&ident),
        TokenTree::Group(group) => contains(group.stream(), is),
        _ => false,
    })
}

fn error_is_parameter(signature: &Signature, outcome: &Type) -> bool {
    let Type::Path(path) = outcome else {
        return false;
    };
    let Some(last) = path.path.segments.last() else {
        return false;
    };
    let arguments = type_arguments(&last.arguments);
    let Some(Type::Path(error)) = arguments.get(1) else {
        return false;
    };
    let Some(error) = error.path.get_ident() else {
        return false;
    };
    signature
        .generics
        .params
        .iter()
        .any(|parameter| match parameter {
            GenericParam::Type(parameter) => parameter.ident == *error,
            _ => false,
        })
}
