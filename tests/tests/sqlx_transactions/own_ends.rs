//! Bodies on Postgres that end the transaction by a text of their own, by both releases of sqlx.

macro_rules! tests {
    ($sqlx:ident, $release:ident) => {
        use std::sync::Arc;

        use retry_effects::store::{Completion, Status};
        use retry_effects::{
            Effect, EffectError, EffectStore, Outcome, PostgresEffectStore, StoreError, Token,
            TransactionError, forward_effect_store, transaction,
        };

        use $sqlx::Executor;

        use crate::sqlx_transactions::bench::{Bench, id, result};
        use crate::sqlx_transactions::errors::Derived;
        use crate::sqlx_transactions::postgres::$release::{order, order_once, pool};

        /// A store of another author's, whose completion has no parameter for the transaction's mark.
        #[derive(Debug)]
        struct Unmarked(PostgresEffectStore);

        impl EffectStore for Unmarked {
            forward_effect_store!(|this| &this.0, except completion);

            fn completion(&self, token: &Token, outcome: &Outcome) -> Result<Completion, StoreError> {
                let inner = self.0.completion(token, outcome)?;
                let mut params = inner.params().to_vec();
                params.pop();
                let sql = inner.sql().replace("$8", "''::text");
                Ok(Completion::new(inner.dialect(), sql, params))
            }
        }

        /// The record would be written by itself, and a crash before it would let the body run again.
        #[tokio::test]
        async fn a_value_after_an_end_of_the_bodys_own_leaves_doubt() {
            const BEGINS: &str = "COMMIT; BEGIN; INSERT INTO orders VALUES (8)";
            const SCRIPT: &str = "BEGIN; INSERT INTO orders VALUES (8); COMMIT";
            let Some(bench) = Bench::new().await else { return };
            let (store, pool) = (bench.store().await, pool(&bench).await);
            let stores: [Arc<dyn EffectStore>; 2] =
                [Arc::new(store.clone()), Arc::new(Unmarked(store.clone()))];
            let ends = [("COMMIT", 1), ("ROLLBACK", 0), (BEGINS, 1), (SCRIPT, 2), ("SELECT 1", 1)];
            let (mut key, mut rows) = (0, 0);
            for store in stores {
                for (end, kept) in ends {
                    key += 1;
                    rows += kept;
                    let body = || {
                        transaction(&pool, move |tx| {
                            Box::pin(async move {
                                order_once(tx).await?;
                                (&mut **tx).execute(end).await?;
                                Ok::<_, Derived>(7)
                            })
                        })
                    };
                    let effect = || Effect::new("order", &key).store(store.clone());
                    let (ended, again) =
                        (effect().run_async(body).await, effect().run_async(body).await);
                    if end == "SELECT 1" {
                        assert!(matches!((ended, again), (Ok(7), Ok(7))));
                    } else {
                        let is_final =
                            matches!(ended, Err(Derived::Transaction(TransactionError::EndedEarly)));
                        assert!(is_final, "{end}: {ended:?}");
                        let is_in_doubt =
                            matches!(again, Err(Derived::Effect(EffectError::InDoubt { .. })));
                        assert!(is_in_doubt, "{end}: {again:?}");
                        assert_eq!(result(&*store, key).await, None, "{end}");
                        let record = store.get(id(key)).await.unwrap().unwrap();
                        assert_eq!(record.status, Status::InDoubt, "{end}");
                    }
                    assert_eq!(bench.orders().await, rows, "{end}");
                    let plain = body().await;
                    assert_eq!(plain.is_ok(), end == "SELECT 1", "{end}: {plain:?}");
                    rows += kept;
                    assert_eq!(bench.orders().await, rows, "{end}");
                }
            }
        }

        /// The rows before a COMMIT of the body's own are there, whatever error follows.
        #[tokio::test]
        async fn a_commit_of_the_bodys_own_leaves_doubt() {
            for is_passed_on in [true, false] {
                let Some(bench) = Bench::new().await else { return };
                bench.fail_once("40001", false).await;
                let (store, pool) = (bench.store().await, pool(&bench).await);
                let body = || {
                    transaction(&pool, move |tx| {
                        Box::pin(async move {
                            order_once(tx).await?;
                            $sqlx::query("COMMIT").execute(&mut **tx).await?;
                            if is_passed_on {
                                // A conflict is a proof for a whole transaction only.
                                order(tx).await?;
                            }
                            Ok::<_, Derived>(7)
                        })
                    })
                };
                if is_passed_on {
                    let effect = || Effect::new("order", &1).store(Arc::new(store.clone()));
                    let policy = retry_core::RetryPolicy::new(3).with_backoff_ms(1);
                    let retried = effect().retry(retry_core::Retry::new(policy));
                    assert!(retried.run_async(body).await.is_err());
                    let again = effect().run_async(body).await;
                    let is_in_doubt = matches!(again, Err(Derived::Effect(EffectError::InDoubt { .. })));
                    assert!(is_in_doubt, "{again:?}");
                } else {
                    let ended = body().await;
                    let is_final =
                        matches!(ended, Err(Derived::Transaction(TransactionError::EndedEarly)));
                    assert!(is_final, "{ended:?}");
                }
                assert_eq!(bench.orders().await, 1, "{is_passed_on}");
            }
        }

        /// The session ends before anything can be asked. The server's last text is a proof for one statement, or for
        /// a transaction that is still open.
        #[tokio::test]
        async fn a_commit_of_the_bodys_own_in_a_lost_session_leaves_doubt() {
            let Some(bench) = Bench::new().await else { return };
            let (store, pool) = (bench.store().await, pool(&bench).await);
            let admin = bench.client().await;
            for key in 1..=2 {
                let body = || {
                    let admin = &admin;
                    transaction(&pool, move |tx| {
                        Box::pin(async move {
                            order_once(tx).await?;
                            $sqlx::query("COMMIT").execute(&mut **tx).await?;
                            let own = $sqlx::query_scalar("SELECT pg_backend_pid()");
                            let own: i32 = own.fetch_one(&mut **tx).await?;
                            let end = "SELECT pg_terminate_backend($1, 10000)";
                            admin.execute(end, &[&own]).await.unwrap();
                            match key {
                                1 => Err(Derived::Refused),
                                _ => Ok(7),
                            }
                        })
                    })
                };
                let effect = || Effect::new("order", &key).store(Arc::new(store.clone()));
                let policy = retry_core::RetryPolicy::new(3).with_backoff_ms(1);
                let retried = effect().retry(retry_core::Retry::new(policy));
                assert!(retried.run_async(body).await.is_err());
                let again = effect().run_async(body).await;
                let is_in_doubt = matches!(again, Err(Derived::Effect(EffectError::InDoubt { .. })));
                assert!(is_in_doubt, "{key}: {again:?}");
                assert_eq!(bench.orders().await, key);
            }
        }
    };
}

mod of_09 {
    tests!(sqlx, of_09);
}

mod of_08 {
    tests!(sqlx_08, of_08);
}
