//! JSON payloads as action ids: no panic, and the hash of the text that the rule gives.

#![no_main]

#[path = "../../../retry-effects/tests/tree/canonical.rs"]
mod canonical;
#[path = "../../../retry-effects/tests/tree/mod.rs"]
mod tree;

use libfuzzer_sys::fuzz_target;
use retry_effects::{ActionId, ActionIdError, compute_action_id};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tree::Tree;

// A line for the action type, one for the scope, and the payload.
fuzz_target!(|text: &str| {
    let (action_type, rest) = text.split_once('\n').unwrap_or_default();
    let (scope, text) = rest.split_once('\n').unwrap_or(("", text));
    if let Ok(id) = text.parse::<ActionId>() {
        assert_eq!(id.to_string(), text);
    }
    let Ok(payload) = serde_json::from_str::<Value>(text) else {
        return;
    };
    let id = match compute_action_id(action_type, &payload, scope) {
        Ok(id) => id,
        Err(ActionIdError::TooDeep { .. }) => return,
        Err(error) => panic!("{payload}: {error}"),
    };
    let whole = Tree::Map(vec![
        ("scope".to_owned(), Tree::Text(scope.to_owned())),
        ("payload".to_owned(), tree_of(payload)),
        ("action_type".to_owned(), Tree::Text(action_type.to_owned())),
    ]);
    let expected = canonical::json(&whole);
    assert_eq!(
        id.as_bytes()[..],
        Sha256::digest(&expected)[..],
        "{expected}"
    );
});

fn tree_of(value: Value) -> Tree {
    match value {
        Value::Null => Tree::Null,
        Value::Bool(value) => Tree::Bool(value),
        Value::Number(number) if number.is_f64() => {
            Tree::Float(number.as_f64().expect("a number that is a float"))
        }
        Value::Number(number) => Tree::Int(number.to_string()),
        Value::String(text) => Tree::Text(text),
        Value::Array(items) => Tree::List(items.into_iter().map(tree_of).collect()),
        Value::Object(entries) => Tree::Map(
            entries
                .into_iter()
                .map(|(key, value)| (key, tree_of(value)))
                .collect(),
        ),
    }
}
