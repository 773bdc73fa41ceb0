//! `settle`: a person's word on a record in doubt.

use std::fmt::Write;
use std::fs;

use serde_json::{Value, json};

use crate::claim::Fence;
use crate::record::{Payload, Record, Status};
use crate::store::Settlement;
use crate::store_error::StoreError;

use super::arguments::SettleArguments;
use super::failure::Failure;
use super::opened::Opened;
use super::screen::{Screen, plain};
use super::{confirmation, id};

pub(super) fn settle(
    opened: &Opened,
    arguments: &SettleArguments,
    screen: &mut Screen<'_>,
) -> Result<(), Failure> {
    confirmation::possible(arguments.yes)?;
    let settlement = arguments.settlement();
    let record = arguments.id.find(opened)?;
    if let Some(refusal) = refusal(&record, arguments.fence, &settlement) {
        return Err(refusal);
    }
    let changes = !is_so_already(&record, &settlement);
    if changes {
        if !arguments.yes {
            confirmation::given(&question(opened, &record, &settlement))?;
        }
        let settled = opened
            .store
            .settle(record.id, record.fence, settlement.clone());
        opened.wait(settled).map_err(unsettled)?;
    }
    told(&record, &settlement, changes, screen)
}

/// A result as it is given on the command line: JSON, or `@` and the file that holds it.
///
/// It is kept as it is written: numbers of any size stay what they are.
pub(super) fn result(text: &str) -> Result<Payload, String> {
    let read = match text.strip_prefix('@') {
        Some(path) => fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?,
        None => text.to_owned(),
    };
    match serde_json::from_str::<Value>(&read) {
        Ok(_) => Ok(Payload::new(read.trim())),
        Err(error) => Err(format!(
            "it is no JSON: {error}; a text needs its quotes, as in --success '\"receipt 7\"', and \
             a function that returns nothing has the result null"
        )),
    }
}

/// What a store takes of a person on this record now: `success`, `not_applied`.
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

/// Why the store would refuse it, as far as the record tells.
fn refusal(record: &Record, pinned: Option<Fence>, settlement: &Settlement) -> Option<Failure> {
    let Record { status, fence, .. } = record;
    if let Some(pinned) = pinned.filter(|pinned| pinned != fence) {
        let changed = StoreError::changed(*status, *fence);
        let more = format!("you said --fence {pinned}");
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
                "what is running cannot be declared not to have happened: stop it, wait until its \
                 lease is over, and look again",
            ))
        }
        (Settlement::NotApplied, Status::Success) => {
            not_in_doubt("it happened, and its result is recorded")
        }
        (_, Status::Failed) => not_in_doubt(
            "it failed for good, and its error is what later calls get; a purge removes it",
        ),
        (Settlement::Success(_), Status::Released) => {
            not_in_doubt("it is free to run, and the next call runs it")
        }
        _ => None,
    }
}

fn is_so_already(record: &Record, settlement: &Settlement) -> bool {
    match settlement {
        Settlement::Success(payload) => {
            record.status == Status::Success && record.payload.as_ref() == Some(payload)
        }
        Settlement::NotApplied => record.status == Status::Released,
    }
}

/// What is about to happen, and what speaks against it.
fn question(opened: &Opened, record: &Record, settlement: &Settlement) -> String {
    let mut text = format!(
        "{}\n  {}{} in {}\n  is {}, fence {}\n",
        record.id,
        plain(&record.action_type),
        for_whom(record),
        opened.place,
        record.status,
        record.fence,
    );
    let (is_not_applied, status) = (*settlement == Settlement::NotApplied, record.status);
    let caution = match (is_not_applied, status) {
        (true, _) if record.applied => {
            "NOTE: the record says that it HAPPENED; only its result was not recorded. It would \
             happen again.\n"
        }
        (true, _) => {
            "See to it that its worker is dead: one that is merely stuck may still do it.\n"
        }
        (false, Status::Success) => "NOTE: this REPLACES the result that is recorded.\n",
        (false, Status::Pending) => {
            "NOTE: its owner may be alive; it would find its claim over, and its own result would \
             be refused.\n"
        }
        (false, _) => "",
    };
    text.push_str(caution);
    let _ = match settlement {
        Settlement::Success(payload) => write!(
            text,
            "Record that it happened, so that every later call returns {}?",
            plain(payload.json())
        ),
        _ => write!(
            text,
            "Record that it did NOT happen, so that the next call runs it?"
        ),
    };
    text
}

fn for_whom(record: &Record) -> String {
    match &*record.scope {
        "" => String::new(),
        scope => format!(" for {}", plain(scope)),
    }
}

/// A settlement without an answer may have been recorded.
fn unsettled(error: StoreError) -> Failure {
    let is_unknown = matches!(error, StoreError::Unavailable { .. });
    let failure = Failure::from(error);
    if is_unknown {
        failure.and(
            "it may have been recorded all the same: `show` tells, and saying the same again does \
             no harm",
        )
    } else {
        failure
    }
}

fn told(
    record: &Record,
    settlement: &Settlement,
    changed: bool,
    screen: &mut Screen<'_>,
) -> Result<(), Failure> {
    let (id, fence) = (record.id.to_string(), record.fence.number());
    let is_success = matches!(settlement, Settlement::Success(_));
    if screen.is_json() {
        let settled = if is_success { "success" } else { "not_applied" };
        let was = record.status.name();
        let answer = json!({
            "id": id, "fence": fence, "settled": settled, "was": was, "changed": changed,
        });
        return Ok(screen.line(answer.to_string())?);
    }
    let short = id::short(record.id);
    Ok(screen.line(match (changed, is_success) {
        (true, true) => format!("{short} is a success now: later calls get the result given"),
        (true, false) => format!("{short} is released now: the next call runs it"),
        (false, true) => {
            format!("{short} is a success with this result already; nothing was changed")
        }
        (false, false) => format!("{short} is released already; nothing was changed"),
    })?)
}

/// What settling this record would mean, for people.
pub(super) fn meaning(record: &Record) -> &'static str {
    match record.status {
        Status::InDoubt if record.applied => {
            "It is known to have happened; only its result could \
            not be recorded. It is never run again by itself, and callers get the error InDoubt \
            until its result is recorded."
        }
        Status::InDoubt => {
            "It may have happened: its lease ran out, or its worker could not tell. \
            Callers get the error InDoubt until it is settled, unless their function has a probe or \
            says reexecute. Ask the other side whether it happened, and see to it that its worker \
            is dead: one that is merely stuck may still do it."
        }
        Status::Pending => {
            "Its owner may be at it, and renews the lease while it is. If it is dead, \
            the record is in doubt once the lease is over. Until then it cannot be declared not to \
            have happened, and a --success would be recorded over its owner's head."
        }
        Status::Success => {
            "It happened, and later calls get its result. Where that no longer \
            decodes (a type has changed), another may be recorded in its place."
        }
        Status::Failed => {
            "It failed for good, and later calls get its error. There is nothing to \
            settle; once it is purged, the next call runs it."
        }
        Status::Released => {
            "It was claimed and did not happen. There is nothing to settle: the \
            next call runs it."
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::action_id::ActionId;

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
        let told = refusal(&doubtful, Some(Fence::new(2)), &word)
            .unwrap()
            .told(false);
        assert!(told.contains("in_doubt now, with fence 3"), "{told}");
        assert!(told.ends_with("you said --fence 2"), "{told}");
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
