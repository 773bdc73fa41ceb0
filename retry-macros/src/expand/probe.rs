//! The probe: queries the callee whether the effect of an action in doubt happened.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::spanned::Spanned;
use syn::{Attribute, Expr, ExprClosure};

use crate::check::identity::ObjectMember;
use crate::expand::expansion::Expansion;
use crate::expand::hygiene::hygienic_name;

impl Expansion<'_> {
    /// Returns the code that probes a record in doubt that was taken over, before anything runs.
    pub(super) fn probe_before_run(&self) -> TokenStream {
        let Some(answer) = self.run_probe() else {
            return TokenStream::new();
        };
        let (gate, variable, outcome) = (
            hygienic_name("gate"),
            self.answer_name(),
            hygienic_name("outcome"),
        );
        let (close, awaited) = (self.sync_or_async("close"), self.awaited());
        quote! {
            if #gate.probes_first() {
                let #variable = #answer;
                if let ::core::option::Option::Some(#outcome) = #gate.apply_first_probe(#variable) {
                    return #gate.#close(#outcome, |_| false) #awaited;
                }
            }
        }
    }

    /// Returns the attempt's outcome after the probe. If the callee has the attempt's result, the
    /// attempt counts as failed and the call ends.
    pub(super) fn end_rescued(
        &self,
        place: &TokenStream,
        evaluate: &TokenStream,
        probed: TokenStream,
    ) -> TokenStream {
        let krate = &self.krate;
        let kinds = quote!(#krate::__private::ProbedOutcome);
        let (call, value, lost) = (
            hygienic_name("call"),
            hygienic_name("value"),
            hygienic_name("lost"),
        );
        let (ended, error) = (self.at_return_type("ended"), hygienic_name("error"));
        let (around, failure, leave) = (self.attempt_context(), self.failure(&error), self.exit());
        let unaccepted = self.unaccepted();
        quote! {
            match { #probed } {
                #kinds::Ended(#ended) => #ended,
                #kinds::Rescued { value: #value, lost: #lost } => {
                    #call.rescued(#place, #around, #evaluate, match &#lost {
                        ::core::result::Result::Ok(_) => #unaccepted,
                        ::core::result::Result::Err(#error) => #failure,
                    });
                    #leave ::core::result::Result::Ok(#value);
                }
            }
        }
    }

    /// Returns the code that evaluates to a `ProbedOutcome`: the outcome after the probe. `None`
    /// without a probe.
    pub(super) fn probe_outcome(&self, ended: &Ident) -> Option<TokenStream> {
        let answer = self.run_probe()?;
        let (gate, variable) = (hygienic_name("gate"), self.answer_name());
        Some(quote! {
            let #variable = #answer;
            #gate.apply_probe(#ended, #variable)
        })
    }

    /// Returns the variable of the probe's answer. For a wrong type the compiler points at the
    /// probe.
    fn answer_name(&self) -> Ident {
        let mut variable = hygienic_name("answer");
        if let Some((probe, _)) = self.probe() {
            variable.set_span(variable.span().located_at(probe.span()));
        }
        variable
    }

    /// Returns an expression of type `Probe`, which queries the callee.
    fn run_probe(&self) -> Option<TokenStream> {
        let (probe, members) = self.probe()?;
        let arguments: Vec<&Ident> = members.iter().map(|member| &member.variable).collect();
        let called = match probe {
            Expr::Closure(closure) if closure.inputs.is_empty() => quote!((#closure)()),
            Expr::Closure(closure) => {
                let conditions: Vec<_> = members.iter().map(|member| &member.conditions).collect();
                let lent: Vec<Ident> = (0..members.len())
                    .map(|at| hygienic_name(&format!("lent_{at}")))
                    .collect();
                let called = with_arguments_bound(closure, &conditions, &lent);
                quote!({
                    #(#(#conditions)* let #lent = &#arguments;)*
                    #called
                })
            }
            path => quote!(#path(#(&#arguments),*)),
        };
        let gate = hygienic_name("gate");
        Some(if self.checked.is_async {
            quote!(#gate.run_probe(__retry_effects::catch_panic(async { #called.await })).await)
        } else {
            quote!(#gate.run_probe_sync(|| __retry_effects::catch_panic_sync(|| #called)))
        })
    }

    fn probe(&self) -> Option<(&Expr, &[ObjectMember<'_>])> {
        let gated = self.gate.as_ref()?;
        Some((gated.arguments.probe.as_ref()?, &gated.identity.all))
    }
}

/// Returns a closure's call with `lent` as arguments. The parameters become `let` statements in the
/// body, so that the values determine the types that the closure leaves out.
fn with_arguments_bound(
    closure: &ExprClosure,
    conditions: &[&Vec<&Attribute>],
    lent: &[Ident],
) -> TokenStream {
    let ExprClosure {
        asyncness,
        capture,
        inputs,
        output,
        body,
        ..
    } = closure;
    let inputs = inputs.iter();
    // The user's own braces would cause a warning about unnecessary braces here.
    let body = match body.as_ref() {
        Expr::Block(block) if block.attrs.is_empty() && block.label.is_none() => {
            let statements = &block.block.stmts;
            quote!(#(#statements)*)
        }
        other => quote!(#other),
    };
    quote! {
        (#asyncness #capture || #output {
            #(#(#conditions)* let #inputs = #lent;)*
            #body
        })()
    }
}
