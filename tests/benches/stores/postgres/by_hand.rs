//! A table, a pool, and a statement a round trip: each is its own commit.

use retry_effects::ActionId;
use retry_effects::deadpool_postgres::{Client, Manager, Pool, Runtime};
use tokio_postgres::NoTls;
use tokio_postgres::types::ToSql;

use super::CONNECTIONS;
use crate::gate;

const TABLE: &str = "
CREATE TABLE by_hand (action_id bytea PRIMARY KEY, status text NOT NULL,
    claimed_at timestamptz NOT NULL DEFAULT clock_timestamp(), payload text)
WITH (fillfactor = 70)";
const SELECT: &str = "SELECT status, payload FROM by_hand WHERE action_id = $1";
const INSERT: &str = "
INSERT INTO by_hand (action_id, status) VALUES ($1, 'pending') ON CONFLICT DO NOTHING";
const UPDATE: &str = "
UPDATE by_hand SET status = 'success', payload = $2 WHERE action_id = $1 AND status = 'pending'";

pub(super) async fn pool(url: &str) -> Pool {
    let manager = Manager::new(url.parse().expect("a URL"), NoTls);
    let pool = Pool::builder(manager)
        .max_size(CONNECTIONS)
        .runtime(Runtime::Tokio1)
        .build()
        .expect("a pool");
    let made = client(&pool).await.batch_execute(TABLE).await;
    made.expect("a table");
    pool
}

async fn client(pool: &Pool) -> Client {
    pool.get().await.expect("a connection")
}

/// The statements that the gate sends for a new action.
pub(super) async fn two(pool: Pool, number: u64) {
    // Even numbers are its own, odd ones those of `three`: both use the table.
    claim_and_complete(&pool, gate::id(2 * number)).await;
}

/// The same with a look before, for a caller that expects replays.
pub(super) async fn three(pool: Pool, number: u64) {
    let id = gate::id(2 * number + 1);
    let client = client(&pool).await;
    let select = client.prepare_cached(SELECT).await.expect("a statement");
    let found = client.query(&select, &[&&id.as_bytes()[..]]).await;
    assert!(found.expect("an answer").is_empty());
    drop(client);
    claim_and_complete(&pool, id).await;
}

async fn claim_and_complete(pool: &Pool, id: ActionId) {
    let id = &id.as_bytes()[..];
    assert_eq!(execute(pool, INSERT, &[&id]).await, 1);
    // Between the two the effect takes place: the connection is not kept for that.
    assert_eq!(execute(pool, UPDATE, &[&id, &"1999"]).await, 1);
}

/// Returns the number of changed rows.
async fn execute(pool: &Pool, sql: &str, values: &[&(dyn ToSql + Sync)]) -> u64 {
    let client = client(pool).await;
    let statement = client.prepare_cached(sql).await.expect("a statement");
    client.execute(&statement, values).await.expect("an answer")
}
