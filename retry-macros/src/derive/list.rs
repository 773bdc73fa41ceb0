//! The list between the parentheses: words, and words with a value, separated by commas.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, ExprPath, Ident, LitStr, Member, Meta, Path, Token, token};

use crate::derive::advice::{Advice, advice};
use crate::derive::place::Place;
use crate::parse::fault::Faults;
use crate::parse::spelling;

/// One word as written.
pub(super) struct Word {
    pub(super) key: Ident,
    pub(super) value: Value,
}

/// What stands after the word.
pub(super) enum Value {
    Nothing,
    Field(Member),
    Kind(LitStr),
    Function(ExprPath),
    Advice(Advice),
    Crate(Path),
}

/// The words, each with an example.
const WORDS: [(&str, &str); 10] = [
    ("retry", "retry"),
    ("stop", "stop"),
    ("retry_after", "retry_after = field"),
    ("not_applied", "not_applied"),
    ("not_asked", "not_asked"),
    ("throttle", "throttle"),
    ("kind", "kind = \"quota\""),
    ("with", "with = path::to::function"),
    ("default", "default = stop"),
    ("crate", "crate = ::retry_core"),
];

/// What the same is called elsewhere.
const ALIASES: [(&str, &str); 12] = [
    ("again", "retry"),
    ("retryable", "retry"),
    ("temporary", "retry"),
    ("transient", "retry"),
    ("fatal", "stop"),
    ("final", "stop"),
    ("permanent", "stop"),
    ("terminal", "stop"),
    ("after", "retry_after"),
    ("wait", "retry_after"),
    ("function", "with"),
    ("throttled", "throttle"),
];

/// All words that can be made out.
pub(super) fn parse(attributes: &[Attribute], place: Place, faults: &mut Faults) -> Vec<Word> {
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
                    listed(place)
                );
                faults.on(attribute, message);
            }
        }
    }
    words
}

fn read(input: ParseStream<'_>, place: Place, words: &mut Vec<Word>, faults: &mut Faults) {
    while !input.is_empty() {
        match word(input, place) {
            Ok(word) => words.push(word),
            Err(error) => {
                faults.add(error);
                skip_to_comma(input);
            }
        }
        if !input.is_empty() && input.parse::<Token![,]>().is_err() {
            faults.at(input.span(), "expected `,` between words");
            if !input.peek(Ident::peek_any) {
                skip_to_comma(input);
                let _ = input.parse::<Option<Token![,]>>();
            }
        }
    }
}

fn word(input: ParseStream<'_>, place: Place) -> syn::Result<Word> {
    if !input.peek(Ident::peek_any) {
        return Err(input.error(format!("expected a word: {}", listed(place))));
    }
    let key = input.call(Ident::parse_any)?;
    let name = key.to_string();
    let Some((_, example)) = WORDS.iter().find(|(word, _)| *word == name) else {
        return Err(fault(key.span(), unknown(&name, place)));
    };
    if !place.allows(&name) {
        return Err(fault(key.span(), place.refusal(&name)));
    }
    let value = if example.contains('=') {
        let missing = || fault(key.span(), format!("`{key}` needs a value: `{example}`"));
        if !input.peek(Token![=]) {
            return Err(missing());
        }
        input.parse::<Token![=]>()?;
        if input.is_empty() || input.peek(Token![,]) {
            return Err(missing());
        }
        value(&name, input)?
    } else if input.peek(Token![=]) || input.peek(token::Paren) {
        let message = format!("`{key}` stands by itself: remove what follows it");
        return Err(fault(key.span(), message));
    } else {
        Value::Nothing
    };
    Ok(Word { key, value })
}

fn value(key: &str, input: ParseStream<'_>) -> syn::Result<Value> {
    let at = input.span();
    let refused = |message: &str| fault(at, message);
    match key {
        "retry_after" => input.parse().map(Value::Field).map_err(|_| {
            refused(
                "`retry_after` names the field that holds the wait: `retry_after = after`, or \
                 `retry_after = 0`",
            )
        }),
        "kind" => {
            const KIND: &str = "`kind` is a text in lower snake case, like \"quota_exceeded\"";
            let kind: LitStr = input.parse().map_err(|_| refused(KIND))?;
            if is_kind(&kind.value()) {
                Ok(Value::Kind(kind))
            } else {
                Err(refused(KIND))
            }
        }
        "with" => input.parse().map(Value::Function).map_err(|_| {
            refused(
                "`with` names a function that gets all fields by reference: `with = judge`, or `with = \
                 Self::judge`",
            )
        }),
        "default" => {
            const DEFAULT: &str =
                "`default` is `retry` or `stop`: what else is true of a variant stands on it";
            let word: Ident = input.call(Ident::parse_any).map_err(|_| refused(DEFAULT))?;
            let is_alone = input.is_empty() || input.peek(Token![,]);
            let found = advice(&word).filter(|_| is_alone);
            found.map(Value::Advice).ok_or_else(|| refused(DEFAULT))
        }
        _ => input.call(Path::parse_mod_style).map(Value::Crate).map_err(|_| {
            refused("`crate` is the path of this library's crate, like `::retry_core`")
        }),
    }
}

/// What to say of a word that is none: what was probably meant, else all that there is.
fn unknown(word: &str, place: Place) -> String {
    if let Some((_, meant)) = ALIASES.iter().find(|(alias, _)| *alias == word) {
        return format!("unknown word `{word}`; here it is called `{meant}`");
    }
    match spelling::meant(word, WORDS.iter().map(|(word, _)| *word)) {
        Some(meant) => format!("unknown word `{word}`; did you mean `{meant}`?"),
        None => format!("unknown word `{word}`; the words are {}", listed(place)),
    }
}

/// All words that may stand here.
fn listed(place: Place) -> String {
    let here = WORDS.iter().filter(|(word, _)| place.allows(word));
    let examples: Vec<_> = here.map(|(_, example)| format!("`{example}`")).collect();
    examples.join(", ")
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
    fn what_was_meant() {
        for (word, message) in [
            (
                "transient",
                "unknown word `transient`; here it is called `retry`",
            ),
            ("retri", "unknown word `retri`; did you mean `retry`?"),
            (
                "not_aplied",
                "unknown word `not_aplied`; did you mean `not_applied`?",
            ),
        ] {
            assert_eq!(unknown(word, Place::Variant), message);
        }
        let all = unknown("zzz", Place::Enum);
        assert!(
            all.ends_with("the words are `default = stop`, `crate = ::retry_core`"),
            "{all}"
        );
    }

    #[test]
    fn aliases_are_of_what_there_is() {
        for (alias, meant) in ALIASES {
            assert!(WORDS.iter().any(|(word, _)| *word == meant), "{meant}");
            assert!(WORDS.iter().all(|(word, _)| *word != alias), "{alias}");
        }
    }

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
