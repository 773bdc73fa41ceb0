//! [`Shard`]: one part of a set, and the choice of the keys that it forgets.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use tokio::time::Instant;

use super::hashed_key::{BuildIdentityHasher, HashedKey, LookupKey};
use super::member::Member;

type Key = HashedKey<Arc<str>>;

/// Alone on its cache lines, because every call writes its lock.
#[repr(align(128))]
pub(super) struct Shard<V> {
    entries: RwLock<Entries<V>>,
    /// Number of uses so far: each use has its own number.
    uses: AtomicU64,
}

struct Entries<V> {
    known: HashMap<Key, Entry<V>, BuildIdentityHasher>,
    /// Ordered by the last use known when the key was last checked, which may be an earlier use.
    /// The first key whose number is still current is thus the least recently used. Each key is
    /// here or in `spared`.
    line: BTreeMap<u64, Key>,
    /// Keys that were engaged when checked, and are passed over until no other key is left.
    spared: VecDeque<Key>,
}

struct Entry<V> {
    value: Arc<V>,
    /// The number of the entry's last use.
    used: AtomicU64,
}

/// Most keys in use that one search checks before it gives up; the next search checks further ones.
const LOOKS: usize = 256;

impl<V: Member> Shard<V> {
    /// Returns the guard of a known key, and counts a use.
    #[inline]
    pub(super) fn get(&self, key: &HashedKey<&str>) -> Option<Arc<V>> {
        let entries = self.read();
        let entry = entries.known.get(key as &dyn LookupKey)?;
        entry.use_now(&self.uses);
        Some(Arc::clone(&entry.value))
    }

    /// Does the same without counting a use.
    pub(super) fn find(&self, key: &HashedKey<&str>) -> Option<Arc<V>> {
        let entries = self.read();
        let entry = entries.known.get(key as &dyn LookupKey)?;
        Some(Arc::clone(&entry.value))
    }

    pub(super) fn all(&self) -> Vec<(Arc<str>, Arc<V>)> {
        let entries = self.read();
        let known = entries.known.iter();
        known
            .map(|(key, entry)| (Arc::clone(&key.text), Arc::clone(&entry.value)))
            .collect()
    }

    /// Returns the guard of a key that was missing a moment ago, and whether it is new.
    pub(super) fn add(&self, key: &HashedKey<&str>, make: impl FnOnce() -> V) -> (Arc<V>, bool) {
        let mut entries = self.write();
        if let Some(entry) = entries.known.get(key as &dyn LookupKey) {
            entry.use_now(&self.uses);
            return (Arc::clone(&entry.value), false);
        }
        let value = Arc::new(make());
        entries.insert(key.to_owned_key(), Arc::clone(&value), &self.uses);
        (value, true)
    }

    /// Removes the least recently used guard that is neither in use nor engaged; else one that is
    /// engaged and not in use; else none. The caller drops it outside the lock: a guard may need its own
    /// lock for that.
    pub(super) fn forget_one(&self, now: Instant) -> Option<Arc<V>> {
        self.write().forget_one(&self.uses, now)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Entries<V>> {
        self.entries.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> RwLockReadGuard<'_, Entries<V>> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V: Member> Entries<V> {
    fn insert(&mut self, key: Key, value: Arc<V>, uses: &AtomicU64) {
        let used = next(uses);
        self.line.insert(used, key.clone());
        let used = AtomicU64::new(used);
        self.known.insert(key, Entry { value, used });
    }

    fn forget_one(&mut self, uses: &AtomicU64, now: Instant) -> Option<Arc<V>> {
        self.reconsider(now);
        let mut in_use = 0;
        while in_use < self.line.len().min(LOOKS) {
            let (number, key) = self.line.pop_first()?;
            let Some(entry) = self.known.get(&key) else {
                continue;
            };
            let used = entry.used.load(Ordering::Relaxed);
            if used != number {
                self.line.insert(used, key);
            } else if entry.is_in_use() {
                in_use += 1;
                // In use now, so its last use is now.
                let used = next(uses);
                entry.used.store(used, Ordering::Relaxed);
                self.line.insert(used, key);
            } else if entry.value.is_engaged(now) {
                self.spared.push_back(key);
            } else {
                return self.known.remove(&key).map(|entry| entry.value);
            }
        }
        let all_in_use = in_use == self.line.len();
        if all_in_use {
            self.forget_spared(now)
        } else {
            None
        }
    }

    /// Puts keys that are no longer engaged back in line. Checks two keys each time, in turn.
    fn reconsider(&mut self, now: Instant) {
        for _ in 0..2 {
            let Some(key) = self.spared.pop_front() else {
                return;
            };
            match self.known.get(&key) {
                Some(entry) if entry.value.is_engaged(now) => self.spared.push_back(key),
                Some(entry) => {
                    self.line.insert(entry.used.load(Ordering::Relaxed), key);
                }
                None => {}
            }
        }
    }

    /// Removes a key that is no longer engaged, else the first one; only keys not in use.
    fn forget_spared(&mut self, now: Instant) -> Option<Arc<V>> {
        let mut first = None;
        let mut calm = None;
        for (at, key) in self.spared.iter().take(LOOKS).enumerate() {
            match self.known.get(key) {
                Some(entry) if entry.is_in_use() => {}
                Some(entry) if entry.value.is_engaged(now) => first = first.or(Some(at)),
                _ => {
                    calm = Some(at);
                    break;
                }
            }
        }
        let key = self.spared.remove(calm.or(first)?)?;
        self.known.remove(&key).map(|entry| entry.value)
    }
}

impl<V> Entry<V> {
    /// Counts a use. The entry that was used last is only read, not written.
    fn use_now(&self, uses: &AtomicU64) {
        if self.used.load(Ordering::Relaxed) != uses.load(Ordering::Relaxed) {
            self.used.store(next(uses), Ordering::Relaxed);
        }
    }

    /// Whether another handle exists. Handles are made under the lock, which only this thread holds.
    fn is_in_use(&self) -> bool {
        Arc::strong_count(&self.value) > 1
    }
}

fn next(uses: &AtomicU64) -> u64 {
    uses.fetch_add(1, Ordering::Relaxed) + 1
}

impl<V> Default for Shard<V> {
    fn default() -> Self {
        Self {
            entries: RwLock::new(Entries {
                known: HashMap::default(),
                line: BTreeMap::new(),
                spared: VecDeque::new(),
            }),
            uses: AtomicU64::new(0),
        }
    }
}
