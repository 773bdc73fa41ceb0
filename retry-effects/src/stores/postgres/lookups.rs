//! Reads of single records; those of concurrent callers share one statement.

use std::collections::HashMap;

use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::queue::Desk;
use super::row::Stored;
use crate::identity::action_id::ActionId;
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
