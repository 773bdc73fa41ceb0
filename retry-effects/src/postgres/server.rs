//! The server as the store sees it: connections from a pool, statements that are sent again.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use deadpool_postgres::{Object, Pool, Timeouts};
use retry_core::{Retry, RetryPolicy};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::name::SchemaName;
use super::statements::Statements;
use super::trouble::{Trouble, failed};
use crate::store_error::StoreError;

/// How a statement is sent again after a connection is lost: soon, and for as long as a server
/// takes to start anew.
const AGAIN: RetryPolicy = RetryPolicy::new(30)
    .with_backoff_ms(20)
    .with_max_wait(Duration::from_secs(1));

/// For how long in all.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long one statement, or one connection, may take: a network that swallows everything says
/// nothing.
const LONGEST: Duration = Duration::from_secs(30);

/// Many statements as parameters: what they are sent with.
pub(super) type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

type Answer<'a> = Pin<Box<dyn Future<Output = Result<Vec<Row>, Trouble>> + Send + 'a>>;

/// A server, and the schema there.
#[derive(Debug)]
pub(super) struct Server {
    pool: Pool,
    schema: SchemaName,
    statements: Statements,
    /// How many statements were sent, for tests of how few that are.
    sent: AtomicUsize,
}

/// Why a statement has no answer, after all attempts; several callers may be told.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    action: &'static str,
    trouble: Arc<Trouble>,
}

impl Failure {
    pub(super) fn into_error(self, server: &Server) -> StoreError {
        failed(self.action, &server.schema.quoted(), &self.trouble)
    }

    pub(super) fn is_of_one(&self) -> bool {
        self.trouble.is_of_one()
    }
}

impl Server {
    pub(super) fn new(pool: Pool, schema: SchemaName, statements: Statements) -> Self {
        Self {
            pool,
            schema,
            statements,
            sent: AtomicUsize::new(0),
        }
    }

    pub(super) fn schema(&self) -> &SchemaName {
        &self.schema
    }

    pub(super) fn statements(&self) -> &Statements {
        &self.statements
    }

    pub(super) fn sent(&self) -> usize {
        self.sent.load(Ordering::Relaxed)
    }

    /// How many connections there may be.
    pub(super) fn size(&self) -> usize {
        self.pool.status().max_size.max(1)
    }

    /// A connection of the pool, or a new one.
    pub(super) async fn connection(&self) -> Result<Object, Trouble> {
        let timeouts = Timeouts {
            wait: Some(LONGEST),
            create: Some(LONGEST),
            recycle: Some(LONGEST),
        };
        Ok(self.pool.timeout_get(&timeouts).await?)
    }

    /// Sends a statement until it is answered. Only for those that may take place twice.
    pub(super) async fn query(
        &self,
        action: &'static str,
        statement: &str,
        parameters: Parameters<'_>,
    ) -> Result<Vec<Row>, Failure> {
        self.query_again(statement, parameters)
            .await
            .map_err(|trouble| Failure {
                action,
                trouble: Arc::new(trouble),
            })
    }

    /// Boxed: a task cannot hold the types of these futures, as their lifetimes are each other's.
    fn query_again<'a>(&'a self, statement: &'a str, parameters: Parameters<'a>) -> Answer<'a> {
        let again = Retry::new(AGAIN)
            .name("postgres_effect_store")
            .max_total_time(PATIENCE)
            .retry_if(Trouble::verdict)
            .run_async(move || -> Answer<'a> { Box::pin(self.try_query(statement, parameters)) });
        Box::pin(again)
    }

    /// Sends a statement once.
    pub(super) async fn try_query(
        &self,
        statement: &str,
        parameters: Parameters<'_>,
    ) -> Result<Vec<Row>, Trouble> {
        let connection = self.connection().await?;
        self.sent.fetch_add(1, Ordering::Relaxed);
        let answer = async {
            let prepared = connection.prepare_cached(statement).await?;
            connection.query(&prepared, parameters).await
        };
        match tokio::time::timeout(LONGEST, answer).await {
            Ok(Ok(rows)) => Ok(rows),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => {
                // It may still be at work there: nobody else's statements shall queue behind it.
                drop(Object::take(connection));
                Err(Trouble::Late)
            }
        }
    }
}
