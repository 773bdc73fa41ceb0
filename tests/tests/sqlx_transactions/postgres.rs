//! Postgres, by both releases of sqlx.

macro_rules! tests {
    ($sqlx:ident, $options:ident) => {
        use std::future::pending;
        use std::sync::Arc;
        use std::sync::atomic::{AtomicU32, Ordering};

        use retry_core::retry_storage;
        use retry_effects::store::{Claim, ClaimRequest, Status};
        use retry_effects::{
            Effect, EffectStore, InMemoryEffectStore, OnDoubt, Outcome, PostgresEffectStore,
            SqliteEffectStore, StoreError, TransactionError, current_action, transaction,
        };
        use retry_tests::proxy::{Fault, Proxy};
        use tokio::sync::oneshot;
        use $sqlx::postgres::{PgConnection, PgPoolOptions};
        use $sqlx::{Acquire, PgPool};

        use crate::sqlx_transactions::bench::{Bench, id, result, won};
        use crate::sqlx_transactions::errors::{Derived, Unstated};

        /// A pool of one connection: one that is not given back is missed.
        pub(crate) async fn pool(bench: &Bench) -> PgPool {
            pool_in(bench, bench.server.socket_dir()).await
        }

        async fn pool_in(bench: &Bench, folder: &std::path::Path) -> PgPool {
            let one = PgPoolOptions::new().max_connections(1);
            one.connect_with(bench.$options(folder)).await.unwrap()
        }

        pub(crate) async fn order(connection: &mut PgConnection) -> Result<(), $sqlx::Error> {
            let insert = $sqlx::query("INSERT INTO orders SELECT $1 FROM fail_once()");
            insert.bind(7_i64).execute(connection).await.map(drop)
        }

        pub(crate) async fn order_once(connection: &mut PgConnection) -> Result<(), $sqlx::Error> {
            let insert = $sqlx::query("INSERT INTO orders VALUES ($1)");
            insert.bind(7_i64).execute(connection).await.map(drop)
        }

        fn success() -> Outcome {
            Outcome::success(&1).unwrap()
        }

        #[tokio::test]
        async fn both_are_committed_or_neither_and_not_twice() {
            let Some(bench) = Bench::new().await else { return };
            let (store, pool) = (bench.store().await, pool(&bench).await);
            let token = won(&store, 1).await;
            for (commits, rows, recorded) in [(false, 0, None), (true, 1, Some("1"))] {
                let mut tx = pool.begin().await.unwrap();
                order_once(&mut tx).await.unwrap();
                store.complete_in(&mut tx, &token, success()).await.unwrap();
                assert_eq!(result(&store, 1).await, None, "not before the commit");
                if commits {
                    tx.commit().await.unwrap();
                } else {
                    tx.rollback().await.unwrap();
                }
                assert_eq!(bench.orders().await, rows);
                assert_eq!(result(&store, 1).await.as_deref(), recorded);
            }
            let mut tx = pool.begin().await.unwrap();
            let again = store.complete_in(&mut tx, &token, success()).await;
            let done = matches!(&again, Err(StoreError::AlreadyDone { finished, .. })
                if finished.payload.json() == "1");
            assert!(done, "{again:?}");
        }

        #[tokio::test]
        async fn a_claim_that_was_taken_over_commits_nothing() {
            let Some(bench) = Bench::new().await else { return };
            let (store, pool) = (bench.store().await, pool(&bench).await);
            let late = won(&store, 1).await;
            store.complete(&late, Outcome::in_doubt(None)).await.unwrap();
            let mut takeover = ClaimRequest::new(id(1), "order");
            takeover.takeover = Some(late.fence());
            let claim = store.pending(&takeover).await.unwrap();
            assert!(matches!(claim, Claim::Won(_)), "{claim:?}");
            let mut tx = pool.begin().await.unwrap();
            let lost = store.complete_in(&mut tx, &late, success()).await;
            assert!(matches!(lost, Err(StoreError::LeaseLost { .. })), "{lost:?}");
        }

        #[tokio::test]
        async fn a_savepoint_commits_nothing_by_itself() {
            let Some(bench) = Bench::new().await else { return };
            let (store, pool) = (bench.store().await, pool(&bench).await);
            let token = won(&store, 1).await;
            for (commits, recorded) in [(false, None), (true, Some("1"))] {
                let mut outer = pool.begin().await.unwrap();
                let mut inner = outer.begin().await.unwrap();
                store.complete_in(&mut inner, &token, success()).await.unwrap();
                inner.commit().await.unwrap();
                assert_eq!(result(&store, 1).await, None);
                if commits {
                    outer.commit().await.unwrap();
                } else {
                    outer.rollback().await.unwrap();
                }
                assert_eq!(result(&store, 1).await.as_deref(), recorded);
            }
        }

        #[tokio::test]
        async fn a_commit_is_durable_whatever_the_session_says() {
            let Some(bench) = Bench::new().await else { return };
            let (store, pool) = (bench.store().await, pool(&bench).await);
            let token = won(&store, 1).await;
            let off = "SELECT set_config('synchronous_commit', 'off', false), \
                       set_config('search_path', 'nowhere', false)";
            $sqlx::query(off).execute(&pool).await.unwrap();
            let mut tx = pool.begin().await.unwrap();
            let serializable = "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE";
            $sqlx::query(serializable).execute(&mut *tx).await.unwrap();
            store.complete_in(&mut tx, &token, success()).await.unwrap();
            let show = "SELECT current_setting('synchronous_commit')";
            let within: String = $sqlx::query_scalar(show).fetch_one(&mut *tx).await.unwrap();
            tx.commit().await.unwrap();
            let after: String = $sqlx::query_scalar(show).fetch_one(&pool).await.unwrap();
            assert_eq!((&*within, &*after), ("on", "off"));
            assert_eq!(result(&store, 1).await.as_deref(), Some("1"));
        }

        #[tokio::test]
        async fn a_transaction_in_the_wrong_place_is_told_so() {
            let Some(bench) = Bench::new().await else { return };
            let (store, pool) = (bench.store().await, pool(&bench).await);
            let token = won(&store, 1).await;
            let mut tx = pool.begin().await.unwrap();
            let read_only = $sqlx::query("SET TRANSACTION READ ONLY");
            read_only.execute(&mut *tx).await.unwrap();
            let refused = store.complete_in(&mut tx, &token, success()).await.unwrap_err();
            assert!(matches!(refused, StoreError::Misconfigured { .. }), "{refused:?}");
            assert!(refused.to_string().contains("not READ ONLY"), "{refused}");
            drop(tx);

            let drop = format!("DROP SCHEMA {} CASCADE", bench.schema);
            bench.client().await.batch_execute(&drop).await.unwrap();
            let mut tx = pool.begin().await.unwrap();
            let refused = store.complete_in(&mut tx, &token, success()).await.unwrap_err();
            assert!(matches!(refused, StoreError::Misconfigured { .. }), "{refused:?}");
        }

        fn book(store: impl EffectStore) -> Effect {
            Effect::new("order", &1)
                .store(Arc::new(store))
                .in_doubt(OnDoubt::Reexecute)
        }

        #[tokio::test]
        async fn the_value_of_a_gated_transaction_is_recorded_and_replayed() {
            let Some(bench) = Bench::new().await else { return };
            let (store, pool) = (bench.store().await, pool(&bench).await);
            let ran = AtomicU32::new(0);
            for _ in 0..2 {
                let body = || {
                    transaction(&pool, |tx| {
                        ran.fetch_add(1, Ordering::SeqCst);
                        Box::pin(async move {
                            order_once(tx).await?;
                            Ok::<_, Derived>("receipt 7".to_owned())
                        })
                    })
                };
                let receipt = book(store.clone()).run_async(body).await.unwrap();
                assert_eq!(receipt, "receipt 7");
            }
            assert_eq!((ran.into_inner(), bench.orders().await), (1, 1));
            let recorded = result(&store, 1).await;
            assert_eq!(recorded.as_deref(), Some("\"receipt 7\""));
        }

        #[tokio::test]
        async fn the_bodys_error_rolls_back_and_is_passed_on() {
            let Some(bench) = Bench::new().await else { return };
            let (store, pool) = (bench.store().await, pool(&bench).await);
            let body = || {
                transaction(&pool, |tx| {
                    Box::pin(async move {
                        order_once(tx).await?;
                        Err::<(), _>(Derived::Refused)
                    })
                })
            };
            let refused = book(store.clone()).run_async(body).await;
            assert!(matches!(refused, Err(Derived::Refused)), "{refused:?}");
            assert_eq!(bench.orders().await, 0);
            let record = store.get(id(1)).await.unwrap().unwrap();
            assert_eq!(record.status, Status::Released);
            // Without a gate, too; the connection is there again.
            let refused = body().await;
            assert!(matches!(refused, Err(Derived::Refused)), "{refused:?}");
            assert_eq!(bench.orders().await, 0);
            // The only one of the pool.
            drop(pool.acquire().await.unwrap());
        }

        #[tokio::test]
        async fn a_store_elsewhere_commits_nothing() {
            let Some(bench) = Bench::new().await else { return };
            let pool = pool(&bench).await;
            let body = || {
                transaction(&pool, |tx| {
                    Box::pin(async move { Ok::<_, Derived>(order_once(tx).await?) })
                })
            };
            let folder = tempfile::tempdir().unwrap();
            let file = SqliteEffectStore::open(folder.path().join("effects.db")).unwrap();
            let in_memory = book(InMemoryEffectStore::new()).run_async(body).await;
            let in_file = book(file).run_async(body).await;
            for refused in [in_memory, in_file] {
                let Err(Derived::Transaction(TransactionError::Store(error))) = refused else {
                    panic!("{refused:?}");
                };
                assert!(matches!(error, StoreError::Misconfigured { .. }), "{error:?}");
            }
            assert_eq!(bench.orders().await, 0);
        }

        #[retry_storage(max_attempts = 3, min_wait = "1ms", max_wait = "1ms")]
        async fn ungated(pool: &PgPool, attempts: &AtomicU32) -> Result<i64, Unstated> {
            transaction(pool, |tx| {
                attempts.fetch_add(1, Ordering::SeqCst);
                Box::pin(async move {
                    order(tx).await?;
                    Ok(7)
                })
            })
            .await
        }

        #[retry_storage(
            idempotent = true, name = "order", key = 1, skip(pool, attempts), store = store,
            max_attempts = 3, min_wait = "1ms", max_wait = "1ms"
        )]
        async fn gated(
            pool: &PgPool,
            store: &PostgresEffectStore,
            attempts: &AtomicU32,
        ) -> Result<i64, Derived> {
            transaction(pool, |tx| {
                attempts.fetch_add(1, Ordering::SeqCst);
                Box::pin(async move {
                    order(tx).await?;
                    Ok(7)
                })
            })
            .await
        }

        /// Under `halt`: the transaction is proved not applied.
        #[tokio::test]
        async fn a_conflict_is_tried_again_on_the_same_connection() {
            for (code, at_commit) in [
                ("40001", false),
                ("40001", true),
                ("40P01", false),
                ("40P01", true),
            ] {
                for is_gated in [false, true] {
                    let Some(bench) = Bench::new().await else { return };
                    bench.fail_once(code, at_commit).await;
                    let (pool, attempts) = (pool(&bench).await, AtomicU32::new(0));
                    let booked = if is_gated {
                        let store = bench.store().await;
                        gated(&pool, &store, &attempts).await.map_err(drop)
                    } else {
                        ungated(&pool, &attempts).await.map_err(drop)
                    };
                    let case = format!("{code}, at the commit: {at_commit}, gated: {is_gated}");
                    assert_eq!(booked, Ok(7), "{case}");
                    assert_eq!(attempts.into_inner(), 2, "{case}");
                    assert_eq!(bench.orders().await, 1, "{case}");
                }
            }
        }

        /// A constraint that is checked at the commit: nothing was committed, and no retry helps.
        #[tokio::test]
        async fn a_refusal_at_the_commit_is_final_and_not_applied() {
            let Some(bench) = Bench::new().await else { return };
            bench.fail_once("23505", true).await;
            let (store, pool) = (bench.store().await, pool(&bench).await);
            let attempts = AtomicU32::new(0);
            let refused = gated(&pool, &store, &attempts).await.unwrap_err();
            assert!(
                matches!(refused, Derived::Transaction(TransactionError::Database(_))),
                "{refused:?}"
            );
            assert_eq!((attempts.into_inner(), bench.orders().await), (1, 0));
            let record = store.get(id(1)).await.unwrap().unwrap();
            assert_eq!(record.status, Status::Released);
        }

        #[tokio::test]
        async fn a_commit_whose_answer_is_lost_is_never_tried_again_without_a_gate() {
            for (fault, rows) in [(Fault::CutBefore, 0), (Fault::CutAfter, 1)] {
                let Some(bench) = Bench::new().await else { return };
                bench.fail_once("40001", true).await;
                let skip = "SELECT nextval('tries')";
                bench.client().await.query(skip, &[]).await.unwrap();
                let proxy = Proxy::before_postgres(bench.server.socket());
                let pool = pool_in(&bench, proxy.socket_dir()).await;
                // The insert passes.
                proxy.fail_after(1, fault);
                let attempts = AtomicU32::new(0);
                let unknown = ungated(&pool, &attempts).await.unwrap_err();
                let Unstated::Transaction(TransactionError::CommitUnanswered(unanswered)) =
                    &unknown
                else {
                    panic!("{unknown:?}");
                };
                assert!(!unanswered.is_recorded());
                assert!(unanswered.driver_error().is::<$sqlx::Error>());
                assert_eq!((attempts.into_inner(), proxy.faults()), (1, 1), "{fault:?}");
                drop(pool);
                while bench.is_in_transaction().await {}
                assert_eq!(bench.orders().await, rows, "{fault:?}");
            }
        }

        /// With the gate the record decides: the result is returned, or the body runs again.
        #[tokio::test]
        async fn a_commit_whose_answer_is_lost_is_decided_by_the_record() {
            for (fault, runs) in [(Fault::CutBefore, 2), (Fault::CutAfter, 2)] {
                let Some(bench) = Bench::new().await else { return };
                let store = bench.store().await;
                let proxy = Proxy::before_postgres(bench.server.socket());
                let pool = pool_in(&bench, proxy.socket_dir()).await;
                // The insert and the record pass.
                proxy.fail_after(2, fault);
                let ran = AtomicU32::new(0);
                let body = || {
                    transaction(&pool, |tx| {
                        let run = ran.fetch_add(1, Ordering::SeqCst);
                        Box::pin(async move {
                            order_once(tx).await?;
                            Ok::<_, Derived>(run)
                        })
                    })
                };
                let policy = retry_core::RetryPolicy::new(3).with_backoff_ms(1);
                let effect = book(store.clone()).retry(retry_core::Retry::new(policy));
                let value = effect.run_async(body).await.unwrap();
                // The value of the run that was committed.
                let committed = u32::from(fault == Fault::CutBefore);
                assert_eq!(value, committed, "{fault:?}");
                assert_eq!(ran.into_inner(), runs, "{fault:?}");
                assert_eq!(bench.orders().await, 1, "{fault:?}");
            }
        }

        /// The server makes a rollback of the COMMIT, and reports no error.
        #[tokio::test]
        async fn a_failure_that_the_body_takes_for_harmless_is_none() {
            let Some(bench) = Bench::new().await else { return };
            let (store, pool) = (bench.store().await, pool(&bench).await);
            let body = || {
                transaction(&pool, |tx| {
                    Box::pin(async move {
                        order_once(tx).await?;
                        let _ = $sqlx::query("SELECT 1 / 0").execute(&mut **tx).await;
                        Ok::<_, Derived>(7)
                    })
                })
            };
            for failed in [body().await, book(store).run_async(body).await] {
                let database =
                    matches!(failed, Err(Derived::Transaction(TransactionError::Database(_))));
                assert!(database, "{failed:?}");
            }
            assert_eq!(bench.orders().await, 0);
        }

        #[tokio::test]
        async fn a_dropped_future_rolls_back_and_gives_the_connection_back() {
            let Some(bench) = Bench::new().await else { return };
            let pool = pool(&bench).await;
            let (sender, written) = oneshot::channel::<()>();
            let never = transaction(&pool, |tx| {
                Box::pin(async move {
                    order_once(tx).await?;
                    sender.send(()).unwrap();
                    pending::<Result<(), Derived>>().await
                })
            });
            tokio::select! {
                ended = never => panic!("{ended:?}"),
                told = written => told.unwrap(),
            }
            let insert = transaction(&pool, |tx| {
                Box::pin(async move { Ok::<_, Derived>(order_once(tx).await?) })
            });
            insert.await.unwrap();
            assert_eq!(bench.orders().await, 1);
        }

        #[tokio::test]
        async fn a_second_transaction_of_a_body_does_not_complete_the_action_again() {
            let Some(bench) = Bench::new().await else { return };
            let (store, pool) = (bench.store().await, pool(&bench).await);
            let insert = |value| {
                transaction(&pool, move |tx| {
                    Box::pin(async move {
                        order_once(tx).await?;
                        Ok::<_, Derived>(value)
                    })
                })
            };
            let body = || async {
                assert!(current_action().is_some());
                insert(1).await?;
                insert(2).await
            };
            assert_eq!(book(store.clone()).run_async(body).await.unwrap(), 1);
            assert_eq!(bench.orders().await, 1);
        }

        #[test]
        fn its_future_may_be_spawned() {
            fn is_send<T: Send>(_: T) {}
            fn spawned(pool: PgPool) {
                is_send(async move {
                    transaction(&pool, |tx| {
                        Box::pin(async move { Ok::<_, Derived>(order_once(tx).await?) })
                    })
                    .await
                });
            }
            let _ = spawned;
        }
    };
}

pub(crate) mod of_09 {
    tests!(sqlx, options);
}

pub(crate) mod of_08 {
    tests!(sqlx_08, options_08);
}
