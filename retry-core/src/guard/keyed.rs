//! [`Keyed`]: a guard for each host, tenant or shard that is known only at run time.

mod hashed_key;
mod member;
mod shard;
#[cfg(test)]
mod tests;

use std::fmt;
use std::hash::RandomState;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use super::adaptive::AdaptiveLimiter;
use super::breaker::circuit_breaker::CircuitBreaker;
use super::budget::retry_budget::RetryBudget;
use crate::clock;
use hashed_key::HashedKey;
use member::Member;
use shard::Shard;

/// A circuit breaker for each key: see [`Keyed`].
///
/// The name of a circuit in logs and errors is the set's name and its key, like `hosts/db-7`; in metrics
/// it is the set's name alone: all calls and changes of state of the set are counted together, and there
/// is no gauge `circuit_breaker_state`, because a set has no state.
///
/// ```
/// use std::io;
/// use retry_core::{CircuitBreaker, CircuitBreakers, CircuitState, NO_RETRY, Retry};
///
/// static HOSTS: CircuitBreakers =
///     CircuitBreakers::new(CircuitBreaker::new("hosts").with_failure_threshold(2));
///
/// fn fetch(host: &str) -> io::Result<()> {
///     Retry::new(NO_RETRY).circuit_breaker(&HOSTS.of(host)).run(|| match host {
///         "down" => Err(io::ErrorKind::ConnectionRefused.into()),
///         _ => Ok(()),
///     })
/// }
///
/// let _ = (fetch("down"), fetch("down"));
/// let refused = fetch("down").unwrap_err().to_string();
/// assert!(refused.contains("circuit hosts/down is open for"));
/// assert!(fetch("up").is_ok());
/// assert_eq!(HOSTS.of("down").state(), CircuitState::Open);
/// ```
pub type CircuitBreakers = Keyed<CircuitBreaker>;

/// A retry budget for each key: see [`Keyed`].
///
/// ```
/// use retry_core::{RetryBudget, RetryBudgets};
///
/// static TENANTS: RetryBudgets =
///     RetryBudgets::new(RetryBudget::new(0.1).with_burst(1).with_floor(0));
///
/// assert!(TENANTS.of("a").withdraw());
/// assert!(!TENANTS.of("a").withdraw(), "its burst is spent");
/// assert!(TENANTS.of("b").withdraw(), "which is no other tenant's trouble");
/// ```
pub type RetryBudgets = Keyed<RetryBudget>;

/// An adaptive limiter for each key: see [`Keyed`].
///
/// ```
/// use retry_core::{AdaptiveLimiter, AdaptiveLimiters};
///
/// static ACCOUNTS: AdaptiveLimiters = AdaptiveLimiters::new(AdaptiveLimiter::new());
///
/// assert_eq!(ACCOUNTS.of("4711").rate(), None);
/// ```
pub type AdaptiveLimiters = Keyed<AdaptiveLimiter>;

/// A set of guards, one for each key, made from a template at the first use of the key.
///
/// The set is bounded: beyond its capacity, 10,000 unless set, a new key replaces the least recently
/// used one. A guard in use stays, that is, as long as a handle to it exists: a call has one until it
/// ends. An open circuit stays too, unless all others are in use or open as well. Only handles can take
/// the set over its capacity. A forgotten key that comes back begins anew: a closed circuit, a full
/// budget, no limit.
///
/// A set with a capacity of 1,024 or more consists of sixteen parts, so that threads seldom meet; a new
/// key then replaces the least recently used key of its own part. A known key is found under a shared
/// lock; only a new key locks its part exclusively. A breaker takes some 400 bytes besides its window, a
/// budget or a limiter 2 KiB.
///
/// It can be a `static`, and the attributes take one of its guards as `circuit_breaker =
/// HOSTS.of(&host)`, evaluated at the call's start.
pub struct Keyed<V> {
    template: V,
    capacity: usize,
    table: OnceLock<Table<V>>,
}

struct Table<V> {
    /// Keys come from outside: a random hasher hides which ones collide.
    hasher: RandomState,
    shards: Box<[Shard<V>]>,
    /// Number of guards in all shards.
    len: AtomicUsize,
}

impl<V> Keyed<V> {
    const CAPACITY: usize = 10_000;

