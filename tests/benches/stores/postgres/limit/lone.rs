//! One caller on one connection.

use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Statement};

use super::{Action, PAYLOAD, connect};

const CLAIM: &str = "
INSERT INTO narrow (action_id, claim_id, fingerprint, lease_until)
VALUES ($1, $2, $3, clock_timestamp() + interval '30 s')
ON CONFLICT DO NOTHING RETURNING fence";
const COMPLETE: &str = "
UPDATE narrow SET status = 1, payload = $4
WHERE action_id = $1 AND fence = $2 AND claim_id = $3 AND status = 0";

pub(super) struct Lone {
    client: Client,
    claim: Statement,
    complete: Statement,
}

impl Lone {
    pub(super) async fn connect(url: &str) -> Self {
        let client = connect(url).await;
        let claim = client.prepare(CLAIM).await.expect("a statement");
        let complete = client.prepare(COMPLETE).await.expect("a statement");
        Self {
            client,
            claim,
            complete,
        }
    }

    pub(super) async fn claim(&self, action: &Action) -> i64 {
        let (id, claim_id) = (&action.id[..], &action.claim_id[..]);
        let values: [&(dyn ToSql + Sync); 3] = [&id, &claim_id, &None::<&[u8]>];
        let won = self.client.query_one(&self.claim, &values).await;
        won.expect("nobody else claims it").get(0)
    }

    pub(super) async fn complete(&self, action: &Action, fence: i64) {
        let (id, claim_id) = (&action.id[..], &action.claim_id[..]);
        let values: [&(dyn ToSql + Sync); 4] = [&id, &fence, &claim_id, &PAYLOAD];
        let completed = self.client.execute(&self.complete, &values).await;
        assert_eq!(completed.expect("an answer"), 1);
    }
}
