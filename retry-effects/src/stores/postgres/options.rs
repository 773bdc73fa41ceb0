//! Options for opening a store where the defaults do not fit.

/// Options for opening a [`PostgresEffectStore`](crate::PostgresEffectStore): its schema, its number of connections.
///
/// # Examples
///
/// ```no_run
/// use retry_effects::PostgresEffectStore;
///
/// # async fn open() -> Result<(), retry_effects::StoreError> {
/// let store = PostgresEffectStore::options()
///     .schema("billing_effects")
///     .pool_size(4)
///     .connect("postgres://worker@db.internal/app")
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a store is opened by `connect`, `connect_with` or `with_pool`"]
pub struct PostgresOptions {
    pub(super) schema: String,
    pub(super) pool_size: usize,
    pub(super) is_existing: bool,
    pub(super) clock: String,
}

impl PostgresOptions {
    /// The schema `retry_effects`, eight connections.
    pub(super) fn new() -> Self {
        Self {
            schema: "retry_effects".to_owned(),
            pool_size: 8,
            is_existing: false,
            clock: "pg_catalog.clock_timestamp()".to_owned(),
        }
    }

    /// Sets the schema that holds the tables; `retry_effects` unless set. From 1 to 63 bytes.
    ///
    /// Stores of the same schema are the same store: all workers that must not repeat each other's
    /// effects use one name.
    pub fn schema(mut self, name: impl Into<String>) -> Self {
        self.schema = name.into();
        self
    }

    /// Sets how many connections [`connect`](Self::connect) opens at most, from 1; eight unless set.
    /// One more receives notifications. A user's pool has a size of its own.
    ///
    /// They are opened when they are needed. Three of eight, and at least one, are for the store's thread; the
    /// others for the multi-threaded runtime that calls first, until it ends.
    pub fn pool_size(mut self, connections: usize) -> Self {
        self.pool_size = connections;
        self
    }

    /// Opens only an existing store, and creates nothing: for programs that inspect a store, and must
    /// not leave tables if the database or schema is wrong.
    ///
    /// If there are no tables, opening fails with [`StoreError::Misconfigured`](crate::StoreError::Misconfigured).
    pub fn existing(mut self) -> Self {
        self.is_existing = true;
        self
    }

    /// Sets the SQL that gives the server's time: for tests that move it.
    #[cfg(feature = "conformance")]
    #[doc(hidden)]
    pub fn clock(mut self, expression: impl Into<String>) -> Self {
        self.clock = expression.into();
        self
    }
}
