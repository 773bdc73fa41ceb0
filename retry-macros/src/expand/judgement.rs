//! The judgement of an outcome: failures, predicates and the hook.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Expr;
use syn::spanned::Spanned;

use crate::expand::expansion::Expansion;
use crate::expand::hygiene::{hygienic_name, located};

impl Expansion<'_> {
    /// Returns a `OnceCell` for each predicate or hook that is neither a closure nor a path. Its expression is
    /// evaluated once a call, at the first failure.
    pub(super) fn places(&self) -> TokenStream {
        let arguments = self.arguments;
        let all = [
            ("judge", &arguments.judge),
            ("retry_if", &arguments.retry_if),
            ("retry_on_ok", &arguments.retry_on_ok),
            ("not_applied_if", &arguments.not_applied_if),
            ("on_retry", &arguments.on_retry),
        ];
        let made = all.into_iter().filter_map(|(name, expression)| {
            expression.as_ref().filter(|it| !is_in_place(it))?;
            let name = hygienic_name(name);
            // The copies of a hedged attempt share it while they are awaited.
            let cell = if arguments.guards.hedge.is_some() {
                quote!(::std::sync::OnceLock)
            } else {
                quote!(::core::cell::OnceCell)
            };
            Some(quote!(let #name = #cell::new();))
        });
        made.collect()
    }

    /// Returns the statement that binds the judgement of an attempt's outcome; nothing without `judge`.
    pub(super) fn bind_judgement(&self) -> Option<TokenStream> {
        let ended = self.at_return_type("ended");
        let (judgement, judged) = (
            hygienic_name("judgement"),
            self.judgement(&quote!(&#ended))?,
        );
        Some(quote!(let #judgement = #judged;))
    }

    /// Returns the judgement of a borrowed outcome; `None` without `judge`.
    fn judgement(&self, outcome: &TokenStream) -> Option<TokenStream> {
        let krate = &self.krate;
        let expression = self.arguments.judge.as_ref()?;
        let judge = in_place(expression, "judge");
        let judgement_by = located(quote!(#krate::__private::judgement_by), expression.span());
        Some(quote!(#judgement_by(#outcome, #judge)))
    }

    /// Returns the expression of whether a value (a reference, by `judge` not read) is not accepted;
    /// `None` if every value is.
    pub(super) fn is_refused(&self, value: &TokenStream) -> Option<TokenStream> {
        if self.arguments.judge.is_some() {
            let judgement = hygienic_name("judgement");
            return Some(quote!(#judgement.refuses_ok()));
        }
        let krate = &self.krate;
        let expression = self.arguments.retry_on_ok.as_ref()?;
        let predicate = in_place(expression, "retry_on_ok");
        Some(quote!(#krate::__private::holds(#value, #predicate)))
    }

    /// Returns the failure of an attempt whose value is not accepted.
    pub(super) fn unaccepted(&self) -> TokenStream {
        let krate = &self.krate;
        let judgement = if self.arguments.judge.is_some() {
            hygienic_name("judgement").to_token_stream()
        } else {
            quote!(#krate::Judgement::retry())
        };
        quote!(#krate::__private::Failure::unaccepted(#judgement))
    }

    /// Returns a failure as the engine takes it: under a gate, with the gate's decision.
    pub(super) fn judged(&self, failure: TokenStream) -> TokenStream {
        if self.gate.is_none() {
            return failure;
        }
        let gate = hygienic_name("gate");
        quote!(#gate.judged(#failure))
    }

    /// Returns a closure from an error to its failure, not judged yet: no predicate of the user's is
    /// called.
    pub(super) fn show(&self) -> TokenStream {
        let error = hygienic_name("error");
        let failure = self.unless_timed_out(self.known_by_type(&error));
        quote!(|#error| #failure)
    }

    /// Returns a closure that makes a failure of an error without calling `retry_if`. The gate
    /// reads from it whether the error proves that nothing happened.
    pub(super) fn proof(&self) -> TokenStream {
        let error = hygienic_name("error");
        let failure = match self.by_judgement(&error) {
            Some(failure) => failure,
            None => self.unless_timed_out(self.known(&error)),
        };
        quote!(|#error| #failure)
    }

    /// Returns a closure from the error of a cut attempt to a failure that only shows the error: no
    /// predicate of the user's is called.
    pub(super) fn shown(&self) -> TokenStream {
        let error = hygienic_name("error");
        let known = self.known_by_type(&error);
        quote!(|#error| #known)
    }

    /// Returns an expression of whether a borrowed outcome of the call is a final error.
    pub(super) fn is_final_error(&self, outcome: &TokenStream) -> TokenStream {
        if let Some(judgement) = self.judgement(outcome) {
            return quote!(((#outcome).is_err() && !#judgement.refuses_ok()));
        }
        let (error, failure) = self.final_failure();
        quote!((#outcome).as_ref().is_err_and(|#error| #failure.is_stop()))
    }

    /// Returns a closure from an outcome to whether it needs no other copy of the attempt: a value that
    /// is accepted, or a final error.
    pub(super) fn is_decisive(&self) -> TokenStream {
        let (outcome, value) = (hygienic_name("outcome"), hygienic_name("value"));
        if let Some(judgement) = self.judgement(&outcome.to_token_stream()) {
            return quote!(|#outcome| !#judgement.refuses_ok());
        }
        let (error, failure) = self.final_failure();
        let accepted = match self.is_refused(&value.to_token_stream()) {
            Some(is_refused) => quote!(::core::result::Result::Ok(#value) => !#is_refused),
            None => quote!(::core::result::Result::Ok(_) => true),
        };
        quote!(|#outcome| match #outcome {
            #accepted,
            ::core::result::Result::Err(#error) => #failure.is_stop(),
        })
    }

    /// Returns the name of an error, and its failure, which no limit has cut.
    fn final_failure(&self) -> (Ident, TokenStream) {
        let error = hygienic_name("error");
        let known = self.known(&error);
        let failure = self.by_predicate(&known, &error).unwrap_or(known);
        (error, failure)
    }

    /// Returns the failure as `judge` judges it; `None` without `judge`.
    fn by_judgement(&self, error: &Ident) -> Option<TokenStream> {
        self.arguments.judge.as_ref()?;
        let (known, judgement) = (self.known_by_type(error), hygienic_name("judgement"));
        let timed_out = if self.is_bounded() {
            hygienic_name("timed_out").to_token_stream()
        } else {
            quote!(false)
        };
        Some(quote!(#known.judged_as(#judgement, #timed_out)))
    }

    pub(super) fn failure(&self, error: &Ident) -> TokenStream {
        if let Some(failure) = self.by_judgement(error) {
            return failure;
        }
        let known = self.known(error);
        // For an attempt that its timeout cut, only the verdict of `retry_if` stays. The judgement of the error,
        // and the proof by `not_applied_if`, are dropped.
        self.unless_timed_out(self.by_predicate(&known, error).unwrap_or(known))
    }

    /// Returns the failure as the error's own type and `not_applied_if` describe it.
    fn known(&self, error: &Ident) -> TokenStream {
        let known = self.known_by_type(error);
        let Some(expression) = &self.arguments.not_applied_if else {
            return known;
        };
        let krate = &self.krate;
        let predicate = in_place(expression, "not_applied_if");
        let holds = located(quote!(#krate::__private::holds), expression.span());
        quote!(#known.not_applied_if(|| #holds(#error, #predicate)))
    }

    fn known_by_type(&self, error: &Ident) -> TokenStream {
        let krate = &self.krate;
        let private = quote!(#krate::__private);
        let is_judged = self.arguments.judge.is_some();
        let is_advised = is_judged || self.arguments.retry_if.is_some();
        if self.checked.error_is_parameter && !is_advised {
            // For a type that is not `Classify` the compiler points at the declared type.
            let error = self.at_return_type("error");
            let classified = located(quote!(#private::classified), error.span());
            return quote!(#classified(#error));
        }
        let description = quote!((&&&&&&#private::Autoref(#error)).__retry_description());
        if self.gate.is_some() && !is_judged {
            // For a type that nothing judges the compiler points at the declared type.
            let classifier = located(
                quote!(__retry_classifier_at_gate()),
                self.checked.outcome_span,
            );
            return quote!({
                use #private::{Described as _, JudgedAtGate as _};
                use #private::{JudgedByChainAtGate as _, NotJudgedAtGate as _};
                #private::failure((&&&#private::Autoref(#error)).#classifier, #description)
            });
        }
        quote!({
            use #private::{Described as _, Judged as _};
            #private::failure((&&&&&#private::Autoref(#error)).__retry_classifier(), #description)
        })
    }

    /// Returns the failure as `retry_if` judges it; `None` without `retry_if`.
    fn by_predicate(&self, failure: &TokenStream, error: &Ident) -> Option<TokenStream> {
        let krate = &self.krate;
        let expression = self.arguments.retry_if.as_ref()?;
        let predicate = in_place(expression, "retry_if");
        let verdict_by = located(quote!(#krate::__private::verdict_by), expression.span());
        Some(quote!(#failure.with_verdict(#verdict_by(#error, #predicate))))
    }

    fn unless_timed_out(&self, failure: TokenStream) -> TokenStream {
        if !self.is_bounded() {
            return failure;
        }
        let (krate, timed_out) = (&self.krate, hygienic_name("timed_out"));
        quote!(#krate::__private::unless_timed_out(#failure, #timed_out))
    }

    pub(super) fn hook(&self) -> TokenStream {
        let Some(expression) = &self.arguments.on_retry else {
            return quote!(|_| ());
        };
        let hook = in_place(expression, "on_retry");
        if is_in_place(expression) {
            return hook;
        }
        let event = hygienic_name("event");
        quote!(|#event| (#hook)(#event))
    }
}

/// Whether an expression is a closure or a path, which can be repeated at each use at no cost. Any
/// other expression is evaluated once.
fn is_in_place(expression: &Expr) -> bool {
    matches!(expression, Expr::Closure(_) | Expr::Path(_))
}

fn in_place(expression: &Expr, name: &str) -> TokenStream {
    // For a wrong type the compiler points at the user's expression.
    let span = Span::mixed_site().located_at(expression.span());
    match expression {
        Expr::Closure(closure) => closure.to_token_stream(),
        // The path may be a parameter, so it is only borrowed.
        Expr::Path(path) => quote_spanned!(span=> &#path),
        _ => {
            let mut name = hygienic_name(name);
            name.set_span(span);
            quote_spanned!(span=> #name.get_or_init(|| #expression))
        }
    }
}
