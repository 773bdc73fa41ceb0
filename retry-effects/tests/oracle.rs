//! Any payload gets the id of the text that the rule gives; the test derives that text from the rule
//! as simply as possible.

#[path = "tree/canonical.rs"]
mod canonical;
mod tree;

use canonical::json;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use retry_effects::compute_action_id;
use sha2::{Digest, Sha256};
use tree::Tree;

proptest! {
    #[test]
    fn ids_are_the_hash_of_the_rules_text(
        action_type in text(),
        payload in payload(),
        scope in text(),
    ) {
        let whole = Tree::Map(vec![
            ("scope".to_owned(), Tree::Text(scope.clone())),
            ("payload".to_owned(), payload.clone()),
            ("action_type".to_owned(), Tree::Text(action_type.clone())),
        ]);
        let expected: String =
            Sha256::digest(json(&whole)).iter().map(|byte| format!("{byte:02x}")).collect();
        let id = compute_action_id(&action_type, &payload, &scope).unwrap();
        prop_assert_eq!(id.to_string(), expected, "{}", json(&whole));
    }

    #[test]
    fn the_order_of_entries_is_of_no_account(
        entries in btree_map(text(), payload(), 0..8)
            .prop_map(|entries| entries.into_iter().collect::<Vec<_>>()),
        other in any::<proptest::sample::Index>(),
    ) {
        let mut turned = entries.clone();
        if !turned.is_empty() {
            turned.rotate_left(other.index(entries.len()));
        }
        prop_assert_eq!(
            compute_action_id("op", &Tree::Map(turned), "").unwrap(),
            compute_action_id("op", &Tree::Map(entries), "").unwrap()
        );
    }
}

/// Text with many characters that sort and escape in different ways.
fn text() -> impl Strategy<Value = String> {
    let char = prop_oneof![
        prop::char::range('a', 'c'),
        prop::sample::select(vec![
            '\0', '\n', '"', '\\', '\u{7f}', 'é', '\u{d7ff}', '\u{e000}', '\u{ffff}', '🦀'
        ]),
        any::<char>(),
    ];
    vec(char, 0..6).prop_map(|chars| chars.into_iter().collect())
}

fn payload() -> impl Strategy<Value = Tree> {
    let short_float = (any::<i32>(), 0..12).prop_map(|(n, d)| f64::from(n) / 10_f64.powi(d));
    // Of full length, and often half way between two shortest forms.
    let dyadic = (any::<i64>(), 0..12).prop_map(|(n, d)| n as f64 / 2_f64.powi(d));
    let leaf = prop_oneof![
        Just(Tree::Null),
        any::<bool>().prop_map(Tree::Bool),
        any::<i8>().prop_map(|n| Tree::Int(n.to_string())),
        any::<i128>().prop_map(|n| Tree::Int(n.to_string())),
        any::<u128>().prop_map(|n| Tree::Int(n.to_string())),
        prop_oneof![
            short_float,
            dyadic,
            prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO,
        ]
        .prop_map(Tree::Float),
        text().prop_map(Tree::Text),
    ];
    leaf.prop_recursive(5, 64, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Tree::List),
            (btree_map(text(), inner, 0..6), any::<bool>()).prop_map(|(entries, reversed)| {
                let mut entries: Vec<_> = entries.into_iter().collect();
                if reversed {
                    entries.reverse();
                }
                Tree::Map(entries)
            }),
        ]
    })
}
