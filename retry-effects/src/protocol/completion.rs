//! [`Completion`]: the statement that completes an action in a transaction of the caller's own.

use std::fmt;
use std::sync::Arc;

/// The statement that records the outcome of an action in a transaction of the caller's own, with any driver.
///
/// [`CurrentAction::completion`](crate::CurrentAction::completion) returns it for the action of the running
/// body. It is the last statement of the transaction, before the commit:
///
/// 1. Execute [`sql`](Self::sql) with [`params`](Self::params), in their order, in the transaction.
/// 2. Report the number of affected rows to
///    [`CurrentAction::completed_in`](crate::CurrentAction::completed_in). If it returns an error, as for no row,
///    roll back: the action is done, or has another owner.
/// 3. Commit.
///
/// The transaction must be in the store's own database. The names of tables are qualified by the store's
/// schema, so the session's `search_path` does not matter. In Postgres the transaction commits with
/// `synchronous_commit = on` (or `remote_apply`), and must not be `READ ONLY`. Under `REPEATABLE READ` and
/// `SERIALIZABLE` a renewal of the lease, at a third of it, and the first call that waits for the action conflict
/// with a transaction that began before: the server ends the transaction with SQLSTATE 40001, as for any other
/// conflict.
///
/// # Examples
///
/// With the store in SQLite, and rusqlite as *any driver*:
///
/// ```
/// # #[cfg(feature = "sqlite")] {
/// use retry_effects::rusqlite::{Connection, ToSql};
/// use retry_effects::store::SqlParam;
/// use retry_effects::{Effect, Outcome, SqliteEffectStore, current_action};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("shop.db");
/// let store = SqliteEffectStore::open(&path)?;
/// Connection::open(&path)?.execute("CREATE TABLE payments (cents INTEGER)", [])?;
///
/// let pay = || {
///     Effect::new("pay", &42).store(&store).run(|| {
///         let action = current_action().expect("a gated body");
///         let mut shop = Connection::open(&path)?;
///         let transaction = shop.transaction()?;
///         transaction.execute("INSERT INTO payments VALUES (1999)", [])?;
///
///         let completion = action.completion(&Outcome::success(&"receipt 1")?)?;
///         let params = completion.params().iter().map(|param| match param {
///             SqlParam::Bytes(bytes) => bytes as &dyn ToSql,
///             SqlParam::Integer(number) => number,
///             SqlParam::Text(text) => text,
///         });
///         let params: Vec<_> = params.collect();
///         let rows = transaction.execute(completion.sql(), &params[..])?;
///         action.completed_in(rows as u64)?;
///         transaction.commit()?;
///         Ok::<_, Box<dyn std::error::Error + Send + Sync>>("receipt 1".to_owned())
///     })
/// };
/// assert_eq!((pay()?, pay()?), ("receipt 1".to_owned(), "receipt 1".to_owned()));
/// let shop = Connection::open(&path)?;
/// let rows: i64 = shop.query_row("SELECT count(*) FROM payments", [], |row| row.get(0))?;
/// assert_eq!(rows, 1);
/// # }
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Completion {
    dialect: Dialect,
    sql: Arc<str>,
    params: Vec<SqlParam>,
    takes_mark: bool,
}

/// Begins a transaction of Postgres that bears a mark: a setting that ends with it. So a COMMIT or ROLLBACK of a body's
/// own is noticed, also if the body then begins another transaction.
#[cfg(any(feature = "sqlx-postgres", feature = "sqlx-08"))]
pub(crate) const BEGIN_MARKED: &str = "BEGIN; SET LOCAL retry_effects.transaction = 'begun'";

/// Returns one row in a transaction that bears the mark, and no row otherwise; an error in one that has failed.
#[cfg(any(feature = "sqlx-postgres", feature = "sqlx-08"))]
pub(crate) const IS_MARKED: &str =
    "SELECT WHERE pg_catalog.current_setting('retry_effects.transaction', true) = 'begun'";

/// The database whose SQL a [`Completion`] is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialect {
    /// Postgres: parameters are `$1`, `$2`, and so on.
    Postgres,
    /// SQLite: parameters are `?1`, `?2`, and so on.
    Sqlite,
}

/// A parameter of a [`Completion`]. There are three kinds, and none is null, so that every driver can
/// bind them.
#[derive(Clone, PartialEq, Eq)]
pub enum SqlParam {
    /// Bytes: `bytea` or `BLOB`.
    Bytes(Vec<u8>),
    /// An integer of 64 bits: `int8` or `INTEGER`.
    Integer(i64),
    /// A text: `text` or `TEXT`.
    Text(String),
}

impl Completion {
    /// Returns a statement with its parameters, in the order of their numbers. For stores.
    #[must_use]
    pub fn new(dialect: Dialect, sql: impl Into<Arc<str>>, params: Vec<SqlParam>) -> Self {
        Self {
            dialect,
            sql: sql.into(),
            params,
            takes_mark: false,
        }
    }

    /// Adds a parameter, the last one of the statement, for the mark of the transaction: it is empty for any
    /// transaction.
    #[cfg(feature = "postgres")]
    pub(crate) fn with_mark(mut self) -> Self {
        self.params.push(SqlParam::Text(String::new()));
        self.takes_mark = true;
        self
    }

    /// Limits the statement to a transaction of [`BEGIN_MARKED`]: in no other one it affects a row. Returns whether the
    /// statement has a parameter for that.
    #[cfg(any(
        feature = "sqlx-postgres",
        feature = "sqlx-sqlite",
        feature = "sqlx-08"
    ))]
    pub(crate) fn limit_to_marked(&mut self) -> bool {
        if let (true, Some(mark)) = (self.takes_mark, self.params.last_mut()) {
            *mark = SqlParam::Text("begun".to_owned());
        }
        self.takes_mark
    }

    /// Returns the database that it is for.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Returns the statement: the same text for each action of a store, so that drivers may keep it prepared.
    #[must_use]
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// Returns the parameters, in the order of their numbers.
    #[must_use]
    pub fn params(&self) -> &[SqlParam] {
        &self.params
    }

    /// Returns the statement without a copy of its text.
    #[cfg(any(feature = "sqlx-postgres", feature = "sqlx-sqlite"))]
    pub(crate) fn shared_sql(&self) -> Arc<str> {
        self.sql.clone()
    }
}

/// Shows no values: one of them is the result.
impl fmt::Debug for Completion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Completion")
            .field("dialect", &self.dialect)
            .field("params", &self.params.len())
            .finish_non_exhaustive()
    }
}

/// Shows kind and length: the value may be a result.
impl fmt::Debug for SqlParam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
            Self::Integer(_) => f.write_str("Integer"),
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
        }
    }
}
