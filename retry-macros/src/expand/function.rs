//! The expansion: an inline loop around the body, with the logic left to the runtime crate.
//!
//! Each attempt of an async function is an async block that is not `move` (a sync one: a closure
//! called in place). Capture analysis then borrows `&mut self` and `&mut` arguments anew each time,
//! and `?` and `return` keep their meaning.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::quote;

use crate::check::arguments::refuse_unfit;
use crate::check::identity::{self, GatedCall};
use crate::check::{parameter, signature};
use crate::expand::expansion::Expansion;
use crate::expand::hygiene::hygienic_name;
use crate::expand::lints;
use crate::expand::parameters::{self, Parameters};
use crate::expand::policy;
use crate::parse::attribute_arguments;
use crate::parse::class::Class;
use crate::parse::fault::Faults;
use crate::parse::function::Function;
use crate::parse::hidden_body;
use crate::parse::limit::Limit;

/// Expands an attribute. On any fault, returns all faults beside the unchanged item.
pub(crate) fn expand(class: Class, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut faults = Faults::default();
    let function = Function::parse(item.clone(), &mut faults);
    let found = function.map(|function| (hidden_body::find(&function), function));
    let arguments = match &found {
        Some((found, _)) => found.renamed(arguments),
        None => arguments,
    };
    let arguments = attribute_arguments::parse(arguments, &mut faults);
    let expanded = found.and_then(|(mut found, function)| {
        found.share(&arguments.borrow);
        let is_gated = arguments.gate.is_some();
        let checked = signature::check(&function, found.is_boxed, is_gated, &mut faults);
        let krate = arguments.krate();
        let identity = identity::of(&function, &arguments, found.is_boxed, &mut faults);
        let parameters =
            parameters::split(&function, &arguments.borrow, identity.is_some(), &krate);
        parameter::refuse_unknown_borrows(&arguments.borrow, &function, &mut faults);
        let checked = checked?;
        let gate = arguments.gate.as_ref().zip(identity);
        let gate = gate.map(|(arguments, identity)| GatedCall {
            arguments,
            identity,
        });
        refuse_unfit(&arguments, &function, &checked, gate.as_ref(), &mut faults);
        let call = Expansion {
            class,
            arguments: &arguments,
            function: &function,
            checked,
            found,
            krate,
            gate,
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

impl Expansion<'_> {
    fn expand(&self, parameters: &Parameters) -> TokenStream {
        let Function {
            attributes,
            visibility,
            body,
            ..
        } = self.function;
        let content = self.call(parameters);
        let content = self.found.replace(self.function, content);
        let head = self.head(&parameters.declared);
        // The body's braces and the user's `fn`: whole-function lints point there, and the compiler reports a
        // function that nobody calls, which it does not for one of a macro's own.
        let mut block = Group::new(Delimiter::Brace, content);
        block.set_span(body.span());
        let attributes = lints::kept(attributes);
        quote!(#attributes #visibility #head #block)
    }

    /// Returns the signature, with parameters declared as the attempts need them.
    fn head(&self, declared: &[TokenStream]) -> TokenStream {
        let signature = &self.function.signature;
        let (asyncness, fn_token) = (&signature.asyncness, &signature.fn_token);
        let (ident, output) = (&signature.ident, &signature.output);
        let (generics, clause) = (&signature.generics, &signature.generics.where_clause);
        let parameters = generics.lt_token.is_some().then(|| {
            let parameters = &generics.params;
            quote!(<#parameters>)
        });
        quote!(#asyncness #fn_token #ident #parameters (#(#declared),*) #output #clause)
    }

    /// Returns the static part, and the loop with its decisions.
    fn call(&self, parameters: &Parameters) -> TokenStream {
        let krate = &self.krate;
        let private = quote!(#krate::__private);
        let call = hygienic_name("call");
        let site = self.site();
        let policy = policy::Policy::of(self.arguments, krate);
        let made = policy.make();
        let (start, limits) = self.limits();
        let places = self.places();
        let attempt = self.attempt(parameters);
        let number = self
            .arguments
            .attempt
            .as_ref()
            .map(|name| quote!(let #name = #call.attempt();));
        let decision = self.decision(&attempt, &policy.evaluate(), &limits);
        let action = self.action();
        let opened = self.open_gate();
        let guards = self.bind_guards();
        let attempts = quote! {
            #guards
            let mut #call = #private::#made;
            loop {
                #number
                #decision
            }
        };
        let ended = self.close_gate(attempts);
        quote! {
            #site
            #action
            #start
            #places
            #opened
            #ended
        }
    }

    fn site(&self) -> TokenStream {
        let krate = &self.krate;
        let class = Ident::new(self.class.variant(), Span::mixed_site());
        let name = self.name();
        let nested = match self.arguments.nested {
            Some(variant) => {
                let variant = Ident::new(variant, Span::mixed_site());
                quote!(::core::option::Option::Some(#krate::Nested::#variant))
            }
            None => quote!(::core::option::Option::None),
        };
        let constants = policy::Policy::of(self.arguments, krate).constants();
        let guards = self.requested_guards();
        quote! {
            static __RETRY_SITE: #krate::__private::Site = #krate::__private::Site::new(
                #krate::OperationClass::#class,
                #name,
                const { &#constants },
                #nested,
            ) #guards;
        }
    }

    /// Returns the statement that starts the count of time, and the expression that passes the
    /// count on.
    fn limits(&self) -> (TokenStream, TokenStream) {
        let krate = &self.krate;
        let limits = hygienic_name("limits");
        let (timeout, total) = (&self.arguments.timeout, &self.arguments.max_total_time);
        if !self.has_limits() {
            return (TokenStream::new(), quote!(::core::option::Option::None));
        }
        let bound = |limit: &Option<Limit>| match limit {
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
}
