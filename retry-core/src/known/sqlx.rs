//! [`sqlx::Error`]: by SQLSTATE or SQLite code where the database spoke, and else by how far the
//! request had come.

use std::error::Error;

use sqlx::error::DatabaseError;

use super::outcome::{refused, turned_away, unknown};
use super::{connect, sqlstate, transport};
use crate::chain;
use crate::classify::Classify;
use crate::judgement::Judgement;

impl Classify for sqlx::Error {
    fn classify(&self) -> Judgement {
        judge(self)
    }

    fn as_error(&self) -> Option<&(dyn Error + 'static)> {
        Some(self)
    }
}

fn judge(error: &sqlx::Error) -> Judgement {
    use sqlx::Error as E;
    match error {
        E::Database(reported) => judge_database(&**reported),
        E::Io(io) => transport::judge(io),
        E::Tls(source) => connect::judge_tls(Some(&**source)),
        // Nothing was sent.
        E::PoolTimedOut => turned_away("pool_timed_out"),
        E::PoolClosed => refused("pool_closed"),
        E::Configuration(_)
        | E::InvalidArgument(_)
        | E::Encode(_)
        | E::TypeNotFound { .. }
        | E::InvalidSavePointStatement
        | E::BeginFailed => refused("invalid_request"),
        // Asked for a row and found none: nothing was changed.
        E::RowNotFound => refused("row_not_found"),
        // The statement has run; its answer is not what the caller expected.
        E::ColumnDecode { .. }
        | E::ColumnIndexOutOfBounds { .. }
        | E::ColumnNotFound(_)
        | E::Decode(_)
        | E::AnyDriverError(_) => unknown("decode"),
        E::Protocol(_) => unknown("protocol"),
        E::WorkerCrashed => unknown("worker_crashed"),
        // `Migrate`, which exists with a feature of sqlx alone, and variants to come.
        other => judge_by_source(other.source()),
    }
}

fn judge_by_source(source: Option<&(dyn Error + 'static)>) -> Judgement {
    source.and_then(chain::judgement).unwrap_or(unknown("sqlx"))
}

fn judge_database(error: &dyn DatabaseError) -> Judgement {
    let Some(code) = error.code() else {
        return unknown("database");
    };
    // Postgres and MySQL give SQLSTATEs, always five characters; SQLite its number, of which the
    // largest has four digits.
    match code.parse::<u32>() {
        Ok(number) if code.len() < 5 => judge_sqlite(number),
        _ => sqlstate::judge(&code),
    }
}

/// By SQLite's "Result and Error Codes"; the low byte of an extended code is the primary one.
pub(super) fn judge_sqlite(code: u32) -> Judgement {
    // A transaction that another statement's error has rolled back.
    const ABORT_ROLLBACK: u32 = 516;
    match (code, code & 0xff) {
        (_, 5) => turned_away("busy"),
        (_, 6) => turned_away("locked"),
        (_, 7) => turned_away("out_of_memory"),
        (_, 9) => turned_away("interrupted"),
        (_, 15) => turned_away("lock_protocol"),
        (_, 17) => turned_away("schema_changed"),
        (ABORT_ROLLBACK, _) => turned_away("transaction_rollback"),
        // A write or a sync that failed may have reached the disk.
        (_, 10) => unknown("io"),
        (_, 3 | 23) => refused("permission_denied"),
        (_, 8) => refused("read_only"),
        (_, 11 | 26) => refused("corrupted"),
        (_, 13) => refused("storage_full"),
        (_, 14) => refused("cannot_open"),
        (_, 19) => refused("constraint_violation"),
        (_, 1 | 12 | 18 | 20 | 21 | 22 | 25) => refused("rejected"),
        _ => unknown("database"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extended_codes_follow_their_primary_code() {
        for (code, verdict) in [
            (5, Verdict::Retry),
            (261, Verdict::Retry),
            (517, Verdict::Retry),
            (262, Verdict::Retry),
            (4, Verdict::Unknown),
            (516, Verdict::Retry),
            (1, Verdict::Stop),
            (2067, Verdict::Stop),
            (1555, Verdict::Stop),
            (1032, Verdict::Stop),
            (13, Verdict::Stop),
            (1034, Verdict::Unknown),
        ] {
            assert_eq!(judge_sqlite(code).0, verdict, "{code}");
        }
    }
}
