//! `#[derive(Classify)]`: the words on a type's variants, and the errors that their fields hold, made
//! into judgements.
//!
//! One way through, as for the attributes: *words* are parsed, *cases* (a variant, or a struct as a
//! whole) are checked against their fields, and only faultless ones are *expanded*. On any fault the
//! type is `Classify` all the same, by its text, so that its uses are not errors too.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::{Data, DeriveInput, Path};

use crate::derive::case::Case;
use crate::derive::source;
use crate::derive::words::{Advice, Place, Words};
use crate::parse::fault::Faults;

/// The type that the derive was written on, checked.
pub(super) struct Subject<'a> {
    pub(super) input: &'a DeriveInput,
    pub(super) cases: Vec<Case<'a>>,
    /// The advice of variants that state none and hold no error.
    pub(super) default: Option<Advice>,
    /// The path of the runtime crate.
    pub(super) krate: TokenStream,
}

/// The implementation of `Classify`, beside all faults.
pub(crate) fn classify(item: TokenStream) -> TokenStream {
    let input = match syn::parse2::<DeriveInput>(item) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut faults = Faults::default();
    if let Data::Union(data) = &input.data {
        let message = "`derive(Classify)` is for structs and enums: write `impl Classify` for a union \
                       by hand";
        faults.on(&data.union_token, message);
        return faults.into_compile_errors();
    }
    let subject = Subject::of(&input, &mut faults);
    if faults.is_empty() {
        return subject.implementation();
    }
    let mut tokens = subject.without_words().implementation();
    tokens.extend(faults.into_compile_errors());
    tokens
}

impl<'a> Subject<'a> {
    fn of(input: &'a DeriveInput, faults: &mut Faults) -> Self {
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

    /// What is left where a word is at fault.
    fn without_words(self) -> Self {
        Self {
            cases: Vec::new(),
            default: None,
            ..self
        }
    }
}

/// The path of the runtime crate.
fn path(written: Option<&Path>) -> TokenStream {
    match written {
        Some(path) => quote::quote!(#path),
        None => quote_spanned!(Span::mixed_site()=> ::retry_core),
    }
}
