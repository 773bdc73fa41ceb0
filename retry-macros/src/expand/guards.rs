//! The guards around attempts: their part of the static site, their start, their admission of an
//! attempt, and the report of its end. A call without guards has none of this code.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, FnArg};

use crate::check::parameter;
use crate::expand::expansion::Expansion;
use crate::expand::hygiene::{hygienic_name, lent, located};
use crate::parse::function::Function;
use crate::parse::shared_guard::{GuardArgument, GuardOrigin};

impl Expansion<'_> {
    /// Returns the part of the static site about guards that no code declares, and about those that variables
    /// tune.
    pub(super) fn requested_guards(&self) -> TokenStream {
        let krate = &self.krate;
        let private = quote!(#krate::__private);
        let guards = &self.arguments.guards;
        let share = |guard: &Option<GuardArgument>| {
            let share = match &guard.as_ref()?.origin {
                GuardOrigin::Operation => quote!(Operation),
                GuardOrigin::Name(name) => quote!(Named(#name)),
                GuardOrigin::Expression(_) => return None,
            };
            Some(quote!(::core::option::Option::Some(#private::SharedBy::#share)))
        };
        let shares = [&guards.budget, &guards.circuit_breaker, &guards.adaptive].map(share);
        let (time_budget, hedge) = (guards.time_budget.is_some(), guards.hedge.is_some());
        if shares.iter().all(Option::is_none) && !time_budget && !hedge {
            return TokenStream::new();
        }
        let none = || quote!(::core::option::Option::None);
        let [budget, breaker, limiter] = shares.map(|share| share.unwrap_or_else(none));
        let settings = guards.settings.iter().map(|(field, value)| {
            let field = Ident::new(field, Span::mixed_site());
            let value = value.tokens(krate);
            quote!(#field: ::core::option::Option::Some(#value),)
        });
        let layer = if guards.settings.is_empty() {
            quote!(#private::GuardLayer::NONE)
        } else {
            quote!(#private::GuardLayer { #(#settings)* ..#private::GuardLayer::NONE })
        };
        quote! {
            .guarded(const {
                &#private::RequestedGuards {
                    budget: #budget,
                    breaker: #breaker,
                    limiter: #limiter,
                    time_budget: #time_budget,
                    hedge: #hedge,
                    layer: #layer,
                }
            })
        }
    }

    /// Returns the code that begins the call's guards.
    pub(super) fn bind_guards(&self) -> TokenStream {
        let arguments = &self.arguments.guards;
        if !arguments.are_any() {
            return TokenStream::new();
        }
        let krate = &self.krate;
        let mut places = TokenStream::new();
        let mut changes = TokenStream::new();
        for (name, ty, guard) in [
            ("budget", quote!(RetryBudget), &arguments.budget),
            (
                "breaker",
                quote!(CircuitBreaker),
                &arguments.circuit_breaker,
            ),
            ("limiter", quote!(AdaptiveLimiter), &arguments.adaptive),
        ] {
            if let Some(GuardOrigin::Expression(expression)) = guard.as_ref().map(|it| &it.origin) {
                // For a wrong type the compiler points at the expression.
                let place = expression.span();
                let mut variable = hygienic_name(name);
                variable.set_span(variable.span().located_at(place));
                let reference = self.lent_guard(expression);
                places.extend(quote!(let #variable = #reference;));
                let guard = located(
                    quote!(#krate::__private::guard::<#krate::#ty, _>(#variable)),
                    place,
                );
                let method = Ident::new(name, Span::mixed_site());
                changes.extend(quote!(.#method(#guard)));
            }
        }
        if let Some(time_budget) = &arguments.time_budget {
            let time = time_budget.value.tokens(krate);
            changes.extend(quote! {
                .time_budget(::core::option::Option::Some(__RETRY_SITE.time_budget(#time)))
            });
        }
        let variable = hygienic_name("guards");
        let guards = if changes.is_empty() {
            quote!(__RETRY_SITE.guards())
        } else {
            quote!(&::core::clone::Clone::clone(__RETRY_SITE.guards())#changes)
        };
        let hedge = self.bind_hedge();
        quote! {
            #places
            let #variable = #guards;
            #hedge
        }
    }

    /// Returns a reference to the guard that an expression gives. If the guard is a by-value
    /// parameter, each attempt borrows it to copy it; the call cannot hold a borrow meanwhile, so
    /// it also takes a copy.
    fn lent_guard(&self, expression: &Expr) -> TokenStream {
        let Function {
            signature, body, ..
        } = self.function;
        let is_copied = |name: &Ident| {
            let declared = signature.inputs.iter().any(|input| match input {
                FnArg::Typed(typed) => {
                    parameter::plain_name(&typed.pat) == Some(name)
                        && parameter::mutability_of_reference(&typed.ty).is_none()
                }
                FnArg::Receiver(_) => false,
            });
            declared && parameter::mentions(&body.stream(), name)
        };
        match expression {
            Expr::Path(path) if path.path.get_ident().is_some_and(is_copied) => {
                let span = Span::mixed_site().located_at(expression.span());
                quote_spanned!(span=> &::core::clone::Clone::clone(&#path))
            }
            _ => lent(expression),
        }
    }

    /// Returns the code that requests an attempt: from the breaker, then from the limiter.
    pub(super) fn admit(&self, place: &TokenStream, evaluate: &TokenStream) -> TokenStream {
        let arguments = &self.arguments.guards;
        if !arguments.are_any() {
            return TokenStream::new();
        }
        let (guards, admission) = (hygienic_name("guards"), hygienic_name("admission"));
        let admitted = match &arguments.circuit_breaker {
            None => quote!(let #admission = #guards.admit_without_breaker();),
            Some(breaker) => {
                let (call, rejection, leave) = (
                    hygienic_name("call"),
                    hygienic_name("rejection"),
                    self.exit(),
                );
                // For an error type that cannot hold a `RetryError` the compiler points at the
                // argument.
                let span = Span::mixed_site().located_at(breaker.key.span());
                let admit = quote_spanned!(span=> #call.admit(#place, #guards, #evaluate));
                quote! {
                    let #admission = match #guards.admit_at_once() {
                        ::core::option::Option::Some(#admission) => #admission,
                        ::core::option::Option::None => match #admit {
                            ::core::result::Result::Ok(#admission) => #admission,
                            ::core::result::Result::Err(#rejection) => {
                                #leave ::core::result::Result::Err(#rejection)
                            }
                        },
                    };
                }
            }
        };
        let waited = arguments.adaptive.as_ref().map(|_| {
            if !self.checked.is_async {
                return quote!(__RETRY_SITE.wait_for_limiter(#guards););
            }
            let (krate, call) = (&self.krate, hygienic_name("call"));
            quote! {
                let #admission = if #call.delay(#place, #guards).await {
                    #admission
                } else {
                    #krate::__private::OutcomeReceiver::given_back(#admission)
                };
            }
        });
        quote!(#admitted #waited)
    }

    /// Returns what surrounds an attempt, as the engine takes it.
    pub(super) fn attempt_context(&self) -> TokenStream {
        let krate = &self.krate;
        let context = quote!(#krate::__private::AttemptContext);
        if !self.arguments.guards.are_any() {
            return quote!(#krate::__private::UNGUARDED);
        }
        let (guards, admission) = (hygienic_name("guards"), hygienic_name("admission"));
        quote!(#context {
            guards: ::core::option::Option::Some(#guards),
            admission: #admission,
        })
    }

    /// Whether a failure may take the short path: no guard, gate, limit or hook takes part in the
    /// decision.
    pub(super) fn has_short_path(&self) -> bool {
        let is_hooked = self.arguments.on_retry.is_some();
        let is_guarded = self.arguments.guards.are_any() || self.gate.is_some();
        !is_hooked && !is_guarded && !self.has_limits()
    }

    /// Returns the code that reports to the breaker that the call's time limit cut the attempt.
    pub(super) fn report_cut(&self) -> Option<TokenStream> {
        let (krate, admission) = (&self.krate, hygienic_name("admission"));
        let guards = &self.arguments.guards;
        guards
            .are_any()
            .then(|| quote!(#krate::__private::OutcomeReceiver::cut(#admission);))
    }

    /// Returns the attempt, run inside the call's time budget.
    pub(super) fn in_time(&self, attempt: TokenStream) -> TokenStream {
        if self.arguments.guards.time_budget.is_none() {
            return attempt;
        }
        let guards = hygienic_name("guards");
        if self.checked.is_async {
            quote!(#guards.in_time(#attempt))
        } else {
            quote!(|| #guards.in_time_sync(#attempt))
        }
    }
}
