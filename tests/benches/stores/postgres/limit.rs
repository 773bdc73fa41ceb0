//! The least with all that the promises need: a narrow table, and prepared statements on bare connections.
//!
//! A lone caller sends its two statements on one connection. Many callers share statements: a task for each
//! connection takes the waiting requests, and sends the claims and the completions of that batch in one statement.

mod batches;
mod lone;

use std::sync::Arc;

use retry_effects::store::ClaimId;
use tokio::runtime::Handle;
use tokio_postgres::{Client, NoTls};

use crate::gate;
use crate::side::tasks;
use crate::turn::Turn;

const TABLE: &str = "
CREATE SEQUENCE narrow_fence;
CREATE TABLE narrow (
    fence int8 NOT NULL DEFAULT nextval('narrow_fence'),
    lease_until timestamptz NOT NULL,
    status int2 NOT NULL DEFAULT 0,
    action_id bytea PRIMARY KEY,
    claim_id bytea NOT NULL,
    fingerprint bytea,
    payload text
) WITH (fillfactor = 50)";

pub(super) fn turns(runtime: &Handle, url: &str) -> impl FnMut(usize) -> Option<Turn> + use<> {
    let (lone, batches) = runtime.block_on(async {
        let created = connect(url).await.batch_execute(TABLE).await;
        created.expect("a table");
        (
            lone::Lone::connect(url).await,
            batches::Queue::connect(url).await,
        )
    });
    // Even numbers are of lone callers, odd ones of many: both use the table.
    let mut lone = tasks(runtime, Arc::new(lone), |lone, number| async move {
        let action = Action::new(2 * number);
        let fence = lone.claim(&action).await;
        lone.complete(&action, fence).await;
    });
    let mut many = tasks(runtime, batches, |queue, number| async move {
        let action = Action::new(2 * number + 1);
        let fence = queue.claim(action).await;
        queue.complete(action, fence).await;
    });
    move |callers| if callers == 1 { lone(1) } else { many(callers) }
}

/// The values that a claim and its completion share.
#[derive(Clone, Copy)]
struct Action {
    id: [u8; 32],
    claim_id: [u8; 16],
}

impl Action {
    fn new(number: u64) -> Self {
        Self {
            id: *gate::id(number).as_bytes(),
            claim_id: ClaimId::random().bits().to_be_bytes(),
        }
    }
}

const PAYLOAD: &str = "1999";

async fn connect(url: &str) -> Client {
    let connected = tokio_postgres::connect(url, NoTls).await;
    let (client, connection) = connected.expect("a connection");
    tokio::spawn(connection);
    client
}
