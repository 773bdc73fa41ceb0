//! Connections to the file: how they are opened, how they wait for each other, what errors they give.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::protocol::store_error::StoreError;

/// The longest wait of a connection for the others, before it fails.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// Returns the path of the file that `path` names now, independent of the current directory, which
/// may change before later connections are opened.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, StoreError> {
    let name = path.as_os_str();
    // SQLite takes these for a database without a file: each connection would have its own.
    if name.is_empty() || name == ":memory:" {
        return Err(StoreError::misconfigured(format!(
            "cannot open {name:?}: it names no file; the in-memory store is `InMemoryEffectStore`"
        )));
    }
    std::path::absolute(path)
        .map_err(|error| StoreError::unavailable(describe("open", path), error))
}

/// The treatment of a file, or of tables, that do not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    Made,
    Refused,
}

/// Opens the connection for writing. Changes nothing in a file that exists.
pub(super) fn open_writer(path: &Path, missing: Missing) -> Result<Connection, StoreError> {
    if missing == Missing::Refused && matches!(path.try_exists(), Ok(false)) {
        let why = misplaced(path).unwrap_or_else(|| "there is no such file".to_owned());
        let what = format!("cannot {}: {why}", describe("open", path));
        return Err(StoreError::misconfigured(what));
    }
    let failed = |error| failed("open", path, error);
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    flags.set(OpenFlags::SQLITE_OPEN_CREATE, missing == Missing::Made);
    let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    prepare(&mut connection).map_err(failed)?;
    Ok(connection)
}

/// Ensures that a commit is on the disk when it returns.
pub(super) fn make_durable(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let failed = |error| failed("open", path, error);
    if connection.is_readonly("main").map_err(failed)? {
        let denied = io::Error::new(
            io::ErrorKind::PermissionDenied,
            "the file may only be read; an effect store must be able to write it",
        );
        let what = format!("cannot {}: {denied}", describe("open", path));
        return Err(StoreError::misconfigured_by(what, denied));
    }
    let mode = in_wal_mode(connection).map_err(failed)?;
    if mode != "wal" {
        let refused = format!(
            "its journal mode stays {mode:?}, and must be \"wal\": is it on a network file system?"
        );
        let what = format!("cannot {}: {refused}", describe("open", path));
        return Err(StoreError::misconfigured(what));
    }
    connection
        .pragma_update(None, "synchronous", "FULL")
        .map_err(failed)
}

/// Opens one more connection, for reading only.
pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || -> rusqlite::Result<Connection> {
        let mut connection = Connection::open_with_flags(path, flags)?;
        prepare(&mut connection)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    };
    open().map_err(|error| match path.try_exists() {
        // The file existed when the store was opened.
        Ok(false) => StoreError::unavailable(describe("read", path), "the file is gone"),
        _ => failed("read", path, error),
    })
}

/// Returns what `error` means for the store: it cannot be used now, or the file holds something
/// else.
pub(super) fn failed(action: &str, path: &Path, error: impl Into<SharedError>) -> StoreError {
    let SharedError(error) = error.into();
    match &*error {
        rusqlite::Error::SqliteFailure(code, _) if code.code == ErrorCode::NotADatabase => {
            StoreError::unreadable(format!("{} is not a SQLite database", path.display()))
        }
        rusqlite::Error::SqliteFailure(code, _) if code.code == ErrorCode::CannotOpen => {
            let action = describe(action, path);
            match misplaced(path) {
                Some(why) => StoreError::misconfigured(format!("cannot {action}: {why}")),
                None => match why_not_opened(path) {
                    Some(why) => StoreError::unavailable(describe("reach", path), why),
                    None => StoreError::unavailable(describe("reach", path), error),
                },
            }
        }
        // In any action: the file's disk is away, or another process has the file.
        rusqlite::Error::SqliteFailure(code, _) if code.code == ErrorCode::SystemIoFailure => {
            StoreError::unavailable(describe("reach", path), error)
        }
        rusqlite::Error::SqliteFailure(..) if is_busy(&error) => {
            StoreError::unavailable(describe("lock", path), error)
        }
        rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::Utf8Error(..) => StoreError::unreadable(format!(
            "{} holds a record that no version has written: {error}",
            path.display()
        )),
        _ => StoreError::unavailable(describe(action, path), error),
    }
}

