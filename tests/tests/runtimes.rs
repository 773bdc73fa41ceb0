//! The stores on servers, whatever runtime their callers have: none that can connect, one that stands still or
//! is blocked, many, one that ends.
#![cfg(any(feature = "postgres", feature = "redis"))]

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::Poll;
use std::time::Duration;

use retry_effects::store::{Claim, ClaimRequest, Status};
use retry_effects::{Effect, EffectError, EffectStore, compute_action_id};
use retry_tests::park_on;
use tokio::runtime::{Builder, Runtime};

/// A server with a store on it.
struct Site {
    store: Arc<dyn EffectStore>,
    /// Returns the number of the store's connections.
    connections: Box<dyn Fn() -> usize>,
    /// The largest number, as documented.
    most: usize,
}

impl Site {
    async fn call(store: Arc<dyn EffectStore>, number: u64) -> Result<u64, EffectError> {
        Effect::new("act", &number)
            .store(&store)
            .run_async(|| async { Ok(number) })
            .await
    }
}

#[cfg(feature = "postgres")]
mod on_postgres {
    use retry_effects::PostgresEffectStore;
    use retry_effects::deadpool_postgres::{Manager, Pool, Runtime};
    use retry_tests::postgres::ThrowawayPostgres;
    use tokio_postgres::NoTls;

    use super::{Arc, Site};

    fn site(server: ThrowawayPostgres, store: PostgresEffectStore, most: usize) -> Site {
        let watcher = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let watcher = watcher.expect("a runtime");
        let url = server.url();
        let client = watcher.block_on(async {
            let (client, connection) = tokio_postgres::connect(&url, NoTls).await.expect("it");
            tokio::spawn(connection);
            client
        });
        let question = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' \
                        AND pid <> pg_backend_pid()";
        Site {
            store: Arc::new(store),
            connections: Box::new(move || {
                let _server = &server;
                let row = watcher
                    .block_on(client.query_one(question, &[]))
                    .expect("a row");
                usize::try_from(row.get::<_, i64>(0)).expect("a count")
            }),
            most,
        }
    }

    /// A store with connections of its own: eight, and one to listen.
    pub(super) fn own() -> Option<Site> {
        let server = ThrowawayPostgres::start()?;
        let store = PostgresEffectStore::options().connect_blocking(&server.url());
        Some(site(server, store.expect("a store"), 9))
    }

    /// A store on a user's pool of eight, whose connections were made on this runtime.
    pub(super) async fn shared() -> Option<(ThrowawayPostgres, PostgresEffectStore)> {
        let server = ThrowawayPostgres::start()?;
        let manager = Manager::new(server.url().parse().expect("a URL"), NoTls);
        let pool = Pool::builder(manager)
            .max_size(8)
            .runtime(Runtime::Tokio1)
            .build();
        let pool = pool.expect("a pool");
        let mut connections = Vec::new();
        for _ in 0..8 {
            connections.push(pool.get().await.expect("a connection"));
        }
        drop(connections);
        let store = PostgresEffectStore::new(pool).await.expect("a store");
        Some((server, store))
    }
}

#[cfg(feature = "redis")]
mod on_redis {
    use retry_effects::RedisEffectStore;
    use retry_tests::redis::ThrowawayRedis;

    use super::{Arc, Site};

    /// One connection of the store's thread, and one for each of four runtimes.
    pub(super) fn own() -> Option<Site> {
        let server = ThrowawayRedis::start()?;
        let store = RedisEffectStore::options().connect_blocking(&server.url());
        Some(Site {
            store: Arc::new(store.expect("a store")),
            connections: Box::new(move || server.connections()),
            most: 5,
        })
    }
}

macro_rules! on_each_server {
    ($($test:ident)*) => {
        $(mod $test {
            #[cfg(feature = "postgres")]
            #[test]
            fn postgres() {
                if let Some(site) = super::on_postgres::own() {
                    super::$test(&site);
                }
            }

            #[cfg(feature = "redis")]
            #[test]
            fn redis() {
                if let Some(site) = super::on_redis::own() {
                    super::$test(&site);
                }
            }
        })*
    };
}

