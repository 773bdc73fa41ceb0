//! [`PostgresEffectStore`]: records in a database that many machines share.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use deadpool_postgres::Pool;

use super::backend::PostgresBackend;
use super::listener::Dial;
use super::options::PostgresOptions;
use super::runtime::home;
use super::server::Server;
use super::transaction::{PostgresTransaction, Target};
use crate::forward_effect_store;
use crate::gate::ambient;
use crate::protocol::ids::Token;
use crate::protocol::outcome::Outcome;
use crate::protocol::store::EffectStore;
use crate::protocol::store_error::StoreError;
use crate::stores::durable::store::DurableStore;
use crate::stores::waiters::Waiters;

/// Records in a Postgres database, which workers on many machines may share.
///
/// A method reports only what is on the server's disk: each session of the store's, and on a user's
/// pool each transaction, sets `synchronous_commit = on` for itself, whatever the pool, the role or the
/// database sets (and leaves `remote_apply`). A claim on a new action and its completion are one statement each, on the
/// server's clock; concurrent callers share a statement and its commit, and a lone caller does not
/// wait.
///
/// Nothing here needs the caller's tokio runtime, and a blocked runtime keeps its leases: there is a
/// thread that serves all such stores of a process. The requests of a multi-threaded runtime's tasks are carried
/// out there, by the caller's task itself if few are under way, so that no request waits for
/// another thread; at most one runtime at a time, with connections of its own. What such a runtime does not
/// serve, because it ends or is blocked, moves to the thread. Handles are cheap to clone; with the last one
/// its connections are closed.
///
/// # The server
///
/// Tested with Postgres 15; it needs nothing newer than 12. The tables `effects`, `effect_store`,
/// `effect_owners` and `effect_history` and the sequence `effect_fence` lie in a schema of their own,
/// `retry_effects` unless [`options`](Self::options) set another; the user who opens the store first
/// needs the right to create them. Tables of version 1 (`effect_records`) are moved when their owner
/// opens the store, for which it waits until actions of older programs have ended, or 30 seconds. All
/// workers must reach the **primary**: a standby is refused. A failover to a standby that replicates
/// *asynchronously* may lose acknowledged claims and results, and their actions may run again.
/// `synchronous_standby_names` keeps the promise.
///
/// Statements are prepared. A pooler in between must keep sessions, or support prepared statements
/// (`PgBouncer` from 1.21 on, with `max_prepared_statements`); another one is refused when the store
/// is opened. On sessions that a pooler shares, the store leaves no settings, and polls.
///
/// # Lost connections
///
/// A statement whose connection is lost is sent again, for up to ten seconds: a claim whose
/// acknowledgement was lost is found by its claim id, with the same fence, and the same outcome is
/// accepted twice. After that it is [`StoreError::Unavailable`].
///
/// A found record may be one that a synchronous standby never got: the primary was restarted, or
/// somebody cancelled the commit's wait. So the store writes such a record once more, without a
/// difference, and answers only after that commit. While the standby is away, calls fail as
/// `Unavailable`, and the error names it. A statement that is given up is cancelled, so the server
/// keeps none that waits. (On a [user's pool](Self::new) the store does not see the server's warning
/// that a wait was cancelled: there, leave waiting statements alone. On one that requires TLS it cannot
/// cancel statements.)
///
/// # Wake-ups
///
/// A waiter for a claim of this process is woken by that claim. A waiter for another machine's claim
/// requests a notification, which is sent by the commit that ends the claim; only records with
/// waiters send one, since `NOTIFY` takes turns for the whole server. Polling is the fallback. A
/// store on a [user's pool](Self::new) has no connection to listen on, and polls.
///
/// # Examples
///
/// ```no_run
/// use retry_effects::{EffectError, PostgresEffectStore, set_default_store};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = PostgresEffectStore::connect("postgres://worker@db.internal/app").await?;
/// set_default_store(store)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PostgresEffectStore(Arc<DurableStore<PostgresBackend>>);

