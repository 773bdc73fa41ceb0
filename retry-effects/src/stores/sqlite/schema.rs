//! The version of the tables: recognised, demanded, refused. [`migration`](super::migration) makes them.

use std::path::Path;

use rusqlite::{Connection, ErrorCode, OptionalExtension};

use super::connection::{describe, failed};
use crate::protocol::store_error::StoreError;

/// The version of the tables. The file's `user_version` is left to the application, which may keep its
/// own tables in the same file.
pub(super) const VERSION: i64 = 2;

/// The content of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tables {
    /// None of this crate's; perhaps the table of the Python package.
    Absent,
    /// Those of version 1.
    Old,
    /// Those of version 1 under the number of version 2: programs of version 1 claim nothing any
    /// more, and finish what they have begun.
    Raised,
    /// Those of this version.
    Current,
}

/// Returns an error if there are no tables of this version or a newer one: none is made or moved.
pub(super) fn find(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    match found(connection, path)? {
        Tables::Absent => Err(StoreError::misconfigured(format!(
            "is not there: {} holds no effect store, having no table effect_store, and none is made \
             here; correct the path (the first worker that opens the store makes its tables)",
            path.display()
        ))),
        Tables::Old | Tables::Raised => Err(StoreError::misconfigured(format!(
            "is not opened: the tables in {} are of version 1, and nothing is changed here; the first \
             worker of this version of retry-effects that opens the store moves them to version \
             {VERSION} (until then, use the program of the version before)",
            path.display()
        ))),
        Tables::Current => Ok(()),
    }
}

/// Returns what the file holds; an error if that is of a newer version.
pub(super) fn found(connection: &Connection, path: &Path) -> Result<Tables, StoreError> {
    read(connection, path).map_err(|error| failed("open", path, error))?
}

fn read(connection: &Connection, path: &Path) -> rusqlite::Result<Result<Tables, StoreError>> {
    let is_there = connection
        .prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'effect_store'")?
        .exists([])?;
    if !is_there {
        return Ok(Ok(Tables::Absent));
    }
    let version: Option<i64> = connection
        .query_row("SELECT version FROM effect_store", [], |row| row.get(0))
        .optional()?;
    let has_moved = || {
        connection
            .prepare("SELECT 1 FROM pragma_table_info('effect_store') WHERE name = 'open_from'")?
            .exists([])
    };
    Ok(match version {
        Some(version) if version > VERSION => Err(unreadable(version, path)),
        Some(VERSION) if has_moved()? => Ok(Tables::Current),
        Some(VERSION) => Ok(Tables::Raised),
        _ => Ok(Tables::Old),
    })
}

/// Returns an error if a connection's file does not hold exactly these tables.
pub(super) fn require(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    // The second column is in these tables only.
    let version = connection
        .prepare_cached("SELECT version, open_from FROM effect_store")
        .and_then(|mut statement| statement.query_row([], |row| row.get::<_, i64>(0)));
    match version {
        Ok(VERSION) => Ok(()),
        Ok(version) => Err(unreadable(version, path)),
        Err(error) if is_about_sql(&error) => Err(match found(connection, path)? {
            Tables::Absent => StoreError::unreadable(format!(
                "{path:?} holds no effect store: the transaction must be on the store's own file"
            )),
            Tables::Old | Tables::Raised | Tables::Current => StoreError::unavailable(
                describe("complete in", path),
                "its tables are of an older version until a program of this version has opened it",
            ),
        }),
        Err(error) => Err(failed("read", path, error)),
    }
}

/// Whether the statement does not suit the tables.
fn is_about_sql(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::SqlInputError { .. })
        || error.sqlite_error_code() == Some(ErrorCode::Unknown)
}

/// Returns the error for tables of another version.
pub(super) fn unreadable(version: i64, path: &Path) -> StoreError {
    StoreError::unreadable(format!(
        "{} was written by a newer version of retry-effects (its tables are version {version}, \
         this one knows {VERSION}): upgrade retry-effects here",
        path.display()
    ))
}
