//! Completion of a record in a transaction of the user's.

use std::sync::Arc;

use tokio_postgres::Transaction;
use tokio_postgres::types::Type;

use super::columns::{Columns, Sent};
use super::error::Trouble;
use super::row;
use super::server::Server;
use crate::protocol::ids::Token;
use crate::protocol::operation::{Next, Operation, Step, Write};
use crate::protocol::outcome::Outcome;
use crate::protocol::store_error::StoreError;

/// Writes the outcome over the owner's pending record; where the record is another one, or locked, reads
/// and locks it, and writes the state machine's decision. Not by prepared statements: the connection is
/// not the store's.
pub(super) async fn complete(
    server: &Server,
    transaction: &Transaction<'_>,
    token: &Token,
    outcome: Outcome,
) -> Result<(), StoreError> {
    let operation = Operation::CompleteIn(*token, outcome);
    if let Step::Write(write) = operation.first()
        && is_written(server, transaction, &operation, &write).await?
    {
        return Ok(());
    }
    let id: &[u8] = operation.key();
    let found = transaction
        .query_typed(&server.statements().lock, &[(&id, Type::BYTEA)])
        .await
        .map_err(|error| failed(server, error))?;
    let found = found.first().map(|row| row::read(row, 0)).transpose()?;
    let found = found.flatten().map(|(_, found)| found);
    match operation.after(found.as_ref()) {
        Next::Answer(answer) => answer.map(drop),
        Next::Step(Step::Write(write)) => {
            match is_written(server, transaction, &operation, &write).await? {
                true => Ok(()),
                // It was locked, and has changed all the same.
                false => Err(operation.missing()),
            }
        }
        // It is recorded already; the user's commit confirms it.
        Next::Step(_) => Ok(()),
    }
}

async fn is_written(
    server: &Server,
    transaction: &Transaction<'_>,
    operation: &Operation,
    write: &Write,
) -> Result<bool, StoreError> {
    let sent = [Sent::new(operation, write)];
    let columns = Columns::new(&sent);
    let typed: Vec<_> = columns
        .parameters()
        .into_iter()
        .zip(Columns::TYPES)
        .collect();
    let rows = transaction
        .query_typed(&server.statements().change_in, &typed)
        .await
        .map_err(|error| failed(server, error))?;
    Ok(rows.first().is_some_and(|row| row.get(1)))
}

fn failed(server: &Server, error: tokio_postgres::Error) -> StoreError {
    let trouble = Arc::new(Trouble::from(error));
    server.failed("complete in a transaction", &trouble)
}
