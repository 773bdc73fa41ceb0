//! `settle`: an operator's settlement of a record in doubt.

use std::fmt::Write;

use serde_json::json;

use crate::protocol::outcome::Settlement;
use crate::protocol::plain::plain;
use crate::protocol::record::{Record, Status};
use crate::protocol::store_error::StoreError;

use super::arguments::SettleArguments;
use super::failure::Failure;
use super::opened_store::OpenedStore;
use super::screen::Screen;
use super::settlement::{is_so_already, refusal};
use super::{confirmation, id};

pub(super) fn settle(
    opened: &OpenedStore,
    arguments: &SettleArguments,
    screen: &mut Screen<'_>,
) -> Result<(), Failure> {
    confirmation::require_terminal(arguments.yes)?;
    let settlement = arguments.settlement();
    let record = arguments.id.find(opened)?;
    if let Some(refusal) = refusal(&record, arguments.fence, &settlement) {
        return Err(refusal);
    }
    let changes = !is_so_already(&record, &settlement);
    if changes {
        if !arguments.yes {
            confirmation::prompt(&question(opened, &record, &settlement))?;
        }
        let settled = opened
            .store
            .settle(record.id, record.fence, settlement.clone());
        opened.wait(settled).map_err(unsettled)?;
    }
    report_settled(&record, &settlement, changes, screen)
}

/// Returns the question to the operator: the settlement's effect, and the reasons against it.
fn question(opened: &OpenedStore, record: &Record, settlement: &Settlement) -> String {
    let mut text = format!(
        "{}\n  {}{} in {}\n  is {}, fence {}\n",
        record.id,
        plain(&record.action_type),
        for_whom(record),
        opened.address,
        record.status,
        record.fence,
    );
    if let Some(reason) = &record.reason {
        let _ = writeln!(text, "  reason: {}", plain(reason.as_str()));
    }
    let (is_not_applied, status) = (*settlement == Settlement::NotApplied, record.status);
    let caution = match (is_not_applied, status) {
        (true, _) if record.applied => {
            "NOTE: the record states that it HAPPENED; only its result was not recorded. It would \
             happen again.\n"
        }
        (true, _) => {
            "Make sure that its worker is dead: a worker that only hangs may still run it.\n"
        }
        (false, Status::Success) => "NOTE: this REPLACES the recorded result.\n",
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

/// Returns the failure of a settlement. A settlement without an answer may have been recorded.
fn unsettled(error: StoreError) -> Failure {
    let is_unknown = matches!(error, StoreError::Unavailable { .. });
    let failure = Failure::from(error);
    if is_unknown {
        failure.and(
            "it may have been recorded all the same: check with `show`, or run the same command \
             again, which does no harm",
        )
    } else {
        failure
    }
}

fn report_settled(
    record: &Record,
    settlement: &Settlement,
    changed: bool,
    screen: &mut Screen<'_>,
) -> Result<(), Failure> {
    let (id, fence) = (record.id.to_string(), record.fence.number());
    let is_success = matches!(settlement, Settlement::Success(_));
    if screen.is_json() {
        let settled = if is_success { "success" } else { "not_applied" };
        let was = record.status.as_str();
        let answer = json!({
            "id": id, "fence": fence, "settled": settled, "was": was, "changed": changed,
        });
        return Ok(screen.line(answer.to_string())?);
    }
    let short = id::short(record.id);
    Ok(screen.line(match (changed, is_success) {
        (true, true) if record.status == Status::Success => {
            format!(
                "{short} was a success, and its result is replaced: later calls get the result given"
            )
        }
        (true, true) => format!("{short} is a success now: later calls get the result given"),
        (true, false) => format!("{short} is released now: the next call runs it"),
        (false, true) => {
            format!("{short} is a success with this result already; nothing was changed")
        }
        (false, false) => format!("{short} is released already; nothing was changed"),
    })?)
}
