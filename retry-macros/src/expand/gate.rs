//! The gate around the loop: the action and its identity, the opening of the gate, its notes of
//! each attempt, and its closing.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Expr;
use syn::spanned::Spanned;

use crate::check::identity::{GatedCall, Identity, ObjectMember};
use crate::expand::expansion::Expansion;
use crate::expand::hygiene::{hygienic_name, lent, located, located_at};
use crate::parse::gate::KeyArgument;

impl Expansion<'_> {
    /// Returns the static part of the action.
    pub(super) fn action(&self) -> TokenStream {
        let Some(gated) = &self.gate else {
            return TokenStream::new();
        };
        // If the crate is missing, the compiler reports one error, at the argument that needs it. For a
        // path without the leading `::` it would also tell the user to add a crate of that name from
        // the registry, where any author may have published one.
        let effects = located(
            quote!(::retry_effects::__private),
            gated.arguments.idempotent.span(),
        );
        let import = quote!(use #effects as __retry_effects;);
        let name = self.name();
        let (unique, action) = if self.arguments.name.is_some() {
            (TokenStream::new(), quote!(#name))
        } else {
            let path = quote!(::core::concat!(::core::module_path!(), "::", #name));
            (self.only_in_its_module(gated), path)
        };
        quote! {
            #import
            #unique
            static __RETRY_ACTION: __retry_effects::ActionSite =
                __retry_effects::ActionSite::new(#action);
        }
    }

    /// Returns an assertion that fails to compile if the function is no item of its module. A
    /// function in an `impl` or in another function may have a namesake in the module, and the same
    /// path would name both.
    fn only_in_its_module(&self, gated: &GatedCall<'_>) -> TokenStream {
        const MESSAGE: &str = "an `idempotent` function in an `impl` or in another function may have \
                               namesakes, whose results it would replay: say by `name = \"..\"` \
                               what it does";
        let function = &self.function.signature.ident;
        let size = quote!(::core::mem::size_of_val(&#function));
        let assertion = located(
            quote!(::core::assert!(#size == 0, #MESSAGE);),
            gated.arguments.idempotent.span(),
        );
        // If the function is an item of this module, the glob import finds it, and a function item has
        // the size 0. Otherwise the name means the constant around, of size 1, and the assertion fails.
        quote! {
            const _: () = {
                #[allow(non_upper_case_globals, dead_code, reason = "named like the function")]
                const #function: bool = true;
                {
                    #[allow(unused_imports, reason = "it may find nothing")]
                    use self::*;
                    #assertion
                }
            };
        }
    }

    /// Returns the code that opens the gate, or returns the recorded outcome.
    pub(super) fn open_gate(&self) -> TokenStream {
        let Some(gated) = &self.gate else {
            return TokenStream::new();
        };
        let (variable, gate, outcome) = (
            hygienic_name("request"),
            hygienic_name("gate"),
            hygienic_name("outcome"),
        );
        let request = self.request(gated, &variable);
        let declared = &self.checked.outcome;
        // For a type that cannot be recorded the compiler points at the declared type; for an error
        // type that cannot hold an `EffectError`, at the argument.
        let results = located(quote!(__retry_effects::results), self.checked.outcome_span);
        let (errors, place) = match &gated.arguments.replay_errors {
            Some(key) => (quote!(__retry_effects::errors_replayed), key.span()),
            None => {
                let place = gated.arguments.idempotent.span();
                (quote!(__retry_effects::errors), place)
            }
        };
        let errors = located(quote!(#errors::<#declared>), place);
        let open = self.sync_or_async("open");
        let awaited = self.awaited();
        let first = self.probe_before_run();
        let mutability = gated.arguments.probe.is_some().then(|| quote!(mut));
        quote! {
            let #variable = { #request #variable };
            let #mutability #gate = match #variable.#open(#results::<#declared>(), #errors()) #awaited {
                __retry_effects::Admitted::Finished(#outcome) => return #outcome,
                __retry_effects::Admitted::Run(#gate) => #gate,
            };
            #first
        }
    }

    /// Returns the statements that build the request to the gate. They stand in a block, so that
    /// what they borrow is free again while the gate opens.
    fn request(&self, gated: &GatedCall<'_>, variable: &Ident) -> TokenStream {
        let arguments = gated.arguments;
        let identity = &gated.identity;
        let mut request = quote! {
            use __retry_effects::{Identified as _, NotIdentified as _};
            let #variable = __retry_effects::GateRequest::new(&__RETRY_ACTION);
        };
        let mut with = |method: &str, value: TokenStream| {
            let method = Ident::new(method, Span::mixed_site());
            request.extend(quote!(let #variable = #variable.#method(#value);));
        };
        if let Some(scope) = &arguments.scope {
            with("scope", lent(scope));
        }
        match &arguments.key {
            Some(KeyArgument::Expression(expression)) => {
                let place = Span::mixed_site().located_at(expression.span());
                with("key", part(0, &lent(expression), place));
            }
            _ => with("key", object(&identity.key)),
        }
        if !identity.input.is_empty() {
            with("input", object(&identity.input));
        }
        if let Some(store) = &arguments.store {
            with("store", given(store, identity));
        }
        for (method, limit) in [
            ("lease", &arguments.lease),
            ("retain", &arguments.retain),
            ("dedupe_for", &arguments.dedupe_for),
        ] {
            if let Some(limit) = limit {
                with(method, limit.value.tokens(&self.krate));
            }
        }
        let effects = quote!(__retry_effects);
        for (method, value) in [
            ("in_doubt", &arguments.in_doubt),
            ("on_busy", &arguments.on_busy),
        ] {
            if let Some(value) = value {
                with(method, value.tokens(&effects));
            }
        }
        if arguments.probe.is_some() {
            with("with_probe", TokenStream::new());
        }
        if let Some(after) = &arguments.probe_after {
            with("probe_after", after.value.tokens(&self.krate));
        }
        if self.has_limits() {
            let limits = hygienic_name("limits");
            with("limits", quote!(&#limits));
        }
        request
    }

    /// Returns the attempt, begun through the gate.
    pub(super) fn through_gate(&self, attempt: TokenStream) -> TokenStream {
        if self.gate.is_none() {
            return attempt;
        }
        let gate = hygienic_name("gate");
        if self.checked.is_async {
            quote!(#gate.attempt(#attempt))
        } else {
            quote!(#gate.attempt_sync(|| #attempt))
        }
    }

    /// Returns the code that notes an attempt's outcome in the gate. With a probe, the callee's
    /// answer follows, which may end the call.
    pub(super) fn note_attempt(&self, place: &TokenStream, evaluate: &TokenStream) -> TokenStream {
        if self.gate.is_none() {
            return TokenStream::new();
        }
        let (gate, ended) = (hygienic_name("gate"), self.at_return_type("ended"));
        let proof = self.proof();
        let mut noted = quote!(#gate.note(&#ended, #proof));
        if let Some(is_refused) = self.is_refused(&TokenStream::new()) {
            let unaccepted = self.unaccepted();
            noted = quote!(match &#ended {
                ::core::result::Result::Ok(_) if #is_refused => #gate.note_unaccepted(&#unaccepted),
                _ => #noted,
            });
        }
        match self.probe_outcome(&ended) {
            None => quote!(#noted;),
            Some(probed) => {
                let rescued = self.end_rescued(place, evaluate, probed);
                quote! {
                    let #ended = if #noted { #rescued } else { #ended };
                }
            }
        }
    }

    /// Returns the loop, and after it the code that records the call's outcome.
    pub(super) fn close_gate(&self, attempts: TokenStream) -> TokenStream {
        let Some(gated) = &self.gate else {
            return attempts;
        };
        let (gate, ended) = (hygienic_name("gate"), self.at_return_type("ended"));
        let close = self.sync_or_async("close");
        let outcome = &self.checked.outcome;
        let awaited = self.awaited();
        // The time limit may have cut an attempt without an outcome.
        let cut = self.is_bounded().then(|| {
            let shown = self.shown();
            let noted = quote!(#gate.note_cut(&#ended, #shown));
            match self.probe_outcome(&ended) {
                Some(probed) => quote! {
                    let #ended = if #noted { { #probed }.into_outcome() } else { #ended };
                },
                None => quote!(#noted;),
            }
        });
        // Only a final error is recorded. The predicate that decides is not held during the
        // recording.
        let (is_final, predicate) = if gated.arguments.replay_errors.is_some() {
            let is_final = hygienic_name("is_final");
            let is_final_error = self.is_final_error(&quote!(&#ended));
            (
                quote!(let #is_final = #is_final_error;),
                quote!(move |_| #is_final),
            )
        } else {
            (TokenStream::new(), quote!(|_| false))
        };
        quote! {
            let #ended: #outcome = { #attempts };
            #cut
            #is_final
            #gate.#close(#ended, #predicate) #awaited
        }
    }
}

/// Returns the value of an expression; a parameter is cloned, because the attempts may need it.
fn given(expression: &Expr, identity: &Identity<'_>) -> TokenStream {
    let span = Span::mixed_site().located_at(expression.span());
    let is_parameter = |path: &syn::ExprPath| {
        let name = path.path.get_ident();
        identity.all.iter().any(|it| Some(&it.variable) == name)
    };
    match expression {
        Expr::Path(path) if is_parameter(path) => {
            quote_spanned!(span=> ::core::clone::Clone::clone(&#path))
        }
        other => other.to_token_stream(),
    }
}

/// Returns the object of these parameters.
fn object(members: &[ObjectMember<'_>]) -> TokenStream {
    let fields = hygienic_name("fields");
    // Each field is put before the fields so far.
    let added = members.iter().rev().map(|member| {
        let conditions = &member.conditions;
        let field = field(member, &fields);
        quote!(#(#conditions)* let #fields = #field;)
    });
    quote! {
        &{
            let #fields = __retry_effects::EndOfFields;
            #(#added)*
            __retry_effects::ArgumentObject(#fields)
        }
    }
}

fn field(member: &ObjectMember<'_>, rest: &Ident) -> TokenStream {
    let variable = &member.variable;
    let value = part(member.at, &quote!(&#variable), located_at(member.ty));
    let name = Literal::string(&member.field);
    quote!(__retry_effects::ArgumentField::new(#name, #value, #rest))
}

/// Returns a value as a part of the identity; the compiler's error about one that is not `Serialize`
/// points at `place`.
fn part(at: usize, lent: &TokenStream, place: Span) -> TokenStream {
    let part = Ident::new("__retry_part", place);
    quote!((&&__retry_effects::Part::<#at, _>(#lent)).#part())
}
