//! Files of version 2, the present one: a dump of the file of version 1 after it was moved, with the
//! statement of a new file for `effect_store`. A later version must read it as well, and a change of the
//! tables needs another version.

use std::time::Duration;

use retry_effects::{EffectStore, Fence};
use rusqlite::Connection;

use crate::bench::{Bench, id, wait, won};
use crate::version_1::{NOW, assert_all_there};

const DUMP: &str = include_str!("../vectors/sqlite_2.sql");

fn bench_of_version_2() -> Bench {
    let bench = Bench::new();
    // After the leases that were waited for.
    let now = NOW + Duration::from_secs(60);
    bench.advance(now - Duration::from_nanos(bench.now()));
    bench.raw().execute_batch(DUMP).unwrap();
    bench
}

/// The statements that made what is in a file.
fn schema(connection: &Connection) -> Vec<(String, Option<String>)> {
    let statement = "SELECT name, sql FROM sqlite_schema ORDER BY type, name";
    let mut statement = connection.prepare(statement).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

#[test]
fn every_record_is_read() {
    let bench = bench_of_version_2();
    let store = bench.open();
    assert_all_there(&bench, &store);
    let counts = wait(store.counts()).unwrap();
    assert_eq!((counts.pending, counts.success, counts.failed), (2, 14, 1));
    assert_eq!((counts.released, counts.in_doubt), (2, 14));
    let fence = won(&store, id(1000)).fence();
    assert!(fence > Fence::new(19 + 15), "{fence}");
}

#[test]
fn new_files_have_the_tables_of_this_version() {
    let (old, new) = (bench_of_version_2(), Bench::new());
    drop(new.open());
    for (new, old) in schema(&new.raw()).iter().zip(&schema(&old.raw())) {
        assert_eq!(
            new, old,
            "raise the version, and move the files of this one"
        );
    }
    assert_eq!(schema(&new.raw()).len(), schema(&old.raw()).len());
}
