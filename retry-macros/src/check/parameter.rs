//! Facts about a parameter: its name, its use in a body, its reference.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{FnArg, GenericArgument, Pat, PatIdent, PathArguments, Type};

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
        faults.add_at(
            name.span(),
            unknown("borrow", name, function, &all_names(function)),
        );
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

/// Returns the message for a name in `argument(..)` that is none of `known`.
pub(crate) fn unknown(
    argument: &str,
    name: &Ident,
    function: &Function,
    known: &[&Ident],
) -> String {
    let mut inputs = function.signature.inputs.iter();
    let is_part = inputs.any(|input| match input {
        FnArg::Typed(typed) => mentions(&typed.pat.to_token_stream(), name),
        FnArg::Receiver(_) => false,
    });
    if is_part {
        return format!(
            "`{argument}({name})` must name a whole parameter, and `{name}` is bound inside a \
             pattern: give the parameter a name, and take it apart in the body"
        );
    }
    let known: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
    let has = match known.as_slice() {
        [] => String::new(),
        known => format!("; it has {}", known.join(", ")),
    };
    format!("`{argument}({name})` names no parameter of this function{has}")
}

/// Returns all names that are parameters.
fn all_names(function: &Function) -> Vec<&Ident> {
    let names = function
        .signature
        .inputs
        .iter()
        .filter_map(|input| match input {
            FnArg::Typed(typed) => match typed.pat.as_ref() {
                Pat::Ident(name) => Some(&name.ident),
                _ => None,
            },
            FnArg::Receiver(_) => None,
        });
    names.collect()
}

/// Whether a type has type arguments or parts, so that a trait may be missing for one of these only:
/// `Vec<T>`, `(A, B)`.
pub(crate) fn has_parts(ty: &Type) -> bool {
    match ty {
        Type::Group(group) => has_parts(&group.elem),
        Type::Paren(paren) => has_parts(&paren.elem),
        Type::Path(path) => path
            .path
            .segments
            .iter()
            .any(|segment| match &segment.arguments {
                PathArguments::AngleBracketed(arguments) => {
                    let mut arguments = arguments.args.iter();
                    arguments.any(|argument| !matches!(argument, GenericArgument::Lifetime(_)))
                }
                PathArguments::Parenthesized(_) => true,
                PathArguments::None => false,
            }),
        Type::ImplTrait(_) => false,
        _ => true,
    }
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
