//! The bounds on the parameters of a generic type's implementation.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{
    DeriveInput, Generics, Token, Type, TypeParam, TypeParamBound, WhereClause, WherePredicate,
    parse_quote,
};

/// Whether the type is certainly `'static`, so that it can become a `dyn Error`: it has no
/// lifetimes, and each of its type parameters is declared `'static`.
pub(super) fn is_static(generics: &Generics) -> bool {
    generics.lifetimes().next().is_none()
        && generics
            .type_params()
            .all(|parameter| declared(generics, parameter).any(is_static_bound))
}

/// Returns the type's own where-clause. For a generic type it also requires that the type displays
/// itself, and that the errors in its fields are `Classify` if their parameters have no declared
/// bounds.
pub(super) fn where_clause<'a>(
    input: &DeriveInput,
    sources: impl Iterator<Item = &'a Type>,
    krate: &TokenStream,
) -> Option<WhereClause> {
    let generics = &input.generics;
    if generics.type_params().next().is_none() {
        return generics.where_clause.clone();
    }
    let mut generics = generics.clone();
    let clause = generics.make_where_clause();
    clause
        .predicates
        .push(parse_quote!(Self: ::core::fmt::Display));
    for source in sources.filter(|source| is_undeclared(input, source)) {
        clause
            .predicates
            .push(parse_quote!(#source: #krate::Classify));
    }
    generics.where_clause
}

/// Whether the field's type depends on parameters without declared bounds. A field of the derived
/// type itself is left out: its bound would require itself.
fn is_undeclared(input: &DeriveInput, source: &Type) -> bool {
    let generics = &input.generics;
    let mut parameters = generics
        .type_params()
        .filter(|parameter| mentions(source, &parameter.ident))
        .peekable();
    let is_recursive =
        mentions(source, &input.ident) || mentions(source, &<Token![Self]>::default().into());
    parameters.peek().is_some()
        && !is_recursive
        && !bounds_of(generics, &quote!(#source)).any(is_trait_bound)
        && parameters.all(|parameter| !declared(generics, parameter).any(is_trait_bound))
}

fn is_static_bound(bound: &TypeParamBound) -> bool {
    matches!(bound, TypeParamBound::Lifetime(lifetime) if lifetime.ident == "static")
}

/// Whether the bound is a trait, and not `?Sized`.
fn is_trait_bound(bound: &TypeParamBound) -> bool {
    match bound {
        TypeParamBound::Trait(bound) => bound.maybe.is_none(),
        _ => false,
    }
}

/// Returns all bounds of a parameter.
fn declared<'a>(
    generics: &'a Generics,
    parameter: &'a TypeParam,
) -> impl Iterator<Item = &'a TypeParamBound> {
    let inline = parameter.bounds.iter();
    inline.chain(bounds_of(generics, &parameter.ident.to_token_stream()))
}

/// Returns the bounds of a type in the where-clause.
fn bounds_of<'a>(
    generics: &'a Generics,
    ty: &TokenStream,
) -> impl Iterator<Item = &'a TypeParamBound> + use<'a> {
    let ty = ty.to_string();
    let predicates = generics.where_clause.iter().flat_map(|it| &it.predicates);
    let bounds = predicates.filter_map(move |predicate| match predicate {
        WherePredicate::Type(it) if it.bounded_ty.to_token_stream().to_string() == ty => {
            Some(&it.bounds)
        }
        _ => None,
    });
    bounds.flatten()
}

/// Whether a name occurs anywhere in a type.
fn mentions(ty: &Type, name: &Ident) -> bool {
    fn stands_in(tokens: TokenStream, name: &Ident) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(ident) => ident == *name,
            TokenTree::Group(group) => stands_in(group.stream(), name),
            _ => false,
        })
    }
    stands_in(ty.to_token_stream(), name)
}
