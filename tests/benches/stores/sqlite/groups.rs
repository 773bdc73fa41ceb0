//! Actions in groups, by one thread on one connection.

use std::path::Path;
use std::time::Instant;

use rusqlite::Connection;

use crate::turn::{Stopwatch, TURN, Turn};

/// Opens a file with the durability of the store, and creates a table in it.
pub(super) fn create(path: &Path, table: &str) -> Connection {
    let connection = Connection::open(path).expect("it opens");
    let mode = connection.query_row("PRAGMA journal_mode=WAL", [], |row| row.get(0));
    let mode: String = mode.expect("it answers");
    assert_eq!(mode, "wal");
    let made = connection.execute_batch(&format!("PRAGMA synchronous=FULL; {table}"));
    made.expect("a table");
    connection
}

/// Turns of a group as large as the number of callers.
pub(super) fn turns<T>(
    connection: Connection,
    claim: impl Fn(&Connection, u64) -> T,
    complete: impl Fn(&Connection, &T),
) -> impl FnMut(usize) -> Option<Turn> {
    let mut next = 0;
    move |callers| {
        Some(Turn::measure(|| {
            let mut watch = Stopwatch::until(Instant::now() + TURN);
            while !watch.is_over() {
                let mut claimed = Vec::with_capacity(callers);
                commit(&connection, callers, || {
                    for _ in 0..callers {
                        claimed.push(claim(&connection, next));
                        next += 1;
                    }
                });
                commit(&connection, callers, || {
                    for claimed in &claimed {
                        complete(&connection, claimed);
                    }
                });
                watch.lap(callers);
            }
            watch.times()
        }))
    }
}

/// Runs statements in one commit. A lone statement is a commit by itself.
fn commit(connection: &Connection, statements: usize, run: impl FnOnce()) {
    let execute = |sql| {
        let mut statement = connection.prepare_cached(sql).expect("it is right");
        statement.execute([]).expect("it is done");
    };
    if statements == 1 {
        return run();
    }
    execute("BEGIN IMMEDIATE");
    run();
    execute("COMMIT");
}
