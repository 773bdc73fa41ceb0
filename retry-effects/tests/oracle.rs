//! Any payload gets the id of the text that the rule gives; the test derives that text from the rule
//! as simply as possible.

mod tree;

use std::collections::BTreeMap;

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

fn json(tree: &Tree) -> String {
    match tree {
        Tree::Null => "null".to_owned(),
        Tree::Bool(value) => value.to_string(),
        Tree::Int(digits) => digits.clone(),
        Tree::Float(value) => repr(*value),
        Tree::Text(text) => quoted(text),
        Tree::List(items) => {
            format!("[{}]", items.iter().map(json).collect::<Vec<_>>().join(","))
        }
        Tree::Map(entries) => {
            let sorted: BTreeMap<Vec<u32>, String> = entries
                .iter()
                .map(|(key, value)| {
                    let points = key.chars().map(u32::from).collect();
                    (points, format!("{}:{}", quoted(key), json(value)))
                })
                .collect();
            format!("{{{}}}", sorted.into_values().collect::<Vec<_>>().join(","))
        }
    }
}

fn quoted(text: &str) -> String {
    let units = text.encode_utf16().map(|unit| match unit {
        0x08 => "\\b".to_owned(),
        0x09 => "\\t".to_owned(),
        0x0a => "\\n".to_owned(),
        0x0c => "\\f".to_owned(),
        0x0d => "\\r".to_owned(),
        0x22 => "\\\"".to_owned(),
        0x5c => "\\\\".to_owned(),
        0x20..=0x7e => String::from_utf16(&[unit]).expect("printable ASCII"),
        _ => format!("\\u{unit:04x}"),
    });
    format!("\"{}\"", units.collect::<String>())
}

/// Writes the fewest digits that read back, found by trying; the places of the point are counted off
/// on a long row of zeros.
fn repr(value: f64) -> String {
    let scientific = (0..17)
        .map(|precision| format!("{value:.precision$e}"))
        .find(|text| text.parse() == Ok(value))
        // Only just above a power of two: the nearest 16 digits read as its neighbour below.
        .unwrap_or_else(|| format!("{value:e}"));
    let (mantissa, exponent) = scientific
        .split_once('e')
        .expect("the form has an exponent");
    let exponent: i32 = exponent.parse().expect("an exponent is an integer");
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let mantissa = mantissa.trim_start_matches('-');
    if exponent >= 16 {
        return format!("{sign}{mantissa}e+{exponent:02}");
    }
    if exponent < -4 {
        return format!("{sign}{mantissa}e-{:02}", -exponent);
    }
    let zeros = "0".repeat(20);
    let row = format!("{zeros}{}{zeros}", mantissa.replace('.', ""));
    let (whole, fraction) =
        row.split_at(usize::try_from(21 + exponent).expect("an exponent from -4"));
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    let or_zero = |digits: &str| {
        if digits.is_empty() {
            "0".to_owned()
        } else {
            digits.to_owned()
        }
    };
    format!("{sign}{}.{}", or_zero(whole), or_zero(fraction))
}
