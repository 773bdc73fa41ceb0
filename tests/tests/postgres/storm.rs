//! Everything at once on the same few records: nobody waits in a circle, nothing is repeated.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use retry_effects::store::{Claim, ClaimRequest, Settlement};
use retry_effects::{EffectStore, Fence, Outcome, PostgresEffectStore, StoreError, Token};
use retry_tests::short_or_full;
use tokio::task::JoinSet;

use super::bench::{Bench, id, success};

const ACTIONS: u64 = 12;

/// How long a lease is: over, as often as not, when its owner comes to the end.
const LEASE: Duration = Duration::from_millis(3);

struct Storm {
    bench: Bench,
    stores: Vec<PostgresEffectStore>,
    turns: u64,
    commits: AtomicU64,
}

impl Storm {
    fn store(&self, turn: u64) -> &PostgresEffectStore {
        &self.stores[usize::try_from(turn).unwrap() % self.stores.len()]
    }

    /// Claims an action, also one whose owner's lease is over.
    async fn claim(&self, turn: u64, number: u64) -> Option<Token> {
        let store = self.store(turn);
        let mut request = ClaimRequest::new(id(number), "test");
        request.lease = LEASE;
        request.keep = Duration::ZERO;
        for _ in 0..2 {
            match store.pending(&request).await.unwrap() {
                Claim::Won(token) => return Some(token),
                Claim::InDoubt(record) => request.takeover = Some(record.fence),
                _ => return None,
            }
        }
        None
    }

    /// One caller: actions in an order of its own, and what owners, people and purges do to them.
    async fn call(self: Arc<Self>, caller: u64) {
        for turn in 0..self.turns {
            let number = (turn * (2 * caller + 1) + caller) % ACTIONS;
            let store = self.store(caller + turn);
            let Some(token) = self.claim(caller + turn, number).await else {
                continue;
            };
            let ended = match (turn + caller) % 5 {
                0 => store.renew(&token, LEASE).await,
                1 => store.release(&token).await.map(drop),
                2 => {
                    let doubt = Outcome::in_doubt(None);
                    store.complete(&token, doubt).await
                }
                3 => {
                    store
                        .settle(id(number), token.fence(), Settlement::NotApplied)
                        .await
                }
                _ => store.complete(&token, success()).await,
            };
            expected(ended);
            if turn % 7 == 0 {
                store.purge(Duration::ZERO).await.unwrap();
            }
        }
    }

    /// Transactions of the application's own, each of which completes two actions.
    async fn transact(self: Arc<Self>, caller: u64) {
        let mut client = self.bench.client().await;
        for turn in 0..self.turns {
            let (one, other) = (turn * 5 + caller, turn * 7 + caller + 1);
            let mut both = [one % ACTIONS, other % ACTIONS];
            // A transaction that locks several records locks them in one order.
            both.sort_unstable();
            let [one, other] = both;
            if one == other {
                continue;
            }
            let first = self.claim(caller, one).await;
            let second = self.claim(caller, other).await;
            let (Some(first), Some(second)) = (first, second) else {
                continue;
            };
            let transaction = client.transaction().await.unwrap();
            if self.pay(transaction, [first, second]).await {
                self.commits.fetch_add(2, Ordering::SeqCst);
            }
        }
    }

    async fn pay(
        &self,
        mut transaction: tokio_postgres::Transaction<'_>,
        tokens: [Token; 2],
    ) -> bool {
        for token in tokens {
            let insert = format!("INSERT INTO {}.paid VALUES ($1)", self.bench.schema());
            let fence = i64::try_from(token.fence().number()).unwrap();
            transaction.execute(&insert, &[&fence]).await.unwrap();
            let completed = self
                .store(0)
                .complete_in(&mut transaction, &token, success());
            let completed = completed.await;
            if completed.is_err() {
                expected(completed);
                return false;
            }
        }
        transaction.commit().await.unwrap();
        true
    }
}

/// Accepts the results that other callers may cause, and panics at all others.
fn expected(ended: Result<(), StoreError>) {
    match ended {
        Ok(())
        | Err(
            StoreError::LeaseLost { .. }
            | StoreError::Changed { .. }
            | StoreError::OwnerAlive { .. }
            | StoreError::AlreadyDone { .. }
            | StoreError::NotFound,
        ) => {}
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn overlapping_batches_and_transactions_do_not_wait_in_a_circle() {
    let Some(bench) = Bench::new() else { return };
    let mut stores = Vec::new();
    for _ in 0..3 {
        let options = bench.options().pool_size(4);
        stores.push(options.connect(&bench.url()).await.unwrap());
    }
    let schema = bench.schema().to_owned();
    let client = bench.client().await;
    let table = format!("CREATE TABLE {schema}.paid (fence int8 PRIMARY KEY)");
    client.batch_execute(&table).await.unwrap();
    let deadlocks = async || {
        let flushed = "SELECT pg_stat_force_next_flush()";
        // Only from 15 on; older ones tell a moment later.
        let _ = client.batch_execute(flushed).await;
        let count = "SELECT deadlocks FROM pg_stat_database WHERE datname = 'postgres'";
        client.query_one(count, &[]).await.unwrap().get::<_, i64>(0)
    };
    let before = deadlocks().await;
    let storm = Arc::new(Storm {
        turns: short_or_full(60, 3000),
        bench,
        stores,
        commits: AtomicU64::new(0),
    });
    let mut tasks = JoinSet::new();
    for caller in 0..24 {
        tasks.spawn(storm.clone().call(caller));
    }
    for caller in 0..6 {
        tasks.spawn(storm.clone().transact(caller));
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    assert_eq!(deadlocks().await, before);
    // The committed rows are there, and no others.
    let rows = format!("SELECT count(*) FROM {schema}.paid");
    let rows: i64 = client.query_one(&rows, &[]).await.unwrap().get(0);
    assert_eq!(rows.unsigned_abs(), storm.commits.load(Ordering::SeqCst));
    assert!(rows > 0, "some transactions came through");
    // Each record can still be claimed, settled or read: nothing is left locked.
    for number in 0..ACTIONS {
        let record = storm.store(0).get(id(number)).await.unwrap();
        assert!(record.is_none_or(|record| record.fence > Fence::NONE));
    }
}
