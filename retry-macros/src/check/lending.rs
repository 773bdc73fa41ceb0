//! Results that borrow: a borrow of a `&mut` cannot leave the attempt that the `&mut` was lent to.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{FnArg, Signature, Type};

use crate::parse::fault::Faults;

/// Refuses an outcome that borrows from a `&mut`, which is lent anew to each attempt.
pub(super) fn refuse(signature: &Signature, outcome: &Type, faults: &mut Faults) {
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

/// Returns the lifetimes in a type: `None` for an elided one.
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
