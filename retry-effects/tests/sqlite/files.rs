//! Files that do not exist, belong to other programs, or have another version.

use std::path::Path;
use std::sync::Barrier;
use std::thread;

use retry_effects::store::{Claim, ClaimRequest};
use retry_effects::{EffectStore, SqliteEffectStore, StoreError};

use crate::bench::{Bench, id, result, success, wait, won};

#[test]
fn a_directory_that_is_not_there_is_named() {
    let bench = Bench::new();
    let path = bench.folder().join("missing/effects.db");
    let error = SqliteEffectStore::open(&path).unwrap_err();
    let folder = bench.folder().join("missing");
    assert!(
        matches!(error, StoreError::Misconfigured { .. }),
        "{error:?}"
    );
    assert_eq!(
        error.to_string(),
        format!(
            "the store cannot open {}: the directory {} does not exist",
            path.display(),
            folder.display()
        )
    );
}

#[test]
fn a_directory_is_no_file() {
    let bench = Bench::new();
    let error = SqliteEffectStore::open(bench.folder()).unwrap_err();
    assert!(
        error.to_string().ends_with("it is a directory"),
        "{error:?}"
    );
}

#[test]
fn a_name_of_no_file_is_refused() {
    for name in ["", ":memory:"] {
        let error = SqliteEffectStore::open(name).unwrap_err();
        assert!(
            matches!(error, StoreError::Misconfigured { .. }),
            "{error:?}"
        );
        assert!(error.to_string().contains("names no file"), "{error:?}");
    }
}

/// Under a second name it has a second log: processes would neither see nor lock out each other.
#[cfg(unix)]
#[test]
fn a_file_of_two_names_is_refused() {
    let bench = Bench::new();
    drop(bench.open());
    let other = bench.folder().join("other.db");
    std::fs::hard_link(bench.path(), &other).unwrap();
    for path in [bench.path(), other.clone()] {
        for error in [
            SqliteEffectStore::open(&path).unwrap_err(),
            SqliteEffectStore::open_existing(&path).unwrap_err(),
        ] {
            assert!(
                matches!(error, StoreError::Misconfigured { .. }),
                "{error:?}"
            );
            assert!(error.to_string().contains("has 2 hard links"), "{error}");
        }
    }
    std::fs::remove_file(&other).unwrap();
    std::os::unix::fs::symlink(bench.path(), &other).unwrap();
    SqliteEffectStore::open(&other).unwrap();
}

#[test]
fn a_file_of_something_else_is_left_alone() {
    let bench = Bench::new();
    let text = "this is a letter, and long enough to have a header of a hundred bytes ".repeat(9);
    std::fs::write(bench.path(), &text).unwrap();
    let error = SqliteEffectStore::open(bench.path()).unwrap_err();
    assert!(matches!(error, StoreError::Unreadable { .. }), "{error:?}");
    assert!(
        error.to_string().ends_with("is not a SQLite database"),
        "{error}"
    );
    assert_eq!(std::fs::read_to_string(bench.path()).unwrap(), text);
}

#[test]
fn a_table_of_something_else_is_left_alone() {
    let bench = Bench::new();
    bench
        .raw()
        .execute_batch("CREATE TABLE effect_records (name TEXT)")
        .unwrap();
    let error = SqliteEffectStore::open(bench.path()).unwrap_err();
    assert!(matches!(error, StoreError::Unreadable { .. }), "{error:?}");
    assert!(
        error.to_string().contains("without the column action_id"),
        "{error}"
    );
    let tables: i64 = bench
        .raw()
        .query_row(
            "SELECT count(*) FROM sqlite_schema WHERE type = 'table'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(tables, 1);
}

#[test]
fn tables_of_a_newer_version_are_refused_also_by_a_store_that_is_open() {
    let bench = Bench::new();
    let store = bench.open();
    bench
        .raw()
        .execute_batch("UPDATE effect_store SET version = 3")
        .unwrap();
    let errors = [
        SqliteEffectStore::open(bench.path()).unwrap_err(),
        wait(store.pending(&ClaimRequest::new(id(1), "test"))).unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(error, StoreError::Unreadable { .. }), "{error:?}");
        assert!(
            error.to_string().ends_with("upgrade retry-effects here"),
            "{error}"
        );
    }
}

