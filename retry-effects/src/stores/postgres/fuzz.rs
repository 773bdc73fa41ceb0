//! The reader of rows.

use tokio_postgres::Row;

use super::row;
use crate::protocol::store_error::StoreError;
use crate::stores::fuzz::examine;

/// Reads the server's time and a record from the first columns of a row; returns whether there is one.
///
/// # Errors
///
/// If the row holds no record.
pub fn read_postgres_row(row: &Row) -> Result<bool, StoreError> {
    let found = row::read(row, 0)?;
    if let Some((id, found)) = &found {
        examine(*id, found);
    }
    Ok(found.is_some())
}
