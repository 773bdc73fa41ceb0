//! The hedge: copies of an attempt beside one that is slow, and what forbids them.

use proc_macro2::{Group, TokenStream};
use quote::quote;
use syn::spanned::Spanned;
use syn::{FnArg, Type};

use crate::check::parameter;
use crate::expand::attribute::{Call, own_name};
use crate::parse::fault::Faults;

impl Call<'_> {
    /// Refuses a hedge where a second run may do harm, or two runs cannot have what they need.
    pub(super) fn refuse_hedge(&self, faults: &mut Faults) {
        let Some(hedge) = &self.arguments.guards.hedge else {
            return;
        };
        let place = hedge.key.span();
        if !self.checked.is_async {
            let message = "a sync call cannot be hedged, as its thread is busy with the first \
                           attempt: make the function async, or remove `hedge`";
            faults.at(place, message);
            return;
        }
        match &self.gate {
            Some(gated) if !gated.arguments.reexecutes() => {
                let message = "a hedge runs the body again while nobody knows what the first run \
                               did, and that stops this action: say `in_doubt = \"reexecute\"` if a \
                               second run does no harm, or remove `hedge`";
                faults.at(place, message);
            }
            None if !hedge.is_safe => {
                let message = "a hedge runs the body a second time while the first still runs: say \
                               that this does no harm by `hedge(.., safe = true)`";
                faults.at(place, message);
            }
            _ => {}
        }
        if let Some(name) = self.arguments.borrow.first() {
            let message = format!(
                "`borrow` and `hedge` contradict each other: copies that run side by side cannot \
                 share `{name}`; take it by reference"
            );
            faults.both((name.span(), message), (place, "`hedge` is given here"));
        }
        for input in &self.function.signature.inputs {
            if let Some(message) = unshared(input) {
                faults.both((input.span(), message), (place, "`hedge` is given here"));
            }
        }
    }

    /// How the call is hedged: asked for at its start.
    pub(super) fn begun_hedge(&self) -> Option<TokenStream> {
        let arguments = self.arguments.guards.hedge.as_ref()?;
        let hedge = own_name("hedge");
        let after = arguments.after.tokens(&self.krate);
        let max = match &arguments.max {
            Some(max) => max.tokens(&self.krate),
            None => quote!(1),
        };
        Some(quote!(let #hedge = __RETRY_SITE.hedge(#after, #max);))
    }

    /// The attempt, an async block, or what races copies of it. Each copy owns its
    /// arguments, and borrows from no other.
    pub(super) fn copies(
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
        let (guards, hedge) = (own_name("guards"), own_name("hedge"));
        let (is_final, outcome) = (self.is_stop(), &self.checked.outcome);
        quote! {
            #krate::__private::race((&__RETRY_SITE, #guards, #hedge), #krate::__private::on_error_of::<#outcome, _>(#is_final), || {
                #(#bound)*
                async move {
                    #pin
                    #body
                }
            })
        }
    }
}

/// Why copies that run side by side cannot have this input.
fn unshared(input: &FnArg) -> Option<&'static str> {
    const EXCLUSIVE: &str = "copies of a hedged attempt run side by side, and a `&mut` is lent to one \
                             at a time: take `&`, or a value";
    match input {
        FnArg::Typed(typed) => (parameter::reference(&typed.ty) == Some(true)).then_some(EXCLUSIVE),
        FnArg::Receiver(receiver) => match receiver.ty.as_ref() {
            Type::Reference(reference) if reference.mutability.is_some() => Some(EXCLUSIVE),
            Type::Reference(_) => None,
            _ => Some(
                "copies of a hedged attempt run side by side, and only one could have this `self`: \
                 take `&self`",
            ),
        },
    }
}