#[test]
fn a_file_that_may_only_be_read_is_refused() {
    let bench = Bench::new();
    drop(bench.open());
    let mut rights = std::fs::metadata(bench.path()).unwrap().permissions();
    rights.set_readonly(true);
    std::fs::set_permissions(bench.path(), rights).unwrap();
    let may_write = std::fs::OpenOptions::new()
        .write(true)
        .open(bench.path())
        .is_ok();
    let opened = SqliteEffectStore::open(bench.path());
    // The superuser may write it all the same.
    assert_eq!(opened.is_ok(), may_write);
    if let Err(error) = opened {
        assert!(error.to_string().contains("may only be read"), "{error:?}");
    }
}

#[test]
fn nothing_is_acknowledged_that_is_not_in_the_files() {
    let removed = |path: &Path| std::fs::remove_file(path).unwrap();
    let replaced = |path: &Path| {
        let copy = path.with_extension("copy");
        std::fs::copy(path, &copy).unwrap();
        std::fs::rename(copy, path).unwrap();
    };
    let emptied = |path: &Path| std::fs::write(path, "").unwrap();
    type Change<'a> = &'a dyn Fn(&Path);
    let cases: [(&str, &str, Change<'_>); 7] = [
        ("effects.db", "was removed", &removed),
        ("effects.db", "was replaced", &replaced),
        ("effects.db", "was emptied", &emptied),
        ("effects.db-wal", "was removed", &removed),
        ("effects.db-wal", "was replaced", &replaced),
        ("effects.db-shm", "was removed", &removed),
        ("effects.db-shm", "was replaced", &replaced),
    ];
    for (name, reason, change) in cases {
        let bench = Bench::new();
        let store = bench.open();
        let token = won(&store, id(1));
        let path = bench.folder().join(name);
        change(&path);
        let errors = [
            wait(store.complete(&token, success("1"))).unwrap_err(),
            wait(store.pending(&ClaimRequest::new(id(2), "test"))).unwrap_err(),
        ];
        for error in errors {
            assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
            let text = error.to_string();
            let file = path.display().to_string();
            assert!(text.contains(&file) && text.contains(reason), "{text}");
        }
    }
}

/// As of a deployment: `current -> releases/2`.
#[cfg(unix)]
#[test]
fn a_link_that_leads_elsewhere_is_noticed() {
    use std::os::unix::fs::symlink;
    let bench = Bench::new();
    let link = bench.folder().join("current");
    for release in ["1", "2"] {
        std::fs::create_dir(bench.folder().join(release)).unwrap();
    }
    symlink(bench.folder().join("1"), &link).unwrap();
    let path = link.join("effects.db");
    let store = SqliteEffectStore::open(&path).unwrap();
    won(&store, id(1));
    std::fs::remove_file(&link).unwrap();
    symlink(bench.folder().join("2"), &link).unwrap();
    drop(SqliteEffectStore::open(&path).unwrap());
    let error = wait(store.pending(&ClaimRequest::new(id(2), "test"))).unwrap_err();
    assert!(error.to_string().contains("was replaced"), "{error}");
}

/// A link to the file is followed, as SQLite follows it.
#[cfg(unix)]
#[test]
fn the_target_of_a_new_link_is_for_its_owner_alone() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let bench = Bench::new();
    symlink("target.db", bench.path()).unwrap();
    won(&bench.open(), id(1));
    let metadata = std::fs::metadata(bench.folder().join("target.db")).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
}

