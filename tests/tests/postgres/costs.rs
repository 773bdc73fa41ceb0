//! The cost of an action to the server, in bytes of its log.

use retry_effects::store::{Claim, ClaimRequest};
use retry_effects::{EffectStore, PostgresEffectStore};
use retry_tests::postgres::ThrowawayPostgres;
use tokio_postgres::{Client, NoTls};

use super::bench::{id, success};

/// Nothing but the test writes to the log, and nothing is written twice.
const QUIET: [&str; 5] = [
    "autovacuum = off",
    "full_page_writes = off",
    "bgwriter_lru_maxpages = 0",
    "checkpoint_timeout = 1h",
    "fsync = on",
];

const ACTIONS: u64 = 400;

/// The position in the log, in bytes.
async fn position(client: &Client) -> u64 {
    let position = "SELECT (pg_current_wal_insert_lsn() - '0/0')::int8";
    let row = client.query_one(position, &[]).await.unwrap();
    row.get::<_, i64>(0).unsigned_abs()
}

#[tokio::test]
async fn an_action_is_about_700_bytes_of_the_log() {
    let Some(server) = ThrowawayPostgres::start_with(&QUIET) else {
        return;
    };
    let store = PostgresEffectStore::connect(&server.url()).await.unwrap();
    let (client, connection) = tokio_postgres::connect(&server.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    let act = async |number| {
        let claim = store
            .pending(&ClaimRequest::new(id(number), "charge"))
            .await;
        let Ok(Claim::Won(token)) = claim else {
            panic!("{claim:?}")
        };
        store.complete(&token, success()).await.unwrap();
    };
    // The pages of the tables exist from here on.
    for number in 0..ACTIONS {
        act(number).await;
    }
    let began = position(&client).await;
    for number in ACTIONS..2 * ACTIONS {
        act(number).await;
    }
    let each = (position(&client).await - began) / ACTIONS;
    assert!((500..740).contains(&each), "{each} bytes");
}
