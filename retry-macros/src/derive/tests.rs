//! Compares expansions as tokens, and checks that no input makes the derive panic.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::classify::classify;

/// Returns the expansion of a valid type without spaces, which depend on the printer.
fn expanded(item: &str) -> String {
    let expanded = classify(parsed(item)).to_string();
    assert!(!expanded.contains("compile_error"), "{expanded}");
    unspaced(&expanded)
}

fn parsed(text: &str) -> TokenStream {
    text.parse().expect("it lexes")
}

fn unspaced(tokens: &str) -> String {
    tokens.replace(char::is_whitespace, "")
}

const VIEW: &str = "fn as_error(&self) -> ::core::option::Option<&(dyn ::core::error::Error + 'static)> { \
                    use ::retry_core::__private::Viewed as _; \
                    (&&::retry_core::__private::Autoref(self)).__retry_as_error() }";

#[test]
fn a_type_that_says_nothing_is_judged_by_the_provided_method() {
    let whole = format!(
        "#[automatically_derived] #[allow(deprecated)] impl ::retry_core::Classify for E {{ {VIEW} }}"
    );
    for plain in [
        "enum E { A, B(u32) }",
        "enum E {}",
        "struct E { code: u32 }",
        "struct E;",
    ] {
        assert_eq!(expanded(plain), unspaced(&whole), "{plain}");
    }
}

#[test]
fn only_variants_that_say_something_have_an_arm() {
    let words = expanded(
        "enum E { A, B(u32), #[classify(stop, not_applied)] C(u32), \
         #[classify(retry_after = t)] D { t: T } }",
    );
    let arms = "match self { \
        Self::C { .. } => ::retry_core::Judgement::stop().not_applied(), \
        Self::D { t: __retry_0, .. } => \
            ::retry_core::__private::into_judgement(::retry_core::__private::verdict_after(__retry_0)), \
        _ => ::retry_core::__private::default_judgement(self), }";
    assert!(words.contains(&unspaced(arms)), "{words}");
    assert!(
        !words.contains("FieldJudged"),
        "no source, no ladder: {words}"
    );
    let all = expanded("enum E { #[classify(stop)] A, #[classify(retry)] B }");
    assert!(!all.contains("_=>"), "{all}");
}

#[test]
fn the_default_stands_for_the_rest() {
    let default = expanded("#[classify(default = stop)] enum E { A, B(#[from] io::Error) }");
    assert!(
        default.contains("_=>::retry_core::Judgement::stop(),"),
        "{default}"
    );
}

#[test]
fn a_source_is_asked_once() {
    for item in [
        "enum E { A(#[from] io::Error) }",
        "struct E(#[source] io::Error);",
        "struct E { source: Option<io::Error> }",
        "#[error(transparent)] struct E(io::Error);",
        "#[classify(stop, not_applied, kind = \"a\")] struct E { source: io::Error }",
    ] {
        let expanded = expanded(item);
        assert_eq!(
            expanded.matches("__retry_judge_field").count(),
            1,
            "{expanded}"
        );
        assert!(
            expanded.contains("FieldJudgedByStaticChainas_"),
            "{expanded}"
        );
    }
    for item in [
        "struct E { r#source: io::Error }",
        "struct E(io::Error);",
        "#[error(transparent)] struct E(io::Error, u32);",
        "#[classify(with = judge)] struct E { source: io::Error }",
    ] {
        assert!(!expanded(item).contains("__retry_judge_field"), "{item}");
    }
}

#[test]
fn what_may_borrow_is_not_looked_at() {
    for item in [
        "struct E<'a>(&'a str, #[source] S);",
        "struct E<T>(#[source] T);",
        "struct E<T, U: 'static>(#[source] T, U);",
    ] {
        let expanded = expanded(item);
        assert!(!expanded.contains("as_error"), "{expanded}");
        assert!(expanded.contains("FieldJudgedByChainas_"), "{expanded}");
    }
    for item in [
        "struct E<const N: usize>(#[source] S);",
        "struct E<T: 'static>(#[source] T);",
        "struct E<T>(#[source] T) where T: 'static;",
    ] {
        let expanded = expanded(item);
        assert!(expanded.contains("as_error"), "{expanded}");
        assert!(
            expanded.contains("FieldJudgedByStaticChainas_"),
            "{expanded}"
        );
    }
}

