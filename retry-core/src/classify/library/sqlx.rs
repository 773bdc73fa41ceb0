//! [`sqlx::Error`] of 0.9 and of 0.8: by SQLSTATE or SQLite code if the database answered, else by the
//! progress of the request.

use std::error::Error;

use super::outcome::{left_open, misused, turned_away, unknown};
use super::{connect, sqlite, sqlstate, transport};
use crate::classify::chain;
use crate::classify::judgement::Judgement;

/// The judgement of an error of either version: their variants have the same names.
macro_rules! judge {
    ($sqlx:ident, $error:ident) => {{
        use $sqlx::Error as E;
        match $error {
            E::Database(reported) => judge_code(reported.code().as_deref()),
            E::Io(io) => transport::judge(io),
            E::Tls(source) => connect::judge_tls(Some(&**source)),
            // Nothing was sent.
            E::PoolTimedOut => turned_away("pool_timed_out"),
            E::PoolClosed => misused("pool_closed"),
            E::Configuration(_)
            | E::InvalidArgument(_)
            | E::Encode(_)
            | E::TypeNotFound { .. }
            | E::InvalidSavePointStatement
            | E::BeginFailed => misused("invalid_request"),
            // A query found no row; a function of the database may still have had an effect.
            E::RowNotFound => left_open("row_not_found"),
            // The statement has run; the caller expected another answer.
            E::ColumnDecode { .. }
            | E::ColumnIndexOutOfBounds { .. }
            | E::ColumnNotFound(_)
            | E::Decode(_)
            | E::AnyDriverError(_) => unknown("decode"),
            E::Protocol(_) => unknown("protocol"),
            E::WorkerCrashed => unknown("worker_crashed"),
            // `Migrate`, which exists only with a feature of sqlx, and future variants.
            other => judge_by_source(other.source()),
        }
    }};
}

#[cfg(feature = "sqlx")]
classified! {
    sqlx::Error: |error| judge!(sqlx, error);
}
#[cfg(feature = "sqlx-08")]
classified! {
    sqlx_08::Error: |error| judge!(sqlx_08, error);
}

fn judge_by_source(source: Option<&(dyn Error + 'static)>) -> Judgement {
    source.and_then(chain::judgement).unwrap_or(unknown("sqlx"))
}

fn judge_code(code: Option<&str>) -> Judgement {
    let Some(code) = code else {
        return unknown("database");
    };
    // Postgres and MySQL give SQLSTATEs, always five characters; SQLite gives its number, of at most
    // four digits.
    match code.parse::<u32>() {
        Ok(number) if code.len() < 5 => sqlite::judge(number),
        _ => sqlstate::judge(code),
    }
}
