//! Expected lints. Clippy judges the function as written in another way than its expansion:
//! `unused_async` finds an `.await`, `needless_pass_by_value` a parameter that is copied. An expectation
//! that held would then be reported as unfulfilled, so it becomes a permission. rustc's own lints are
//! the same in both, and their expectations stay.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Token};

/// Returns the attributes, with `allow(clippy::..)` in place of `expect(clippy::..)`.
pub(super) fn kept(attributes: &[Attribute]) -> TokenStream {
    attributes.iter().map(permitted).collect()
}

fn permitted(attribute: &Attribute) -> TokenStream {
    let unchanged = || attribute.to_token_stream();
    if !attribute.path().is_ident("expect") {
        return unchanged();
    }
    let lints = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
    let Ok(lints) = lints else {
        return unchanged();
    };
    let is_reason = |it: &Meta| it.path().is_ident("reason");
    let is_clippys = |it: &Meta| {
        let mut segments = it.path().segments.iter();
        segments.next().is_some_and(|first| first.ident == "clippy")
    };
    let (reason, lints): (Vec<_>, Vec<_>) = lints.into_iter().partition(is_reason);
    let (of_clippy, of_rustc): (Vec<_>, Vec<_>) = lints.into_iter().partition(is_clippys);
    if of_clippy.is_empty() {
        return unchanged();
    }
    let expected = (!of_rustc.is_empty()).then(|| quote!(#[expect(#(#of_rustc,)* #(#reason)*)]));
    let reason = match reason.as_slice() {
        [] => quote!(reason = "expected of the function as it is written"),
        reason => quote!(#(#reason)*),
    };
    quote!(#expected #[allow(#(#of_clippy,)* #reason)])
}
