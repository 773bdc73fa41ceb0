//! The list between the parentheses: words, and words with a value, separated by commas.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, ExprPath, Ident, LitStr, Member, Meta, Path, Token, token};

use crate::derive::advice::{Advice, advice};
use crate::derive::place::Place;
use crate::derive::table::{self, ValueKind};
use crate::parse::fault::Faults;

/// One word as written.
pub(super) struct WrittenWord {
    pub(super) key: Ident,
    pub(super) value: WordValue,
}

/// The part after the word.
pub(super) enum WordValue {
    Nothing,
    Field(Member),
    Kind(LitStr),
    Function(ExprPath),
    Advice(Advice),
    Crate(Path),
}

/// Returns all words that can be parsed.
pub(super) fn parse(
    attributes: &[Attribute],
    place: Place,
    faults: &mut Faults,
) -> Vec<WrittenWord> {
    let mut words = Vec::new();
    for attribute in attributes
        .iter()
        .filter(|it| it.path().is_ident("classify"))
    {
        match &attribute.meta {
            Meta::List(list) if !list.tokens.is_empty() => {
                let parser = |input: ParseStream<'_>| {
                    read(input, place, &mut words, faults);
                    Ok(())
                };
                if let Err(error) = parser.parse2(list.tokens.clone()) {
                    faults.add(error);
                }
            }
            _ => {
                let message = format!(
                    "`#[classify(..)]` needs at least one word; the words are {}",
                    table::listed(place)
                );
                faults.add_on(attribute, message);
            }
        }
    }
    words
}

fn read(input: ParseStream<'_>, place: Place, words: &mut Vec<WrittenWord>, faults: &mut Faults) {
    while !input.is_empty() {
        match word(input, place) {
            Ok(word) => words.push(word),
            Err(error) => {
                faults.add(error);
                skip_to_comma(input);
            }
        }
        if !input.is_empty() && input.parse::<Token![,]>().is_err() {
            faults.add_at(input.span(), "expected `,` between words");
            if !input.peek(Ident::peek_any) {
                skip_to_comma(input);
                let _ = input.parse::<Option<Token![,]>>();
            }
        }
    }
}

fn word(input: ParseStream<'_>, place: Place) -> syn::Result<WrittenWord> {
    if !input.peek(Ident::peek_any) {
        return Err(input.error(format!("expected a word: {}", table::listed(place))));
    }
    let key = input.call(Ident::parse_any)?;
    let name = key.to_string();
    let Some(row) = table::row(&name) else {
        return Err(fault(key.span(), table::unknown(&name, place)));
    };
    if !row.stands.at(place) {
        return Err(fault(key.span(), place.refusal(&name)));
    }
    let is_followed = input.peek(Token![=]);
    if row.takes == ValueKind::Nothing {
        if is_followed || input.peek(token::Paren) {
            let message = format!("`{key}` stands by itself: remove what follows it");
            return Err(fault(key.span(), message));
        }
        let value = WordValue::Nothing;
        return Ok(WrittenWord { key, value });
    }
    let example = row.example;
    let missing = || fault(key.span(), format!("`{key}` needs a value: `{example}`"));
    if !is_followed {
        return Err(missing());
    }
    input.parse::<Token![=]>()?;
    if input.is_empty() || input.peek(Token![,]) {
        return Err(missing());
    }
    let value = value(row.takes, input)?;
    Ok(WrittenWord { key, value })
}

fn value(takes: ValueKind, input: ParseStream<'_>) -> syn::Result<WordValue> {
    let at = input.span();
    let refused = |message: &str| fault(at, message);
    match takes {
        ValueKind::Nothing => Ok(WordValue::Nothing),
        ValueKind::Field => input.parse().map(WordValue::Field).map_err(|_| {
            refused(
                "`retry_after` names the field that holds the wait: `retry_after = after`, or \
                 `retry_after = 0`",
            )
        }),
        ValueKind::Kind => {
            const KIND: &str = "`kind` is a text in lower snake case, like \"quota_exceeded\"";
            let kind: LitStr = input.parse().map_err(|_| refused(KIND))?;
            if is_kind(&kind.value()) {
                Ok(WordValue::Kind(kind))
            } else {
                Err(refused(KIND))
            }
        }
        ValueKind::Function => input.parse().map(WordValue::Function).map_err(|_| {
            refused(
                "`with` names a function that gets all fields by reference: `with = judge`, or `with = \
                 Self::judge`",
            )
        }),
        ValueKind::Advice => {
            const DEFAULT: &str =
                "`default` is `retry` or `stop`: what else is true of a variant stands on it";
            let word: Ident = input.call(Ident::parse_any).map_err(|_| refused(DEFAULT))?;
            let is_alone = input.is_empty() || input.peek(Token![,]);
            let found = advice(&word).filter(|_| is_alone);
            found.map(WordValue::Advice).ok_or_else(|| refused(DEFAULT))
        }
        ValueKind::Crate => input.call(Path::parse_mod_style).map(WordValue::Crate).map_err(|_| {
            refused("`crate` is the path of this library's crate, like `::retry_core`")
        }),
    }
}

fn fault(span: Span, message: impl std::fmt::Display) -> syn::Error {
    syn::Error::new(span, message)
}

/// Whether a text is fit for a label of metrics: lower snake case.
fn is_kind(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .chars()
            .all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_')
}

fn skip_to_comma(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        let _ = input.parse::<proc_macro2::TokenTree>();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_fit_for_labels() {
        for (kind, is_fit) in [
            ("quota", true),
            ("http_503", true),
            ("", false),
            ("Quota", false),
            ("503", false),
            ("a b", false),
        ] {
            assert_eq!(is_kind(kind), is_fit, "{kind}");
        }
    }
}
