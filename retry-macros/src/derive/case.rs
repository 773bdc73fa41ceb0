//! A case: a variant of an enum, or a struct as a whole, with its words checked against its fields.

use proc_macro2::Span;
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Attribute, ExprPath, Fields, Ident, LitStr, Member};

use crate::derive::advice::Advice;
use crate::derive::source::Source;
use crate::derive::words::Words;
use crate::parse::fault::Faults;
use crate::parse::spelling;

/// One case.
pub(super) struct Case<'a> {
    /// The variant; none for a struct.
    pub(super) variant: Option<&'a Ident>,
    pub(super) fields: &'a Fields,
    /// The field that holds an error.
    pub(super) source: Option<Source<'a>>,
    pub(super) advice: Option<CaseAdvice>,
    pub(super) not_applied: bool,
    pub(super) not_asked: bool,
    pub(super) throttle: bool,
    pub(super) kind: Option<LitStr>,
    /// The function that judges in place of words and source.
    pub(super) with: Option<ExprPath>,
}

/// The advice of a case.
pub(super) enum CaseAdvice {
    Stated(Advice),
    /// The wait in the field at this place; the span is that of the name in the attribute.
    After(usize, Span),
}

impl<'a> Case<'a> {
    pub(super) fn of(
        variant: Option<&'a Ident>,
        fields: &'a Fields,
        words: Words,
        display: &[Attribute],
        faults: &mut Faults,
    ) -> Self {
        refuse_on_fields(fields, variant.is_some(), faults);
        let source = Source::find(fields, display, faults);
        let after = words.retry_after.and_then(|field| {
            let at = position(fields, &field, faults)?;
            Some(CaseAdvice::After(at, field.span()))
        });
        Self {
            variant,
            fields,
            // The function of `with` judges alone: it does not get the source's judgement.
            source: source.filter(|_| words.with.is_none()),
            advice: words.advice.map(CaseAdvice::Stated).or(after),
            not_applied: words.not_applied,
            not_asked: words.not_asked,
            throttle: words.throttle,
            kind: words.kind,
            with: words.with,
        }
    }

    /// Whether the case states nothing and holds no error, so that the type's default and the text
    /// judge.
    pub(super) fn is_plain(&self) -> bool {
        let states = self.not_applied || self.not_asked || self.throttle || self.kind.is_some();
        !states && self.advice.is_none() && self.source.is_none() && self.with.is_none()
    }
}

fn refuse_on_fields(fields: &Fields, in_variant: bool, faults: &mut Faults) {
    let whole = if in_variant { "variant" } else { "struct" };
    let attributes = fields.iter().flat_map(|field| &field.attrs);
    for attribute in attributes.filter(|it| it.path().is_ident("classify")) {
        let message = format!(
            "`#[classify(..)]` stands on the {whole}, not on a field of it; a wait in this field is \
             named there: `#[classify(retry_after = field)]`"
        );
        faults.add_on(attribute, message);
    }
}

/// Returns the place of the field that `member` names.
fn position(fields: &Fields, member: &Member, faults: &mut Faults) -> Option<usize> {
    let found = fields.members().position(|it| it == *member);
    if found.is_none() {
        let written = shown(member);
        let all: Vec<String> = fields.members().map(|it| shown(&it)).collect();
        let near = match member {
            Member::Named(_) => spelling::suggestion(&written, all.iter().map(String::as_str)),
            Member::Unnamed(_) => None,
        };
        let message = match (near, all.len()) {
            (Some(near), _) => format!("there is no field `{written}`; did you mean `{near}`?"),
            (None, 0) => format!(
                "there is no field `{written}`, nor any other; to name a wait of its own give the \
                 variant a field of type `Duration`"
            ),
            (None, 1) => format!(
                "there is no field `{written}`; the only field is `{}`",
                all[0]
            ),
            (None, _) => format!(
                "there is no field `{written}`; the fields are `{}`",
                all.join("`, `")
            ),
        };
        faults.add_on(member, message);
    }
    found
}

fn shown(member: &Member) -> String {
    member.to_token_stream().to_string()
}
