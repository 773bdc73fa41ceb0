//! Names that the body cannot see, and tokens that show the place of the user's own.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::Expr;
use syn::spanned::Spanned;

/// A name of the expansion's own, which the body cannot see.
pub(super) fn hygienic_name(name: &str) -> Ident {
    // A lower-case static of the user's would otherwise be taken for the pattern of a `let`.
    Ident::new(&format!("__retry_{name}"), Span::mixed_site())
}

/// The same tokens, shown to stand at `place` in what the compiler says of them.
pub(super) fn located(tokens: TokenStream, place: Span) -> TokenStream {
    let located = tokens.into_iter().map(|mut token| {
        token.set_span(token.span().located_at(place));
        token
    });
    located.collect()
}

/// A reference to what an expression gives. The compiler's errors about it point at the expression.
pub(super) fn lent(expression: &Expr) -> TokenStream {
    let span = Span::mixed_site().located_at(expression.span());
    quote_spanned!(span=> &#expression)
}