impl PostgresEffectStore {
    /// Opens the store at a URL, `postgres://user:password@host/database`, and creates its tables if
    /// there are none: in the schema `retry_effects`, with up to eight connections.
    ///
    /// With `sslmode=require` in the URL the connections are encrypted: see
    /// [`PostgresOptions::connect`].
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the server cannot be reached. [`StoreError::Misconfigured`] if
    /// it can, but refuses this user, or the right to create or use the tables; if it is a standby;
    /// if the URL is invalid, or requires TLS that is not available. [`StoreError::Unreadable`] if
    /// the tables are of a newer version of this crate.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Self::options().connect(url).await
    }

    /// Opens the store on a pool of the application's own, with the pool's TLS and user.
    ///
    /// A connection lives on the runtime that opened it, and stands still with it. From a pool of four
    /// connections on, the store keeps two that it opened on a thread of its own, for renewals, sync functions
    /// and runtimes with one thread; if the pool has none to open, it closes an idle one. Tasks of a
    /// multi-threaded runtime take up to six more at a time, and none while there are no requests. A smaller
    /// pool is used from the store's thread only, and gets each connection back: there a blocked runtime
    /// may cost a lease. An exhausted pool prevents claims: a pool of the store's own is safer. The settings
    /// of the pool's sessions are accepted; a stricter isolation costs statements that are sent again.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub async fn new(pool: Pool) -> Result<Self, StoreError> {
        Self::options().with_pool(pool).await
    }

    /// Returns options for another schema, another number of connections, or TLS.
    pub fn options() -> PostgresOptions {
        PostgresOptions::new()
    }

    pub(super) fn start(server: Server, dial: Option<Dial>) -> Result<Self, StoreError> {
        let waiters = Waiters::new();
        let server = Arc::new(server);
        let backend = PostgresBackend {
            home: server.clone(),
            server,
            waiters: waiters.clone(),
            dial,
            listens: AtomicBool::new(false),
        };
        let store = DurableStore::on_runtime(backend, waiters, home()?);
        Ok(Self(Arc::new(store)))
    }

    /// Records an outcome in a transaction of the caller's own, in the same database: the caller's
    /// writes and the record are committed together, or neither is. The transaction is one of tokio-postgres,
    /// deadpool-postgres or sqlx (features `sqlx-postgres`, `sqlx-08`). With sqlx, `transaction` writes these steps, and
    /// the commit; for another driver there is [`completion`](EffectStore::completion).
    ///
    /// After any `Err` the transaction must be rolled back, which dropping it does. Call this method
    /// last: from here to the end of the transaction the record is locked, other callers of this
    /// action find it busy, and its lease is not renewed. The transaction commits with
    /// `synchronous_commit = on` (or `remote_apply`).
    ///
    /// A transaction that completes several actions must do so in the order of their ids: two
    /// transactions with different orders could wait for each other, and the server would end one of
    /// them. A savepoint commits nothing: the record is committed with the outer transaction. A COMMIT or ROLLBACK that is
    /// sent as a text ends the transaction, which this method does not notice (`transaction` does): the record would
    /// be committed by itself.
    ///
    /// In a gated body, take the token of [`current_action`](crate::current_action), and return the
    /// recorded outcome; where the two differ, the caller gets the record. A body that returns `Ok`
    /// though its transaction was rolled back leaves the action in doubt: the server answers the
    /// COMMIT of a transaction in which a statement has failed with a rollback, and `commit` does not
    /// report that as an error. An `AlreadyDone` may be passed on by `?`: the transaction rolls back,
    /// and the gate returns the recorded result.
    ///
    /// # Errors
    ///
    /// [`StoreError::AlreadyDone`] if the action is finished, even by this very claim: an earlier
    /// commit took place, and its acknowledgement was lost. [`StoreError::LeaseLost`] after a
    /// takeover. [`StoreError::Misconfigured`] if the transaction is in a database without the tables
    /// of this store, or its user may not write them; [`StoreError::Unavailable`] if it cannot be
    /// written.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use retry_effects::{EffectStore, Outcome, compute_action_id};
    /// use retry_effects::store::{Claim, ClaimRequest};
    /// use retry_effects::{PostgresEffectStore, StoreError, tokio_postgres};
    ///
    /// # async fn pay(
    /// #     store: PostgresEffectStore,
    /// #     mut database: tokio_postgres::Client,
    /// # ) -> Result<(), Box<dyn std::error::Error>> {
    /// let id = compute_action_id("payment", &7, "")?;
    /// let Claim::Won(token) = store.pending(&ClaimRequest::new(id, "payment")).await? else {
    ///     unreachable!("nobody else has claimed it");
    /// };
    /// let mut transaction = database.transaction().await?;
    /// transaction.execute("INSERT INTO payments VALUES (7)", &[]).await?;
    /// let outcome = Outcome::success(&"receipt 1")?;
    /// match store.complete_in(&mut transaction, &token, outcome).await {
    ///     Ok(()) => transaction.commit().await?,
    ///     Err(StoreError::AlreadyDone { .. }) => transaction.rollback().await?,
    ///     Err(error) => return Err(error.into()),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn complete_in<T: PostgresTransaction>(
        &self,
        transaction: &mut T,
        token: &Token,
        outcome: Outcome,
    ) -> Result<(), StoreError> {
        let target = Target {
            server: self.server(),
            store: self,
        };
        let completed = transaction.complete(target, token, outcome).await;
        ambient::completed_in(token, &completed);
        completed
    }

    fn server(&self) -> &Server {
        &self.0.backend().server
    }

    /// Returns the number of statements sent.
    #[cfg(feature = "conformance")]
    #[doc(hidden)]
    #[must_use]
    pub fn statements_sent(&self) -> usize {
        self.server().sent()
    }
}

/// [`changed`](EffectStore::changed) reports what this process writes and, with a connection of its own,
/// what other processes write.
impl EffectStore for PostgresEffectStore {
    forward_effect_store!(|this| &*this.0);
}

/// Shows the schema only: a URL may hold a password.
impl fmt::Debug for PostgresEffectStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresEffectStore")
            .field("schema", &self.server().schema().as_str())
            .finish_non_exhaustive()
    }
}
