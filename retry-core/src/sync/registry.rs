//! [`Registry`]: one entry for each name in the program, never removed.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

/// A registry that never removes an entry, so that entries are borrowed for the rest of the program.
pub(crate) struct Registry<K, V: 'static>(RwLock<BTreeMap<K, &'static V>>);

impl<K: Ord, V> Registry<K, V> {
    pub(crate) const fn new() -> Self {
        Self(RwLock::new(BTreeMap::new()))
    }

    /// Returns the entry of `key`; `make` supplies a missing one.
    pub(crate) fn get_or_keep(&self, key: K, make: impl FnOnce() -> &'static V) -> &'static V {
        let known = self.read().get(&key).copied();
        known.unwrap_or_else(|| {
            let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
            kept.entry(key).or_insert_with(make)
        })
    }

    /// Returns the entry of `key`. `make` supplies an entry in place of one that is missing or no
    /// longer `wanted`; holders of the old entry keep it.
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

    /// Returns the entry of `key`, if there is one.
    pub(crate) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&'static V>
    where
        K: Borrow<Q>,
    {
        self.read().get(key).copied()
    }

    /// Returns all entries, in the order of their keys.
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

/// Leaks `value`, so that it lives for the rest of the program.
pub(crate) fn leaked<V>(value: V) -> &'static V {
    Box::leak(Box::new(value))
}
