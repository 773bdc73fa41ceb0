//! The hedge: copies of an attempt beside one that is slow.

use proc_macro2::{Group, TokenStream};
use quote::quote;

use crate::expand::expansion::Expansion;
use crate::expand::hygiene::hygienic_name;

impl Expansion<'_> {
    /// Returns the code that makes the call's hedge, at its start.
    pub(super) fn bind_hedge(&self) -> Option<TokenStream> {
        let arguments = self.arguments.guards.hedge.as_ref()?;
        let hedge = hygienic_name("hedge");
        let after = arguments.after.tokens(&self.krate);
        let max = match &arguments.max {
            Some(max) => max.tokens(&self.krate),
            None => quote!(1),
        };
        Some(quote!(let #hedge = __RETRY_SITE.hedge(#after, #max);))
    }

    /// Returns the attempt: an async block, or with a hedge a race of such blocks. Each copy owns
    /// its arguments, and borrows from no other copy.
    pub(super) fn async_attempt(
        &self,
        bound: &[TokenStream],
        pin: &TokenStream,
        body: &Group,
    ) -> TokenStream {
        if self.arguments.guards.hedge.is_none() {
            return quote!(async {
                #pin
                #(#bound)*
                #body
            });
        }
        let krate = &self.krate;
        let (guards, hedge) = (hygienic_name("guards"), hygienic_name("hedge"));
        let (is_decisive, outcome) = (self.is_decisive(), &self.checked.outcome);
        quote! {
            #krate::__private::race(&__RETRY_SITE, #guards, #hedge, #krate::__private::on_outcome::<#outcome, _>(#is_decisive), || {
                #(#bound)*
                async move {
                    #pin
                    #body
                }
            })
        }
    }
}
