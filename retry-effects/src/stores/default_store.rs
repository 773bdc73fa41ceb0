//! The store of gated calls that name no store.

use std::sync::{Arc, OnceLock};

use crate::gate::error::EffectError;
use crate::gate::report;
use crate::protocol::store::EffectStore;
use crate::stores::memory::store::InMemoryEffectStore;
#[cfg(feature = "postgres")]
use crate::stores::postgres::store::PostgresEffectStore;
#[cfg(feature = "redis")]
use crate::stores::redis::store::RedisEffectStore;
#[cfg(feature = "sqlite")]
use crate::stores::sqlite::store::SqliteEffectStore;

static DEFAULT: OnceLock<Arc<dyn EffectStore>> = OnceLock::new();

/// A value that gives a store: the store itself, or an `Arc` of it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no store of effects",
    label = "not a store",
    note = "give a store, an `Arc` of one, or a reference to such an `Arc`: what implements \
            `retry_effects::EffectStore`"
)]
pub trait IntoStore {
    /// Returns the store.
    fn into_store(self) -> Arc<dyn EffectStore>;
}

#[diagnostic::do_not_recommend]
impl<S: EffectStore> IntoStore for S {
    fn into_store(self) -> Arc<dyn EffectStore> {
        Arc::new(self)
    }
}

impl IntoStore for &InMemoryEffectStore {
    fn into_store(self) -> Arc<dyn EffectStore> {
        Arc::new(self.clone())
    }
}

#[cfg(feature = "sqlite")]
impl IntoStore for &SqliteEffectStore {
    fn into_store(self) -> Arc<dyn EffectStore> {
        Arc::new(self.clone())
    }
}

#[cfg(feature = "postgres")]
impl IntoStore for &PostgresEffectStore {
    fn into_store(self) -> Arc<dyn EffectStore> {
        Arc::new(self.clone())
    }
}

#[cfg(feature = "redis")]
impl IntoStore for &RedisEffectStore {
    fn into_store(self) -> Arc<dyn EffectStore> {
        Arc::new(self.clone())
    }
}

impl<S: EffectStore> IntoStore for Arc<S> {
    fn into_store(self) -> Arc<dyn EffectStore> {
        self
    }
}

impl<S: EffectStore> IntoStore for &Arc<S> {
    fn into_store(self) -> Arc<dyn EffectStore> {
        self.clone()
    }
}

impl IntoStore for Arc<dyn EffectStore> {
    fn into_store(self) -> Self {
        self
    }
}

impl IntoStore for &Arc<dyn EffectStore> {
    fn into_store(self) -> Arc<dyn EffectStore> {
        self.clone()
    }
}

/// Sets the store of all gated calls that name no store. Call it once per process, before the first
/// of them.
///
/// Without it, the first of them takes an [`InMemoryEffectStore`] and logs one WARN: this store
/// loses everything when its process ends.
///
/// # Errors
///
/// [`EffectError::DefaultStoreIsSet`] if a store is chosen already; that store stays.
///
/// # Examples
///
/// ```
/// use retry_effects::{EffectError, InMemoryEffectStore, set_default_store};
///
/// set_default_store(InMemoryEffectStore::new())?;
/// let again = set_default_store(InMemoryEffectStore::new());
/// assert!(matches!(again, Err(EffectError::DefaultStoreIsSet)));
/// # Ok::<(), EffectError>(())
/// ```
pub fn set_default_store(store: impl IntoStore) -> Result<(), EffectError> {
    DEFAULT
        .set(store.into_store())
        .map_err(|_| EffectError::DefaultStoreIsSet)
}

/// Returns the store of all gated calls that name no store.
pub(crate) fn default_store() -> &'static Arc<dyn EffectStore> {
    if let Some(store) = DEFAULT.get() {
        return store;
    }
    let mut chosen = false;
    let store = DEFAULT.get_or_init(|| {
        chosen = true;
        Arc::new(InMemoryEffectStore::new())
    });
    // Reported last: a subscriber that makes a gated call finds nothing half done.
    if chosen {
        report::in_memory_by_default();
    }
    store
}
