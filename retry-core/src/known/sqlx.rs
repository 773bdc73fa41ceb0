//! [`sqlx::Error`]: by SQLSTATE or SQLite code where the database spoke, and else by how far the
//! request had come.

use std::error::Error;

use sqlx::error::DatabaseError;

use super::{connect, sqlstate, transport};
use crate::chain;
use crate::classify::{Classify, Verdict};

impl Classify for sqlx::Error {
    fn classify(&self) -> Verdict {
        judge(self).0
    }

    fn kind(&self) -> &'static str {
        judge(self).1
    }

    fn as_error(&self) -> Option<&(dyn Error + 'static)> {
        Some(self)
    }
}

fn judge(error: &sqlx::Error) -> (Verdict, &'static str) {
    use sqlx::Error as E;
    match error {
        E::Database(reported) => judge_database(&**reported),
        E::Io(io) => transport::judge(io),
        E::Tls(source) => connect::judge_tls(Some(&**source)),
        // Nothing was sent.
        E::PoolTimedOut => (Verdict::Retry, "pool_timed_out"),
        E::PoolClosed => (Verdict::Stop, "pool_closed"),
        E::Configuration(_)
        | E::InvalidArgument(_)
        | E::Encode(_)
        | E::TypeNotFound { .. }
        | E::InvalidSavePointStatement
        | E::BeginFailed => (Verdict::Stop, "invalid_request"),
        // Asked for a row and found none: nothing was changed.
        E::RowNotFound => (Verdict::Stop, "row_not_found"),
        // The statement has run; its answer is not what the caller expected.
        E::ColumnDecode { .. }
        | E::ColumnIndexOutOfBounds { .. }
        | E::ColumnNotFound(_)
        | E::Decode(_)
        | E::AnyDriverError(_) => (Verdict::Unknown, "decode"),
        E::Protocol(_) => (Verdict::Unknown, "protocol"),
        E::WorkerCrashed => (Verdict::Unknown, "worker_crashed"),
        // `Migrate`, which exists with a feature of sqlx alone, and variants to come.
        other => judge_by_source(other.source()),
    }
}

fn judge_by_source(source: Option<&(dyn Error + 'static)>) -> (Verdict, &'static str) {
    source
        .and_then(|source| chain::verdict(source).zip(chain::kind(source)))
        .unwrap_or((Verdict::Unknown, "sqlx"))
}

fn judge_database(error: &dyn DatabaseError) -> (Verdict, &'static str) {
    let Some(code) = error.code() else {
        return (Verdict::Unknown, "database");
    };
    // Postgres and MySQL give SQLSTATEs, always five characters; SQLite its number, of which the
    // largest has four digits.
    match code.parse::<u32>() {
        Ok(number) if code.len() < 5 => judge_sqlite(number),
        _ => sqlstate::judge(&code),
    }
}

/// By SQLite's "Result and Error Codes"; the low byte of an extended code is the primary one.
pub(super) fn judge_sqlite(code: u32) -> (Verdict, &'static str) {
    // A transaction that another statement's error has rolled back.
    const ABORT_ROLLBACK: u32 = 516;
    match (code, code & 0xff) {
        (_, 5) => (Verdict::Retry, "busy"),
        (_, 6) => (Verdict::Retry, "locked"),
        (_, 7) => (Verdict::Retry, "out_of_memory"),
        (_, 9) => (Verdict::Retry, "interrupted"),
        (_, 15) => (Verdict::Retry, "lock_protocol"),
        (_, 17) => (Verdict::Retry, "schema_changed"),
        (ABORT_ROLLBACK, _) => (Verdict::Retry, "transaction_rollback"),
        // A write or a sync that failed may have reached the disk.
        (_, 10) => (Verdict::Unknown, "io"),
        (_, 3 | 23) => (Verdict::Stop, "permission_denied"),
        (_, 8) => (Verdict::Stop, "read_only"),
        (_, 11 | 26) => (Verdict::Stop, "corrupted"),
        (_, 13) => (Verdict::Stop, "storage_full"),
        (_, 14) => (Verdict::Stop, "cannot_open"),
        (_, 19) => (Verdict::Stop, "constraint_violation"),
        (_, 1 | 12 | 18 | 20 | 21 | 22 | 25) => (Verdict::Stop, "rejected"),
        _ => (Verdict::Unknown, "database"),
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
