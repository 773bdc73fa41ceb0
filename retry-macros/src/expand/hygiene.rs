//! Names that the body cannot see, and tokens that take the place of the user's code in error
//! messages.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, Type};

/// Returns a name of the expansion's own, which the body cannot see.
pub(super) fn hygienic_name(name: &str) -> Ident {
    // Without the prefix, a user's lower-case static could be taken for the pattern of a `let`.
    Ident::new(&format!("__retry_{name}"), Span::mixed_site())
}

/// Returns the same tokens; the compiler's errors about them point at `place`.
pub(super) fn located(tokens: TokenStream, place: Span) -> TokenStream {
    let located = tokens.into_iter().map(|mut token| {
        token.set_span(token.span().located_at(place));
        token
    });
    located.collect()
}

/// Returns the span of names about a type: errors about a method call point at the method's name, so
/// that it takes the place of the type's first word or group.
pub(super) fn located_at(ty: &Type) -> Span {
    let tokens: Vec<_> = ty.to_token_stream().into_iter().collect();
    let word = tokens.iter().enumerate().find(|(at, token)| match token {
        TokenTree::Ident(ident) => {
            ident != "mut" && (*at == 0 || tokens[at - 1].to_string() != "'")
        }
        TokenTree::Group(_) => true,
        _ => false,
    });
    let place = word.map_or_else(|| ty.span(), |(_, token)| token.span());
    Span::mixed_site().located_at(place)
}

/// Returns a reference to an expression's value. The compiler's errors about it point at the
/// expression.
pub(super) fn lent(expression: &Expr) -> TokenStream {
    let span = Span::mixed_site().located_at(expression.span());
    quote_spanned!(span=> &#expression)
}
