//! Completion of a record in a transaction of the user's.

use std::sync::Arc;

use tokio_postgres::Transaction;
use tokio_postgres::types::Type;

use super::changes::Deed;
use super::columns::{Columns, Sent};
use super::error::Trouble;
use super::row::Stored;
use super::server::Server;
use crate::protocol::ids::Token;
use crate::protocol::outcome::Outcome;
use crate::protocol::store_error::StoreError;

/// Reads and locks the record, and writes the state machine's decision. Not by prepared statements:
/// the connection is not the store's.
pub(super) async fn complete(
    server: &Server,
    transaction: &Transaction<'_>,
    token: &Token,
    outcome: Outcome,
) -> Result<(), StoreError> {
    let failed = |error: tokio_postgres::Error| {
        let trouble = Arc::new(Trouble::from(error));
        server.failed("complete in a transaction", &trouble)
    };
    let statements = server.statements();
    let id = token.id();
    let id: &[u8] = id.as_bytes();
    let found = transaction
        .query_typed(&statements.lock, &[(&id, Type::BYTEA)])
        .await
        .map_err(failed)?;
    let deed = Deed::CompleteIn(*token, outcome);
    let stored = found.first().map(|row| Stored::read(row, 0)).transpose()?;
    let Some(stored) = stored.flatten() else {
        return Err(deed.missing());
    };
    let write = match deed.decide(&stored) {
        Ok(write) => write,
        Err(answer) => return answer.map(drop),
    };
    let sent = [Sent::new(&deed, &write)];
    let columns = Columns::new(&sent);
    let typed: Vec<_> = columns
        .parameters()
        .into_iter()
        .zip(Columns::TYPES)
        .collect();
    let rows = transaction
        .query_typed(&statements.change_in, &typed)
        .await
        .map_err(failed)?;
    match rows.first().map(|row| row.get(1)) {
        Some(true) => Ok(()),
        // It was locked, and has changed all the same.
        _ => Err(deed.missing()),
    }
}
