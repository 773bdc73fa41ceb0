//! One attempt, and what follows it.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use crate::check::signature::CheckedSignature;
use crate::expand::expansion::Expansion;
use crate::expand::hygiene::{hygienic_name, located};
use crate::expand::parameters::Parameters;

impl Expansion<'_> {
    /// Returns one attempt, as an expression of the type that `decide` takes.
    pub(super) fn attempt(&self, parameters: &Parameters) -> TokenStream {
        let krate = &self.krate;
        let CheckedSignature {
            is_async, outcome, ..
        } = &self.checked;
        let bound = &parameters.bound;
        let call = hygienic_name("call");
        // The user's own braces would cause a warning about unnecessary braces here.
        let mut body = self.found.body.clone();
        body.set_span(Span::mixed_site().located_at(body.span()));
        if !is_async {
            let attempt = self.in_time(quote!(|| -> #outcome { #(#bound)* #body }));
            return self.through_gate(quote! {
                #krate::__private::attempt_sync(#call.inner_failures(), #attempt)
            });
        }
        let pinned = hygienic_name("pinned");
        let pin = quote! {
            #[allow(
                unreachable_code,
                clippy::diverging_sub_expression,
                clippy::empty_loop,
                clippy::let_with_type_underscore,
                clippy::needless_return,
                reason = "never runs: it tells `?` and `return` the declared type"
            )]
            if false {
                let #pinned: #outcome = loop {};
                return #pinned;
            }
        };
        let attempt = self.in_time(self.async_attempt(bound, &pin, &body));
        let attempt = self.through_gate(quote! {
            #krate::__private::attempt_async(#call.inner_failures(), #attempt)
        });
        if self.is_bounded() {
            let (limits, number) = (hygienic_name("limits"), hygienic_name("number"));
            return quote!({
                let #number = #call.attempt();
                #limits.bound(__RETRY_SITE.name(), #number, #attempt).await
            });
        }
        quote!(#attempt.await)
    }

    /// Returns the statements after an attempt: the call ends, or waits.
    pub(super) fn decision(
        &self,
        attempt: &TokenStream,
        evaluate: &TokenStream,
        limits: &TokenStream,
    ) -> TokenStream {
        let krate = &self.krate;
        let private = quote!(#krate::__private);
        let (call, pause) = (hygienic_name("call"), hygienic_name("pause"));
        // For a type that is no `Result` the compiler points at the declared type.
        let ended = self.at_return_type("ended");
        let carried = hygienic_name("carried");
        let (judge, hook) = (self.judge(), self.hook());
        let place = quote!(#private::CallPlace { site: &__RETRY_SITE, limits: #limits });
        let ended_as = self.ended(attempt, evaluate, &place);
        let (noted, leave) = (self.note_attempt(&place, evaluate), self.exit());
        let admitted = self.admit(&place, evaluate);
        let around = self.attempt_context();
        if !self.checked.is_async {
            return quote! {
                #admitted
                #ended_as
                #noted
                if !#call.decide_sync(#place, #around, &#ended, #evaluate, #judge, #hook) {
                    #leave #ended;
                }
            };
        }
        quote! {
            #admitted
            let #pause = {
                #ended_as
                #noted
                let #carried = {
                    use #private::Carry as _;
                    (&#private::AutorefOutcome::of(&#ended)).__retry_carriage()
                };
                match #call.decide(#place, #around, &#ended, #evaluate, #judge, #hook) {
                    #private::AsyncStep::Return => #leave #ended,
                    #private::AsyncStep::Again => continue,
                    #private::AsyncStep::Wait(#pause) => #pause.pause(#ended, #carried),
                }
            };
            if let ::core::option::Option::Some(#carried) = #pause.await {
                #leave #private::Carriage::unload(#carried);
            }
        }
    }

    /// Binds `ended`, and `timed_out` where a limit may have cut the attempt.
    fn ended(
        &self,
        attempt: &TokenStream,
        evaluate: &TokenStream,
        place: &TokenStream,
    ) -> TokenStream {
        let krate = &self.krate;
        let ended = self.at_return_type("ended");
        let as_result = located(quote!(#krate::__private::as_result), ended.span());
        if !self.is_bounded() {
            return quote! {
                let #ended = #attempt;
                let #ended = #as_result(#ended);
            };
        }
        let (call, timed_out) = (hygienic_name("call"), hygienic_name("timed_out"));
        let outcome = self.at_return_type("outcome");
        let bounds = quote!(#krate::__private::AttemptEnd);
        // For an error type that cannot hold a `RetryError` the compiler points at the argument.
        let arguments = self.arguments;
        let limit = arguments
            .timeout
            .as_ref()
            .or(arguments.max_total_time.as_ref());
        let mut cut = hygienic_name("ended");
        if let Some(limit) = limit {
            cut.set_span(cut.span().located_at(limit.key.span()));
        }
        let leave = self.exit();
        let ran_out = match self.report_cut() {
            None => quote!(#leave #outcome),
            Some(cut) => quote!({
                #cut
                #leave #outcome
            }),
        };
        let attempt_end = quote_spanned!(cut.span()=> #call.attempt_end(#place, #cut, #evaluate));
        quote! {
            let #ended = #attempt;
            let #ended = match #ended {
                ::core::result::Result::Ok(#ended) => ::core::result::Result::Ok(#as_result(#ended)),
                ::core::result::Result::Err(#cut) => ::core::result::Result::Err(#cut),
            };
            let (#ended, #timed_out) = match #attempt_end {
                #bounds::Ended(#ended) => (#ended, false),
                #bounds::TimedOut(#ended) => (#ended, true),
                #bounds::RanOut(#outcome) => #ran_out,
            };
        }
    }
}
