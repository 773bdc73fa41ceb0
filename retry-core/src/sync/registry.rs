//! [`Registry`]: what is made once for each name in the program, and kept for good.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

/// A registry whose entries are never taken out, so that they can be borrowed for as long as the
/// program runs.
pub(crate) struct Registry<K, V: 'static>(RwLock<BTreeMap<K, &'static V>>);

impl<K: Ord, V> Registry<K, V> {
    pub(crate) const fn new() -> Self {
        Self(RwLock::new(BTreeMap::new()))
    }

    /// The entry of this key; `make` gives a missing one.
    pub(crate) fn get_or_keep(&self, key: K, make: impl FnOnce() -> &'static V) -> &'static V {
        let known = self.read().get(&key).copied();
        known.unwrap_or_else(|| {
            let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
            kept.entry(key).or_insert_with(make)
        })
    }

    /// The entry of this key, which `make` replaces where it is missing or not `wanted` any more: the
    /// old one stays with whoever has it.
    pub(crate) fn get_or_replace(
        &self,
        key: K,
        wanted: impl FnOnce(&V) -> bool,
        make: impl Fn() -> &'static V,
    ) -> &'static V {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let entry = kept.entry(key).or_insert_with(&make);
        if !wanted(entry) {
            *entry = make();
        }
        entry
    }

    /// The entry of this key, if there is one.
    pub(crate) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&'static V>
    where
        K: Borrow<Q>,
    {
        self.read().get(key).copied()
    }

    /// All entries, by key.
    pub(crate) fn all(&self) -> Vec<(K, &'static V)>
    where
        K: Copy,
    {
        let kept = self.read();
        kept.iter().map(|(key, value)| (*key, *value)).collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<K, &'static V>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A value for good.
pub(crate) fn leaked<V>(value: V) -> &'static V {
    Box::leak(Box::new(value))
}
