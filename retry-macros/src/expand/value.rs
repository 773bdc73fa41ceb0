//! The values of arguments as tokens.

use proc_macro2::TokenStream;
use quote::quote;

use crate::parse::value::{Constant, Conversion, Value};

impl Value {
    /// Returns an expression of the field's type.
    pub(crate) fn tokens(&self, krate: &TokenStream) -> TokenStream {
        match self {
            Self::Wait(wait) => {
                let (seconds, nanos) = (wait.as_secs(), wait.subsec_nanos());
                quote!(::core::time::Duration::new(#seconds, #nanos))
            }
            Self::Constant(Constant::Item(item)) => quote!(#krate::#item),
            Self::Constant(Constant::Named(path)) => quote!(#path),
            Self::Expression(expression, Conversion::Plain) => quote!(#expression),
            Self::Expression(expression, Conversion::Attempts) => {
                quote!(#krate::__private::attempt_limit(#expression))
            }
            Self::Expression(expression, Conversion::Multiplier) => {
                quote!(#krate::Growth::Exponential(#expression))
            }
        }
    }
}
