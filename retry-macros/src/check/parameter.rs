//! Facts about a parameter: its name, its use in a body, its reference.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::{FnArg, Pat, PatIdent, Type};

use crate::parse::fault::Faults;
use crate::parse::function::Function;

/// Refuses a name in `borrow(..)` that is no parameter.
pub(crate) fn refuse_unknown_borrows(borrowed: &[Ident], function: &Function, faults: &mut Faults) {
    let is_there = |name: &Ident| {
        function.signature.inputs.iter().any(|input| match input {
            FnArg::Typed(typed) => {
                matches!(typed.pat.as_ref(), Pat::Ident(it) if it.ident == *name)
            }
            FnArg::Receiver(_) => false,
        })
    };
    for name in borrowed.iter().filter(|name| !is_there(name)) {
        let message = format!(
            "`borrow({name})` names no parameter of this function{}",
            list_names(function)
        );
        faults.at(name.span(), message);
    }
}

/// Returns the name of a pattern `x` or `mut x`.
pub(crate) fn plain_name(pattern: &Pat) -> Option<&Ident> {
    match pattern {
        Pat::Ident(PatIdent {
            by_ref: None,
            subpat: None,
            ident,
            ..
        }) => Some(ident),
        _ => None,
    }
}

/// Whether a body may name a variable, also inside a text like `"{key}"`.
pub(crate) fn mentions(body: &TokenStream, name: &Ident) -> bool {
    body.clone().into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == *name,
        TokenTree::Group(group) => mentions(&group.stream(), name),
        TokenTree::Literal(literal) => captures(&literal.to_string(), &name.unraw().to_string()),
        TokenTree::Punct(_) => false,
    })
}

/// Whether a literal may be a format string that captures `name`: `"{name}"`, `"{name:?}"`, or as a
/// width `"{:name$}"`.
fn captures(literal: &str, name: &str) -> bool {
    let is_part = |char: char| char.is_alphanumeric() || char == '_';
    literal.match_indices(name).any(|(at, _)| {
        let before = literal[..at].chars().next_back();
        let after = literal[at + name.len()..].chars().next();
        let opened = literal[..at].contains('{') && literal[at..].contains('}');
        opened && !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

/// Returns the variable that holds a parameter whose pattern each attempt takes apart.
pub(crate) fn placeholder(at: usize) -> Ident {
    Ident::new(&format!("__retry_argument_{at}"), Span::mixed_site())
}

/// Returns the end of a message: the names that the user could write instead.
pub(crate) fn list_names(function: &Function) -> String {
    let names = function
        .signature
        .inputs
        .iter()
        .filter_map(|input| match input {
            FnArg::Typed(typed) => match typed.pat.as_ref() {
                Pat::Ident(name) => Some(format!("`{}`", name.ident)),
                _ => None,
            },
            FnArg::Receiver(_) => None,
        });
    let names: Vec<_> = names.collect();
    if names.is_empty() {
        return String::new();
    }
    format!("; it has {}", names.join(", "))
}

/// Returns `Some(true)` for `&mut T`, `Some(false)` for `&T`, and `None` for a type that is no
/// reference.
pub(crate) fn mutability_of_reference(ty: &Type) -> Option<bool> {
    match ty {
        Type::Reference(reference) => Some(reference.mutability.is_some()),
        Type::Group(group) => mutability_of_reference(&group.elem),
        Type::Paren(paren) => mutability_of_reference(&paren.elem),
        _ => None,
    }
}
