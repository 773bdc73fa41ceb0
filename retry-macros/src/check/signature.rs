//! The signature of a function that can be retried, and the type that its attempts return.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Receiver, ReturnType, Safety, Signature, Type};

use crate::check::{lending, receiver, return_type};
use crate::parse::fault::Faults;
use crate::parse::function::Function;

/// A valid signature, as the expansion needs it.
pub(crate) struct CheckedSignature {
    /// Whether attempts are futures.
    pub(crate) is_async: bool,
    /// The type of an attempt's outcome, fit for a `let` or a closure.
    pub(crate) outcome: TokenStream,
    pub(crate) outcome_span: Span,
    /// Whether the error's type is a parameter of the function, so that the expansion cannot choose
    /// by the traits that it implements.
    pub(crate) error_is_parameter: bool,
}

/// Checks all that the tokens show. `None` if the function has no outcome.
pub(crate) fn check(
    function: &Function,
    is_boxed: bool,
    is_gated: bool,
    faults: &mut Faults,
) -> Option<CheckedSignature> {
    let signature = &function.signature;
    refuse_qualifiers(signature, faults);
    if let Some(receiver) = signature.receiver() {
        refuse_by_value(receiver, faults);
    }
    refuse_test(function, faults);
    let ReturnType::Type(_, declared) = &signature.output else {
        let message = "a retry attribute needs a function that returns a `Result`; this one \
                       returns nothing";
        faults.add_on(&signature.ident, message);
        return None;
    };
    let is_async = signature.asyncness.is_some() || is_boxed;
    let outcome = if signature.asyncness.is_some() {
        declared.as_ref().clone()
    } else {
        match return_type::of_future(declared) {
            Some(output) if is_boxed => output.unwrap_or_else(|| declared.as_ref().clone()),
            Some(_) => {
                let message = "this function returns a future, so there is nothing to retry yet \
                               when it returns: make it an `async fn`";
                faults.add_on(declared, message);
                return None;
            }
            None => declared.as_ref().clone(),
        }
    };
    if !is_async {
        refuse_track_caller(function, faults);
    }
    return_type::refuse_infallible(&outcome, faults);
    return_type::refuse_formatter(signature, &outcome, faults);
    if is_gated {
        return_type::refuse_borrowed(&outcome, faults);
    }
    lending::refuse(signature, &outcome, faults);
    Some(CheckedSignature {
        is_async,
        outcome: return_type::without_impl(&outcome),
        outcome_span: outcome.span(),
        error_is_parameter: return_type::error_is_parameter(signature, &outcome),
    })
}

fn refuse_qualifiers(signature: &Signature, faults: &mut Faults) {
    if let Some(constness) = &signature.constness {
        faults.add_on(constness, "a `const fn` cannot wait: remove `const`");
    }
    if let Safety::Unsafe(unsafety) = &signature.safety {
        let message = "an `unsafe fn` cannot be retried: its conditions would have to hold again \
                       for each attempt; wrap it in a safe function that sees to that";
        faults.add_on(unsafety, message);
    }
    if let Some(abi) = &signature.abi {
        let message = "an `extern` function cannot be retried: wrap it in a Rust function";
        faults.add_on(abi, message);
    }
}

/// Refuses a receiver that only one attempt could have.
fn refuse_by_value(receiver: &Receiver, faults: &mut Faults) {
    let message = match owned(&receiver::type_of(receiver)) {
        None => return,
        Some(Owned::Whole) => {
            "`self` by value is gone after the first attempt: take `&self` or `&mut self`"
        }
        Some(Owned::Pinned) => {
            "`self` by value is gone after the first attempt: take `&mut self`, and pin it in the \
             body (`Pin::new(&mut *self)`)"
        }
    };
    faults.add_on(receiver, message);
}

enum Owned {
    /// `self`, or a box of it.
    Whole,
    /// `Pin<&mut Self>`.
    Pinned,
}

/// Returns how a receiver of this type owns its value. `None` for one that attempts can share, like
/// `&self` and `Arc<Self>`.
fn owned(ty: &Type) -> Option<Owned> {
    match ty {
        Type::Group(group) => owned(&group.elem),
        Type::Paren(paren) => owned(&paren.elem),
        Type::Path(path) if path.path.is_ident("Self") => Some(Owned::Whole),
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            if last.ident == "Box" {
                return Some(Owned::Whole);
            }
            if last.ident != "Pin" {
                return None;
            }
            match return_type::type_arguments(&last.arguments).first()? {
                Type::Reference(reference) => reference.mutability.map(|_| Owned::Pinned),
                inner => owned(inner),
            }
        }
        _ => None,
    }
}

/// Refuses `#[track_caller]` where it would lose its meaning. On an async function it has none.
fn refuse_track_caller(function: &Function, faults: &mut Faults) {
    let mut attributes = function.attributes.iter();
    if let Some(attribute) = attributes.find(|it| it.path().is_ident("track_caller")) {
        let message = "`#[track_caller]` does not reach the body of a retried function, which runs in \
                       a closure: remove it, or move it to a function around this one that passes \
                       `Location::caller()` as an argument";
        faults.add_on(attribute, message);
    }
}

/// Refuses a function that `#[tokio::test]` above has made sync, with a runtime in its body.
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
        faults.add_on(&function.signature.ident, message);
    }
}
