//! The advice of an SQLSTATE (`PostgreSQL`, Appendix A "Error Codes"; `MySQL` reports the standard
//! classes too).
//!
//! The server undoes a statement whose error it reports, so most codes prove that nothing happened.
//! Unknown are codes that may arrive during a commit, and codes without information.

use super::outcome::{broken, refused, turned_away, unknown};
use crate::classify::judgement::Judgement;

/// Returns the judgement on an error with this code.
pub(super) fn judge(code: &str) -> Judgement {
    match code {
        "08001" | "08004" => turned_away("connection_rejected"),
        // The session was idle when it ended: no statement was running, and an open transaction is
        // undone.
        "25P03" | "57P05" => turned_away("session_timeout"),
        "25P04" => unknown("session_timeout"),
        // A failover made the server a standby. A new connection finds the new primary.
        "25006" => turned_away("read_only"),
        "40001" => turned_away("serialization_failure"),
        "40002" => refused("constraint_violation"),
        "40003" => unknown("completion_unknown"),
        "40P01" => turned_away("deadlock"),
        // Like a full disk under a file: a wait of seconds does not mend it.
        "53100" => broken("storage_full"),
        "53300" => turned_away("too_many_connections"),
        "53400" => broken("limit_exceeded"),
        "55006" => turned_away("object_in_use"),
        "55P03" => turned_away("lock_not_available"),
        // `statement_timeout` or a cancel request; the statement is undone.
        "57014" => turned_away("query_canceled"),
        // The session was ended from outside, perhaps between a commit and its answer.
        "57P01" | "57P02" => unknown("shutdown"),
        "57P03" => turned_away("starting_up"),
        "57P04" => refused("not_found"),
        "72000" => turned_away("snapshot_too_old"),
        "XX001" | "XX002" => broken("corrupted"),
        _ => judge_class(code.get(..2).unwrap_or_default()),
    }
}

fn judge_class(class: &str) -> Judgement {
    match class {
        "08" => unknown("connection"),
        "21" | "22" => refused("data_exception"),
        "23" | "44" => refused("constraint_violation"),
        "25" | "2D" | "3B" => refused("transaction_state"),
        "28" => refused("authentication"),
        "3D" | "3F" => refused("not_found"),
        "40" => turned_away("transaction_rollback"),
        "42" => refused("syntax_or_access"),
        "53" => turned_away("insufficient_resources"),
        "54" => refused("limit_exceeded"),
        "P0" => refused("raised"),
        // Wrong use of a feature, name, cursor, trigger, routine, object or foreign table.
        "03" | "09" | "0A" | "0B" | "0F" | "0L" | "0P" | "0Z" | "10" | "20" | "24" | "26"
        | "27" | "2B" | "2F" | "34" | "38" | "39" | "55" | "F0" | "HV" => refused("rejected"),
        _ => unknown("database"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::judgement::{Answer, Verdict};

    #[test]
    fn codes_come_before_classes() {
        for (code, verdict, proved) in [
            ("40001", Verdict::Retry, true),
            ("40P01", Verdict::Retry, true),
            ("40000", Verdict::Retry, true),
            ("40002", Verdict::Stop, true),
            ("40003", Verdict::Retry, false),
            ("08006", Verdict::Retry, false),
            ("08001", Verdict::Retry, true),
            ("57P01", Verdict::Retry, false),
            ("57P02", Verdict::Retry, false),
            ("57P03", Verdict::Retry, true),
            ("25006", Verdict::Retry, true),
            ("25P03", Verdict::Retry, true),
            ("53100", Verdict::Stop, true),
            ("53200", Verdict::Retry, true),
            ("23505", Verdict::Stop, true),
            ("42601", Verdict::Stop, true),
            ("XX000", Verdict::Retry, false),
            ("XX001", Verdict::Stop, true),
            ("HY000", Verdict::Retry, false),
            ("", Verdict::Retry, false),
            ("é", Verdict::Retry, false),
        ] {
            assert_eq!(judge(code).verdict(), verdict, "{code:?}");
            assert_eq!(judge(code).is_not_applied(), proved, "{code:?}");
        }
    }

    #[test]
    fn a_server_in_trouble_has_not_answered() {
        for (code, answer) in [
            ("23505", Answer::Answered),
            ("28P01", Answer::Answered),
            ("53100", Answer::Failing),
            ("53400", Answer::Failing),
            ("XX001", Answer::Failing),
            ("40001", Answer::Failing),
        ] {
            assert_eq!(judge(code).answer(), answer, "{code}");
        }
    }
}
