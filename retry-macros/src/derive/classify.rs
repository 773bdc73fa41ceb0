//! `#[derive(Classify)]`: turns the words on a type's variants, and the errors in their fields,
//! into judgements.
//!
//! Three steps, as for the attributes: *words* are parsed, *cases* (a variant, or a struct as a
//! whole) are checked against their fields, and only faultless cases are *expanded*. On any fault
//! the type still gets a `Classify` by its text, so that its uses are not errors too.

use proc_macro2::TokenStream;
use syn::{Data, DeriveInput};

use crate::derive::subject::Subject;
use crate::parse::fault::Faults;

/// Returns the implementation of `Classify`, and all faults.
pub(crate) fn classify(item: TokenStream) -> TokenStream {
    let input = match syn::parse2::<DeriveInput>(item) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut faults = Faults::default();
    if let Data::Union(data) = &input.data {
        let message = "`derive(Classify)` is for structs and enums: write `impl Classify` for a union \
                       by hand";
        faults.add_on(&data.union_token, message);
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
