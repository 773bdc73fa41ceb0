//! What an SQLSTATE says about trying again (`PostgreSQL`, Appendix A "Error Codes"; `MySQL` reports
//! the standard classes too).
//!
//! An error that the server reports has undone its statement, so most codes are either worth
//! another attempt or final. Unknown is what may come in the middle of a commit, and what says
//! nothing.

use crate::classify::Verdict;

/// The verdict on an error with this code, and its name.
pub(super) fn judge(code: &str) -> (Verdict, &'static str) {
    match code {
        "08001" | "08004" => (Verdict::Retry, "connection_rejected"),
        // The session was idle when it ended: nothing was running, an open transaction is undone.
        "25P03" | "57P05" => (Verdict::Retry, "session_timeout"),
        "25P04" => (Verdict::Unknown, "session_timeout"),
        "40001" => (Verdict::Retry, "serialization_failure"),
        "40002" => (Verdict::Stop, "constraint_violation"),
        "40003" => (Verdict::Unknown, "completion_unknown"),
        "40P01" => (Verdict::Retry, "deadlock"),
        // Like a full disk under a file: nothing that a wait of seconds mends.
        "53100" => (Verdict::Stop, "storage_full"),
        "53300" => (Verdict::Retry, "too_many_connections"),
        "53400" => (Verdict::Stop, "limit_exceeded"),
        "55006" => (Verdict::Retry, "object_in_use"),
        "55P03" => (Verdict::Retry, "lock_not_available"),
        // `statement_timeout` or a cancel request; the statement is undone.
        "57014" => (Verdict::Retry, "query_canceled"),
        // The session was ended from outside, perhaps between a commit and its answer.
        "57P01" | "57P02" => (Verdict::Unknown, "shutdown"),
        "57P03" => (Verdict::Retry, "starting_up"),
        "57P04" => (Verdict::Stop, "not_found"),
        "72000" => (Verdict::Retry, "snapshot_too_old"),
        "XX001" | "XX002" => (Verdict::Stop, "corrupted"),
        _ => judge_class(code.get(..2).unwrap_or_default()),
    }
}

fn judge_class(class: &str) -> (Verdict, &'static str) {
    match class {
        "08" => (Verdict::Unknown, "connection"),
        "21" | "22" => (Verdict::Stop, "data_exception"),
        "23" | "44" => (Verdict::Stop, "constraint_violation"),
        "25" | "2D" | "3B" => (Verdict::Stop, "transaction_state"),
        "28" => (Verdict::Stop, "authentication"),
        "3D" | "3F" => (Verdict::Stop, "not_found"),
        "40" => (Verdict::Retry, "transaction_rollback"),
        "42" => (Verdict::Stop, "syntax_or_access"),
        "53" => (Verdict::Retry, "insufficient_resources"),
        "54" => (Verdict::Stop, "limit_exceeded"),
        "P0" => (Verdict::Stop, "raised"),
        // Wrong use of a feature, name, cursor, trigger, routine, object or foreign table.
        "03" | "09" | "0A" | "0B" | "0F" | "0L" | "0P" | "0Z" | "10" | "20" | "24" | "26"
        | "27" | "2B" | "2F" | "34" | "38" | "39" | "55" | "F0" | "HV" => {
            (Verdict::Stop, "rejected")
        }
        _ => (Verdict::Unknown, "database"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_come_before_classes() {
        for (code, verdict) in [
            ("40001", Verdict::Retry),
            ("40P01", Verdict::Retry),
            ("40000", Verdict::Retry),
            ("40002", Verdict::Stop),
            ("40003", Verdict::Unknown),
            ("08006", Verdict::Unknown),
            ("08001", Verdict::Retry),
            ("57P01", Verdict::Unknown),
            ("57P02", Verdict::Unknown),
            ("57P03", Verdict::Retry),
            ("25006", Verdict::Stop),
            ("25P03", Verdict::Retry),
            ("53100", Verdict::Stop),
            ("53200", Verdict::Retry),
            ("23505", Verdict::Stop),
            ("42601", Verdict::Stop),
            ("XX000", Verdict::Unknown),
            ("XX001", Verdict::Stop),
            ("HY000", Verdict::Unknown),
            ("", Verdict::Unknown),
            ("é", Verdict::Unknown),
        ] {
            assert_eq!(judge(code).0, verdict, "{code:?}");
        }
    }
}