/// An error of SQLite's that several callers receive.
#[derive(Clone, Debug)]
pub(super) struct SharedError(std::sync::Arc<rusqlite::Error>);

impl From<rusqlite::Error> for SharedError {
    fn from(error: rusqlite::Error) -> Self {
        Self(std::sync::Arc::new(error))
    }
}

pub(super) fn describe(action: &str, path: &Path) -> String {
    format!("{action} {}", path.display())
}

/// Returns why the file cannot be opened; SQLite reports only that it cannot.
fn misplaced(path: &Path) -> Option<String> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        _ if path.is_dir() => Some("it is a directory".to_owned()),
        Some(folder) if !folder.is_dir() => {
            Some(format!("the directory {} does not exist", folder.display()))
        }
        _ => None,
    }
}

/// Returns the operating system's error for the folder: too many open files, or no access. The file
/// itself must not be opened: closing it would give up this process's locks on it.
fn why_not_opened(path: &Path) -> Option<io::Error> {
    std::fs::File::open(path.parent()?).err()
}

/// Sets what is the same for all connections of a store. `&mut` for the handler, from rusqlite 0.41 on.
pub(super) fn prepare(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(32);
    // Plans do not depend on bound values: otherwise a statement that a partial index may serve is prepared
    // anew after each binding, which costs several times what the statement does.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.busy_handler(Some(wait_a_little))
}

/// Sets WAL mode; `journal_mode` can answer "busy" without calling the busy handler.
fn in_wal_mode(connection: &Connection) -> rusqlite::Result<String> {
    for count in 0.. {
        let mode = connection
            .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
        match mode {
            Err(error) if is_busy(&error) && wait_a_little(count) => {}
            mode => return mode,
        }
    }
    unreachable!("the loop ends by itself")
}

pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

/// The shortest wait for a lock. A commit holds it for about as long.
const SHORTEST: Duration = Duration::from_micros(50);

/// The longest. Each waiter that looks again takes time from the process that holds the lock: 64 processes
/// that look each half millisecond leave it a twentieth.
const LONGEST: Duration = Duration::from_millis(16);

/// The longest of the only one that looks.
const LONGEST_IN_TURN: Duration = Duration::from_micros(250);

/// The number of its looks before it looks as seldom as the others: SQLite's lock is held for longer than a commit.
const LOOKS_IN_TURN: i32 = 200;

/// The number of looks before the waits grow.
const SHORT_LOOKS: i32 = 6;

/// How a connection waits for others.
#[derive(Clone, Copy, PartialEq)]
enum Waits {
    Never,
    /// As the only one that does.
    Often,
    /// As one of many.
    Seldom,
}

thread_local! {
    /// How this thread waits, and the time for which it has waited in the queue of [`Turns`](super::turns::Turns).
    static WAITS: Cell<(Waits, Duration)> = const { Cell::new((Waits::Seldom, Duration::ZERO)) };
}

/// Works without waiting for other connections: a statement fails instead, as busy.
pub(super) fn at_once<T>(work: impl FnOnce() -> T) -> T {
    waiting(Waits::Never, Duration::ZERO, work)
}

/// Works after a wait in the queue, at whose end this process `is_first`, or not.
pub(super) fn after_queue<T>(is_first: bool, waited: Duration, work: impl FnOnce() -> T) -> T {
    let waits = if is_first {
        Waits::Often
    } else {
        Waits::Seldom
    };
    waiting(waits, waited, work)
}

