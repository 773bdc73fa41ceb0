//! Failures between the store and its server, and their error texts.

use std::error::Error;
use std::io;
use std::sync::Arc;

use deadpool_postgres::PoolError;
use retry_core::__private::redacted_text;
use retry_core::{Classify, Verdict};
use thiserror::Error as ThisError;

use crate::protocol::store_error::StoreError;
use crate::stores::libpq;

/// The reason why a statement has no answer.
#[derive(Debug, ThisError)]
pub(super) enum Trouble {
    #[error("{}", described(.0))]
    Statement(#[from] tokio_postgres::Error),
    #[error("no connection: {}", of_pool(.0))]
    Pool(#[source] PoolError),
    #[error("the server did not answer in time")]
    Late,
    #[error(
        "the server's synchronous standby does not confirm what is written; start the standby, or \
         take it out of `synchronous_standby_names`"
    )]
    Unconfirmed,
    #[error(
        "a pooler in between has no second session for this store; let it have at least two \
         (PgBouncer: default_pool_size)"
    )]
    NoSession,
    #[error("the server could not be reached in time")]
    Unreached,
    #[error("the server takes no writes: it is a standby, or the session is read only")]
    Standby,
}

impl From<PoolError> for Trouble {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => Self::Statement(error),
            other => Self::Pool(other),
        }
    }
}

/// Adds the reason, which the library keeps for the source: its own text is only "db error".
fn described(error: &tokio_postgres::Error) -> String {
    match (error.as_db_error(), error.source()) {
        (Some(said), _) => redacted_text(said),
        (None, Some(source)) => redacted_text(&format_args!("{error}: {source}")),
        (None, None) => redacted_text(error),
    }
}

fn of_pool(error: &PoolError) -> String {
    match error {
        PoolError::Timeout(_) => {
            "all connections of the pool are in use; give the store a pool of its own, or a larger \
             one"
            .to_owned()
        }
        other => redacted_text(other),
    }
}

impl Trouble {
    /// Returns whether the same statement may succeed later. Each statement of this store may be sent
    /// again: a claim is found by its claim id, and the same outcome is accepted twice.
    pub(super) fn verdict(&self) -> Verdict {
        match self {
            // Another connection may lead to the new primary.
            _ if self.is_of_standby() => Verdict::Retry,
            Self::Statement(error) => error.classify().verdict(),
            Self::Pool(PoolError::Closed) => Verdict::Stop,
            Self::Pool(_)
            | Self::Late
            | Self::Unconfirmed
            | Self::NoSession
            | Self::Unreached
            | Self::Standby => Verdict::Retry,
        }
    }

    /// Whether it comes from a read-only server, whose connection is of no more use.
    pub(super) fn is_of_standby(&self) -> bool {
        match self {
            Self::Standby => true,
            // The library's error for a server that `target_session_attrs` excludes.
            Self::Statement(error) => {
                self.code() == Some("25006")
                    || error
                        .source()
                        .and_then(|source| source.downcast_ref::<io::Error>())
                        .is_some_and(|error| {
                            error.kind() == io::ErrorKind::PermissionDenied
                                && error.raw_os_error().is_none()
                        })
            }
            _ => false,
        }
    }

    /// Whether no server takes sessions, whatever the request was: there is none, the connection is
    /// lost, or the server is starting or stopping.
    pub(super) fn is_of_absence(&self) -> bool {
        match self {
            Self::Unreached => true,
            Self::Statement(error) => match error.as_db_error() {
                Some(_) => matches!(self.code(), Some("57P01" | "57P02" | "57P03")),
                None => {
                    let source = error.source();
                    error.is_closed() || source.is_some_and(<dyn Error>::is::<io::Error>)
                }
            },
            _ => false,
        }
    }

    /// Whether the session does not know the prepared statement, or knows it as something else.
    pub(super) fn is_of_stale_statement(&self) -> bool {
        matches!(self.code(), Some("26000" | "0A000"))
    }

    /// Whether the user lacks a right.
    pub(super) fn is_of_rights(&self) -> bool {
        self.code() == Some("42501")
    }

    /// Whether the statement waited for a lock for as long as it may.
    pub(super) fn is_of_lock(&self) -> bool {
        self.code() == Some("55P03")
    }

    /// Whether the statement names a table or a sequence that does not exist.
    pub(super) fn is_of_missing(&self) -> bool {
        self.code() == Some("42P01")
    }

    /// Whether it may concern some of the commands of a statement alone, and would not pass.
    pub(super) fn is_of_some(&self) -> bool {
        let is_final = self.verdict() == Verdict::Stop && !self.is_of_one();
        self.is_of_missing() || (self.code().is_some() && is_final)
    }

    fn code(&self) -> Option<&str> {
        match self {
            Self::Statement(error) => error.code().map(tokio_postgres::error::SqlState::code),
            _ => None,
        }
    }

