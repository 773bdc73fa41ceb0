//! Whole pages of records, and counts.

use super::row::{self, code};
use super::server::{Parameters, Server};
use crate::identity::action_id::ActionId;
use crate::protocol::counts::Counts;
use crate::protocol::operation::Stored;
use crate::protocol::record::Status;
use crate::protocol::store_error::StoreError;
use crate::stores::durable::backend::{Page, Select};

/// Returns a page of records.
pub(super) async fn page(
    server: &Server,
    after: Option<ActionId>,
    select: Select,
    limit: usize,
) -> Result<Page, StoreError> {
    let pages = &server.statements().pages;
    let after = after.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
    let (after, limit) = (&after[..], i64::try_from(limit).unwrap_or(i64::MAX));
    let every: Vec<i16> = Status::ALL.iter().copied().map(code).collect();
    let finished = [Status::Success, Status::Failed, Status::Released].map(code);
    let success = [code(Status::Success)];
    let (finished, success) = (&finished[..], &success[..]);
    match select {
        Select::All => read(server, &pages.all, &[&after, &limit, &every]).await,
        Select::Status(Status::Success) => {
            read(server, &pages.all, &[&after, &limit, &success]).await
        }
        Select::Status(status @ (Status::Failed | Status::Released)) => {
            read(server, &pages.marked, &[&after, &limit, &code(status)]).await
        }
        Select::Status(Status::Pending) => read(server, &pages.pending, &[&after, &limit]).await,
        Select::Status(Status::InDoubt) => read(server, &pages.in_doubt, &[&after, &limit]).await,
        Select::Finished => read(server, &pages.bare, &[&after, &limit, &finished]).await,
    }
}

/// Returns some of the finished records whose retention may be over.
pub(super) async fn due(
    server: &Server,
    limit: usize,
) -> Result<Vec<(ActionId, Stored)>, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let page = read(server, &server.statements().pages.due, &[&limit]).await?;
    Ok(page.records)
}

/// A page may be cut where its results become too large, so the last one is empty.
async fn read(
    server: &Server,
    statement: &str,
    parameters: Parameters<'_>,
) -> Result<Page, StoreError> {
    let rows = server
        .query_long("list records", statement, parameters)
        .await?;
    let records = rows.iter().map(|row| row::read(row, 1));
    let records: Vec<_> = records
        .filter_map(Result::transpose)
        .collect::<Result<_, _>>()?;
    Ok(Page {
        last: records.last().map(|(id, _)| *id),
        records,
    })
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
