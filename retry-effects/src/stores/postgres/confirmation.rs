//! The confirmation of a record that was found.
//!
//! A record may be visible, though its commit was never acknowledged: the server was restarted, or a
//! wait for a synchronous standby was cancelled. A failover would then undo what an answer has
//! confirmed. So each found record that grants a claim, or confirms a change, is written once more
//! without a difference: the acknowledgement of that commit holds for all commits before it.

use super::row::{Stored, number};
use super::server::{Failure, Server};

/// Confirms a found record. Returns whether it was still the record that was read.
///
/// `trouble` is the failure of another confirmation of the batch, which used up all retries: each of
/// the others would do so in turn.
pub(super) async fn confirm(
    server: &Server,
    found: &Stored,
    trouble: &mut Option<Failure>,
) -> Result<bool, Failure> {
    if let Some(failure) = trouble {
        return Err(failure.clone());
    }
    let confirmed = write(server, found).await;
    if let Err(failure) = &confirmed {
        *trouble = Some(failure.clone());
    }
    confirmed
}

async fn write(server: &Server, found: &Stored) -> Result<bool, Failure> {
    let id: &[u8] = found.id.as_bytes();
    let rows = server
        .query(
            "confirm a record",
            &server.statements().confirm,
            &[&id, &found.revision, &number(found.slot.fence)],
        )
        .await?;
    Ok(!rows.is_empty())
}
