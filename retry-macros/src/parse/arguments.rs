//! The arguments of one attribute.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Expr, Ident, Path};

use crate::parse::gate::GateArguments;
use crate::parse::guards::GuardArguments;
use crate::parse::limit::Limit;
use crate::parse::policy::PolicyArguments;

/// All arguments of one attribute. A missing one is `None`.
#[derive(Default)]
pub(crate) struct Arguments {
    pub(crate) policy: PolicyArguments,
    pub(crate) timeout: Option<Limit>,
    pub(crate) max_total_time: Option<Limit>,
    pub(crate) judge: Option<Expr>,
    pub(crate) retry_if: Option<Expr>,
    pub(crate) retry_on_ok: Option<Expr>,
    pub(crate) not_applied_if: Option<Expr>,
    pub(crate) on_retry: Option<Expr>,
    pub(crate) name: Option<String>,
    /// The variable from which the body reads its attempt's number.
    pub(crate) attempt: Option<Ident>,
    /// The variant of `retry_core::Nested`.
    pub(crate) nested: Option<&'static str>,
    pub(crate) borrow: Vec<Ident>,
    /// Guards that keep retries from making an outage worse.
    pub(crate) guards: GuardArguments,
    /// The gate that makes the call's effect happen once.
    pub(crate) gate: Option<GateArguments>,
    /// The path of the `retry_core` crate.
    pub(crate) krate: Option<Path>,
}

impl Arguments {
    /// Returns the path of the runtime crate.
    pub(crate) fn krate(&self) -> TokenStream {
        match &self.krate {
            Some(path) => quote!(#path),
            None => quote_spanned!(Span::mixed_site()=> ::retry_core),
        }
    }
}