/// A link to the file is followed, as SQLite follows it.
#[cfg(unix)]
#[test]
fn a_link_to_the_file_is_followed() {
    let bench = Bench::new();
    let folder = bench.folder().join("elsewhere");
    std::fs::create_dir(&folder).unwrap();
    drop(SqliteEffectStore::open(folder.join("real.db")).unwrap());
    std::os::unix::fs::symlink(folder.join("real.db"), bench.path()).unwrap();
    let store = bench.open();
    won(&store, id(1));
    std::fs::remove_file(folder.join("real.db-wal")).unwrap();
    let error = wait(store.pending(&ClaimRequest::new(id(2), "test"))).unwrap_err();
    assert!(error.to_string().contains("real.db-wal"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_new_file_is_for_its_owner_alone_and_an_existing_one_keeps_its_rights() {
    use std::os::unix::fs::PermissionsExt;
    for (existing, expected) in [(None, 0o600), (Some(0o640), 0o640)] {
        let bench = Bench::new();
        if let Some(mode) = existing {
            std::fs::write(bench.path(), "").unwrap();
            let rights = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(bench.path(), rights).unwrap();
        }
        let store = bench.open();
        won(&store, id(1));
        for name in ["effects.db", "effects.db-wal", "effects.db-shm"] {
            let metadata = std::fs::metadata(bench.folder().join(name)).unwrap();
            assert_eq!(metadata.permissions().mode() & 0o777, expected, "{name}");
        }
    }
}

#[test]
fn many_may_make_the_tables_at_once() {
    let bench = Bench::new();
    let start = Barrier::new(8);
    thread::scope(|threads| {
        for number in 0..8 {
            let (bench, start) = (&bench, &start);
            threads.spawn(move || {
                start.wait();
                won(&bench.open(), id(number));
            });
        }
    });
    assert_eq!(wait(bench.open().counts()).unwrap().total(), 8);
}

#[test]
fn fences_go_on_after_a_restart_and_a_purge() {
    let bench = Bench::new();
    let first = {
        let store = bench.open();
        let token = won(&store, id(1));
        wait(store.release(&token)).unwrap();
        bench.advance(std::time::Duration::from_secs(60));
        assert_eq!(wait(store.purge(std::time::Duration::ZERO)).unwrap(), 1);
        token.fence()
    };
    let second = won(&bench.open(), id(1)).fence();
    assert!(second > first, "{second} after {first}");
}

#[test]
fn the_applications_own_tables_and_version_are_left_alone() {
    let bench = Bench::new();
    bench
        .raw()
        .execute_batch("PRAGMA user_version = 41; CREATE TABLE orders (number INTEGER)")
        .unwrap();
    let store = bench.open();
    let token = won(&store, id(1));
    wait(store.complete(&token, success("1"))).unwrap();
    assert_eq!(result(&store, id(1)).as_deref(), Some("1"));
    let version: i64 = bench
        .raw()
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .unwrap();
    assert_eq!(version, 41);
}

#[test]
fn a_lease_of_an_earlier_start_of_the_machine_is_over() {
    let bench = Bench::new();
    let token = won(&bench.open(), id(1));
    bench
        .raw()
        .execute_batch("UPDATE effects SET boot = x'00000000000000000000000000000001'")
        .unwrap();
    let store = bench.open();
    let claim = wait(store.pending(&ClaimRequest::new(id(1), "test"))).unwrap();
    let Claim::InDoubt(record) = claim else {
        panic!("{claim:?}");
    };
    assert_eq!(record.fence, token.fence());
}

/// A takeover is a claim, too.
#[test]
fn a_takeover_is_refused_in_tables_of_a_newer_version() {
    let bench = Bench::new();
    let store = bench.open();
    let late = won(&store, id(1));
    bench.advance(std::time::Duration::from_secs(60));
    bench
        .raw()
        .execute_batch("UPDATE effect_store SET version = 3")
        .unwrap();
    let mut takeover = ClaimRequest::new(id(1), "test");
    takeover.takeover = Some(late.fence());
    let refused = wait(store.pending(&takeover));
    assert!(
        matches!(refused, Err(StoreError::Unreadable { .. })),
        "{refused:?}"
    );
}
