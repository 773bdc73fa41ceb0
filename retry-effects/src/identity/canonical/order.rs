//! Collections without an order of their own: two that are equal are walked through differently.
//!
//! `serde` writes a set as a sequence, and says nothing of its being a set. But the set's own
//! `Serialize` hands itself to [`collect_seq`](serde::Serializer::collect_seq), and a field is handed
//! over as what it is, so that the compiler knows the type: its name tells. It tells as well where a
//! set stands in a transparent wrapper, and where it is walked through by an iterator of its own.
//! (A list that was made of a set before is a list: nothing tells of the set any more.)

/// Types by the last part of their path, of the standard library and of others.
const TYPES: [&str; 3] = ["HashSet", "HashMap", "BinaryHeap"];

/// Where the iterators through them are.
const ITERATORS: [&str; 3] = [
    "std::collections::hash",
    "alloc::collections::binary_heap",
    "hashbrown::",
];

/// `Serialize` of these is that of what they hold.
const POINTERS: [&str; 4] = ["Box", "Rc", "Arc", "Cow"];

/// Whether values of the type of this name, or what an iterator of this name goes through, come in no
/// order that holds.
pub(super) fn is_unordered(type_name: &str) -> bool {
    let name = type_name.trim_start_matches('&');
    let name = name.strip_prefix("mut ").unwrap_or(name);
    if name.starts_with(['[', '(']) {
        return false;
    }
    let (head, arguments) = name.split_once('<').unwrap_or((name, ""));
    let last = head.rsplit("::").next().unwrap_or(head);
    if head.starts_with("core::iter::adapters::") || POINTERS.contains(&last) {
        // As what its first argument does.
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

    /// What the compiler calls them today; it makes no promise.
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