on_each_server! {
    sixteen_runtimes_stay_within_the_connections
    a_runtime_that_ends_in_the_middle_of_calls_loses_nothing
    a_runtime_without_drivers_is_enough
    a_paused_clock_times_nothing_out
    a_blocked_runtime_keeps_its_leases
    calls_that_are_dropped_at_any_moment_leave_nothing_held
    another_executor_may_block_the_last_thread
    a_request_that_is_held_fails_no_other
}

/// Redis alone keeps the order of one caller's requests, whether their answers are awaited or not.
#[cfg(feature = "redis")]
#[test]
fn a_request_that_is_dropped_comes_before_the_next_one() {
    let Some(site) = on_redis::own() else { return };
    let store = site.store.clone();
    let runtime = workers(2);
    let task = runtime.spawn(async move {
        for number in 0..100_u64 {
            let id = compute_action_id("act", &number, "").expect("a number has a JSON form");
            let request = ClaimRequest::new(id, "act");
            for turn in 0..2 {
                let claim = store.pending(&request).await.expect("an answer");
                let Claim::Won(token) = claim else {
                    panic!("{number}, {turn}: {claim:?}");
                };
                drop(store.release(&token));
            }
        }
    });
    runtime.block_on(task).expect("no panic");
}

fn workers(count: usize) -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(count).enable_all();
    builder.build().expect("a runtime")
}

fn sixteen_runtimes_stay_within_the_connections(site: &Site) {
    let runtimes: Vec<Runtime> = (0..16).map(|_| workers(1)).collect();
    let calls: Vec<_> = (0..16 * 50)
        .map(|number| runtimes[number % 16].spawn(Site::call(site.store.clone(), number as u64)))
        .collect();
    for (number, call) in calls.into_iter().enumerate() {
        let done = runtimes[0].block_on(call).expect("no panic");
        assert_eq!(done.expect("done"), number as u64);
    }
    let count = (site.connections)();
    assert!((2..=site.most).contains(&count), "{count}");
}

fn a_runtime_that_ends_in_the_middle_of_calls_loses_nothing(site: &Site) {
    let next = Arc::new(AtomicU64::new(0));
    let (finished, ends) = mpsc::channel();
    let effects: Arc<Mutex<HashMap<u64, u32>>> = Arc::default();
    for _ in 0..8 {
        let runtime = workers(2);
        for _ in 0..32 {
            let (store, next) = (site.store.clone(), next.clone());
            let (effects, finished) = (effects.clone(), finished.clone());
            runtime.spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let body = || {
                        *effects.lock().expect("no panic").entry(number).or_default() += 1;
                        async { Ok::<_, EffectError>(number) }
                    };
                    let call = Effect::new("act", &number).store(&store).run_async(body);
                    finished.send(call.await.expect("done")).expect("it waits");
                }
            });
        }
        ends.iter().take(100).for_each(drop);
        runtime.shutdown_background();
    }
    drop(finished);
    let done: Vec<u64> = ends.try_iter().collect();
    let runtime = workers(2);
    let count = next.load(Ordering::Relaxed);
    let mut doubts = 0;
    for number in 0..count {
        let id = compute_action_id("act", &number, "").expect("a number has a JSON form");
        let record = runtime.block_on(site.store.get(id)).expect("an answer");
        let ran = effects.lock().expect("no panic").get(&number).copied();
        assert!(ran.unwrap_or(0) <= 1, "{number} ran {ran:?} times");
        match record.map(|record| record.status) {
            Some(Status::Success) => assert_eq!(ran, Some(1), "{number}"),
            // Its body ran, and its outcome was never requested; or it was claimed, and never ran.
            Some(Status::Pending) => doubts += 1,
            Some(Status::Released) | None => assert_eq!(ran, None, "{number}"),
            other => panic!("{number}: {other:?}"),
        }
    }
    for number in done {
        let again = runtime.block_on(Site::call(site.store.clone(), number));
        assert_eq!(again.expect("a replay"), number);
    }
    assert!(doubts <= 8 * 32, "{doubts} of {count}");
    let connections = (site.connections)();
    assert!(connections <= site.most, "{connections}");
}

fn a_runtime_without_drivers_is_enough(site: &Site) {
    for (number, is_timed) in [(1, false), (2, true)] {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(1);
        if is_timed {
            builder.enable_time();
        }
        let runtime = builder.build().expect("a runtime");
        let call = runtime.spawn(Site::call(site.store.clone(), number));
        let done = runtime.block_on(call).expect("no panic");
        assert_eq!(done.expect("done"), number);
    }
}

