//! Results that borrow: a borrow of a `&mut` cannot leave the attempt that the `&mut` was lent to.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{FnArg, GenericParam, Lifetime, Signature, Type, WherePredicate};

use crate::check::receiver;
use crate::parse::fault::Faults;

/// Refuses an outcome that borrows from a `&mut`, which is lent anew to each attempt.
pub(super) fn refuse(signature: &Signature, outcome: &Type, faults: &mut Faults) {
    let returned = lifetimes(outcome.to_token_stream());
    if returned.is_empty() {
        return;
    }
    let elided = returned.iter().any(Option::is_none);
    let mut lent: Vec<String> = returned.into_iter().flatten().collect();
    add_longer(signature, &mut lent);
    let named = |lifetime: Option<&Lifetime>| {
        lifetime.is_some_and(|lifetime| lent.contains(&lifetime.ident.to_string()))
    };
    let references = signature.inputs.iter().filter_map(|input| {
        let (ty, is_receiver) = match input {
            FnArg::Receiver(receiver) => (receiver::type_of(receiver), true),
            FnArg::Typed(typed) => (typed.ty.as_ref().clone(), false),
        };
        match ty {
            Type::Reference(it) => Some((input, it, is_receiver)),
            _ => None,
        }
    });
    let references: Vec<_> = references.collect();
    let has_receiver = references.iter().any(|(.., is_receiver)| *is_receiver);
    for (input, reference, is_receiver) in references {
        // Elision takes the receiver's lifetime, else that of the only reference. `#[async_trait]`
        // names the lifetimes of all parameters, and leaves those of the result elided.
        let is_source = elided && (is_receiver || !has_receiver);
        if reference.mutability.is_some() && (is_source || named(reference.lifetime.as_ref())) {
            let message = "the result borrows from this `&mut`, which each attempt borrows anew: \
                           return an owned value, or take `&`";
            faults.add_on(input, message);
        }
    }
}

/// Adds the lifetimes that a bound makes longer than one of `lent`: `'a: 'b` allows `&'a mut T` to be
/// returned as `&'b T`.
fn add_longer(signature: &Signature, lent: &mut Vec<String>) {
    let generics = &signature.generics;
    let declared = generics
        .params
        .iter()
        .filter_map(|parameter| match parameter {
            GenericParam::Lifetime(it) => Some((&it.lifetime, &it.bounds)),
            _ => None,
        });
    let clause = generics.where_clause.iter().flat_map(|it| &it.predicates);
    let required = clause.filter_map(|predicate| match predicate {
        WherePredicate::Lifetime(it) => Some((&it.lifetime, &it.bounds)),
        _ => None,
    });
    let bounds: Vec<_> = declared.chain(required).collect();
    // Each pass follows the chain `'a: 'b`, `'b: 'c` by one link.
    for _ in 0..bounds.len() {
        for (longer, shorter) in &bounds {
            if shorter
                .iter()
                .any(|it| lent.contains(&it.ident.to_string()))
            {
                lent.push(longer.ident.to_string());
            }
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
