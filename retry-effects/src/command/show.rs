//! `show`: one record, an explanation of its state, and the commands to settle it.

use std::io;
use std::time::SystemTime;

use crate::identity::action_id::ActionId;
use crate::protocol::ids::Fence;
use crate::protocol::payload::{FORMAT, NEWEST_FORMAT};
use crate::protocol::plain::plain;
use crate::protocol::record::{Record, Status};

use super::arguments::ShowArguments;
use super::failure::Failure;
use super::opened_store::OpenedStore;
use super::screen::Screen;
use super::store_address::StoreAddress;
use super::{duration, json, settlement};

/// The width of the text below the fields.
const WIDTH: usize = 88;

pub(super) fn show(
    opened: &OpenedStore,
    arguments: &ShowArguments,
    screen: &mut Screen<'_>,
) -> Result<(), Failure> {
    let record = arguments.id.find(opened)?;
    if screen.is_json() {
        return Ok(screen.line(json::record(&record))?);
    }
    for (name, value) in fields(&record, SystemTime::now()) {
        screen.line(format!("{name:<10}  {value}"))?;
    }
    screen.line("")?;
    for line in wrapped(meaning(&record)) {
        screen.line(line)?;
    }
    Ok(commands(&record, &opened.address, screen)?)
}

/// Returns the fields of a record.
fn fields(record: &Record, now: SystemTime) -> Vec<(&'static str, String)> {
    let mut fields = vec![
        ("id", record.id.to_string()),
        ("action", plain(&record.action_type)),
        ("scope", or_none(plain(&record.scope))),
        ("status", status(record)),
        ("fence", fence(record.fence)),
        ("owner", owner(record)),
        ("renewals", record.renewals.to_string()),
        ("created", moment(record.created_at, now)),
    ];
    if let Some(reason) = &record.reason {
        fields.insert(4, ("reason", plain(reason.as_str())));
    }
    if let Some(completed) = record.completed_at {
        fields.push(("finished", moment(completed, now)));
    }
    if let Some(hash) = record.input_hash {
        let hash = ActionId::from_bytes(*hash.as_bytes());
        fields.push(("input hash", hash.to_string()));
    }
    if let Some(payload) = &record.payload {
        let name = if record.status == Status::Failed {
            "error"
        } else {
            "result"
        };
        fields.push((name, plain(payload.json())));
        fields.push(("format", form(payload.format())));
    }
    fields
}

/// Returns the version of a payload's form, with an explanation if it is not JSON.
fn form(version: u32) -> String {
    match version {
        ..=FORMAT => version.to_string(),
        NEWEST_FORMAT => {
            format!(
                "{version}: a notation of retry-effects, because JSON would not restore the value"
            )
        }
        _ => format!("{version}: a form of a newer retry-effects"),
    }
}

fn status(record: &Record) -> String {
    let status = record.status;
    if record.applied {
        format!("{status}, marked applied: it happened")
    } else {
        status.to_string()
    }
}

fn fence(fence: Fence) -> String {
    if fence == Fence::NONE {
        "0: another program made this record".to_owned()
    } else {
        fence.to_string()
    }
}

fn owner(record: &Record) -> String {
    match (record.status, record.lease_left) {
        (_, Some(left)) => format!(
            "may be alive: its lease ends in {} unless it is renewed",
            duration::written(left)
        ),
        (Status::InDoubt, None) => "has no lease any more".to_owned(),
        _ => "none".to_owned(),
    }
}

fn moment(time: SystemTime, now: SystemTime) -> String {
    let ago = duration::written(duration::since(time, now));
    format!("{} ({ago} ago)", json::time(time))
}

fn or_none(text: String) -> String {
    if text.is_empty() {
        "none".to_owned()
    } else {
        text
    }
}

/// Returns an explanation of the record's state, for people.
fn meaning(record: &Record) -> &'static str {
    match record.status {
        Status::InDoubt if record.applied => {
            "It is known to have happened; only its result could \
            not be recorded. It never runs again by itself, and callers get the error InDoubt until \
            its result is recorded."
        }
        Status::InDoubt => {
            "It may have happened: its lease ran out, or its worker reported the \
            doubt. Callers get the error InDoubt until it is settled, unless their function has a \
            probe or in_doubt = \"reexecute\". Find out from the other side whether it happened, and \
            make sure that its worker is dead: a worker that only hangs may still run it."
        }
        Status::Pending => {
            "Its owner may be running it, and renews the lease meanwhile. If the owner \
            is dead, the record is in doubt once the lease is over. Until then it cannot be declared \
            not to have happened; after a --success, the owner's own result would be refused."
        }
        Status::Success => {
            "It happened, and later calls get its result. If that no longer decodes \
            (a type has changed), another result may be recorded in its address."
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

/// Writes the commands that settle the record, ready to be copied.
fn commands(record: &Record, address: &StoreAddress, screen: &mut Screen<'_>) -> io::Result<()> {
    let words = settlement::accepted(record);
    if words.is_empty() {
        return Ok(());
    }
    screen.line("")?;
    if address.hides_password() {
        screen.line(
            "Set RETRY_EFFECTS_STORE to the store's address, which has a password, and then:",
        )?;
        screen.line("")?;
    }
    let (id, fence, flags) = (record.id, record.fence, address.flags());
    for word in words {
        let (when, argument) = match (word, record.status) {
            ("success", Status::Success) => ("another result", "--success 'JSON'"),
            ("success", _) => ("it happened", "--success 'JSON'"),
            _ => ("it did not happen", "--not-applied"),
        };
        screen.line(format!("{when}:"))?;
        screen.line(format!(
            "  retry-effects settle {id} --fence {fence} {argument}{flags}"
        ))?;
    }
    Ok(())
}

/// Splits a text into lines of at most [`WIDTH`] bytes, except for a longer word.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_meaning_fits_a_terminal() {
        for &status in Status::ALL {
            for applied in [false, true] {
                let id = ActionId::from_bytes([7; 32]);
                let mut record = Record::new(id, status, SystemTime::UNIX_EPOCH);
                record.applied = applied;
                let text = meaning(&record);
                let lines = wrapped(text);
                assert!(lines.iter().all(|line| line.len() <= WIDTH), "{lines:?}");
                assert_eq!(lines.join(" "), text);
            }
        }
    }
}
