//! On any input, the macro does not panic, and emits the item that it refuses.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::function::expand;
use crate::parse::class::Class;
use crate::parse::rows;

/// Words and signs of the grammar, beside the names of arguments.
const TOKENS: &[&str] = &[
    "ratio",
    "burst",
    "floor",
    "failure_threshold",
    "recovery_timeout",
    "window",
    "failure_rate",
    "minimum_calls",
    "slow_call",
    "slow_call_rate",
    "half_open_permits",
    "success_threshold",
    "after",
    "max",
    "safe",
    "breaker",
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
    "throttled(min_wait = \"5s\"), min_wait = FIRST, multiplier = 2",
    "policy = OWN, jitter = Jitter::None, attempt = n, borrow(text), nested = \"stop\"",
    "timeout = limit(), max_total_time = \"1m\", retry_if = |e| e.is_busy(), on_retry = hook",
    "judge = |it: &R| by(it), hedge(after = 1, safe = true), timeout = 1, circuit_breaker, adaptive",
    "judge = made(text), idempotent = true, name = \"n\", key(text), probe = || ask(), replay_errors = true",
    "idempotent = true, name = \"n\", key = 1, scope = text, store = s.clone(), lease = \"10s\", \
     retain = 3, probe = |_, (a, _)| ask(a), on_busy = \"fail\", replay_errors = true, timeout = 1",
    "idempotent = true, name = \"n\", key(text), skip(x), in_doubt = \"reexecute\"",
    "budget = 0.1, circuit_breaker(failure_threshold = 5), key(a.b), idempotent = true",
    "budget(ratio = R, burst = 3, floor = 0, name = \"n\"), circuit_breaker(window = \"30s\", \
     failure_rate = 0.5, minimum_calls = 3, slow_call = 2, slow_call_rate = S), adaptive, \
     time_budget = spare(), timeout = 1",
    "budget = self.budget, circuit_breaker, adaptive = L, time_budget = \"30s\", hedge(after = \"95ms\", \
     max = 2, safe = true)",
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

/// Returns tokens in any order, with groups among them.
fn soup() -> impl Strategy<Value = TokenStream> {
    let names: Vec<_> = rows::examples().map(|(name, _)| name).collect();
    let token = prop_oneof![select(TOKENS), select(names)].prop_map(parsed);
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

/// Returns half-written code: valid tokens of which a stretch is gone or replaced, at any depth.
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

/// Expands, and checks that the item is not lost: it is expanded, or follows the errors.
fn check(arguments: TokenStream, item: TokenStream) -> Result<(), TestCaseError> {
    let before = item.to_string();
    let expanded = expand(Class::Api, arguments, item).to_string();
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
            let expanded = expand(Class::Api, parsed(arguments), parsed(item)).to_string();
            let is_sound = at < 6;
            assert_eq!(!expanded.contains("compile_error"), is_sound, "{expanded}");
            assert_eq!(expanded.contains("__RETRY_SITE"), is_sound, "{expanded}");
        }
    }
}

/// Returns the expansion of a plain function without spaces, which depend on the printer.
fn expanded(arguments: &str, function: &str) -> String {
    let expanded = expand(Class::Api, parsed(arguments), parsed(function)).to_string();
    assert!(!expanded.contains("compile_error"), "{expanded}");
    unspaced(&expanded)
}

fn unspaced(tokens: &str) -> String {
    tokens.replace(char::is_whitespace, "")
}

#[test]
fn each_argument_reaches_the_expansion() {
    const CALL: &str = "async fn call(order_id: u32, cents: u64, client: C) -> Result<u32, E> { \
                        go(order_id, cents, client) }";
    const BESIDE: [&str; 5] = [
        "",
        "idempotent = true",
        "idempotent = true, key(order_id)",
        "idempotent = true, in_doubt = \"reexecute\"",
        "idempotent = true, probe = find_charge",
    ];
    let expanded =
        |arguments: &str| expand(Class::Api, parsed(arguments), parsed(CALL)).to_string();
    // The example of `crate` is the default.
    for (name, example) in rows::examples().filter(|(name, _)| *name != "crate") {
        let reaches = BESIDE.iter().any(|beside| {
            let with = expanded(format!("{beside}, {example}").trim_start_matches(", "));
            !with.contains("compile_error") && with != expanded(beside)
        });
        assert!(reaches, "{name}");
    }
}

