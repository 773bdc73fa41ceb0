//! Errors, collected: a user sees all of them at once.

use std::fmt;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// All faults of an attribute and its function.
#[derive(Default)]
pub(crate) struct Faults {
    all: Vec<syn::Error>,
}

impl Faults {
    /// Adds a fault at `span`.
    pub(crate) fn add_at(&mut self, span: Span, message: impl fmt::Display) {
        self.add(syn::Error::new(span, message));
    }

    /// Adds a fault of all of `tokens`.
    pub(crate) fn add_on(&mut self, tokens: &impl ToTokens, message: impl fmt::Display) {
        self.add(syn::Error::new_spanned(tokens, message));
    }

    /// Adds a contradiction of two parts; the error shows both places.
    pub(crate) fn add_contradiction(
        &mut self,
        first: Span,
        message: impl fmt::Display,
        second: Span,
        beside: impl fmt::Display,
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

    /// Returns all errors, as the compiler prints them.
    pub(crate) fn into_compile_errors(self) -> TokenStream {
        self.all.iter().map(syn::Error::to_compile_error).collect()
    }
}
