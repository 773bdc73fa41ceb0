//! Reads: records of concurrent callers in one statement, and whole pages.

use std::collections::HashMap;

use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::queue::Desk;
use super::row::{Stored, number};
use super::server::{Parameters, Server};
use crate::identity::action_id::ActionId;
use crate::protocol::filter::Filter;
use crate::protocol::record::{Record, Status};
use crate::protocol::store_error::StoreError;

/// A read of a record that waits for its answer.
#[derive(Debug)]
pub(super) struct Lookup {
    id: ActionId,
    asked: Instant,
    answer: oneshot::Sender<Result<Option<Stored>, StoreError>>,
}

/// A wait for the end of a claim, which may come from another machine.
#[derive(Debug)]
pub(super) struct Watch(pub(super) ActionId);

impl Lookup {
    pub(super) fn new(
        id: ActionId,
    ) -> (Self, oneshot::Receiver<Result<Option<Stored>, StoreError>>) {
        let (answer, receiver) = oneshot::channel();
        let asked = Instant::now();
        (Self { id, asked, answer }, receiver)
    }
}

/// Answers all lookups.
pub(super) async fn serve(desk: &Desk, lookups: Vec<Lookup>) {
    let server = &desk.server;
    let ids = in_order(lookups.iter().map(|lookup| lookup.id));
    let ids: Vec<&[u8]> = ids.iter().map(|id| &id[..]).collect();
    let (one, all): (&[&(dyn ToSql + Sync)], &[&(dyn ToSql + Sync)]) = (&[&ids[0]], &[&ids]);
    let (statement, parameters) = match ids.len() {
        1 => (&server.statements().read_one, one),
        _ => (&server.statements().read, all),
    };
    let asked = lookups.iter().map(|lookup| lookup.asked).max();
    let asked = asked.unwrap_or_else(Instant::now);
    let rows = server.query_since(asked, "read a record", statement, parameters);
    let rows = match rows.await {
        Ok(rows) => rows,
        Err(failure) => {
            for lookup in lookups {
                let error = failure.clone().into_error(server);
                let _ = lookup.answer.send(Err(error));
            }
            return;
        }
    };
    let found: HashMap<&[u8], &Row> = rows.iter().map(|row| (row.get(2), row)).collect();
    for lookup in lookups {
        let row = found.get(&lookup.id.as_bytes()[..]);
        let answer = row.map_or(Ok(None), |row| Stored::read(row, 1));
        // A caller that has left needs no answer.
        let _ = lookup.answer.send(answer);
    }
}

/// Requests a notification for all listeners at the end of these claims. Wakes here those that have
/// ended.
pub(super) async fn watch(desk: &Desk, watches: Vec<Watch>) {
    let ids = in_order(watches.iter().map(|watch| watch.0));
    let ids: Vec<&[u8]> = ids.iter().map(|id| &id[..]).collect();
    let statement = &desk.server.statements().watch;
    let watched = desk
        .server
        .query("watch a record", statement, &[&ids])
        .await;
    // Polling is the fallback: it finds the changes that cannot be watched.
    let Ok(rows) = watched else { return };
    let pending: Vec<&[u8]> = rows.iter().map(|row| row.get(0)).collect();
    for Watch(id) in watches {
        if !pending.contains(&&id.as_bytes()[..]) {
            desk.waiters.wake(id);
        }
    }
}

/// Returns each id once, in order.
fn in_order(ids: impl Iterator<Item = ActionId>) -> Vec<[u8; 32]> {
    let mut ids: Vec<_> = ids.map(|id| *id.as_bytes()).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// The number of records of a page.
const PAGE: i64 = 500;

/// Returns the records that a filter selects.
pub(super) async fn list(server: &Server, filter: &Filter) -> Result<Vec<Record>, StoreError> {
    let statuses = candidates(filter.status);
    let limit = filter.limit.unwrap_or(usize::MAX);
    let mut after = filter
        .after
        .map_or_else(Vec::new, |id| id.as_bytes().to_vec());
    let mut records = Vec::new();
    while records.len() < limit {
        let statement = &server.statements().full_page;
        let parameters: Parameters<'_> = &[&&after[..], &statuses, &PAGE];
        let rows = server
            .query_long("list records", statement, parameters)
            .await?;
        for row in &rows {
            let Some(found) = Stored::read(row, 1)? else {
                continue;
            };
            after = found.id.as_bytes().to_vec();
            if records.len() < limit && found.slot.is_selected(filter, found.now) {
                records.push(found.slot.record(found.id, found.now));
            }
        }
        if rows.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
            break;
        }
    }
    Ok(records)
}

/// Returns the statuses that records in this state may have in the table.
fn candidates(status: Option<Status>) -> Vec<&'static str> {
    match status {
        None => Status::ALL.iter().map(|status| status.as_str()).collect(),
        // A claim whose lease is over is in doubt.
        Some(Status::InDoubt) => vec![Status::InDoubt.as_str(), Status::Pending.as_str()],
        Some(status) => vec![status.as_str()],
    }
}

/// Removes the records that may be purged; returns how many.
pub(super) async fn purge(server: &Server, age: u64) -> Result<u64, StoreError> {
    let finished = [Status::Success, Status::Failed, Status::Released].map(Status::as_str);
    let (mut after, mut removed) = (Vec::new(), 0);
    loop {
        let statement = &server.statements().page;
        let finished = &finished[..];
        let parameters: Parameters<'_> = &[&&after[..], &finished, &PAGE];
        let rows = server
            .query_long("purge records", statement, parameters)
            .await?;
        let mut found = Vec::new();
        for row in &rows {
            let Some(stored) = Stored::read(row, 1)? else {
                continue;
            };
            after = stored.id.as_bytes().to_vec();
            if stored.slot.is_purgeable(age, stored.now) {
                found.push(stored);
            }
        }
        if !found.is_empty() {
            removed += remove(server, &found).await?;
        }
        if rows.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
            return Ok(removed);
        }
    }
}

/// Removes the records that are still as they were read.
async fn remove(server: &Server, found: &[Stored]) -> Result<u64, StoreError> {
    let ids: Vec<&[u8]> = found
        .iter()
        .map(|stored| &stored.id.as_bytes()[..])
        .collect();
    let revisions: Vec<i64> = found.iter().map(|stored| stored.revision).collect();
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
