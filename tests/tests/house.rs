//! The house: a folder of a crate is a floor, and imports only from folders below it; no files import
//! each other in a circle.
//!
//! The table of floors here is the architecture. A new folder gets a row; an import that runs up is a
//! wrong place, not a new exception.

#[path = "house/sources.rs"]
mod sources;

use std::collections::{BTreeMap, BTreeSet};

use sources::{Module, Sources};

/// A crate, its floors from the ground up, and the circles of files that are left.
struct House {
    source: &'static str,
    /// Folders of one row may not import each other.
    floors: &'static [&'static [&'static str]],
    /// Each with the reason why it cannot be cut; folders end with a slash.
    circles: &'static [&'static [&'static str]],
}

const CORE: House = House {
    source: "../retry-core/src",
    floors: &[
        &["clock", "sync", "text"],
        &["classify", "policy"],
        &["http", "operation"],
        &["report"],
        &["guard"],
        &["settings"],
        &["engine"],
        // The guide is text alone, and imports nothing.
        &["attribute", "guide", "retry", "testing"],
    ],
    // The trait's default judges by the chain of sources, a layer of a chain may be a client's error, and
    // such an error takes its kind from the chain below it.
    circles: &[&[
        "classify::chain",
        "classify::classification",
        "classify::library::http_client",
        "classify::library::layers",
    ]],
};

const EFFECTS: House = House {
    source: "../retry-effects/src",
    floors: &[
        &["identity"],
        &["protocol"],
        &["conformance", "gate"],
        &["stores"],
        &["attribute", "command", "http", "transaction"],
        &["effect", "guide"],
    ],
    circles: &[],
};

const MACROS: House = House {
    source: "../retry-macros/src",
    floors: &[&["parse"], &["check", "derive"], &["expand"]],
    circles: &[],
};

#[test]
fn folders_import_only_from_folders_below() {
    for house in [CORE, EFFECTS, MACROS] {
        let sources = Sources::read(house.source);
        let floor_of = house.floor_of();
        let folders: BTreeSet<_> = sources.modules().filter_map(Module::folder).collect();
        let known: BTreeSet<_> = floor_of.keys().map(|folder| (*folder).to_owned()).collect();
        assert_eq!(
            folders, known,
            "{}: the table has a row for each folder",
            house.source
        );
        let arrows_up: Vec<_> = sources
            .imports()
            .filter(|(from, to)| {
                let (Some(from), Some(to)) = (from.folder(), to.folder()) else {
                    return false;
                };
                from != to && floor_of[&*from] <= floor_of[&*to]
            })
            .map(|(from, to)| format!("{from} imports {to}"))
            .collect();
        assert!(arrows_up.is_empty(), "{}: {arrows_up:#?}", house.source);
    }
}

#[test]
fn files_import_each_other_in_no_circle() {
    for house in [CORE, EFFECTS, MACROS] {
        let found = Sources::read(house.source).circles();
        let known: BTreeSet<BTreeSet<_>> = house
            .circles
            .iter()
            .map(|circle| circle.iter().map(|module| (*module).to_owned()).collect())
            .collect();
        assert_eq!(found, known, "{}", house.source);
    }
}

impl House {
    fn floor_of(&self) -> BTreeMap<&'static str, usize> {
        let rows = self.floors.iter().enumerate();
        rows.flat_map(|(floor, row)| row.iter().map(move |folder| (*folder, floor)))
            .collect()
    }
}

#[test]
fn the_reader_of_imports_sees_each_kind() {
    let sources = Sources::of(&[
        ("", "mod a; mod b; mod c; mod d; mod e;"),
        (
            "a",
            "//! mod a; use crate::b::Hidden;\nuse crate::{b::{self, X}, c}; fn f() { c::g() }",
        ),
        (
            "b",
            "mod inner; fn f(x: crate::d::D) { println!(\"{}\", crate::e::E) }",
        ),
        (
            "b::inner",
            "use super::super::a; #[cfg(test)] mod tests { use crate::c::C; }",
        ),
        ("c", "pub mod deep { use super::super::d; }"),
        ("d", ""),
        (
            "e",
            "#[cfg(test)] mod tests; fn f() { /* crate::a */ \"crate::a\"; }",
        ),
        ("e::tests", "use crate::a;"),
    ]);
    let seen: Vec<_> = sources
        .imports()
        .map(|(from, to)| format!("{from} {to}"))
        .collect();
    assert_eq!(seen, ["a b", "a c", "b d", "b e", "b::inner a", "c d"]);
    assert_eq!(sources.circles(), BTreeSet::new());
    let circle = Sources::of(&[
        ("", "mod a; mod b;"),
        ("a", "use crate::b::B;"),
        ("b", "use super::a::A;"),
    ]);
    let both = BTreeSet::from(["a".to_owned(), "b".to_owned()]);
    assert_eq!(circle.circles(), BTreeSet::from([both]));
}