#[test]
fn without_a_gate_there_is_nothing_of_it() {
    const CALL: &str = "async fn call(a: u32) -> Result<u32, E> { Ok(a) }";
    let plain = expanded("timeout = \"1s\", retry_if = |_| true", CALL);
    for word in ["effects", "gate", "ACTION", "break"] {
        assert!(!plain.contains(word), "{word} in {plain}");
    }
    let off = "timeout = \"1s\", retry_if = |_| true, idempotent = false";
    assert_eq!(expanded(off, CALL), plain);
}

#[test]
fn without_guards_there_is_nothing_of_them() {
    const CALL: &str = "async fn call(a: u32) -> Result<u32, E> { Ok(a) }";
    let plain = expanded("timeout = \"1s\", max_attempts = 3", CALL);
    for word in [
        "guard",
        "admission",
        "RequestedGuards",
        "in_time",
        "race",
        "delay",
        "OutcomeReceiver",
    ] {
        assert!(!plain.contains(word), "{word} in {plain}");
    }
    assert!(plain.contains("UNGUARDED"), "{plain}");
}

#[test]
fn a_call_holds_of_the_guards_what_it_asked_for() {
    const CALL: &str = "async fn call(a: u32) -> Result<u32, E> { Ok(a) }";
    for (arguments, there, not_there) in [
        (
            "budget = 0.1",
            &[".guarded(", "budget_ratio", ".admit_without_breaker()"][..],
            &[".admit(", "in_time"][..],
        ),
        (
            "budget = B",
            &[".budget(", "::guard::<"],
            &[".guarded(", ".admit("],
        ),
        (
            "circuit_breaker",
            &[".guarded(", ".admit("],
            &[".admit_without_breaker()", "delay", "failure_threshold"],
        ),
        (
            "adaptive = true",
            &[".guarded(", ".delay("],
            &[".wait_for_limiter(", "in_time"],
        ),
        (
            "time_budget = 1",
            &[".guarded(", ".time_budget(", ".in_time("],
            &["race"],
        ),
        (
            "hedge(after = 1, safe = true)",
            &[".guarded(", "::race(", ".hedge("],
            &["in_time"],
        ),
    ] {
        let expanded = expanded(arguments, CALL);
        for word in there {
            assert!(expanded.contains(word), "{word} not in {expanded}");
        }
        for word in not_there {
            assert!(!expanded.contains(word), "{word} in {expanded}");
        }
        assert!(!expanded.contains("UNGUARDED"), "{expanded}");
    }
}

#[test]
fn a_sync_guarded_call_awaits_nothing() {
    const CALL: &str = "fn call(a: u32) -> Result<u32, E> { Ok(a) }";
    let guards = "budget = 0.1, circuit_breaker, adaptive = true, time_budget = 1";
    let sync = expanded(guards, CALL);
    assert!(!sync.contains("await") && !sync.contains("async"), "{sync}");
    for word in [".wait_for_limiter(", "in_time_sync", ".admit("] {
        assert!(sync.contains(word), "{word} not in {sync}");
    }
}

/// For a path that begins in scope, the compiler would propose a crate of the registry.
#[test]
fn a_missing_crate_is_not_one_to_add_from_the_registry() {
    const CALL: &str = "fn call(a: u32) -> Result<u32, E> { Ok(a) }";
    let gated = expanded("idempotent = true", CALL);
    let paths = |name: &str| gated.matches(&format!("{name}::")).count();
    for name in ["retry_core", "retry_effects"] {
        let absolute = paths(&format!("::{name}"));
        assert!(absolute > 0, "{gated}");
        // Those of the alias `__retry_effects` are the only others.
        assert_eq!(
            absolute,
            paths(name) - paths(&format!("__{name}")),
            "{gated}"
        );
    }
}

