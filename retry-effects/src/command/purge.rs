//! `purge`: removes finished records that are old enough.

use std::time::{Duration, SystemTime};

use serde_json::json;

use crate::protocol::filter::Filter;
use crate::protocol::state_machine::millis;
use crate::protocol::store_error::StoreError;

use super::arguments::PurgeArguments;
use super::failure::Failure;
use super::opened_store::OpenedStore;
use super::pages::Pages;
use super::screen::Screen;
use super::{confirmation, duration};

pub(super) fn purge(
    opened: &OpenedStore,
    arguments: &PurgeArguments,
    screen: &mut Screen<'_>,
) -> Result<(), Failure> {
    let age = arguments.older_than;
    if arguments.dry_run {
        let count = count(opened, age)?;
        return report_purged(count, true, age, screen);
    }
    confirmation::require_terminal(arguments.yes)?;
    if !arguments.yes {
        let count = count(opened, age)?;
        if count == 0 {
            return report_purged(0, false, age, screen);
        }
        confirmation::prompt(&question(opened, count, age))?;
    }
    let removed = opened.wait(opened.store.purge(age));
    let removed = removed.map_err(|error| {
        Failure::from(error)
            .and("some may have been removed; the same command again removes the others")
    })?;
    report_purged(removed, false, age, screen)
}

/// Returns the number of finished records of that age, by this machine's clock. Records that their
/// function keeps longer are included, because a record does not show that.
fn count(opened: &OpenedStore, age: Duration) -> Result<u64, StoreError> {
    let now = SystemTime::now();
    let mut count = 0;
    let mut pages = Pages::of(opened, Filter::all());
    while let Some(page) = pages.next()? {
        let finished = page.iter().filter_map(|record| record.completed_at);
        let old = finished.filter(|at| duration::since(*at, now) >= age);
        count += old.count() as u64;
    }
    Ok(count)
}

fn question(opened: &OpenedStore, count: u64, age: Duration) -> String {
    let records = records(count);
    format!(
        "{records} in {} finished {} ago or earlier; those that their function keeps longer stay.\n\
         A removed record no longer keeps its action from running again. Remove them?",
        opened.address,
        duration::written(age)
    )
}

fn report_purged(
    count: u64,
    is_dry: bool,
    age: Duration,
    screen: &mut Screen<'_>,
) -> Result<(), Failure> {
    if screen.is_json() {
        let name = if is_dry { "at_most" } else { "removed" };
        let answer = json!({ name: count, "dry_run": is_dry, "older_than_ms": millis(age) });
        return Ok(screen.line(answer.to_string())?);
    }
    let records = records(count);
    Ok(screen.line(if is_dry {
        format!(
            "at most {records} would be removed, by this machine's clock: those that their function \
             keeps longer stay; nothing was changed"
        )
    } else {
        format!("{records} removed")
    })?)
}

fn records(count: u64) -> String {
    if count == 1 {
        "1 record".to_owned()
    } else {
        format!("{count} records")
    }
}
