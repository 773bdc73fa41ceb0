//! The policy's arguments: constants for the static site, expressions for each call.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::parse::arguments::Arguments;
use crate::parse::policy::PolicyArguments;
use crate::parse::value::Value;

/// The number of fields of a layer.
const FIELDS: usize = 7;

/// The arguments that make up a layer of the policy, by field.
pub(crate) struct Policy<'a> {
    fields: Vec<(&'static str, &'a Value)>,
    krate: &'a TokenStream,
}

impl<'a> Policy<'a> {
    pub(crate) fn of(arguments: &'a Arguments, krate: &'a TokenStream) -> Self {
        // Without `..`: a new argument that has no place below does not compile.
        let PolicyArguments {
            policy,
            max_attempts,
            min_wait,
            max_wait,
            throttled_min_wait,
            backoff,
            multiplier,
            jitter,
        } = &arguments.policy;
        let fields: [_; FIELDS] = [
            ("policy", policy.as_ref()),
            ("max_attempts", max_attempts.as_ref()),
            ("min_wait", min_wait.as_ref()),
            ("max_wait", max_wait.as_ref()),
            ("throttled_min_wait", throttled_min_wait.as_ref()),
            // A multiplier beside `backoff = "exponential"` is the more exact value.
            ("growth", multiplier.as_ref().or(backoff.as_ref())),
            ("jitter", jitter.as_ref()),
        ];
        let fields = fields
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        Self {
            fields: fields.collect(),
            krate,
        }
    }

    /// Returns the constructor of the call.
    pub(crate) fn make(&self) -> TokenStream {
        if self.is_constant() {
            quote!(AnnotatedCall::constant())
        } else {
            quote!(AnnotatedCall::evaluated())
        }
    }

    /// Returns the layer of the constants.
    pub(crate) fn constants(&self) -> TokenStream {
        self.layer(|value| !matches!(value, Value::Expression(..)))
    }

    /// Returns a closure that evaluates the other arguments.
    pub(crate) fn evaluate(&self) -> TokenStream {
        let layer = self.layer(|value| matches!(value, Value::Expression(..)));
        quote!(|| #layer)
    }

    fn is_constant(&self) -> bool {
        !self
            .fields
            .iter()
            .any(|(_, value)| matches!(value, Value::Expression(..)))
    }

    fn layer(&self, is_in: impl Fn(&Value) -> bool) -> TokenStream {
        let krate = self.krate;
        let layer = quote!(#krate::__private::PolicyLayer);
        let fields = self
            .fields
            .iter()
            .filter(|(_, value)| is_in(value))
            .map(|(name, value)| {
                let name = Ident::new(name, Span::mixed_site());
                let value = value.tokens(krate);
                quote!(#name: ::core::option::Option::Some(#value),)
            });
        let fields: Vec<TokenStream> = fields.collect();
        match fields.len() {
            0 => quote!(#layer::NONE),
            // All fields are set: with `..NONE` clippy would report a needless update in the user's
            // code.
            FIELDS => quote!(#layer { #(#fields)* }),
            _ => quote!(#layer { #(#fields)* ..#layer::NONE }),
        }
    }
}
