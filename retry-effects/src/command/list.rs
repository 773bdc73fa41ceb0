//! `list`: the selected records, one per line.

use std::time::SystemTime;

use crate::protocol::filter::Filter;
use crate::protocol::plain::plain;
use crate::protocol::record::Record;

use super::arguments::ListArguments;
use super::failure::Failure;
use super::opened_store::OpenedStore;
use super::pages::Pages;
use super::screen::Screen;
use super::text_table::TextTable;
use super::{duration, id, json};

const HEADS: [&str; 7] = ["ID", "STATUS", "AGE", "LEASE", "FENCE", "ACTION", "SCOPE"];

pub(super) fn list(
    opened: &OpenedStore,
    arguments: &ListArguments,
    screen: &mut Screen<'_>,
) -> Result<(), Failure> {
    let filter = Filter {
        status: arguments.status,
        older_than: arguments.older_than,
        limit: arguments.limit,
        after: None,
    };
    let pages = Pages::of(opened, filter);
    if screen.is_json() {
        as_json(pages, screen)
    } else {
        as_table(pages, screen)
    }
}

/// Writes an array with one record per line.
fn as_json(mut pages: Pages<'_>, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let mut last: Option<String> = None;
    screen.line("[")?;
    while let Some(page) = pages.next()? {
        for record in &page {
            if let Some(before) = last.replace(json::record(record)) {
                screen.line(before + ",")?;
            }
        }
    }
    if let Some(last) = last {
        screen.line(last)?;
    }
    Ok(screen.line("]")?)
}

/// Writes a table. The first page sets the widths of the columns, so that a store of any size can
/// be listed.
fn as_table(mut pages: Pages<'_>, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let mut table = None;
    while let Some(page) = pages.next()? {
        let now = SystemTime::now();
        let rows: Vec<_> = page.iter().map(|record| row(record, now)).collect();
        if table.is_none() {
            let fitting = TextTable::fitting(HEADS, &rows);
            fitting.row(&HEADS, screen)?;
            table = Some(fitting);
        }
        for row in &rows {
            if let Some(table) = &table {
                table.row(row, screen)?;
            }
        }
    }
    if table.is_none() {
        screen.line("no records")?;
    }
    Ok(())
}

fn row(record: &Record, now: SystemTime) -> [String; 7] {
    let mut status = record.status.as_str().to_owned();
    if record.applied {
        status.push_str(" (applied)");
    }
    let dash = || "-".to_owned();
    let scope = plain(&record.scope);
    [
        id::short(record.id),
        status,
        duration::written(duration::since(record.created_at, now)),
        record.lease_left.map_or_else(dash, duration::written),
        record.fence.to_string(),
        plain(&record.action_type),
        if scope.is_empty() { dash() } else { scope },
    ]
}