fn waiting<T>(waits: Waits, waited: Duration, work: impl FnOnce() -> T) -> T {
    struct Reset;
    impl Drop for Reset {
        fn drop(&mut self) {
            WAITS.set((Waits::Seldom, Duration::ZERO));
        }
    }
    WAITS.set((waits, waited));
    let _reset = Reset;
    work()
}

/// SQLite's own handler waits 100 ms and more under load; here a write lock is held for one commit.
fn wait_a_little(count: i32) -> bool {
    thread_local! {
        static BEGAN: Cell<Option<Instant>> = const { Cell::new(None) };
        static SEED: RandomState = RandomState::new();
    }
    let (waits, in_queue) = WAITS.get();
    if waits == Waits::Never {
        return false;
    }
    let now = Instant::now();
    if count == 0 {
        BEGAN.set(Some(now));
    }
    let waited = in_queue + BEGAN.get().map_or(Duration::ZERO, |began| now - began);
    if waited >= PATIENCE {
        return false;
    }
    // Few others hold it in turn at first; then twice as long after every second look.
    let doublings = u32::try_from(count.saturating_sub(SHORT_LOOKS) / 2)
        .unwrap_or(0)
        .min(8);
    let longest = match waits {
        Waits::Often if count < LOOKS_IN_TURN => LONGEST_IN_TURN,
        Waits::Often | Waits::Never | Waits::Seldom => LONGEST,
    };
    let longest = (SHORTEST * 4 * 2_u32.pow(doublings)).min(longest);
    let span = u64::try_from((longest - SHORTEST).as_micros()).unwrap_or(u64::MAX);
    // With the time: a forked process has the same seed, and would retry each time at the same
    // moment.
    let draw = SEED.with(|seed| seed.hash_one((count, now)));
    thread::sleep(SHORTEST + Duration::from_micros(draw % span));
    true
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    #[test]
    fn a_file_that_is_away_or_locked_is_told_whatever_was_to_be_done() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("effects.db");
        std::fs::write(&path, "").expect("written");
        for (code, verb) in [
            (ffi::SQLITE_IOERR_READ, "reach"),
            (ffi::SQLITE_CANTOPEN, "reach"),
            (ffi::SQLITE_BUSY, "lock"),
            (ffi::SQLITE_FULL, "make its tables in"),
        ] {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            let error = failed("make its tables in", &path, error);
            assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
            let begins = format!("the store cannot {verb} {}: ", path.display());
            assert!(error.to_string().starts_with(&begins), "{error}");
        }
    }

    #[test]
    fn a_file_that_is_gone_is_no_wrong_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("effects.db");
        let error = open_reader(&path).expect_err("it is not there");
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
        assert!(error.to_string().ends_with(": the file is gone"), "{error}");
        let error = open_writer(&path, Missing::Refused).expect_err("it is not there");
        assert!(
            matches!(error, StoreError::Misconfigured { .. }),
            "{error:?}"
        );
    }

    #[test]
    fn a_statement_that_shall_not_wait_fails_at_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("effects.db");
        let [one, other] = [(); 2].map(|()| open_writer(&path, Missing::Made).expect("open"));
        make_durable(&one, &path).expect("in WAL mode");
        one.execute_batch("CREATE TABLE t (n); BEGIN IMMEDIATE")
            .expect("the lock is free");
        let failed = at_once(|| other.execute("INSERT INTO t VALUES (1)", []));
        assert!(is_busy(&failed.expect_err("it is locked")));
        assert!(other.is_autocommit());
        let panicked = std::panic::catch_unwind(|| at_once(|| panic!("on purpose")));
        assert!(panicked.is_err() && WAITS.get().0 == Waits::Seldom);
        one.execute_batch("COMMIT").expect("committed");
        let written = at_once(|| other.execute("INSERT INTO t VALUES (1)", []));
        assert_eq!(written.expect("the lock is free"), 1);
    }
}
