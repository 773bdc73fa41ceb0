//! Many callers, whose requests share statements.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{Mutex, mpsc, oneshot};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Statement};

use super::{Action, PAYLOAD, connect};

/// As many as the runtime has threads: the fewer there are, the larger are the batches.
const CONNECTIONS: usize = 2;

/// The most requests of a statement.
const MOST: usize = 128;

/// Claims and completions, in one commit: the rows are those that have changed.
const BATCH: &str = "
WITH won AS (
    INSERT INTO narrow (action_id, claim_id, fingerprint, lease_until)
    SELECT id, claim_id, fingerprint, clock_timestamp() + interval '30 s'
    FROM unnest($1::bytea[], $2::bytea[], $3::bytea[]) AS claim (id, claim_id, fingerprint)
    ON CONFLICT DO NOTHING RETURNING action_id, fence
), completed AS (
    UPDATE narrow SET status = 1, payload = completion.payload
    FROM unnest($4::bytea[], $5::int8[], $6::bytea[], $7::text[])
        AS completion (id, fence, claim_id, payload)
    WHERE narrow.action_id = completion.id AND narrow.fence = completion.fence
        AND narrow.claim_id = completion.claim_id AND narrow.status = 0
    RETURNING narrow.action_id, narrow.fence
)
SELECT * FROM won UNION ALL SELECT * FROM completed";

/// The plan for a table that is empty when it is made must suit a large one.
const PLAN: &str = "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; \
                    SET plan_cache_mode = force_generic_plan";

/// A claim, or with its fence a completion.
struct Request {
    action: Action,
    fence: Option<i64>,
    answer: oneshot::Sender<i64>,
}

/// The requests that wait.
#[derive(Clone)]
pub(super) struct Queue(mpsc::UnboundedSender<Request>);

impl Queue {
    pub(super) async fn connect(url: &str) -> Self {
        let (queue, waiting) = mpsc::unbounded_channel();
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..CONNECTIONS {
            let client = connect(url).await;
            client.batch_execute(PLAN).await.expect("a setting");
            let batch = client.prepare(BATCH).await.expect("a statement");
            tokio::spawn(serve(client, batch, waiting.clone()));
        }
        Self(queue)
    }

    pub(super) async fn claim(&self, action: Action) -> i64 {
        self.request(action, None).await
    }

    pub(super) async fn complete(&self, action: Action, fence: i64) {
        assert_eq!(self.request(action, Some(fence)).await, fence);
    }

    async fn request(&self, action: Action, fence: Option<i64>) -> i64 {
        let (answer, answered) = oneshot::channel();
        let request = Request {
            action,
            fence,
            answer,
        };
        self.0.send(request).expect("the connections live");
        answered.await.expect("nobody else claims it")
    }
}

/// Takes the waiting requests, until the queue has ended.
async fn serve(
    client: Client,
    batch: Statement,
    waiting: Arc<Mutex<mpsc::UnboundedReceiver<Request>>>,
) {
    loop {
        let mut requests = Vec::with_capacity(MOST);
        if waiting.lock().await.recv_many(&mut requests, MOST).await == 0 {
            return;
        }
        send(&client, &batch, requests).await;
    }
}

async fn send(client: &Client, batch: &Statement, requests: Vec<Request>) {
    let (claims, completions): (Vec<&Request>, Vec<&Request>) =
        requests.iter().partition(|request| request.fence.is_none());
    let fingerprints: Vec<Option<&[u8]>> = vec![None; claims.len()];
    let fences: Vec<_> = completions.iter().filter_map(|it| it.fence).collect();
    let payloads = vec![PAYLOAD; completions.len()];
    let values: [&(dyn ToSql + Sync); 7] = [
        &ids(&claims),
        &claim_ids(&claims),
        &fingerprints,
        &ids(&completions),
        &fences,
        &claim_ids(&completions),
        &payloads,
    ];
    let changed = client.query(batch, &values).await.expect("an answer");
    // An action has one request in a batch: its completion follows the answer to its claim.
    let answers = requests.into_iter().map(|it| (it.action.id, it.answer));
    let mut answers: HashMap<_, _> = answers.collect();
    for row in changed {
        let answer = answers.remove(row.get::<_, &[u8]>(0));
        let answer = answer.expect("a row of this batch");
        answer.send(row.get(1)).expect("a caller waits");
    }
}

fn ids<'r>(requests: &[&'r Request]) -> Vec<&'r [u8]> {
    requests.iter().map(|it| &it.action.id[..]).collect()
}

fn claim_ids<'r>(requests: &[&'r Request]) -> Vec<&'r [u8]> {
    requests.iter().map(|it| &it.action.claim_id[..]).collect()
}
