//! Whole pages of records: lists, counts, purges and sweeps.

use super::row::{Stored, code, number};
use super::server::{Parameters, Server};
use crate::protocol::counts::Counts;
use crate::protocol::filter::Filter;
use crate::protocol::record::{Record, Status};
use crate::protocol::store_error::StoreError;

/// The largest number of records of a page.
const PAGE: usize = 500;

/// The same for a purge, which reads no results, and looks at all finished records.
const BARE_PAGE: i64 = 2000;

/// Returns the records that a filter selects. One page at a time is read from the server.
pub(super) async fn list(server: &Server, filter: &Filter) -> Result<Vec<Record>, StoreError> {
    let limit = filter.limit.unwrap_or(usize::MAX);
    let mut after = filter
        .after
        .map_or_else(Vec::new, |id| id.as_bytes().to_vec());
    let mut records = Vec::new();
    while records.len() < limit {
        let page = match filter.older_than {
            // Each record of the page is one of the list, but for those that change meanwhile.
            None => PAGE.min(limit - records.len()),
            Some(_) => PAGE,
        };
        let found = page_of(server, filter.status, &after, page).await?;
        let Some(last) = found.last() else { break };
        after = last.id.as_bytes().to_vec();
        let selected = found
            .into_iter()
            .filter(|found| found.slot.is_selected(filter, found.now))
            .map(|found| found.slot.record(found.id, found.now));
        records.extend(selected.take(limit - records.len()));
    }
    Ok(records)
}

/// Returns a page of records that may have this status.
async fn page_of(
    server: &Server,
    status: Option<Status>,
    after: &[u8],
    page: usize,
) -> Result<Vec<Stored>, StoreError> {
    let pages = &server.statements().pages;
    let limit = i64::try_from(page).unwrap_or(i64::MAX);
    let every: Vec<i16> = Status::ALL.iter().copied().map(code).collect();
    let success = [code(Status::Success)];
    let mark = status.map(code).unwrap_or_default();
    let (statement, parameters): (&str, Parameters<'_>) = match status {
        None => (&pages.all, &[&after, &limit, &every]),
        Some(Status::Success) => (&pages.all, &[&after, &limit, &&success[..]]),
        Some(Status::Failed | Status::Released) => (&pages.marked, &[&after, &limit, &mark]),
        Some(Status::Pending) => (&pages.pending, &[&after, &limit]),
        Some(Status::InDoubt) => (&pages.in_doubt, &[&after, &limit]),
    };
    read(server, "list records", statement, parameters).await
}

async fn read(
    server: &Server,
    action: &'static str,
    statement: &str,
    parameters: Parameters<'_>,
) -> Result<Vec<Stored>, StoreError> {
    let rows = server.query_long(action, statement, parameters).await?;
    let found = rows.iter().map(|row| Stored::read(row, 1));
    found.filter_map(Result::transpose).collect()
}

/// Returns the number of records in each status, at one moment.
pub(super) async fn counts(server: &Server) -> Result<Counts, StoreError> {
    let statement = &server.statements().pages.counts;
    let rows = server.query_long("count records", statement, &[]).await?;
    let count = |column: usize| -> u64 {
        let count = rows.first().map(|row| row.get::<_, i64>(column));
        count.unwrap_or_default().unsigned_abs()
    };
    Ok(Counts {
        pending: count(1),
        success: count(2),
        failed: count(3),
        released: count(4),
        in_doubt: count(5),
    })
}

/// Removes the records that may be purged, page by page; returns how many. Between two pages other
/// commands have the connection.
pub(super) async fn purge(server: &Server, age: u64) -> Result<u64, StoreError> {
    let finished = [Status::Success, Status::Failed, Status::Released].map(code);
    let (mut after, mut removed) = (Vec::new(), 0);
    loop {
        let statement = &server.statements().pages.bare;
        let finished = &finished[..];
        let parameters: Parameters<'_> = &[&&after[..], &BARE_PAGE, &finished];
        let page = read(server, "purge records", statement, parameters).await?;
        let Some(last) = page.last() else {
            return Ok(removed);
        };
        after = last.id.as_bytes().to_vec();
        let mut found = page;
        found.retain(|stored| stored.slot.is_purgeable(age, stored.now));
        for some in found.chunks(PAGE) {
            removed += remove(server, some).await?;
        }
    }
}

/// Removes the records that are still as they were read.
async fn remove(server: &Server, found: &[Stored]) -> Result<u64, StoreError> {
    let ids: Vec<&[u8]> = found
        .iter()
        .map(|stored| &stored.id.as_bytes()[..])
        .collect();
    let revisions: Vec<i32> = found.iter().map(|stored| stored.revision).collect();
    let fences: Vec<i64> = found
        .iter()
        .map(|stored| number(stored.slot.fence))
        .collect();
    let statement = &server.statements().remove;
    let parameters: Parameters<'_> = &[&ids, &revisions, &fences];
    let rows = server.query_long("purge records", statement, parameters);
    Ok(rows.await?.len() as u64)
}

/// Removes some of the records whose retention is over. If it fails, the next sweep removes them.
pub(super) async fn sweep(server: &Server) {
    let _ = server
        .query("remove records", &server.statements().sweep, &[])
        .await;
}
