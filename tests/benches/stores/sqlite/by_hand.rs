//! The id, the status and the result, and two statements.

use std::path::Path;

use super::groups;
use crate::gate;
use crate::turn::Turn;

const TABLE: &str = "CREATE TABLE actions (id TEXT PRIMARY KEY, status TEXT NOT NULL, result TEXT)";
const INSERT: &str = "INSERT INTO actions (id, status) VALUES (?1, 'pending')";
const UPDATE: &str = "UPDATE actions SET status = 'success', result = ?2 WHERE id = ?1";

pub(super) fn turns(path: &Path) -> impl FnMut(usize) -> Option<Turn> + use<> {
    let connection = groups::create(path, TABLE);
    groups::turns(
        connection,
        |connection, number| {
            let id = gate::id(number).to_string();
            let mut insert = connection.prepare_cached(INSERT).expect("it is right");
            insert.execute([&id]).expect("nobody else claims it");
            id
        },
        |connection, id| {
            let mut update = connection.prepare_cached(UPDATE).expect("it is right");
            assert_eq!(update.execute([id, "1999"]), Ok(1));
        },
    )
}
