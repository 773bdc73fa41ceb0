//! Collections without an order of their own: two equal ones may be iterated in different orders.
//!
//! `serde` writes a set as a sequence and does not mark it as a set. But the value's Rust type is known
//! when a field is written, and when a set calls [`collect_seq`](serde::Serializer::collect_seq). So a
//! set is recognized by its type's name. The name also identifies a set
//! inside a transparent wrapper, and a set iterated by its own iterator. (A list that was built from a
//! set is a list: nothing identifies the set any more.)

/// Types by the last segment of their path, of the standard library and of other crates.
const TYPES: [&str; 3] = ["HashSet", "HashMap", "BinaryHeap"];

/// Paths of their iterators.
const ITERATORS: [&str; 3] = [
    "std::collections::hash",
    "alloc::collections::binary_heap",
    "hashbrown::",
];

/// Pointers, whose `Serialize` is that of the value they hold.
const POINTERS: [&str; 4] = ["Box", "Rc", "Arc", "Cow"];

/// Whether values of the type with this name, or the source of an iterator with this name, have no
/// stable order.
pub(super) fn is_unordered(type_name: &str) -> bool {
    let name = type_name.trim_start_matches('&');
    let name = name.strip_prefix("mut ").unwrap_or(name);
    if name.starts_with(['[', '(']) {
        return false;
    }
    let (head, arguments) = name.split_once('<').unwrap_or((name, ""));
    let last = head.rsplit("::").next().unwrap_or(head);
    if head.starts_with("core::iter::adapters::") || POINTERS.contains(&last) {
        // As the first type argument.
        return !arguments.is_empty() && is_unordered(arguments);
    }
    TYPES.contains(&last) || ITERATORS.iter().any(|path| head.starts_with(path))
}

#[cfg(test)]
mod tests {
    use std::any::type_name;
    use std::borrow::Cow;
    use std::collections::hash_map::{Keys, Values};
    use std::collections::{BTreeSet, BinaryHeap, HashMap, HashSet, VecDeque, hash_set};
    use std::sync::Arc;

    fn is_unordered<T: ?Sized>() -> bool {
        super::is_unordered(type_name::<T>())
    }

    /// Checks the type names of today's compiler, which does not promise them.
    #[test]
    fn names_tell_of_what_has_no_order() {
        assert!(is_unordered::<HashSet<u8>>());
        assert!(is_unordered::<&HashSet<Vec<String>>>());
        assert!(is_unordered::<&mut &HashSet<u8>>());
        assert!(is_unordered::<Arc<HashSet<u8>>>());
        assert!(is_unordered::<Box<Arc<HashSet<u8>>>>());
        assert!(is_unordered::<Cow<'_, HashSet<u8>>>());
        assert!(is_unordered::<hash_set::Iter<'_, u8>>());
        assert!(is_unordered::<hash_set::IntoIter<u8>>());
        assert!(is_unordered::<Keys<'_, u8, u8>>());
        assert!(is_unordered::<Values<'_, u8, u8>>());
        assert!(is_unordered::<&HashMap<u8, u8>>());
        assert!(is_unordered::<&BinaryHeap<u8>>());
        assert!(is_unordered::<
            std::iter::Map<hash_set::Iter<'_, u8>, fn(&u8) -> u8>,
        >());
        assert!(is_unordered::<
            std::iter::Take<std::iter::Cloned<hash_set::Iter<'_, u8>>>,
        >());
    }

    #[test]
    fn what_has_an_order_keeps_it() {
        assert!(!is_unordered::<Vec<HashSet<u8>>>());
        assert!(!is_unordered::<&[HashSet<u8>]>());
        assert!(!is_unordered::<[HashSet<u8>; 2]>());
        assert!(!is_unordered::<BTreeSet<u8>>());
        assert!(!is_unordered::<VecDeque<HashMap<u8, u8>>>());
        assert!(!is_unordered::<(HashSet<u8>, u8)>());
        assert!(!is_unordered::<
            std::iter::Map<std::slice::Iter<'_, HashSet<u8>>, fn(&HashSet<u8>) -> u8>,
        >());
        assert!(!is_unordered::<str>());
    }
}
