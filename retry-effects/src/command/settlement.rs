//! The settlements that a record allows, and those that it does not.

use std::fs;

use serde_json::Value;

use crate::protocol::ids::Fence;
use crate::protocol::outcome::Settlement;
use crate::protocol::payload::Payload;
use crate::protocol::record::{Record, Status};
use crate::protocol::store_error::StoreError;

use super::failure::Failure;
use super::id;

/// Reads a result from the command line: JSON, or `@` and the path of a file that holds it.
///
/// The text is kept as written, so that numbers of any size stay unchanged.
pub(super) fn result(text: &str) -> Result<Payload, String> {
    let read = match text.strip_prefix('@') {
        Some(path) => fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?,
        None => text.to_owned(),
    };
    match serde_json::from_str::<Value>(&read) {
        Ok(_) => Ok(Payload::new(read.trim())),
        Err(error) => Err(format!(
            "it is not JSON: {error}; a text needs quotes, as in --success '\"receipt 7\"'; the \
             result of a function that returns nothing is null"
        )),
    }
}

/// Returns the settlements that a store now accepts from an operator: `success`, `not_applied`.
pub(super) fn accepted(record: &Record) -> Vec<&'static str> {
    let words = [
        ("success", Settlement::Success(Payload::new("null"))),
        ("not_applied", Settlement::NotApplied),
    ];
    let taken = words.iter().filter(|(_, word)| {
        refusal(record, None, word).is_none() && record.status != Status::Released
    });
    taken.map(|(name, _)| *name).collect()
}

/// Returns the reason why the store would refuse the settlement, as far as the record shows.
pub(super) fn refusal(
    record: &Record,
    pinned: Option<Fence>,
    settlement: &Settlement,
) -> Option<Failure> {
    let Record { status, fence, .. } = record;
    if let Some(pinned) = pinned.filter(|pinned| pinned != fence) {
        let changed = StoreError::changed(*status, *fence);
        let more = format!("you passed --fence {pinned}");
        return Some(Failure::from(changed).and(&more));
    }
    let not_in_doubt = |why: &str| {
        let message = format!(
            "{} is {status}, and not in doubt: {why}",
            id::short(record.id)
        );
        Some(Failure::refused("not_in_doubt", message))
    };
    match (settlement, status) {
        (Settlement::NotApplied, Status::Pending) => {
            let left = record.lease_left.unwrap_or_default();
            Some(Failure::from(StoreError::owner_alive(left)).and(
                "a running action cannot be declared not to have happened: stop it, wait until its \
                 lease is over, and look again",
            ))
        }
        (Settlement::NotApplied, Status::Success) => {
            not_in_doubt("it happened, and its result is recorded")
        }
        (_, Status::Failed) => {
            not_in_doubt("it failed for good, and later calls get its error; a purge removes it")
        }
        (Settlement::Success(_), Status::Released) => {
            not_in_doubt("it is free to run, and the next call runs it")
        }
        _ => None,
    }
}

/// Whether the record is already as the settlement would leave it.
pub(super) fn is_so_already(record: &Record, settlement: &Settlement) -> bool {
    match settlement {
        Settlement::Success(payload) => {
            record.status == Status::Success && record.payload.as_ref() == Some(payload)
        }
        Settlement::NotApplied => record.status == Status::Released,
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::identity::action_id::ActionId;

    fn record(status: Status) -> Record {
        let id = ActionId::from_bytes([7; 32]);
        let mut record = Record::new(id, status, SystemTime::UNIX_EPOCH);
        record.fence = Fence::new(3);
        if status == Status::Pending {
            record.lease_left = Some(Duration::from_secs(9));
        }
        record
    }

    #[test]
    fn what_may_be_settled_is_what_stores_take() {
        let table: [(_, &[&str]); 5] = [
            (Status::Pending, &["success"]),
            (Status::InDoubt, &["success", "not_applied"]),
            (Status::Success, &["success"]),
            (Status::Failed, &[]),
            (Status::Released, &[]),
        ];
        for (status, words) in table {
            assert_eq!(accepted(&record(status)), words, "{status}");
        }
    }

    #[test]
    fn another_fence_than_the_one_that_was_seen_is_refused() {
        let doubtful = record(Status::InDoubt);
        let word = Settlement::NotApplied;
        assert!(refusal(&doubtful, Some(Fence::new(3)), &word).is_none());
        let message = refusal(&doubtful, Some(Fence::new(2)), &word)
            .unwrap()
            .message(false);
        assert!(message.contains("in_doubt now, with fence 3"), "{message}");
        assert!(message.ends_with("you passed --fence 2"), "{message}");
    }

    #[test]
    fn a_result_is_json_and_kept_as_written() {
        for json in [
            "null",
            "-7",
            "\"receipt\"",
            "{\"a\": 123456789012345678901234567890}",
        ] {
            assert_eq!(result(json), Ok(Payload::new(json)));
        }
        assert_eq!(result(" [1]\n"), Ok(Payload::new("[1]")));
        for json in ["", "receipt", "{a: 1}", "[1", "NaN", "1 2", "\"\\ud800\""] {
            assert!(result(json).is_err(), "{json}");
        }
        assert!(
            result("@/there/is/no/such/file")
                .unwrap_err()
                .contains("no/such/file")
        );
    }
}
