//! `forward_effect_store!` forwards every method of the trait `EffectStore`. The compiler demands those
//! without a default; the others a wrapper would silently take from the trait.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use retry_effects::store::Changed;
use retry_effects::{
    ActionId, EffectStore, InMemoryEffectStore, compute_action_id, forward_effect_store,
};
use syn::{Item, TraitItem};

const TRAIT: &str = include_str!("../../retry-effects/src/protocol/store.rs");
const MACRO: &str = include_str!("../../retry-effects/src/protocol/forward.rs");

/// A wrapper takes the default of `in_process`: it may serve other processes, too.
const NOT_FORWARDED: [&str; 1] = ["in_process"];

/// The names of the trait's methods.
fn methods(source: &str) -> BTreeSet<String> {
    let items = syn::parse_file(source).expect("source that compiles").items;
    let methods = items.into_iter().find_map(|item| match item {
        Item::Trait(found) if found.ident == "EffectStore" => Some(found.items),
        _ => None,
    });
    let methods = methods.expect("the trait").into_iter();
    methods
        .filter_map(|item| match item {
            TraitItem::Fn(method) => Some(method.sig.ident.to_string()),
            _ => None,
        })
        .collect()
}

/// The methods in the rules of the macro, as names.
struct Forwarded {
    /// Methods that are asked for where all are forwarded.
    all: BTreeSet<String>,
    /// Methods that are written, and call the method of the same name.
    written: BTreeSet<String>,
}

impl Forwarded {
    fn by(source: &str) -> Self {
        let items = syn::parse_file(source).expect("source that compiles").items;
        let rules = items.into_iter().find_map(|item| match item {
            Item::Macro(found) if found.ident.as_ref()? == "forward_effect_store" => {
                Some(rules(found.mac.tokens))
            }
            _ => None,
        });
        let rules = rules.expect("the macro");
        let all = rules
            .iter()
            .find(|(pattern, _)| pattern.starts_with(&["@".to_owned(), "all".to_owned()]));
        Self {
            all: all.map_or_else(BTreeSet::new, |(_, body)| {
                named_after(body, &["@"]).into_iter().collect()
            }),
            written: rules.iter().filter_map(written).collect(),
        }
    }
}

/// The pattern and the body of a macro's rule, as texts of their tokens.
type Rule = (Vec<String>, Vec<String>);

fn rules(tokens: TokenStream) -> Vec<Rule> {
    let groups: Vec<_> = tokens
        .into_iter()
        .filter_map(|token| match token {
            TokenTree::Group(group) => Some(flat(group.stream())),
            _ => None,
        })
        .collect();
    let rules = groups.chunks_exact(2);
    rules
        .map(|rule| (rule[0].clone(), rule[1].clone()))
        .collect()
}

/// Tokens in a row, with the brackets of groups.
fn flat(tokens: TokenStream) -> Vec<String> {
    let texts = tokens.into_iter().flat_map(|token| match token {
        TokenTree::Group(group) => {
            let (opens, closes) = match group.delimiter() {
                Delimiter::Parenthesis => ("(", ")"),
                Delimiter::Brace => ("{", "}"),
                Delimiter::Bracket => ("[", "]"),
                Delimiter::None => ("", ""),
            };
            let mut texts = vec![opens.to_owned()];
            texts.extend(flat(group.stream()));
            texts.push(closes.to_owned());
            texts
        }
        other => vec![other.to_string()],
    });
    texts.collect()
}

/// Returns the tokens that follow these tokens, at all places.
fn named_after(tokens: &[String], before: &[&str]) -> Vec<String> {
    let rows = tokens.windows(before.len() + 1);
    rows.filter(|row| row.iter().zip(before).all(|(token, named)| token == named))
        .map(|row| row[before.len()].clone())
        .collect()
}

/// The method that a rule writes when it is not excepted, if it calls the inner store's.
fn written((pattern, body): &Rule) -> Option<String> {
    let [method] = &named_after(body, &["fn"])[..] else {
        return None;
    };
    let is_for_it = pattern.starts_with(&["@".into(), method.clone(), "[".into(), "]".into()]);
    let calls_it = named_after(body, &["EffectStore", ":", ":"]) == [method.clone()];
    (is_for_it && calls_it).then(|| method.clone())
}

#[test]
fn every_method_is_forwarded() {
    let (mut methods, forwarded) = (methods(TRAIT), Forwarded::by(MACRO));
    assert!(methods.contains("pending"), "{methods:?}");
    for name in NOT_FORWARDED {
        assert!(methods.remove(name), "{name} is a method");
    }
    assert_eq!(forwarded.all, methods);
    assert_eq!(forwarded.written, methods);
}

#[test]
fn the_reader_of_the_macro_sees_what_is_left_out() {
    let forwarded = Forwarded::by(
        "macro_rules! forward_effect_store {
            (@all $own:tt $target:tt) => {
                $crate::forward_effect_store!(@resolve $own $target);
                $crate::forward_effect_store!(@kind $own $target);
                $crate::forward_effect_store!(@changed $own $target);
            };
            (@kind [kind $($rest:ident)*] $target:tt) => {};
            (@kind [] ($this:ident $inner:expr)) => {
                fn kind(&self) -> &'static str { $crate::EffectStore::kind($inner) }
            };
            (@changed [] ($this:ident $inner:expr)) => {
                fn changed(&self) -> bool { $crate::EffectStore::hears_all($inner) }
            };
            (@len [] ($this:ident $inner:expr)) => {
                fn len(&self) -> u64 { $crate::EffectStore::len($inner) }
            };
        }",
    );
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(forwarded.all, names(&["changed", "kind", "resolve"]));
    assert_eq!(forwarded.written, names(&["kind", "len"]));
}

/// A store whose answers differ from the defaults.
#[derive(Debug, Default)]
struct Inner {
    memory: InMemoryEffectStore,
    waiters: AtomicU32,
}

impl EffectStore for Inner {
    forward_effect_store!(|this| &this.memory, except changed);

    fn changed(&self, id: ActionId) -> Changed {
        self.waiters.fetch_add(1, Ordering::Relaxed);
        self.memory.changed(id)
    }
}

#[derive(Debug, Default)]
struct Outer(Inner);

impl EffectStore for Outer {
    forward_effect_store!(|this| &this.0);
}

#[test]
fn a_wrapper_takes_no_default_of_the_trait() {
    let outer = Outer::default();
    assert_eq!(outer.kind(), "memory");
    assert!(outer.hears_all());
    assert!(!outer.needs_runtime());
    let id = compute_action_id("charge", &1, "").expect("a number has a JSON form");
    drop(outer.changed(id));
    assert_eq!(outer.0.waiters.load(Ordering::Relaxed), 1);
}
