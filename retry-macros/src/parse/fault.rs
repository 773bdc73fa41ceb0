//! Errors, collected: a user sees all of them at once.

use std::fmt;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// Everything that is wrong with an attribute and its function.
#[derive(Default)]
pub(crate) struct Faults {
    all: Vec<syn::Error>,
}

impl Faults {
    /// Something is wrong at `span`.
    pub(crate) fn at(&mut self, span: Span, message: impl fmt::Display) {
        self.add(syn::Error::new(span, message));
    }

    /// Something is wrong with all of `tokens`.
    pub(crate) fn on(&mut self, tokens: &impl ToTokens, message: impl fmt::Display) {
        self.add(syn::Error::new_spanned(tokens, message));
    }

    /// Two things contradict each other: both places are shown.
    pub(crate) fn both(
        &mut self,
        (first, message): (Span, impl fmt::Display),
        (second, beside): (Span, impl fmt::Display),
    ) {
        let mut error = syn::Error::new(first, message);
        error.combine(syn::Error::new(second, beside));
        self.add(error);
    }

    pub(crate) fn add(&mut self, error: syn::Error) {
        self.all.push(error);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// All errors, as the compiler is to show them.
    pub(crate) fn into_compile_errors(self) -> TokenStream {
        self.all.iter().map(syn::Error::to_compile_error).collect()
    }
}
