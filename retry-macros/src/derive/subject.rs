//! The type with the derive, its words checked against its fields.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::{Data, DeriveInput, Path};

use crate::derive::advice::Advice;
use crate::derive::case::Case;
use crate::derive::place::Place;
use crate::derive::source;
use crate::derive::words::Words;
use crate::parse::fault::Faults;

/// The type with the derive, checked.
pub(super) struct Subject<'a> {
    pub(super) input: &'a DeriveInput,
    pub(super) cases: Vec<Case<'a>>,
    /// The advice for variants that state none and hold no error.
    pub(super) default: Option<Advice>,
    /// The path of the runtime crate.
    pub(super) krate: TokenStream,
}

impl<'a> Subject<'a> {
    pub(super) fn of(input: &'a DeriveInput, faults: &mut Faults) -> Self {
        let place = match &input.data {
            Data::Enum(_) => Place::Enum,
            Data::Struct(_) | Data::Union(_) => Place::Struct,
        };
        let mut words = Words::parse(&input.attrs, place, faults);
        let (krate, default) = (words.krate.take(), words.default);
        let cases = match &input.data {
            Data::Struct(data) => vec![Case::of(None, &data.fields, words, &input.attrs, faults)],
            Data::Enum(data) => data
                .variants
                .iter()
                .map(|variant| {
                    let words = Words::parse(&variant.attrs, Place::Variant, faults);
                    let display = source::display_attributes(&input.attrs, &variant.attrs);
                    Case::of(
                        Some(&variant.ident),
                        &variant.fields,
                        words,
                        display,
                        faults,
                    )
                })
                .collect(),
            Data::Union(_) => Vec::new(),
        };
        Self {
            input,
            cases,
            default,
            krate: path(krate.as_ref()),
        }
    }

    /// Returns the type without its words, for use when one of them is at fault.
    pub(super) fn without_words(self) -> Self {
        Self {
            cases: Vec::new(),
            default: None,
            ..self
        }
    }
}

/// Returns the path of the runtime crate.
fn path(written: Option<&Path>) -> TokenStream {
    match written {
        Some(path) => quote::quote!(#path),
        None => quote_spanned!(Span::mixed_site()=> ::retry_core),
    }
}