    /// Makes a set for up to 10,000 keys whose guards are made like `template`; the template's own
    /// counts do not matter.
    #[must_use]
    pub const fn new(template: V) -> Self {
        Self {
            template,
            capacity: Self::CAPACITY,
            table: OnceLock::new(),
        }
    }

    /// Sets the number of keys that the set holds at a time; keys in use may exceed it. Default
    /// 10,000.
    ///
    /// # Panics
    ///
    /// If it is 0; in a `const` or `static` this is a compile error.
    ///
    /// ```compile_fail
    /// use retry_core::{RetryBudget, RetryBudgets};
    /// static NONE: RetryBudgets = RetryBudgets::new(RetryBudget::new(0.1)).with_capacity(0);
    /// ```
    #[must_use]
    pub const fn with_capacity(mut self, capacity: usize) -> Self {
        assert!(capacity > 0, "capacity must be at least 1");
        self.capacity = capacity;
        self
    }

    /// Returns the number of keys that the set holds at a time; keys in use may exceed it.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.capacity
    }

    /// Returns the number of keys in the set.
    #[must_use]
    pub fn len(&self) -> usize {
        let table = self.table.get();
        table.map_or(0, |table| table.len.load(Ordering::Relaxed))
    }

    /// Whether the set has no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<V: Member> Keyed<V> {
    /// Returns the guard of `key`, made if there is none. The key is in use as long as the handle, or a
    /// clone of it, exists: a call should hold it until it ends.
    #[must_use]
    pub fn of(&self, key: &str) -> Arc<V> {
        let table = self.table.get_or_init(|| Table::new(self.capacity));
        let key = HashedKey::new(&table.hasher, key);
        let shard = table.shard(&key);
        shard.get(&key).unwrap_or_else(|| self.add(table, &key))
    }

    /// Returns the guard of `key`, if the set has it; this does not count as a use.
    #[must_use]
    pub fn find(&self, key: &str) -> Option<Arc<V>> {
        let table = self.table.get()?;
        let key = HashedKey::new(&table.hasher, key);
        table.shard(&key).find(&key)
    }

    /// Returns all keys with their guards, in no order: for dashboards.
    #[must_use]
    pub fn all(&self) -> Vec<(Arc<str>, Arc<V>)> {
        let shards = self.table.get().map(|table| &*table.shards);
        shards
            .unwrap_or_default()
            .iter()
            .flat_map(Shard::all)
            .collect()
    }

    #[cold]
    fn add(&self, table: &Table<V>, key: &HashedKey<&str>) -> Arc<V> {
        let shard = table.shard(key);
        let (value, is_new) = shard.add(key, || self.template.member(key.text));
        if is_new && table.len.fetch_add(1, Ordering::Relaxed) >= self.capacity {
            table.make_room(key, self.capacity);
        }
        value
    }
}

impl<V: Member> Table<V> {
    /// Forgets guards above the capacity, first from the part of `key`.
    fn make_room(&self, key: &HashedKey<&str>, capacity: usize) {
        let now = clock::now();
        let (others, own) = self.shards.split_at(self.index(key));
        let mut shards = own.iter().chain(others);
        let mut shard = shards.next();
        while self.len.load(Ordering::Relaxed) > capacity
            && let Some(full) = shard
        {
            match full.forget_one(now) {
                Some(_dropped) => {
                    self.len.fetch_sub(1, Ordering::Relaxed);
                }
                None => shard = shards.next(),
            }
        }
    }
}

impl<V> Table<V> {
    /// Below this, a part would be full, and forget keys, long before the set is full.
    const PARTED_FROM: usize = 1_024;
    /// A power of two.
    const PARTS: usize = 16;

    fn new(capacity: usize) -> Self {
        let parts = if capacity < Self::PARTED_FROM {
            1
        } else {
            Self::PARTS
        };
        Self {
            hasher: RandomState::new(),
            shards: (0..parts).map(|_| Shard::default()).collect(),
            len: AtomicUsize::new(0),
        }
    }

    fn shard(&self, key: &HashedKey<&str>) -> &Shard<V> {
        &self.shards[self.index(key)]
    }

    fn index(&self, key: &HashedKey<&str>) -> usize {
        key.part() & (self.shards.len() - 1)
    }
}

impl<V: Default> Default for Keyed<V> {
    fn default() -> Self {
        Self::new(V::default())
    }
}

impl<V: fmt::Debug> fmt::Debug for Keyed<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyed")
            .field("template", &self.template)
            .field("capacity", &self.capacity)
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}
