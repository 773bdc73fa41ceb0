//! Whether connections are sessions of the server's, or a pooler in between gives each transaction
//! another session.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::ClientWrapper;
use tokio::time::timeout;
use tokio_postgres::Client;

use super::error::{Trouble, shared_sessions};
use super::listener::Dial;
use super::server::{InUse, Server};
use crate::protocol::store_error::StoreError;

/// For how long a statement may wait for the session that the other connection holds: a server
/// answers at once.
const LONGEST: Duration = Duration::from_secs(2);

const SESSION: &str = "SELECT pg_catalog.pg_backend_pid()";

/// The sessions behind a store's connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sessions {
    /// Each connection has its own.
    Own,
    /// A pooler shares them, and knows prepared statements: settings would stay on sessions that
    /// others get.
    Shared,
}

/// Finds out which sessions the connections of an opening store lead to.
///
/// # Errors
///
/// [`StoreError::Misconfigured`] if a pooler shares sessions, and does not know prepared statements.
/// [`StoreError::Unavailable`] if the server cannot be reached.
pub(super) async fn find(server: &Server, dial: Option<&Dial>) -> Result<Sessions, StoreError> {
    let failed = |trouble| server.failed("look for its tables", &Arc::new(trouble));
    let first = server.connection().await.map_err(failed)?;
    let found = match dial {
        Some(dial) => {
            let other = dial.client().await.map_err(Trouble::from).map_err(failed)?;
            // The first connection is closed: it has no settings yet.
            examine(&first, &other).await
        }
        None => match second_of(server).await {
            Some(other) => {
                let found = examine(&first, &other).await;
                if found.is_ok() {
                    first.give_back();
                    other.give_back();
                }
                found
            }
            // The pool has no other connection now; a lack shows itself at the first statements.
            None => {
                first.give_back();
                Ok(Some(Sessions::Own))
            }
        },
    };
    found.map_err(failed)?.ok_or_else(shared_sessions)
}

/// Returns another connection of a user's pool, if it has one.
async fn second_of(server: &Server) -> Option<InUse> {
    if server.size() < 2 {
        return None;
    }
    timeout(LONGEST, server.connection()).await.ok()?.ok()
}

/// Prepares a statement on `connection`, and runs it while `other` holds a session in a transaction:
/// a pooler that shares sessions then needs another one for it. `None` if the statement is not known
/// there, or if there is no other session.
async fn examine(connection: &ClientWrapper, other: &Client) -> Result<Option<Sessions>, Trouble> {
    let statement = connection.prepare_cached(SESSION).await?;
    let before: i32 = connection.query_one(&statement, &[]).await?.get(0);
    other.batch_execute("BEGIN; SELECT 1").await?;
    let row = timeout(LONGEST, connection.query_one(&statement, &[])).await;
    let ended = other.batch_execute("ROLLBACK").await;
    let after: i32 = match row {
        Ok(Ok(row)) => row.get(0),
        Ok(Err(error)) => {
            let trouble = Trouble::from(error);
            return if trouble.is_of_stale_statement() {
                Ok(None)
            } else {
                Err(trouble)
            };
        }
        Err(_) => return Ok(None),
    };
    ended?;
    Ok(Some(if after == before {
        Sessions::Own
    } else {
        Sessions::Shared
    }))
}
