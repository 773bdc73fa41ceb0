//! Steps that were decided without a read of the record: claims on new actions, and decisions of owners.

use std::collections::HashMap;
use std::time::Instant;

use tokio_postgres::Row;

use super::{NoReply, PostgresBackend, Replies, found, in_order, request};
use crate::identity::action_id::ActionId;
use crate::protocol::claim::ClaimRequest;
use crate::protocol::ids::Fence;
use crate::stores::durable::backend::{Call, Reply};
use crate::stores::postgres::claim_parameters::{Claims, One};
use crate::stores::postgres::columns::{Columns, Sent};
use crate::stores::postgres::error::Trouble;
use crate::stores::postgres::server::Asked;

impl PostgresBackend {
    /// Inserts claims, and writes decisions of owners. Those of many callers are one plain statement, if the
    /// session is the store's own; what that misses, or all if it fails for some, takes the careful way.
    pub(super) async fn insert_and_write(&self, calls: &[Call<'_>], by: Instant) -> Replies {
        let plain = match (calls, &self.server.statements().plain) {
            ([call], _) if request(call).is_some() => return self.insert_one(call, by).await,
            ([call], _) => return self.write_one(call, by).await,
            (_, None) => return self.insert_and_write_apart(calls, by).await,
            (_, Some(statement)) => self.send_plain(statement, calls, by).await,
        };
        let (written, lock) = match plain {
            Ok(written) => (written, None),
            Err(trouble) if trouble.is_of_lock() => (Vec::new(), Some(trouble)),
            // Apart, a failure of claims is none of decisions: there may be no sequence of fences any more, or
            // no right to insert.
            Err(trouble) if trouble.is_of_some() => {
                return self.insert_and_write_apart(calls, by).await;
            }
            Err(trouble) => return self.unanswered(calls, trouble).await,
        };
        let mut replies: HashMap<ActionId, Result<Reply, NoReply>> = written
            .into_iter()
            .map(|(id, reply)| (id, Ok(reply)))
            .collect();
        let (claims, writes) = split(
            calls
                .iter()
                .filter(|call| !replies.contains_key(&call.id())),
        );
        if !writes.is_empty() {
            let written = self.write(&writes, by).await;
            replies.extend(writes.iter().map(Call::id).zip(written));
        }
        if !claims.is_empty() {
            let found = match lock {
                None => self.read(&claims, by).await,
                // Each alone: decisions are not held up by a key that an open transaction makes.
                Some(trouble) => self.unanswered(&claims, trouble).await,
            };
            replies.extend(claims.iter().map(Call::id).zip(found));
        }
        in_order(calls, replies)
    }

    /// Writes decisions, and then inserts claims, which may wait.
    async fn insert_and_write_apart(&self, calls: &[Call<'_>], by: Instant) -> Replies {
        let (claims, writes) = split(calls);
        let mut replies = HashMap::new();
        if !writes.is_empty() {
            let written = self.write(&writes, by).await;
            replies.extend(writes.iter().map(Call::id).zip(written));
        }
        if !claims.is_empty() {
            let claimed = self.insert(&claims, by).await;
            replies.extend(claims.iter().map(Call::id).zip(claimed));
        }
        in_order(calls, replies)
    }

    /// Returns the replies to what a plain statement has written.
    async fn send_plain(
        &self,
        statement: &str,
        calls: &[Call<'_>],
        by: Instant,
    ) -> Result<Vec<(ActionId, Reply)>, Trouble> {
        let requests: Vec<&ClaimRequest> = calls.iter().filter_map(request).collect();
        let claims = Claims::new(&requests);
        let sent: Vec<Sent<'_>> = calls.iter().filter_map(Sent::of).collect();
        let columns = Columns::new(&sent);
        let parameters = [&claims.parameters()[..], &columns.of_own()].concat();
        let stays = !calls.iter().any(|call| call.was_refused);
        let asked = Asked::until(statement, &parameters, by).staying(stays);
        let rows = self.server.send(asked.plain()).await?;
        let fences: HashMap<&[u8], i64> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        let reply = |call: &Call<'_>| {
            let fence = *fences.get(&call.id().as_bytes()[..])?;
            let reply = match request(call) {
                Some(_) => call.written(self.taken(fence)),
                None => written_by(call),
            };
            Some((call.id(), reply))
        };
        Ok(calls.iter().filter_map(reply).collect())
    }

    /// Inserts a lone claim, and finds what is there by a second statement.
    async fn insert_one(&self, call: &Call<'_>, by: Instant) -> Replies {
        let Some(request) = request(call) else {
            return vec![Ok(Reply::Missed)];
        };
        let one = One::from(request);
        let parameters = one.each();
        let statement = &self.server.statements().claim_one;
        let asked = Asked::until(statement, &parameters, by).staying(!call.was_refused);
        let alone = std::slice::from_ref(call);
        match self.server.send(asked).await {
            Ok(rows) => match rows.first() {
                Some(row) => vec![Ok(call.written(self.taken(row.get(0))))],
                None => self.read(alone, by).await,
            },
            Err(trouble) if trouble.is_of_lock() => self.read(alone, by).await,
            Err(trouble) => self.unanswered(alone, trouble).await,
        }
    }

    /// Inserts claims, and finds what is there, in one statement.
    async fn insert(&self, calls: &[Call<'_>], by: Instant) -> Replies {
        let requests: Vec<&ClaimRequest> = calls.iter().filter_map(request).collect();
        let stays = !calls.iter().any(|call| call.was_refused);
        let statements = self.server.statements();
        let claims = Claims::new(&requests);
        let parameters = claims.parameters();
        let asked = Asked::until(&statements.claim, &parameters, by).staying(stays);
        let rows = self.server.send(asked).await;
        let made: HashMap<Vec<u8>, Fence> = rows
            .iter()
            .flatten()
            .filter_map(|row| Some((row.get::<_, Option<Vec<u8>>>(0)?, row.get::<_, i64>(1))))
            .map(|(id, fence)| (id, self.taken(fence)))
            .collect();
        let reply = |call: &Call<'_>, row: Option<&Row>| match made.get(&call.id().as_bytes()[..]) {
            Some(fence) => call.written(*fence),
            // Its record came and went, or another statement was the first.
            None if row.is_none() => Reply::Missed,
            None => found(row, 2),
        };
        self.replies(calls, rows, reply, 3).await
    }

    /// Writes a lone decision: mostly one plain statement, on its owner's pending record.
    pub(super) async fn write_one(&self, call: &Call<'_>, by: Instant) -> Replies {
        let alone = std::slice::from_ref(call);
        let sent = Sent::of(call);
        if let Some(own) = sent.as_ref().and_then(Sent::own) {
            let parameters = own.each();
            let statement = &self.server.statements().change_one;
            let asked = Asked::until(statement, &parameters, by);
            match self.server.send(asked).await {
                Ok(rows) if !rows.is_empty() => return vec![Ok(written_by(call))],
                Err(trouble) if !trouble.is_of_lock() => {
                    return self.unanswered(alone, trouble).await;
                }
                _ => {}
            }
        }
        self.write(alone, by).await
    }

    /// Writes decisions, and passes over locked rows.
    pub(super) async fn write(&self, calls: &[Call<'_>], by: Instant) -> Replies {
        let sent: Vec<Sent<'_>> = calls.iter().filter_map(Sent::of).collect();
        let columns = Columns::new(&sent);
        let parameters = columns.parameters();
        let change = &self.server.statements().change;
        let rows = self
            .server
            .send(Asked::until(change, &parameters, by))
            .await;
        let reply = |call: &Call<'_>, row: Option<&Row>| match row {
            Some(row) if row.get(1) => written_by(call),
            row => found(row, 4),
        };
        self.replies(calls, rows, reply, 0).await
    }
}

/// The reply to a decision that was written.
fn written_by(call: &Call<'_>) -> Reply {
    let fence = Sent::of(call).map_or(Fence::NONE, |sent| sent.fence());
    call.written(fence)
}

/// Returns the claims and the decisions among calls.
fn split<'a, 'c: 'a>(
    calls: impl IntoIterator<Item = &'a Call<'c>>,
) -> (Vec<Call<'c>>, Vec<Call<'c>>) {
    calls
        .into_iter()
        .copied()
        .partition(|call| request(call).is_some())
}
