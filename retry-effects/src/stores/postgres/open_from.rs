//! The lower edge of pending fences, `effect_store.open_from`.
//!
//! Each pending record has a fence of at least `open_from`, or the mark [`LEFT_BEHIND`]. So pending
//! records are found by a short range of the index on fences, and completions touch no index.
//!
//! Fences are taken before their records become visible. A fence is safe to pass once the transactions
//! that were writing when it had been taken are over: each takes the table's lock before it takes a
//! fence, and holds it until its records are visible. (Claims are transactions of their own; a user's
//! transaction takes no fence, and is at worst waited for.)
//!
//! Pending records that were renewed, or whose lease is over, are marked, and left behind: otherwise one
//! action in doubt would keep the edge where it is. Others pass by themselves: they are completed soon,
//! or renewed. A mark that is written over an unchanged record changes no revision, and disturbs no
//! owner.
//!
//! [`LEFT_BEHIND`]: super::tables::LEFT_BEHIND

use std::time::Duration;

use super::row::number;
use super::server::Server;
use crate::protocol::ids::Fence;

/// The number of fences after which the edge is raised once: by the store, of all processes, that takes
/// the fence. So the range has twice as many.
pub(super) const EVERY: u64 = 4096;

/// The pauses in which transactions are waited for. After that the next store to take such a fence tries.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(20),
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_secs(2),
    Duration::from_secs(10),
];

/// Raises the edge to at most the fence after `taken`. If it fails, another store does so later: the
/// range is longer until then.
pub(super) async fn raise(server: &Server, taken: Fence) {
    let Some(before) = writers(server).await else {
        return;
    };
    let mut pauses = PAUSES.iter();
    loop {
        let Some(now) = writers(server).await else {
            return;
        };
        if before.iter().all(|writer| !now.contains(writer)) {
            break;
        }
        let Some(pause) = pauses.next() else { return };
        tokio::time::sleep(*pause).await;
    }
    let statement = &server.statements().pages.raise_open_from;
    let _ = server
        .query("raise open_from", statement, &[&number(taken)])
        .await;
}

/// Returns the transactions that are writing records at this moment.
async fn writers(server: &Server) -> Option<Vec<String>> {
    let statement = &server.statements().pages.writers;
    let rows = server.query("read pg_locks", statement, &[]).await.ok()?;
    Some(rows.iter().map(|row| row.get(0)).collect())
}
