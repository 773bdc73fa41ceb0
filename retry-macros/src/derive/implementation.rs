//! The implementation: an arm for each variant that states something.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Fields, Index};

use crate::derive::advice::Advice;
use crate::derive::bounds;
use crate::derive::case::{Case, CaseAdvice};
use crate::derive::source::Source;
use crate::derive::subject::Subject;

impl Subject<'_> {
    pub(super) fn implementation(&self) -> TokenStream {
        let (krate, name) = (&self.krate, &self.input.ident);
        let sources = self.cases.iter().filter_map(|case| case.source.as_ref());
        let clause = bounds::where_clause(self.input, sources.map(|it| it.ty), krate);
        let (generics, arguments, _) = self.input.generics.split_for_impl();
        let (classify, as_error) = (self.classify(), self.as_error());
        quote! {
            #[automatically_derived]
            #[allow(deprecated)]
            impl #generics #krate::Classify for #name #arguments #clause {
                #classify
                #as_error
            }
        }
    }

    /// Returns `None` if no variant states anything: the provided method then judges by chain and
    /// text.
    fn classify(&self) -> Option<TokenStream> {
        let krate = &self.krate;
        let plain = self.cases.iter().filter(|case| case.is_plain()).count();
        if plain == self.cases.len() && self.default.is_none() {
            return None;
        }
        let arms = self
            .cases
            .iter()
            .filter(|case| !case.is_plain())
            .map(|case| {
                let (pattern, judgement) = (case.pattern(), self.judgement(case));
                quote!(#pattern => #judgement,)
            });
        let rest = (plain > 0).then(|| {
            let unstated = self.unstated();
            quote!(_ => #unstated,)
        });
        let holds = self.cases.iter().any(|case| case.source.is_some());
        let ladder = holds.then(|| {
            let by_chain = if bounds::is_static(&self.input.generics) {
                quote!(FieldJudgedByStaticChain)
            } else {
                quote!(FieldJudgedByChain)
            };
            quote!(use #krate::__private::{FieldJudged as _, #by_chain as _, FieldNotJudged as _};)
        });
        Some(quote! {
            fn classify(&self) -> #krate::Judgement {
                #ladder
                match self { #(#arms)* #rest }
            }
        })
    }

    /// Returns the view as a `dyn Error`, for a type that can have one.
    fn as_error(&self) -> Option<TokenStream> {
        let krate = &self.krate;
        bounds::is_static(&self.input.generics).then(|| {
            quote! {
                fn as_error(&self) -> ::core::option::Option<&(dyn ::core::error::Error + 'static)> {
                    use #krate::__private::Viewed as _;
                    (&&#krate::__private::Autoref(self)).__retry_as_error()
                }
            }
        })
    }

    fn judgement(&self, case: &Case<'_>) -> TokenStream {
        let krate = &self.krate;
        let private = quote!(#krate::__private);
        if let Some(function) = &case.with {
            // If the function takes another type than the field has, the compiler's error points at
            // the field.
            let fields = case.fields.iter().enumerate().map(|(at, field)| {
                let place = field
                    .ident
                    .as_ref()
                    .map_or_else(|| field.ty.span(), Ident::span);
                located(at, place)
            });
            let call = quote_spanned!(function.span()=> #function(#(#fields),*));
            let judged = quote_spanned!(function.span()=> into_judgement);
            return quote!(#private::#judged(#call));
        }
        let mut judgement = match (&case.source, &case.advice) {
            (Some(source), advice) => self.by_source(source, advice.as_ref()),
            (None, Some(CaseAdvice::Stated(advice))) => self.stated(*advice),
            (None, Some(after)) => {
                let verdict = self.verdict(after);
                quote!(#private::into_judgement(#verdict))
            }
            (None, None) => self.unstated(),
        };
        if case.not_applied && case.source.is_some() {
            judgement = quote!(#private::with_proof(#judgement));
        } else if case.not_applied {
            judgement.extend(quote!(.not_applied()));
        }
        if case.not_asked {
            judgement.extend(quote!(.with_answer(#krate::Answer::NotAsked)));
        }
        if case.throttle {
            judgement.extend(quote!(.throttle()));
        }
        if let Some(kind) = &case.kind {
            judgement.extend(quote!(.with_kind(#kind)));
        }
        judgement
    }

    /// Returns the judgement of the source, with the case's advice in place of the source's.
    fn by_source(&self, source: &Source<'_>, advice: Option<&CaseAdvice>) -> TokenStream {
        let private = {
            let krate = &self.krate;
            quote!(#krate::__private)
        };
        let field = field_name(source.at);
        // For a wrong type the compiler points at the type.
        let at_type = Span::mixed_site().located_at(source.ty.span());
        let judged =
            quote_spanned!(at_type=> (&&&&#private::Autoref(#field)).__retry_judge_field());
        let judged = match advice {
            Some(_) => judged,
            None => quote!(#private::judged_by_field(self, #judged)),
        };
        let judged = if source.is_optional {
            quote! {
                match #field {
                    ::core::option::Option::Some(#field) => #judged,
                    ::core::option::Option::None => #private::default_judgement(self),
                }
            }
        } else {
            judged
        };
        match advice {
            Some(advice) => {
                let verdict = self.verdict(advice);
                quote!(#private::with_advice(#judged, #verdict))
            }
            None => judged,
        }
    }

    fn verdict(&self, advice: &CaseAdvice) -> TokenStream {
        let krate = &self.krate;
        match advice {
            CaseAdvice::Stated(Advice::Retry) => quote!(#krate::Verdict::Retry),
            CaseAdvice::Stated(Advice::Stop) => quote!(#krate::Verdict::Stop),
            CaseAdvice::After(at, written) => {
                let field = located(*at, *written);
                quote!(#krate::__private::verdict_after(#field))
            }
        }
    }

    fn stated(&self, advice: Advice) -> TokenStream {
        let krate = &self.krate;
        match advice {
            Advice::Retry => quote!(#krate::Judgement::retry()),
            Advice::Stop => quote!(#krate::Judgement::stop()),
        }
    }

    /// Returns the judgement of a case that gives no advice and holds no error.
    fn unstated(&self) -> TokenStream {
        let krate = &self.krate;
        match self.default {
            Some(advice) => self.stated(advice),
            None => quote!(#krate::__private::default_judgement(self)),
        }
    }
}

impl Case<'_> {
    /// Returns a pattern that binds the fields which the judgement reads.
    fn pattern(&self) -> TokenStream {
        let path = match self.variant {
            Some(variant) => quote!(Self::#variant),
            None => quote!(Self),
        };
        if matches!(self.fields, Fields::Unit) {
            return path;
        }
        let bound = self
            .fields
            .members()
            .enumerate()
            .filter(|(at, _)| self.asks(*at));
        let bound = bound.map(|(at, member)| {
            let (member, field) = (member.to_token_stream(), field_name(at));
            quote!(#member: #field,)
        });
        quote!(#path { #(#bound)* .. })
    }

    fn asks(&self, at: usize) -> bool {
        self.with.is_some()
            || self.source.as_ref().is_some_and(|source| source.at == at)
            || matches!(self.advice, Some(CaseAdvice::After(after, _)) if after == at)
    }
}

/// Returns the variable to which a field is bound; the compiler's errors about it point at `place`.
fn located(at: usize, place: Span) -> Ident {
    let mut field = field_name(at);
    field.set_span(Span::mixed_site().located_at(place));
    field
}

/// Returns the variable to which a field is bound.
fn field_name(at: usize) -> Ident {
    format_ident!("__retry_{}", Index::from(at), span = Span::mixed_site())
}
