//! SQLite's "Result and Error Codes": those that sqlx reports, and those that `rusqlite::Error` shows.
//!
//! rusqlite is no dependency: it builds SQLite itself, and a program can have only one version of that.
//! Its `Debug` begins with the variant and the code.

use super::outcome::{broken, declined, misused, refused, turned_away, unknown};
use crate::classify::judgement::{Answer, Judgement};

/// Judges a `rusqlite::Error` of any version by its `Debug`.
pub(super) fn judge_debug(debug: &str) -> Option<Judgement> {
    let error = debug
        .strip_prefix("SqliteFailure(Error { code: ")
        .or_else(|| debug.strip_prefix("SqlInputError { error: Error { code: "))?;
    let (_, code) = error.split_once(", extended_code: ")?;
    let (code, _) = code.split_once(' ')?;
    Some(judge(code.parse().ok()?))
}

/// Judges by code; the low byte of an extended code is the primary one.
pub(super) fn judge(code: u32) -> Judgement {
    // A transaction that another statement's error rolled back.
    const ABORT_ROLLBACK: u32 = 516;
    const TRIGGER: u32 = 1811;
    match (code, code & 0xff) {
        (_, 5) => turned_away("busy"),
        (_, 6) => turned_away("locked"),
        (_, 7) => turned_away("out_of_memory").with_answer(Answer::NotAsked),
        (_, 9) => turned_away("interrupted"),
        (_, 15) => turned_away("lock_protocol"),
        (_, 17) => turned_away("schema_changed"),
        (ABORT_ROLLBACK, _) => turned_away("transaction_rollback"),
        // A failed write or sync may have reached the disk.
        (_, 10) => unknown("io"),
        (_, 3 | 23) => refused("permission_denied"),
        (_, 8) => refused("read_only"),
        (_, 11 | 26) => broken("corrupted"),
        // The disk of this machine is full.
        (_, 13) => misused("storage_full"),
        (_, 14) => broken("cannot_open"),
        // A trigger's RAISE(FAIL) keeps the rows that the statement has written so far; its RAISE(ABORT) has the
        // same code and keeps none.
        (TRIGGER, _) => declined("constraint_violation"),
        (_, 19) => refused("constraint_violation"),
        (_, 21 | 25) => misused("rejected"),
        (_, 1 | 12 | 18 | 20 | 22) => refused("rejected"),
        _ => unknown("database"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::judgement::Verdict;

    #[test]
    fn extended_codes_follow_their_primary_code() {
        for (code, verdict, proved) in [
            (5, Verdict::Retry, true),
            (261, Verdict::Retry, true),
            (517, Verdict::Retry, true),
            (262, Verdict::Retry, true),
            (4, Verdict::Retry, false),
            (516, Verdict::Retry, true),
            (1, Verdict::Stop, true),
            (2067, Verdict::Stop, true),
            (1555, Verdict::Stop, true),
            (1811, Verdict::Stop, false),
            (1032, Verdict::Stop, true),
            (13, Verdict::Stop, true),
            (1034, Verdict::Retry, false),
        ] {
            assert_eq!(judge(code).verdict(), verdict, "{code}");
            assert_eq!(judge(code).is_not_applied(), proved, "{code}");
        }
    }

    #[test]
    fn rusqlite_shows_the_code() {
        let busy =
            "SqliteFailure(Error { code: DatabaseBusy, extended_code: 5 }, Some(\"locked\"))";
        assert_eq!(judge_debug(busy), Some(judge(5)));
        let syntax = "SqlInputError { error: Error { code: Unknown, extended_code: 1 }, msg: \"";
        assert_eq!(judge_debug(syntax), Some(judge(1)));
        for other in [
            "QueryReturnedNoRows",
            "SqliteFailure(Error { code: Unknown, ext",
            "",
        ] {
            assert_eq!(judge_debug(other), None, "{other}");
        }
    }
}