#[test]
fn a_bound_is_added_where_none_is_declared() {
    const BOUND: &str = "Self:::core::fmt::Display,T:::retry_core::Classify{";
    for (item, is_bound) in [
        ("struct E<T>(#[source] T);", true),
        ("struct E<T: ?Sized + 'static>(#[source] Option<T>);", true),
        ("struct E<T: Error>(#[source] T);", false),
        ("struct E<T>(#[source] T) where T: Error;", false),
        ("struct E<T>(T);", false),
        ("#[classify(with = judge)] struct E<T>(#[source] T);", false),
        ("enum E<T> { A(#[source] Box<E<T>>), B(T) }", false),
    ] {
        assert_eq!(expanded(item).contains(BOUND), is_bound, "{item}");
    }
    assert!(!expanded("struct E(#[source] io::Error);").contains("where"));
}

#[test]
fn the_crate_goes_by_another_name() {
    let renamed = expanded("#[classify(crate = other::name, stop)] struct E { source: S }");
    assert!(!renamed.contains("retry_core"), "{renamed}");
    assert!(
        renamed.contains("implother::name::ClassifyforE"),
        "{renamed}"
    );
}

/// Words and signs of the grammar.
const TOKENS: &[&str] = &[
    "retry",
    "stop",
    "retry_after",
    "not_applied",
    "not_asked",
    "throttle",
    "kind",
    "with",
    "default",
    "crate",
    "classify",
    "source",
    "from",
    "error",
    "transparent",
    "enum",
    "struct",
    "union",
    "Option",
    "Self",
    "self",
    "r#type",
    "after",
    "T",
    "'a",
    "'static",
    "where",
    "=",
    ",",
    ";",
    ":",
    "::",
    "#",
    "<",
    ">",
    "&",
    "|",
    ".",
    "..",
    "0",
    "1",
    "7u8",
    "\"\"",
    "\"kind\"",
    "true",
    "99999999999999999999",
    "-",
];

const ITEMS: &[&str] = &[
    "#[classify(default = stop, crate = ::retry_core)] enum E<'a, T: Error + 'static> { #[classify(retry, \
     not_applied, kind = \"k\")] A, #[classify(retry_after = after)] B { after: Option<Duration>, #[source] \
     inner: T }, #[classify(with = Self::judge)] C(&'a u32, #[from] io::Error), #[error(transparent)] D(X) }",
    "#[error(transparent)] #[classify(stop, throttle)] struct E<T>(Option<T>) where T: Clone;",
    "#[classify(retry_after = 0, not_asked)] pub struct E<const N: usize>(Duration, [u8; N]);",
];

/// Returns half-written code: valid tokens of which a stretch is gone or replaced, at any depth.
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

/// Tokens in any order, some of them in a group.
fn soup() -> impl Strategy<Value = TokenStream> {
    let words = vec(select(TOKENS).prop_map(parsed), 0..6);
    let delimiters = [
        Delimiter::Parenthesis,
        Delimiter::Brace,
        Delimiter::Bracket,
        Delimiter::None,
    ];
    (words, proptest::option::of(select(delimiters.to_vec()))).prop_map(|(words, delimiter)| {
        let words: TokenStream = words.into_iter().collect();
        match delimiter {
            Some(delimiter) => TokenTree::Group(Group::new(delimiter, words)).into(),
            None => words,
        }
    })
}

proptest! {
    #[test]
    fn no_type_panics(
        item in select(ITEMS),
        places in vec(any::<Index>(), 1..6),
        gone in 0..3_usize,
        soup in soup(),
    ) {
        let expanded = classify(damage(parsed(item), &places, gone, &soup)).to_string();
        let is_refused = expanded.contains("compile_error");
        prop_assert!(is_refused || expanded.contains("Classify for"), "{expanded}");
    }
}

#[test]
fn sound_types_are_expanded() {
    for item in ITEMS {
        assert!(expanded(item).contains("fnclassify"), "{item}");
    }
}