    /// Whether a single command may be the cause, so that the others of its batch succeed without it:
    /// a value that the server does not take.
    pub(super) fn is_of_one(&self) -> bool {
        match self.code() {
            Some(code) => ["22", "23", "54"]
                .iter()
                .any(|class| code.starts_with(class)),
            // Too large to be sent.
            None => matches!(self, Self::Statement(_)) && self.verdict() == Verdict::Stop,
        }
    }
}

/// Returns the store's error for `action` on the server of this name, in this schema. If the server
/// is away, the action does not matter.
pub(super) fn failed(
    action: &str,
    server: &str,
    schema: &str,
    trouble: &Arc<Trouble>,
) -> StoreError {
    match advice(schema, trouble) {
        Some(advice) => {
            let what = format!("cannot {action} in {server}: {trouble}; {advice}");
            StoreError::misconfigured_by(what, trouble.clone())
        }
        None if trouble.is_of_absence() => {
            StoreError::unavailable(format!("reach {server}"), trouble.clone())
        }
        None => StoreError::unavailable(format!("{action} in {server}"), trouble.clone()),
    }
}

/// Returns what to do about it, where waiting does not help.
fn advice(schema: &str, trouble: &Trouble) -> Option<String> {
    if trouble.is_of_standby() {
        return Some(PRIMARY.to_owned());
    }
    let advice = match trouble.code() {
        Some("42501") => format!(
            "the database user lacks a right; let an administrator run `GRANT USAGE ON SCHEMA \
             {schema} TO ..`, `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA \
             {schema} TO ..` and `GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO ..`, and the \
             first time let it be opened by a user who may create the schema"
        ),
        Some("42P01" | "3F000" | "42703") => format!(
            "its tables are gone, or are others: nothing is made anew while it is open, since what \
             was recorded would run again; restore the schema {schema}, or open the store afresh \
             if that is what you want"
        ),
        Some("3D000") => "there is no such database; correct the URL, or create it".to_owned(),
        Some("26000" | "42P05") => POOLER.to_owned(),
        Some(code) if code.starts_with("28") => USER.to_owned(),
        Some(_) => return None,
        None => match trouble {
            Trouble::Statement(error) => return client_side(error).map(str::to_owned),
            _ => return None,
        },
    };
    Some(advice)
}

const PRIMARY: &str = "the store must be on the primary, by a role that may write: let the \
    connections lead there alone (`target_session_attrs=read-write`)";

const POOLER: &str = "a pooler in between gives each statement another session: let it keep \
    sessions, or know prepared statements (PgBouncer from 1.21 on, with max_prepared_statements)";

/// Returns the error for a pooler that shares sessions, and does not know prepared statements.
pub(super) fn shared_sessions() -> StoreError {
    StoreError::misconfigured(format!(
        "cannot be opened: a statement that was prepared is not known in the next transaction; \
         {POOLER}"
    ))
}

const USER: &str = "the server does not let this user in; correct user and password in the URL, or \
    the server's pg_hba.conf";

const TLS: &str = "enable TLS on the server (`ssl = on`), and a certificate for the host of the URL \
    that this machine trusts (`SSL_CERT_FILE` names more of them), or hand over a connector that \
    trusts it (`connect_with`)";

/// Returns the cause of an error that the library raises before any request, identified by its text.
fn client_side(error: &tokio_postgres::Error) -> Option<&'static str> {
    let text = error.to_string();
    let begins = |with: &str| text.starts_with(with);
    if begins("error performing TLS handshake") && error.classify().verdict() == Verdict::Stop {
        Some(TLS)
    } else if begins("invalid configuration") || begins("authentication error") {
        Some(USER)
    } else {
        None
    }
}

/// Returns the error for an invalid URL. The URL may hold a password, and is not shown; nor is what
/// the library quotes of it, which is a piece of the password if that was not escaped or quoted.
pub(super) fn of_url(error: &tokio_postgres::Error) -> StoreError {
    let why = error.source().map(ToString::to_string).unwrap_or_default();
    if let Some(option) = why.strip_prefix("unknown option `") {
        let option = option.trim_end_matches('`');
        return bad_url(&if libpq::is_keyword(option) {
            format!("the option {option} is not supported")
        } else {
            "it has an option that is not known".to_owned()
        });
    }
    if why.starts_with("invalid value for option `sslmode`") {
        return bad_url("sslmode is disable, prefer, require or verify-full");
    }
    if why.starts_with("unexpected character") {
        return bad_url("a `=` is missing, or a value with spaces is not in quotes");
    }
    bad_url(&described(error))
}

pub(super) fn bad_url(why: &str) -> StoreError {
    StoreError::misconfigured(format!(
        "cannot be opened: {why}; a URL is like `postgres://user:password@host:5432/database`, or \
         `host=.. user=.. dbname=..`"
    ))
}