#[test]
fn a_gate_is_asked_for_what_was_given_and_nothing_else() {
    const CALL: &str = "async fn call(a: u32, b: &str) -> Result<u32, E> { Ok(a) }";
    const OPEN: &str = ".open(__retry_effects::results::<Result<u32, E>>(), __retry_effects::errors::<Result<u32, E>>()).await";
    let asked = |arguments: &str| {
        let expanded = expanded(&format!("idempotent = true, {arguments}"), CALL);
        let start = expanded
            .find("__retry_effects::GateRequest::new")
            .expect("a question");
        let end = expanded.find(&unspaced(OPEN)).expect("an answer");
        expanded[start..end].to_owned()
    };
    let field = |at: usize, name: &str| {
        unspaced(&format!(
            "let __retry_fields = __retry_effects::ArgumentField::new(\"{name}\", (&&__retry_effects::Part::<{at}usize, _>(&{name})).__retry_part(), __retry_fields);"
        ))
    };
    let plain = asked("");
    assert!(plain.contains(&(field(1, "b") + &field(0, "a"))), "{plain}");
    for method in [
        "input",
        "scope",
        "store",
        "lease",
        "retain",
        "in_doubt",
        "dedupe_for",
        "on_busy",
        "with_probe",
        "limits",
    ] {
        assert!(
            !plain.contains(&format!(".{method}(")),
            "{method} in {plain}"
        );
    }
    let full = asked(
        "key(a), scope = &tenant, store = store(), lease = \"10s\", retain = keep(), \
         on_busy = \"fail\", probe = ask, probe_after = \"10s\", max_total_time = 20",
    );
    for call in [
        ".scope(&&tenant)",
        ".store(store())",
        ".lease(::core::time::Duration::new(10u64, 0u32))",
        ".retain(keep())",
        ".with_probe()",
        ".probe_after(::core::time::Duration::new(10u64, 0u32))",
        ".on_busy(__retry_effects::OnBusy::Fail)",
        ".limits(&__retry_limits)",
    ] {
        assert!(full.contains(&unspaced(call)), "{call} in {full}");
    }
    let again = asked("in_doubt = \"reexecute\", dedupe_for = \"23h\"");
    for call in [
        ".in_doubt(__retry_effects::OnDoubt::Reexecute)",
        ".dedupe_for(::core::time::Duration::new(82800u64, 0u32))",
    ] {
        assert!(again.contains(&unspaced(call)), "{call} in {again}");
    }
    let (key, input) = full.split_once(".input(").expect("a fingerprint");
    assert!(
        key.contains(&field(0, "a")) && !key.contains(&field(1, "b")),
        "{full}"
    );
    assert!(
        input.contains(&field(1, "b")) && !input.contains(&field(0, "a")),
        "{full}"
    );
}

#[test]
fn a_sync_gate_awaits_nothing() {
    const CALL: &str = "fn call(a: u32) -> Result<u32, E> { Ok(a) }";
    for arguments in [
        "",
        "probe = ask",
        "probe = |a| ask(a), replay_errors = true",
    ] {
        let sync = expanded(&format!("idempotent = true, {arguments}"), CALL);
        assert!(!sync.contains("await") && !sync.contains("async"), "{sync}");
        for method in ["open_sync", "close_sync", "attempt_sync"] {
            assert!(sync.contains(&format!(".{method}")), "{method} in {sync}");
        }
        assert_eq!(
            sync.contains("catch_panic_sync"),
            !arguments.is_empty(),
            "{sync}"
        );
    }
}

#[test]
fn the_probe_is_asked_wherever_something_is_unknown() {
    const CALL: &str = "async fn call(a: u32) -> Result<u32, E> { Ok(a) }";
    for (arguments, times) in [
        ("", 0),
        ("timeout = 1", 0),
        ("probe = ask", 2),
        ("probe = || ask(a), timeout = 1", 3),
    ] {
        let expanded = expanded(&format!("idempotent = true, {arguments}"), CALL);
        let probed = "__retry_effects::catch_panic(async{";
        assert_eq!(expanded.matches(probed).count(), times, "{expanded}");
    }
}
