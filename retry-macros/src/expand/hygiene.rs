//! Names that the body cannot see, and tokens that take the place of the user's code in error
//! messages.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::Expr;
use syn::spanned::Spanned;

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

/// Returns a reference to an expression's value. The compiler's errors about it point at the
/// expression.
pub(super) fn lent(expression: &Expr) -> TokenStream {
    let span = Span::mixed_site().located_at(expression.span());
    quote_spanned!(span=> &#expression)
}
