//! The server as the store sees it: connections from a pool, statements that are sent again.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use deadpool_postgres::{ClientWrapper, PoolError, TimeoutType};
use retry_core::RetryPolicy;
use tokio::time::{Instant, timeout_at};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::connections::{Connections, InUse};
use super::error::{Trouble, failed};
use super::name::SchemaName;
use super::row::STANDBY;
use super::settings::Settings;
use super::statements::Statements;
use crate::protocol::store_error::StoreError;
use crate::stores::resend::again;

/// The waits between two tries of a statement: soon, and then ever less often.
pub(super) const WAITS: RetryPolicy = RetryPolicy::new(1)
    .with_unlimited_attempts()
    .with_backoff_ms(20)
    .with_exponential_backoff(true)
    .with_max_wait(Duration::from_millis(500));

/// For how long a statement is sent again: as long as a server takes to restart.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// The time that is left for an error which states why there is no answer.
const MARGIN: Duration = Duration::from_millis(100);

/// The time limits of a statement.
#[derive(Clone, Copy, Debug)]
struct Patience {
    /// For one try: a network that drops everything reports nothing. A statement of this store that
    /// is sent twice does no harm.
    once: Duration,
    /// For all tries: as long as a server takes to restart.
    in_all: Duration,
}

/// For requests that an action waits for.
const SHORT: Patience = Patience {
    once: Duration::from_secs(5),
    in_all: PATIENCE,
};

/// The last part of a try's time limit, in which a statement without an answer is cancelled.
const GRACE: Duration = Duration::from_millis(500);

/// The shortest time for a statement.
const LEAST: Duration = Duration::from_secs(1);

/// For operators, who read many records.
const LONG: Patience = Patience {
    once: Duration::from_secs(60),
    in_all: Duration::from_secs(60),
};

/// A plain statement is planned anew once in so many uses. Its plan is for a table of the size when it was made,
/// and scans a table that was small, as after a purge, until the server's statistics follow. An odd number, so that
/// connections in turn all get there.
const REPLANNED_EVERY: usize = 61;

/// The parameters of a statement.
pub(super) type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

type Answer<'a> = Pin<Box<dyn Future<Output = Result<Vec<Row>, Trouble>> + Send + 'a>>;

/// A server, and the store's schema on it.
#[derive(Debug)]
pub(super) struct Server {
    connections: Connections,
    /// Its name in errors.
    name: String,
    schema: SchemaName,
    /// The SQL that gives the time.
    clock: String,
    statements: Arc<Statements>,
    /// The number of statements sent, for tests that limit it.
    sent: Arc<AtomicUsize>,
    /// The number of plain statements of many callers among them.
    plain: Arc<AtomicUsize>,
}

impl Server {
    pub(super) fn new(
        connections: Connections,
        name: String,
        schema: SchemaName,
        clock: String,
    ) -> Self {
        Self {
            connections,
            name,
            statements: Arc::new(Statements::new(&schema, &clock, Settings::OfStatement)),
            schema,
            clock,
            sent: Arc::default(),
            plain: Arc::default(),
        }
    }

    /// Returns the same server with connections on another runtime; `None` if there are too few.
    pub(super) fn guest(&self) -> Option<Self> {
        Some(Self {
            connections: self.connections.guest()?,
            name: self.name.clone(),
            schema: self.schema.clone(),
            clock: self.clock.clone(),
            statements: self.statements.clone(),
            sent: self.sent.clone(),
            plain: self.plain.clone(),
        })
    }

    /// Returns the store's error for `trouble` during `action`.
    pub(super) fn failed(&self, action: &str, trouble: &Arc<Trouble>) -> StoreError {
        failed(action, &self.name, &self.schema.quoted(), trouble)
    }

    pub(super) fn schema(&self) -> &SchemaName {
        &self.schema
    }

    pub(super) fn clock(&self) -> &str {
        &self.clock
    }

    pub(super) fn statements(&self) -> &Statements {
        &self.statements
    }

    /// Relies on these settings, once it is known whose its sessions are.
    pub(super) fn rely_on(&mut self, settings: Settings) {
        self.statements = Arc::new(Statements::new(&self.schema, &self.clock, settings));
    }

    #[cfg(feature = "conformance")]
    pub(super) fn sent(&self) -> usize {
        self.sent.load(Ordering::Relaxed)
    }

    /// Returns the largest number of connections.
    pub(super) fn size(&self) -> usize {
        self.connections.size()
    }

    /// Whether there is a connection that is not in use.
    pub(super) fn is_connected(&self) -> bool {
        self.connections.is_connected()
    }

    /// Returns the number of statements that may be under way at once.
    pub(super) fn lanes(&self) -> usize {
        self.connections.lanes
    }

    /// Returns a connection of the pool, or a new one.
    pub(super) async fn connection(&self) -> Result<InUse, Trouble> {
        self.connection_by(Instant::now() + SHORT.once).await
    }

    async fn connection_by(&self, by: Instant) -> Result<InUse, Trouble> {
        // Not by the pool's own limit: a pool may have none, or no clock for one.
        match timeout_at(by, self.connections.get()).await {
            Ok(found) => Ok(found?),
            Err(_) if self.connections.is_used_up() => {
                Err(Trouble::Pool(PoolError::Timeout(TimeoutType::Wait)))
            }
            Err(_) => Err(Trouble::Unreached),
        }
    }

