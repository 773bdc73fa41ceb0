//! The variables: each of the list has its effect, and the source knows no other.

use std::collections::BTreeSet;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use retry_core::RetrySettings;

use crate::{list, read};

/// A line a variable: its name, values that it accepts, behind `!` one that it refuses.
fn lines() -> Vec<(String, Vec<String>, String)> {
    let text = read(&list("variables.txt"));
    text.lines()
        .map(|line| {
            let (name, values) = line.split_once(' ').expect("a name and values");
            let (accepted, refused) = values.split_once('!').expect("a value that is refused");
            let accepted = accepted.split_whitespace().map(str::to_owned).collect();
            (name.to_owned(), accepted, refused.to_owned())
        })
        .collect()
}

#[test]
fn each_variable_has_an_effect_and_its_values() {
    for (name, accepted, refused) in lines() {
        assert!(!accepted.is_empty(), "{name}");
        for value in accepted {
            let settings = RetrySettings::from_vars([(&*name, &*value)]);
            let settings = settings.unwrap_or_else(|error| panic!("{error}"));
            assert_ne!(settings, RetrySettings::default(), "{name}={value}");
        }
        let refused = RetrySettings::from_vars([(&*name, &*refused)]);
        assert!(refused.is_err(), "{name}");
    }
}

/// Each class has the variables of each other, and an operation those and two more.
#[test]
fn no_class_lacks_a_variable() {
    let names: BTreeSet<_> = lines().into_iter().map(|(name, ..)| name).collect();
    let of = |owner: &str| -> BTreeSet<_> {
        let fields = names.iter().filter_map(|name| name.strip_prefix(owner));
        fields.map(str::to_owned).collect()
    };
    let of_class = of("RETRY__API_");
    for class in ["WORKER", "STORAGE", "SCHEDULER"] {
        assert_eq!(of(&format!("RETRY__{class}_")), of_class, "{class}");
    }
    let mut of_operation = of("RETRY__OP__LOAD_TASK__");
    assert!(of_operation.remove("TIME_BUDGET") && of_operation.remove("HEDGE_AFTER"));
    assert_eq!(of_operation, of_class);
}

#[test]
fn the_list_has_each_name_of_the_source() {
    let settings = Path::new(env!("CARGO_MANIFEST_DIR")).join("../retry-core/src/settings");
    let mut known = BTreeSet::new();
    for file in ["variables.rs", "guard_variables.rs"] {
        let source: TokenStream = read(&settings.join(file)).parse().expect("Rust");
        names_in(source, &mut known);
    }
    let names: Vec<_> = lines().into_iter().map(|(name, ..)| name).collect();
    for field in &known {
        let ending = format!("_{field}");
        let is_listed = names.iter().any(|name| name.ends_with(&ending));
        assert!(is_listed, "{field} is not in variables.txt");
    }
    assert!(known.len() >= 18, "{known:?}");
    for name in names {
        let is_known = known
            .iter()
            .any(|field| name.ends_with(&format!("_{field}")));
        assert!(is_known, "{name} is not in the source");
    }
}

/// Collects the literals that are names of fields: capitals and underscores.
fn names_in(source: TokenStream, found: &mut BTreeSet<String>) {
    for token in source {
        match token {
            TokenTree::Group(group) => names_in(group.stream(), found),
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                let name = text.trim_matches('"');
                let is_name = |char: char| char.is_ascii_uppercase() || char == '_';
                let is_word = name.starts_with(|first: char| first.is_ascii_uppercase());
                if text.starts_with('"') && is_word && name.chars().all(is_name) {
                    found.insert(name.to_owned());
                }
            }
            _ => {}
        }
    }
}
