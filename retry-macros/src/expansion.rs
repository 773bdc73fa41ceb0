//! The expansion: an inline loop around the body, with the logic left to the runtime crate.
//!
//! Each attempt of an async function is an async block that is not `move` (a sync one: a closure
//! called in place), so that `&mut self` and `&mut` arguments are borrowed anew each time by
//! capture analysis, and `?` and `return` mean what they say.

mod policy;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Expr;

use crate::arguments::Arguments;
use crate::class::Class;
use crate::fault::Faults;
use crate::function::Function;
use crate::hidden_body::{self, Found};
use crate::parameter::{self, Parameters};
use crate::signature::{self, Checked};

/// Expands an attribute; on any fault, all of them beside the item as it was.
pub(crate) fn attribute(class: Class, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut faults = Faults::default();
    let arguments = Arguments::parse(arguments, &mut faults);
    let expanded = Function::parse(item.clone(), &mut faults).and_then(|function| {
        let found = hidden_body::find(&function);
        let checked = signature::check(&function, found.shape, &mut faults);
        let krate = arguments.krate();
        let parameters = parameter::split(&function, &arguments.borrow, &krate, &mut faults);
        let checked = checked?;
        refuse_timeout(&arguments, &checked, &mut faults);
        let call = Call {
            class,
            arguments: &arguments,
            function: &function,
            checked,
            found,
            krate,
        };
        Some(call.expand(&parameters))
    });
    match expanded {
        Some(expanded) if faults.is_empty() => expanded,
        _ => {
            let errors = faults.into_compile_errors();
            quote!(#errors #item)
        }
    }
}

fn refuse_timeout(arguments: &Arguments, checked: &Checked, faults: &mut Faults) {
    if let Some(timeout) = &arguments.timeout
        && !checked.is_async
    {
        let message = "`timeout` cannot cut a sync attempt: use `max_total_time`, which bounds the \
                       whole call, or make the function async";
        faults.at(timeout.key.span(), message);
    }
}

/// Everything that one expansion is made from.
struct Call<'a> {
    class: Class,
    arguments: &'a Arguments,
    function: &'a Function,
    checked: Checked,
    found: Found,
    krate: TokenStream,
}

