//! Whether connections are sessions of the server's, or a pooler in between gives each transaction
//! another session.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::ClientWrapper;
use tokio::time::timeout;
use tokio_postgres::{Client, SimpleQueryMessage};

use super::connections::InUse;
use super::error::{Trouble, shared_sessions};
use super::listener::Dial;
use super::server::Server;
use crate::protocol::store_error::StoreError;

/// For how long a connection, or a statement, may wait for a session: a server answers at once.
const LONGEST: Duration = Duration::from_secs(2);

/// The longest time for the whole examination.
const IN_ALL: Duration = Duration::from_secs(8);

/// The number of transactions in which the session is compared: a pooler may take its sessions in turn.
const ROUNDS: usize = 3;

const SESSION: &str = "SELECT pg_catalog.pg_backend_pid()";

/// The sessions behind a store's connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sessions {
    /// Each connection has its own.
    Own,
    /// A pooler shares them, and knows prepared statements; or it is not known. Settings could stay on
    /// sessions that others get.
    Shared,
}

/// Finds out which sessions the connections of an opening store lead to.
///
/// # Errors
///
/// [`StoreError::Misconfigured`] if a pooler shares sessions, and does not know prepared statements.
/// [`StoreError::Unavailable`] if the server does not answer, or a pooler has only one session.
pub(super) async fn find(server: &Server, dial: Option<&Dial>) -> Result<Sessions, StoreError> {
    let failed = |trouble| server.failed("look for its tables", &Arc::new(trouble));
    let first = server.connection().await.map_err(failed)?;
    let Some(second) = Second::of(server, dial).await else {
        // The server, or the pool, has no other connection now.
        first.give_back();
        return Ok(Sessions::Shared);
    };
    // Connections with a statement under way are closed.
    let found = match timeout(IN_ALL, examine(&first, &second)).await {
        Ok(found) => found.map_err(failed)?,
        Err(_) => return Err(failed(Trouble::Late)),
    };
    // A connection of the store's own has no settings yet, and is closed if it is to have some.
    if found == Some(Sessions::Shared) || dial.is_none() {
        first.give_back();
    }
    if let Second::Pooled(second) = second {
        second.give_back();
    }
    found.ok_or_else(shared_sessions)
}

/// The second connection: of a user's pool, or one that is closed after the examination.
enum Second {
    Pooled(InUse),
    Dialled(Client),
}

impl Second {
    async fn of(server: &Server, dial: Option<&Dial>) -> Option<Self> {
        match dial {
            Some(dial) => {
                let client = timeout(LONGEST, dial.client()).await.ok()?.ok()?;
                Some(Self::Dialled(client))
            }
            None if server.size() < 2 => None,
            None => {
                let connection = timeout(LONGEST, server.connection()).await.ok()?.ok()?;
                Some(Self::Pooled(connection))
            }
        }
    }
}

impl Deref for Second {
    type Target = Client;

    fn deref(&self) -> &Client {
        match self {
            Self::Pooled(connection) => connection,
            Self::Dialled(client) => client,
        }
    }
}

/// Prepares a statement on `first`, and runs it while `second` holds a session in a transaction: a
/// pooler that shares sessions then needs another one for it. `None` if the statement is not known
/// there.
async fn examine(first: &ClientWrapper, second: &Client) -> Result<Option<Sessions>, Trouble> {
    let statement = first.prepare_cached(SESSION).await?;
    let session: i32 = match first
        .query_one(&statement, &[])
        .await
        .map_err(Trouble::from)
    {
        Ok(row) => row.get(0),
        Err(trouble) if trouble.is_of_stale_statement() => return Ok(None),
        Err(trouble) => return Err(trouble),
    };
    let mut is_shared = false;
    for _ in 0..ROUNDS {
        let held = begin(second).await?;
        is_shared |= held == session;
        let row = timeout(LONGEST, first.query_one(&statement, &[])).await;
        let Ok(row) = row else {
            return Err(if is_shared {
                Trouble::NoSession
            } else {
                Trouble::Late
            });
        };
        second.batch_execute("ROLLBACK").await?;
        match row.map_err(Trouble::from) {
            Ok(row) => is_shared |= row.get::<_, i32>(0) != session,
            Err(trouble) if trouble.is_of_stale_statement() => return Ok(None),
            Err(trouble) => return Err(trouble),
        }
    }
    Ok(Some(if is_shared {
        Sessions::Shared
    } else {
        Sessions::Own
    }))
}

/// Begins a transaction, and returns its session.
async fn begin(client: &Client) -> Result<i32, Trouble> {
    let answers = client.simple_query(&format!("BEGIN; {SESSION}")).await?;
    let session = answers.iter().find_map(|answer| match answer {
        SimpleQueryMessage::Row(row) => row.get(0)?.parse().ok(),
        _ => None,
    });
    Ok(session.unwrap_or_default())
}
