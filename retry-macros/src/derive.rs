//! `#[derive(Classify)]`: the words on a type's variants, and the errors that their fields hold, made
//! into judgements.
//!
//! One way through, as for the attributes: *words* are parsed, *cases* (a variant, or a struct as a
//! whole) are checked against their fields, and only faultless ones are *expanded*. On any fault the
//! type is `Classify` all the same, by its text, so that its uses are not errors too.

mod bounds;
mod case;
mod expansion;
mod source;
#[cfg(test)]
mod tests;
mod words;

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::{Data, DeriveInput, Path};

use crate::fault::Faults;
use case::Case;
use words::{Advice, Place, Words};

/// The type that the derive was written on, checked.
struct Subject<'a> {
    input: &'a DeriveInput,
    cases: Vec<Case<'a>>,
    /// The advice of variants that state none and hold no error.
    default: Option<Advice>,
    /// The path of the runtime crate.
    krate: TokenStream,
}

/// The implementation of `Classify`, beside all faults.
pub(crate) fn classify(item: TokenStream) -> TokenStream {
    let input = match syn::parse2::<DeriveInput>(item) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut faults = Faults::default();
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
        let (mut words, cases) = match &input.data {
            Data::Struct(data) => {
                let words = Words::parse(&input.attrs, Place::Struct, faults);
                let krate = words.krate.clone();
                let case = Case::of(None, &data.fields, words, &input.attrs, faults);
                let words = Words {
                    krate,
                    ..Words::default()
                };
                (words, vec![case])
            }
            Data::Enum(data) => {
                let words = Words::parse(&input.attrs, Place::Enum, faults);
                let cases = data.variants.iter().map(|variant| {
                    let attributes = source::display_attributes(&input.attrs, &variant.attrs);
                    let words = Words::parse(&variant.attrs, Place::Variant, faults);
                    Case::of(
                        Some(&variant.ident),
                        &variant.fields,
                        words,
                        attributes,
                        faults,
                    )
                });
                let cases = cases.collect();
                (words, cases)
            }
            Data::Union(data) => {
                let message = "`derive(Classify)` is for structs and enums: write `impl Classify` for a \
                               union by hand";
                faults.on(&data.union_token, message);
                (Words::default(), Vec::new())
            }
        };
        Self {
            input,
            cases,
            default: words.default.take(),
            krate: path(words.krate.as_ref()),
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