fn a_paused_clock_times_nothing_out(site: &Site) {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime");
    for number in 0..20 {
        let done = runtime.block_on(Site::call(site.store.clone(), number));
        assert_eq!(done.expect("done"), number);
    }
}

/// A gated body blocks the only thread of its runtime until its lease was renewed.
fn a_blocked_runtime_keeps_its_leases(site: &Site) {
    keeps_its_leases(&site.store, &workers(1));
}

#[cfg(feature = "postgres")]
#[test]
fn a_blocked_runtime_with_the_connections_keeps_its_leases() {
    let runtime = workers(1);
    let Some((_server, store)) = runtime.block_on(on_postgres::shared()) else {
        return;
    };
    let store: Arc<dyn EffectStore> = Arc::new(store);
    // The store has used connections of that runtime, too.
    let called = runtime.spawn(Site::call(store.clone(), 1));
    runtime.block_on(called).expect("no panic").expect("done");
    keeps_its_leases(&store, &runtime);
}

fn keeps_its_leases(store: &Arc<dyn EffectStore>, runtime: &Runtime) {
    let (go_on, goes_on) = mpsc::channel();
    let goes_on = Mutex::new(goes_on);
    let called = store.clone();
    let call = runtime.spawn(async move {
        let body = || {
            goes_on
                .lock()
                .expect("no panic")
                .recv()
                .expect("it is sent");
            async { Ok::<_, EffectError>(7) }
        };
        let action = Effect::new("block", &7).store(&called);
        action
            .lease(Duration::from_millis(300))
            .run_async(body)
            .await
    });
    let id = compute_action_id("block", &7, "").expect("a number has a JSON form");
    let watcher = Builder::new_current_thread().enable_all().build();
    let watcher = watcher.expect("a runtime");
    loop {
        let record = watcher.block_on(store.get(id)).expect("an answer");
        let renewals = record.as_ref().map_or(0, |record| record.renewals);
        let status = record.map(|record| record.status);
        assert!(matches!(status, None | Some(Status::Pending)), "{status:?}");
        if renewals >= 4 {
            break;
        }
    }
    go_on.send(()).expect("it waits");
    let done = watcher.block_on(call).expect("no panic");
    assert_eq!(done.expect("done"), 7);
}

fn calls_that_are_dropped_at_any_moment_leave_nothing_held(site: &Site) {
    let runtime = workers(2);
    let drop_all = async {
        for number in 0..400_u64 {
            let call = Site::call(site.store.clone(), number);
            let _ = tokio::time::timeout(Duration::from_micros(number % 40 * 10), call).await;
        }
    };
    runtime.block_on(drop_all);
    for number in 0..400 {
        // The answer of each is its own.
        let done = runtime.block_on(Site::call(site.store.clone(), number));
        assert!(
            matches!(&done, Ok(found) if *found == number)
                || matches!(&done, Err(EffectError::InDoubt { .. })),
            "{number}: {done:?}"
        );
    }
    let connections = (site.connections)();
    assert!(connections <= site.most, "{connections}");
}

fn another_executor_may_block_the_last_thread(site: &Site) {
    let runtime = workers(1);
    for number in 0..4 {
        // The connection of the runtime, and its thread for another executor, in turn.
        let call = Site::call(site.store.clone(), number);
        let call = runtime.spawn(async move {
            if number % 2 == 0 {
                call.await
            } else {
                park_on(call)
            }
        });
        let done = runtime.block_on(call).expect("no panic");
        assert_eq!(done.expect("done"), number);
    }
}

fn a_request_that_is_held_fails_no_other(site: &Site) {
    let runtime = workers(2);
    let store = site.store.clone();
    let task = runtime.spawn(async move {
        let id = |number: u64| compute_action_id("act", &number, "").expect("a number");
        // From the first one on, which connects: begun, and not polled meanwhile.
        for turn in 0..20 {
            let mut held: Vec<_> = (0..8).map(|number| store.get(id(number))).collect();
            for request in &mut held {
                let mut request = pin!(request);
                poll_fn(|context| Poll::Ready(request.as_mut().poll(context).is_ready())).await;
            }
            store.get(id(turn)).await.expect("an answer");
            Site::call(store.clone(), turn).await.expect("done");
        }
    });
    runtime.block_on(task).expect("no panic");
}