/// A name of the expansion's own, which the body cannot see.
fn own_name(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

impl Call<'_> {
    fn expand(&self, parameters: &Parameters) -> TokenStream {
        let Function {
            attributes,
            visibility,
            signature,
            body,
        } = self.function;
        let content = self.call(parameters);
        let content = hidden_body::replace(self.function, &self.found, &content);
        let head = self.head(&parameters.declared);
        // Placed on the user's body, so that a whole-function lint points there.
        let span = Span::mixed_site().located_at(body.span());
        let block = quote_spanned!(span=> { #content });
        quote!(#(#attributes)* #visibility #head #block)
    }

    /// The signature, with parameters declared as the attempts need them.
    fn head(&self, declared: &[TokenStream]) -> TokenStream {
        let signature = &self.function.signature;
        let (asyncness, ident, output) =
            (&signature.asyncness, &signature.ident, &signature.output);
        let (generics, clause) = (&signature.generics, &signature.generics.where_clause);
        let parameters = generics.lt_token.is_some().then(|| {
            let parameters = &generics.params;
            quote!(<#parameters>)
        });
        quote!(#asyncness fn #ident #parameters (#(#declared),*) #output #clause)
    }

    /// The static part, the loop and what it decides.
    fn call(&self, parameters: &Parameters) -> TokenStream {
        let krate = &self.krate;
        let private = quote!(#krate::__private);
        let call = own_name("call");
        let site = self.site();
        let policy = policy::Policy::of(self.arguments, krate);
        let made = policy.make();
        let (start, limits) = self.limits();
        let hoisted = self.hoisted();
        let attempt = self.attempt(parameters);
        let number = self
            .arguments
            .attempt
            .as_ref()
            .map(|name| quote!(let #name = #call.attempt();));
        let decision = self.decision(&attempt, &policy.evaluate(), &limits);
        quote! {
            #site
            #start
            #hoisted
            let mut #call = #private::#made;
            loop {
                #number
                #decision
            }
        }
    }

    fn site(&self) -> TokenStream {
        let krate = &self.krate;
        let class = Ident::new(self.class.variant(), Span::mixed_site());
        let name = self.arguments.name.clone().unwrap_or_else(|| {
            let name = self.function.signature.ident.to_string();
            name.strip_prefix("r#").map(str::to_owned).unwrap_or(name)
        });
        let nested = match self.arguments.nested {
            Some(variant) => {
                let variant = Ident::new(variant, Span::mixed_site());
                quote!(::core::option::Option::Some(#krate::Nested::#variant))
            }
            None => quote!(::core::option::Option::None),
        };
        let constants = policy::Policy::of(self.arguments, krate).constants();
        quote! {
            static __RETRY_SITE: #krate::__private::Site = #krate::__private::Site::new(
                #krate::OperationClass::#class,
                #name,
                #constants,
                #nested,
            );
        }
    }

    /// What begins to count time, and how the call hands it on.
    fn limits(&self) -> (TokenStream, TokenStream) {
        let krate = &self.krate;
        let limits = own_name("limits");
        let (timeout, total) = (&self.arguments.timeout, &self.arguments.max_total_time);
        if timeout.is_none() && total.is_none() {
            return (TokenStream::new(), quote!(::core::option::Option::None));
        }
        let bound = |limit: &Option<crate::arguments::Limit>| match limit {
            Some(limit) => {
                let value = limit.value.tokens(krate);
                quote!(::core::option::Option::Some(#value))
            }
            None => quote!(::core::option::Option::None),
        };
        let (timeout, total) = (bound(timeout), bound(total));
        let start = quote!(let #limits = #krate::__private::Limits::start(#timeout, #total););
        (start, quote!(::core::option::Option::Some(&#limits)))
    }

    /// Predicates and hooks that are made by an expression: made once.
    fn hoisted(&self) -> TokenStream {
        let arguments = self.arguments;
        let all = [
            ("retry_if", &arguments.retry_if),
            ("retry_on_ok", &arguments.retry_on_ok),
            ("on_retry", &arguments.on_retry),
        ];
        let made = all.into_iter().filter_map(|(name, expression)| {
            let expression = expression.as_ref().filter(|it| !is_in_place(it))?;
            let name = own_name(name);
            Some(quote!(let #name = #expression;))
        });
        made.collect()
    }

    /// One attempt, as an expression of the type that `decide` takes.
    fn attempt(&self, parameters: &Parameters) -> TokenStream {
        let krate = &self.krate;
        let Checked {
            is_async,
            outcome,
            outcome_span,
            ..
        } = &self.checked;
        let bound = &parameters.bound;
        // Braces of the user's own would be called unnecessary where they stand here.
        let mut body = self.found.body.clone();
        body.set_span(Span::mixed_site().located_at(body.span()));
        let as_result = {
            // Where it is no `Result`, the compiler points at the declared type.
            let span = Span::mixed_site().located_at(*outcome_span);
            quote_spanned!(span=> #krate::__private::as_result)
        };
        if !is_async {
            return quote! {
                #as_result(#krate::__private::attempt_sync(|| -> #outcome { #(#bound)* #body }))
            };
        }
        let pinned = own_name("pinned");
        let attempt = quote! {
            #krate::__private::attempt_async(async {
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
                #(#bound)*
                #body
            })
        };
        if self.is_bounded() {
            let (call, limits) = (own_name("call"), own_name("limits"));
            return quote! {
                #limits.bound(__RETRY_SITE.name(), #call.attempt(), #attempt).await.map(#as_result)
            };
        }
        quote!(#as_result(#attempt.await))
    }

    fn is_bounded(&self) -> bool {
        let limited = self.arguments.timeout.is_some() || self.arguments.max_total_time.is_some();
        self.checked.is_async && limited
    }

    fn decision(
        &self,
        attempt: &TokenStream,
        evaluate: &TokenStream,
        limits: &TokenStream,
    ) -> TokenStream {
        let krate = &self.krate;
        let private = quote!(#krate::__private);
        let (call, ended, outcome) = (own_name("call"), own_name("ended"), own_name("outcome"));
        let (pause, carried) = (own_name("pause"), own_name("carried"));
        let (judge, hook) = (self.judge(), self.hook());
        let place = quote!((&__RETRY_SITE, #limits));
        if !self.checked.is_async {
            return quote! {
                let #ended = #attempt;
                if let ::core::ops::ControlFlow::Break(#outcome) =
                    #call.decide_sync(#place, #ended, #evaluate, #judge, #hook)
                {
                    return #outcome;
                }
            };
        }
        let ended_as = self.unbound(attempt, evaluate, &place);
        quote! {
            let #pause = {
                #ended_as
                let #carried = {
                    use #private::Carry as _;
                    (&#private::OutcomeProbe::of(&#ended)).carriage()
                };
                match #call.decide(#place, #ended, #evaluate, #judge, #hook, #carried) {
                    ::core::ops::ControlFlow::Break(#outcome) => return #outcome,
                    ::core::ops::ControlFlow::Continue(#pause) => #pause,
                }
            };
            if let ::core::option::Option::Some(#carried) = #pause.await {
                return #private::Carriage::unload(#carried);
            }
        }
    }

    /// Binds `ended`, and `timed_out` where a limit may have cut the attempt.
    fn unbound(
        &self,
        attempt: &TokenStream,
        evaluate: &TokenStream,
        place: &TokenStream,
    ) -> TokenStream {
        let ended = own_name("ended");
        if !self.is_bounded() {
            return quote!(let #ended = #attempt;);
        }
        let krate = &self.krate;
        let (call, outcome, timed_out) =
            (own_name("call"), own_name("outcome"), own_name("timed_out"));
        let bounds = quote!(#krate::__private::Bounds);
        // Where the error type cannot hold a `RetryError`, the compiler points at the argument.
        let limit = self
            .arguments
            .timeout
            .as_ref()
            .or(self.arguments.max_total_time.as_ref());
        let span = limit.map_or_else(Span::mixed_site, |limit| {
            Span::mixed_site().located_at(limit.key.span())
        });
        let unbound = quote_spanned!(span=> unbound);
        quote! {
            let #ended = #attempt;
            let (#ended, #timed_out) = match #call.#unbound(#place, #ended, #evaluate) {
                #bounds::Ended(#ended) => (#ended, false),
                #bounds::TimedOut(#ended) => (#ended, true),
                #bounds::RanOut(#outcome) => return #outcome,
            };
        }
    }

    /// A closure from an outcome to what is wrong with it.
    fn judge(&self) -> TokenStream {
        let krate = &self.krate;
        let private = quote!(#krate::__private);
        let (outcome, value, error) = (own_name("outcome"), own_name("value"), own_name("error"));
        let of_value = match &self.arguments.retry_on_ok {
            Some(predicate) => {
                let predicate = in_place(predicate, "retry_on_ok");
                quote! {
                    #private::is_refused(#value, #predicate).then(#private::Failure::unaccepted)
                }
            }
            None => quote!({ let _ = #value; ::core::option::Option::None }),
        };
        let of_error = self.failure(&error);
        quote! {
            |#outcome| match #outcome {
                ::core::result::Result::Ok(#value) => #of_value,
                ::core::result::Result::Err(#error) => ::core::option::Option::Some(#of_error),
            }
        }
    }

    fn failure(&self, error: &Ident) -> TokenStream {
        let krate = &self.krate;
        let private = quote!(#krate::__private);
        let failure = if self.checked.error_is_parameter && self.arguments.retry_if.is_none() {
            quote!(#private::classified(#error))
        } else {
            quote!({
                use #private::{Described as _, Judged as _};
                #private::failure(
                    (&&&&&#private::Probe(#error)).classifier(),
                    (&&&&&&#private::Probe(#error)).description(),
                )
            })
        };
        if let Some(predicate) = &self.arguments.retry_if {
            let predicate = in_place(predicate, "retry_if");
            return quote!(#failure.judged(#private::verdict_by(#error, #predicate)));
        }
        if self.is_bounded() {
            let timed_out = own_name("timed_out");
            return quote!(#private::unless_timed_out(#failure, #timed_out));
        }
        failure
    }

    fn hook(&self) -> TokenStream {
        match &self.arguments.on_retry {
            Some(hook) => in_place(hook, "on_retry"),
            None => quote!(|_| ()),
        }
    }
}

/// A closure or a path costs nothing to write again where it is used; anything else is made once.
fn is_in_place(expression: &Expr) -> bool {
    matches!(expression, Expr::Closure(_) | Expr::Path(_))
}

fn in_place(expression: &Expr, name: &str) -> TokenStream {
    if is_in_place(expression) {
        expression.to_token_stream()
    } else {
        let name = own_name(name);
        quote!(&#name)
    }
}
