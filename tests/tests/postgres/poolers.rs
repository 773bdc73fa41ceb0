//! A pooler between the store and its server.

use retry_effects::store::{Claim, ClaimRequest};
use retry_effects::{EffectStore, PostgresEffectStore, PostgresOptions, StoreError};
use retry_tests::postgres::ThrowawayPostgres;
use tokio_postgres::NoTls;

use super::bench::{client, id, success};

/// `PgBouncer` before 1.21, or without `max_prepared_statements`.
#[tokio::test]
async fn one_that_shares_sessions_and_forgets_statements_is_refused_at_once() {
    let Some(server) = ThrowawayPostgres::start() else {
        return;
    };
    for sessions in [5, 1] {
        let Some(pooler) = server.start_pooler("transaction", sessions) else {
            return;
        };
        let pool = super::bench::pool(pooler.url().parse().unwrap(), 4);
        for opened in [
            PostgresEffectStore::connect(&pooler.url()).await,
            PostgresEffectStore::new(pool).await,
        ] {
            let error = opened.expect_err("it cannot be used");
            let text = error.to_string();
            if sessions > 1 {
                assert!(
                    matches!(error, StoreError::Misconfigured { .. }),
                    "{error:?}"
                );
                assert!(text.contains("max_prepared_statements"), "{text}");
            } else {
                // Whether it knows statements cannot be found out.
                assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
                assert!(text.contains("default_pool_size"), "{text}");
            }
        }
    }
    // Nothing was made, and nothing stays on the sessions that others get.
    let direct = client(&server.url()).await;
    let schemas = "SELECT count(*) FROM pg_namespace WHERE nspname = 'retry_effects'";
    let schemas: i64 = direct.query_one(schemas, &[]).await.unwrap().get(0);
    assert_eq!(schemas, 0);
}

#[tokio::test]
async fn no_setting_stays_on_a_session_that_others_get() {
    let Some(server) = ThrowawayPostgres::start() else {
        return;
    };
    let Some(pooler) = server.start_pooler("transaction", 3) else {
        return;
    };
    let _ = PostgresEffectStore::connect(&pooler.url()).await;
    // Each transaction holds a session: together they are all that the pooler has.
    let mut others = Vec::new();
    for _ in 0..3 {
        let (other, connection) = tokio_postgres::connect(&pooler.url(), NoTls).await.unwrap();
        tokio::spawn(connection);
        let show = "BEGIN; SHOW jit; SHOW enable_seqscan";
        let answers = other.simple_query(show).await.unwrap();
        let values: Vec<String> = answers
            .iter()
            .filter_map(|answer| match answer {
                tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
                _ => None,
            })
            .collect();
        assert_eq!(values, ["on", "on"]);
        others.push(other);
    }
}

#[tokio::test]
async fn one_that_keeps_sessions_is_no_hindrance() {
    let Some(server) = ThrowawayPostgres::start() else {
        return;
    };
    let Some(pooler) = server.start_pooler("session", 20) else {
        return;
    };
    works(PostgresEffectStore::options(), &pooler.url()).await;
    // There is no session for a second connection.
    let Some(pooler) = server.start_pooler("session", 1) else {
        return;
    };
    let options = PostgresEffectStore::options().pool_size(1);
    works(options.schema("one_session"), &pooler.url()).await;
}

async fn works(options: PostgresOptions, url: &str) {
    let store = options.connect(url).await.unwrap();
    let claim = store.pending(&ClaimRequest::new(id(1), "test")).await;
    let Ok(Claim::Won(token)) = claim else {
        panic!("{claim:?}");
    };
    store.complete(&token, success()).await.unwrap();
}
