//! One attempt, and what follows it.

use proc_macro2::{Ident, Span, TokenStream};
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
            let (as_result, ended) = (self.as_result(), self.at_return_type("ended"));
            return self.through_gate(quote!({
                let #ended = #krate::__private::attempt_sync(#call.inner_failures(), #attempt);
                #as_result(#ended)
            }));
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
        // A call in a closure: the compiler reports a function that is passed more than once.
        let (as_result, ended) = (self.as_result(), self.at_return_type("ended"));
        let as_result = quote!(|#ended| #as_result(#ended));
        let attempt = self.through_gate(quote! {
            #krate::__private::attempt_async(#call.inner_failures(), #attempt, #as_result)
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
        let carried = hygienic_name("carried");
        let (failed, outcome) = (hygienic_name("failed"), hygienic_name("outcome"));
        let (show, hook) = (self.show(), self.hook());
        let place = quote!(#private::CallPlace { site: &__RETRY_SITE, limits: #limits });
        let ended_as = self.ended(attempt, evaluate, &place);
        let judged = self.bind_judgement();
        let (noted, leave) = (self.note_attempt(&place, evaluate), self.exit());
        let admitted = self.admit(&place, evaluate);
        let around = self.attempt_context();
        let taken_apart = self.failed_attempt(&place, evaluate);
        let (value, error) = (hygienic_name("value"), hygienic_name("error"));
        let [ok_value, err_error] = self.results(&value, &error);
        let of = if self.takes_outcomes_apart() {
            quote!(of)
        } else {
            quote!(of_result)
        };
        let ended = self.at_return_type("ended");
        let returned = quote! {
            match #outcome {
                #private::OutcomeParts::Value(#value) => #leave #ok_value,
                #private::OutcomeParts::Error(#error) => #leave #err_error,
            }
        };
        if !self.checked.is_async {
            return quote! {
                #admitted
                #ended_as
                #judged
                #noted
                let #failed = #taken_apart;
                if let ::core::option::Option::Some(#outcome) =
                    #call.decide_sync(#place, #around, #failed, #evaluate, #show, #hook)
                {
                    #returned
                }
            };
        }
        quote! {
            #admitted
            let #pause = {
                #ended_as
                #judged
                #noted
                // Of the whole outcome: a failed attempt alone does not state the type of a value.
                let #carried = {
                    use #private::Carry as _;
                    (&#private::AutorefOutcome::#of(&#ended)).__retry_carriage()
                };
                let #failed = #taken_apart;
                match #call.decide(#place, #around, #failed, #evaluate, #show, #hook, #carried) {
                    #private::AsyncStep::Return(#outcome) => #returned,
                    #private::AsyncStep::Wait(#pause) => #pause,
                }
            };
            if let ::core::option::Option::Some(#carried) = #pause.await {
                let #outcome = #private::Carriage::unload(#carried);
                #returned
            }
        }
    }

    /// Returns an expression of the failed attempt. A success, and what follows a failure at once, leave
    /// it: the outcome is taken apart there, so that it has no address and stays in registers.
    fn failed_attempt(&self, place: &TokenStream, evaluate: &TokenStream) -> TokenStream {
        let krate = &self.krate;
        let private = quote!(#krate::__private);
        let (call, advice) = (hygienic_name("call"), hygienic_name("advice"));
        let (value, error) = (hygienic_name("value"), hygienic_name("error"));
        let (ended, leave) = (self.at_return_type("ended"), self.exit());
        let around = self.attempt_context();
        let [ok_value, err_error] = self.results(&value, &error);
        let parts = quote!(#private::OutcomeParts);
        let (value_part, error_part) = if self.takes_outcomes_apart() {
            (quote!(#parts::Value), quote!(#parts::Error))
        } else {
            (
                quote!(::core::result::Result::Ok),
                quote!(::core::result::Result::Err),
            )
        };
        let refused = self.is_refused(&quote!(&#value)).map(|is_refused| {
            let unaccepted = self.judged(self.unaccepted());
            quote! {
                #value_part(#value) if #is_refused => #private::FailedAttempt {
                    outcome: #parts::Value(#value),
                    advice: #unaccepted.advice(),
                },
            }
        });
        let accepted = match self.arguments.judge {
            Some(_) => {
                let judgement = hygienic_name("judgement");
                quote!(#around.accepted_as(#judgement))
            }
            None => around,
        };
        let judged = self.judged(self.failure(&error));
        let at_once = self.has_short_path().then(|| {
            quote! {
                match #call.short_step(&__RETRY_SITE, #advice, #evaluate) {
                    #private::ShortStep::Again => continue,
                    #private::ShortStep::Return => #leave #err_error,
                    #private::ShortStep::Undecided => {}
                }
            }
        });
        quote! {
            match #ended {
                #refused
                #value_part(#value) => {
                    #call.succeeded(#place, #accepted, #evaluate);
                    #leave #ok_value
                }
                #error_part(#error) => {
                    let #advice = {
                        let #error = &#error;
                        #judged.advice()
                    };
                    #at_once
                    #private::FailedAttempt { outcome: #parts::Error(#error), advice: #advice }
                }
            }
        }
    }

    /// Returns the function that makes a `Result` of an attempt's output, or takes it apart. For a type
    /// that is no `Result` the compiler points at the declared type.
    fn as_result(&self) -> TokenStream {
        let krate = &self.krate;
        let function = if self.takes_outcomes_apart() {
            quote!(#krate::__private::outcome_parts)
        } else {
            quote!(#krate::__private::as_result)
        };
        located(function, self.checked.outcome_span)
    }

    /// Returns the call's outcomes, of a value and of an error. For another type than the declared one
    /// the compiler points at that.
    fn results(&self, value: &Ident, error: &Ident) -> [TokenStream; 2] {
        [
            quote!(::core::result::Result::Ok(#value)),
            quote!(::core::result::Result::Err(#error)),
        ]
        .map(|outcome| located(outcome, self.checked.outcome_span))
    }

    /// Whether an attempt's outcome is taken apart where the attempt ends. A gate, a limit and `judge` take
    /// it as a whole.
    fn takes_outcomes_apart(&self) -> bool {
        self.gate.is_none() && !self.is_bounded() && self.arguments.judge.is_none()
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
        if !self.is_bounded() {
            return quote!(let #ended = #attempt;);
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
            let #cut = #attempt;
            let (#ended, #timed_out) = match #attempt_end {
                #bounds::Ended(#ended) => (#ended, false),
                #bounds::TimedOut(#ended) => (#ended, true),
                #bounds::RanOut(#outcome) => #ran_out,
            };
        }
    }
}