    /// Sends a statement until it is answered. Only for statements that may take place twice.
    pub(super) async fn query(
        &self,
        action: &'static str,
        statement: &str,
        parameters: Parameters<'_>,
    ) -> Result<Vec<Row>, StoreError> {
        let answer = self.query_again(Asked::new(statement, parameters, SHORT));
        let answer = answer.await;
        answer.map_err(|trouble| self.failed(action, &Arc::new(trouble)))
    }

    /// The same with the limits for long requests.
    pub(super) async fn query_long(
        &self,
        action: &'static str,
        statement: &str,
        parameters: Parameters<'_>,
    ) -> Result<Vec<Row>, StoreError> {
        let asked = Asked::new(statement, parameters, LONG);
        let answer = self.query_again(asked).await;
        answer.map_err(|trouble| self.failed(action, &Arc::new(trouble)))
    }

    /// Boxed: a task cannot hold the types of these futures, since their lifetimes depend on each
    /// other.
    fn query_again<'a>(&'a self, asked: Asked<'a>) -> Answer<'a> {
        let until = Some(asked.until);
        Box::pin(again(WAITS, until, Trouble::verdict, move || {
            self.send(asked)
        }))
    }

    /// Sends a statement once. A connection to a server that takes no writes is closed, unless it is
    /// to stay: another one may lead to the new primary.
    pub(super) async fn send(&self, asked: Asked<'_>) -> Result<Vec<Row>, Trouble> {
        let is_replanned = asked.is_plain && {
            let uses = self.plain.fetch_add(1, Ordering::Relaxed);
            uses.is_multiple_of(REPLANNED_EVERY)
        };
        let by = asked.until.min(Instant::now() + asked.patience.once);
        let connection = self.connection_by(by).await?;
        self.sent.fetch_add(1, Ordering::Relaxed);
        let unconfirmed = self.connections.cancelled.count();
        let answer = {
            if is_replanned {
                connection.statement_cache.remove(asked.statement, &[]);
            }
            let mut statement = pin!(asked.of(&connection));
            let left = by.saturating_duration_since(Instant::now());
            let answer = timeout_at(by - GRACE.min(left / 2), statement.as_mut()).await;
            if answer.is_err() {
                // A statement that is left alone may stay in the server, and each try adds one more:
                // a commit waits for a synchronous standby until it is cancelled.
                let cancelled = async {
                    self.connections
                        .canceller
                        .cancel(connection.cancel_token())
                        .await;
                    statement.await
                };
                let _ = timeout_at(by, cancelled).await;
            }
            answer
        };
        if self.connections.cancelled.count() != unconfirmed {
            return Err(Trouble::Unconfirmed);
        }
        // The connection of a cancelled statement is closed: the request might meet the next one.
        let answer = answer.map_err(|_| Trouble::Late)?;
        if asked.stays || !matches!(&answer, Err(trouble) if trouble.is_of_standby()) {
            connection.give_back();
        }
        answer
    }
}

/// A statement on its way.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    statement: &'a str,
    parameters: Parameters<'a>,
    patience: Patience,
    /// Whether it is the plain statement of many callers, which is planned anew from time to time.
    is_plain: bool,
    /// Whether the connection stays if the server takes no writes: it may still read.
    stays: bool,
    /// A little before the whole time limit ends: an error before it states why there is no answer.
    until: Instant,
}

impl<'a> Asked<'a> {
    fn new(statement: &'a str, parameters: Parameters<'a>, patience: Patience) -> Self {
        Self {
            statement,
            parameters,
            patience,
            is_plain: false,
            stays: false,
            until: Instant::now() + patience.in_all - MARGIN,
        }
    }

    /// For one try.
    pub(super) fn once(statement: &'a str, parameters: Parameters<'a>) -> Self {
        Self::new(statement, parameters, SHORT)
    }

    /// For one try that ends by `by`.
    pub(super) fn until(
        statement: &'a str,
        parameters: Parameters<'a>,
        by: std::time::Instant,
    ) -> Self {
        // It may have passed during a wait: then one short try is left.
        let until = Instant::from_std(by).max(Instant::now() + LEAST) - MARGIN;
        Self {
            until,
            ..Self::new(statement, parameters, SHORT)
        }
    }

    /// Lets the connection stay, or not, if the server takes no writes.
    pub(super) fn staying(self, stays: bool) -> Self {
        Self { stays, ..self }
    }

    /// As the plain statement of many callers.
    pub(super) fn plain(self) -> Self {
        Self {
            is_plain: true,
            ..self
        }
    }

    async fn of(self, connection: &ClientWrapper) -> Result<Vec<Row>, Trouble> {
        let answer = self.once_of(connection).await;
        match answer {
            Err(trouble) if trouble.is_of_stale_statement() => {
                // The session's prepared statements were discarded.
                connection.statement_cache.clear();
                self.once_of(connection).await
            }
            answer => answer,
        }
    }

    async fn once_of(self, connection: &ClientWrapper) -> Result<Vec<Row>, Trouble> {
        let prepared = connection.prepare_cached(self.statement).await?;
        let rows = connection.query(&prepared, self.parameters).await?;
        let is_of_standby = rows.first().is_some_and(|row| {
            let first = row.columns().first();
            first.is_some_and(|column| column.name() == STANDBY) && row.get(0)
        });
        if is_of_standby {
            return Err(Trouble::Standby);
        }
        Ok(rows)
    }
}
