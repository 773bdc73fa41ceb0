//! The call of one expansion, and the facts about it that all parts of the expansion share.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;

use crate::check::identity::GatedCall;
use crate::check::signature::CheckedSignature;
use crate::expand::hygiene::hygienic_name;
use crate::parse::arguments::Arguments;
use crate::parse::class::Class;
use crate::parse::function::Function;
use crate::parse::hidden_body::FoundBody;

/// The input of one expansion.
pub(super) struct Expansion<'a> {
    pub(super) class: Class,
    pub(super) arguments: &'a Arguments,
    pub(super) function: &'a Function,
    pub(super) checked: CheckedSignature,
    pub(super) found: FoundBody,
    pub(super) krate: TokenStream,
    /// The gate that makes the call's effect happen once, and the call's identity.
    pub(super) gate: Option<GatedCall<'a>>,
}

impl Expansion<'_> {
    /// Returns the name as given, else the function's.
    pub(super) fn name(&self) -> String {
        self.arguments
            .name
            .clone()
            .unwrap_or_else(|| self.function.signature.ident.unraw().to_string())
    }

    /// Whether the call or an attempt has a limit in time.
    pub(super) fn has_limits(&self) -> bool {
        self.arguments.timeout.is_some() || self.arguments.max_total_time.is_some()
    }

    /// Whether a limit may cut an attempt.
    pub(super) fn is_bounded(&self) -> bool {
        self.checked.is_async && self.has_limits()
    }

    /// Returns the keyword that leaves the loop with an outcome.
    pub(super) fn exit(&self) -> TokenStream {
        if self.gate.is_some() {
            quote!(break)
        } else {
            quote!(return)
        }
    }

    /// Returns the name of a method, or of its sync twin.
    pub(super) fn sync_or_async(&self, method: &str) -> Ident {
        let suffix = if self.checked.is_async { "" } else { "_sync" };
        Ident::new(&format!("{method}{suffix}"), Span::mixed_site())
    }

    pub(super) fn awaited(&self) -> Option<TokenStream> {
        self.checked.is_async.then(|| quote!(.await))
    }

    /// Returns a name of the expansion's own; the compiler's errors about it point at the declared
    /// type.
    pub(super) fn at_return_type(&self, name: &str) -> Ident {
        let span = Span::mixed_site().located_at(self.checked.outcome_span);
        let mut name = hygienic_name(name);
        name.set_span(span);
        name
    }
}
