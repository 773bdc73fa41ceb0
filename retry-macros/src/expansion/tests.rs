//! Whatever is written, the macro does not panic, and what it refuses is still there.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::attribute;
use crate::class::Class;

/// Words and signs that mean something, here or there.
const TOKENS: &[&str] = &[
    "max_attempts",
    "min_wait",
    "max_wait",
    "backoff",
    "multiplier",
    "jitter",
    "policy",
    "timeout",
    "max_total_time",
    "retry_if",
    "retry_on_ok",
    "on_retry",
    "name",
    "attempt",
    "nested",
    "borrow",
    "crate",
    "key",
    "budget",
    "retries",
    "timout",
    "fn",
    "async",
    "unsafe",
    "const",
    "extern",
    "pub",
    "self",
    "Self",
    "mut",
    "ref",
    "impl",
    "dyn",
    "where",
    "for",
    "let",
    "match",
    "move",
    "return",
    "struct",
    "trait",
    "call",
    "text",
    "T",
    "Result",
    "Box",
    "pin",
    "Pin",
    "Future",
    "Output",
    "__self",
    "__tracing_attr_span",
    "__tracing_instrument_future",
    "x",
    "r#type",
    "_",
    "=",
    ",",
    ";",
    ":",
    "::",
    "->",
    "=>",
    "&",
    "&mut",
    "'a",
    "|",
    "||",
    "-",
    "+",
    "*",
    "!",
    "?",
    "#",
    ".",
    "..",
    "@",
    "<",
    ">",
    "0",
    "1",
    "3",
    "2.5",
    "1e999",
    "99999999999999999999999999999999999999999",
    "7u8",
    "\"\"",
    "\"2\"",
    "\"500ms\"",
    "\"9999999999999d\"",
    "\"full\"",
    "\"exponential\"",
    "\"unlimited\"",
    "\"stop\"",
    "'c'",
    "b\"x\"",
    "true",
];

const ARGUMENTS: &[&str] = &[
    "",
    "max_attempts = 3, min_wait = \"1s\", max_wait = 5.0, backoff = \"exponential\", multiplier = 1.5",
    "policy = OWN, jitter = Jitter::None, attempt = n, borrow(text), nested = \"stop\"",
    "timeout = limit(), max_total_time = \"1m\", retry_if = |e| e.is_busy(), on_retry = hook",
    "budget = 0.1, circuit_breaker(failure_threshold = 5), key(a.b), idempotent = true",
];

const ITEMS: &[&str] = &[
    "pub async fn call(&mut self, mut text: String, (a, _): (u32, &str)) -> Result<u32, E> { \
     let x = text.parse()?; Ok(x) }",
    "fn call<'a, T: Clone, E>(text: &'a T, more: &mut T, f: impl Fn() + Clone) -> io::Result<impl X + 'a> \
     where E: F { #![allow(unused)] Err(f(text)) }",
    "#[doc = \"x\"] fn call<'t>(&'t self, x: u32) -> Pin<Box<dyn Future<Output = Result<(), E>> + \
     Send + 't>> { Box::pin(async move { if let Some(r) = None { return r; } let __self = self; \
     let x = x; let __ret: R = { __self.go(x) }; __ret }) }",
    "async fn call(text: String) -> Result<u32, E> { {} let __tracing_attr_span = s(); let \
     __tracing_instrument_future = async move { match async move { text.len() }.await { Ok(x) => \
     Ok(x), Err(e) => Err(e) } }; __tracing_instrument_future.await }",
    "fn call(text: String) -> Result<u32, E> { {} let __tracing_attr_span; let __tracing_attr_guard; \
     if level() { __tracing_attr_span = s(); } match (move || { text.len() })() { Ok(x) => Ok(x) } }",
    "fn call(text: String) -> Result<u32, E> { #[allow(x)] { let __tracing_attr_span; if level() {} \
     #[warn(y)] { text.len() } } }",
    "struct Call { text: String }",
    "async fn call(&self) -> Result<(), E>;",
    "impl Call { fn call() -> Result<(), E> { Ok(()) } }",
];

fn parsed(text: &str) -> TokenStream {
    text.parse().expect("the vocabulary lexes")
}

/// Tokens in any order, with groups among them.
fn soup() -> impl Strategy<Value = TokenStream> {
    let token = select(TOKENS).prop_map(parsed);
    let tree = token.prop_recursive(3, 24, 8, |inner| {
        let delimiter = select(&[
            Delimiter::Parenthesis,
            Delimiter::Brace,
            Delimiter::Bracket,
            Delimiter::None,
        ]);
        (delimiter, vec(inner, 0..8)).prop_map(|(delimiter, inner)| {
            let group = Group::new(delimiter, inner.into_iter().collect());
            TokenTree::Group(group).into()
        })
    });
    vec(tree, 0..16).prop_map(|trees| trees.into_iter().collect())
}

/// Half-written code: something sound, with a stretch of tokens gone or replaced, at any depth.
fn damaged(sound: &'static [&'static str]) -> impl Strategy<Value = TokenStream> {
    let places = vec(any::<Index>(), 1..6);
    (select(sound), places, 0..3_usize, soup())
        .prop_map(|(text, places, gone, soup)| damage(parsed(text), &places, gone, &soup))
}

fn damage(tokens: TokenStream, places: &[Index], gone: usize, with: &TokenStream) -> TokenStream {
    let mut tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let Some((place, deeper)) = places.split_first() else {
        return tokens.into_iter().collect();
    };
    let at = place.index(tokens.len() + 1);
    if let Some(TokenTree::Group(group)) = tokens.get(at)
        && !deeper.is_empty()
    {
        let inner = damage(group.stream(), deeper, gone, with);
        tokens[at] = TokenTree::Group(Group::new(group.delimiter(), inner));
    } else {
        let end = tokens.len().min(at + gone);
        tokens.splice(at..end, with.clone());
    }
    tokens.into_iter().collect()
}

/// Expands, and checks that an item is not lost: it is expanded, or it stands behind the errors.
fn check(arguments: TokenStream, item: TokenStream) -> Result<(), TestCaseError> {
    let before = item.to_string();
    let expanded = attribute(Class::Api, arguments, item).to_string();
    let refused = expanded.contains("compile_error");
    prop_assert!(!refused || expanded.ends_with(&before), "{expanded}");
    prop_assert!(refused || expanded.contains("__RETRY_SITE"), "{expanded}");
    Ok(())
}

proptest! {
    #[test]
    fn no_soup_panics(arguments in soup(), item in soup()) {
        check(arguments, item)?;
    }

    #[test]
    fn no_arguments_panic(arguments in damaged(ARGUMENTS), item in select(ITEMS)) {
        check(arguments, parsed(item))?;
    }

    #[test]
    fn no_item_panics(arguments in select(ARGUMENTS), item in damaged(ITEMS)) {
        check(parsed(arguments), item)?;
    }
}

#[test]
fn sound_functions_are_expanded() {
    for (at, item) in ITEMS.iter().enumerate() {
        for arguments in &ARGUMENTS[..2] {
            let expanded = attribute(Class::Api, parsed(arguments), parsed(item)).to_string();
            let is_sound = at < 6;
            assert_eq!(!expanded.contains("compile_error"), is_sound, "{expanded}");
            assert_eq!(expanded.contains("__RETRY_SITE"), is_sound, "{expanded}");
        }
    }
}
