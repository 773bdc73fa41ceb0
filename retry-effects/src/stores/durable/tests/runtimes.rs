//! The place of an operation on a server: the caller's runtime if that can serve it; and no operation is lost.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::thread::{self, ThreadId};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;

use super::map::{Fault, Map};
use crate::Effect;
use crate::gate::blocking;
use crate::identity::action_id::{ActionId, compute_action_id};
use crate::protocol::claim::{Claim, ClaimRequest};
use crate::protocol::ids::Token;
use crate::protocol::outcome::Outcome;
use crate::protocol::payload::Payload;
use crate::protocol::record::Status;
use crate::protocol::store::EffectStore;
use crate::stores::durable::store::DurableStore;
use crate::stores::waiters::Waiters;

type Client = Map<false>;

/// A store, and the thread of its own lanes.
struct Opened {
    map: Client,
    store: Arc<DurableStore<Client>>,
    own: ThreadId,
}

fn opened() -> Opened {
    let map = Client::default();
    map.shared().time = 1_000_000;
    map.shared().lanes = 3;
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let store = DurableStore::on_runtime(map.clone(), Waiters::new(), runtime.handle());
    let driving = thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
    // Its own lanes have run by then.
    block_on(store.get(id(0))).expect("an answer");
    map.shared().threads.clear();
    map.shared().takes_place = Arc::default();
    Opened {
        map,
        store: Arc::new(store),
        own: driving.thread().id(),
    }
}

fn workers(count: usize) -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(count).enable_all();
    builder.build().expect("a runtime")
}

fn id(n: u32) -> ActionId {
    compute_action_id("op", &n, "").expect("a number has a JSON form")
}

async fn won(store: &DurableStore<Client>, n: u32) -> Token {
    match store.pending(&ClaimRequest::new(id(n), "op")).await {
        Ok(Claim::Won(token)) => token,
        other => panic!("{other:?}"),
    }
}

/// Claims by a task.
fn on(runtime: &Runtime, store: &Arc<DurableStore<Client>>, n: u32) -> Token {
    let store = store.clone();
    let task = runtime.spawn(async move { won(&store, n).await });
    runtime.block_on(task).expect("no panic")
}

fn success() -> Outcome {
    Outcome::Success(Payload::new("1"))
}

/// Waits on this thread, with nothing but it.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    blocking::park(pin!(future), &blocking::waker())
}

#[test]
fn a_lone_task_carries_out_its_own_operations() {
    let Opened { map, store, .. } = opened();
    let runtime = workers(2);
    let task = runtime.spawn(async move {
        let token = won(&store, 1).await;
        let here = thread::current().id();
        store.complete(&token, success()).await.expect("complete");
        here
    });
    let here = runtime.block_on(task).expect("no panic");
    let threads = &map.shared().threads;
    assert_eq!(threads.len(), 2);
    assert!(threads.contains(&here), "{threads:?} {here:?}");
}

#[test]
fn a_runtime_that_may_stand_still_is_not_relied_on() {
    let Opened { map, store, own } = opened();
    let alone = Builder::new_current_thread().enable_all().build();
    alone.expect("a runtime").block_on(won(&store, 1));
    // Requested where nobody drives the runtime.
    let idle = Builder::new_current_thread().build().expect("a runtime");
    let request = ClaimRequest::new(id(2), "op");
    let claim = {
        let _entered = idle.enter();
        store.pending(&request)
    };
    assert!(matches!(block_on(claim), Ok(Claim::Won(_))));
    // A sync call holds up a thread of its runtime.
    let runtime = workers(1);
    let called = store.clone();
    let task = runtime.spawn(async move {
        Effect::new("op", &3)
            .store(&called)
            .run(|| Ok::<_, String>(7))
    });
    assert_eq!(runtime.block_on(task).expect("no panic"), Ok(7));
    assert_eq!(map.shared().threads, [own; 4]);
}

#[test]
fn a_runtime_that_cannot_connect_is_served_elsewhere() {
    let Opened { map, store, own } = opened();
    map.shared().faults = [Fault::Panic].into();
    let runtime = workers(1);
    let task = runtime.spawn(async move {
        won(&store, 1).await;
        won(&store, 2).await;
    });
    runtime.block_on(task).expect("no panic");
    // The first attempt panicked.
    assert_eq!(map.shared().threads[1..], [own; 2]);
}

#[test]
fn a_caller_that_leaves_does_not_end_its_operation() {
    let Opened { map, store, .. } = opened();
    let runtime = workers(1);
    let (hangs, goes_on) = map.hang(1);
    let called = store.clone();
    let task = runtime.spawn(async move { won(&called, 1).await });
    block_on(hangs.notified());
    task.abort();
    assert!(runtime.block_on(task).is_err());
    assert_eq!(map.shared().len(), 0);
    // The claim's statement was under way, and is heard to its end.
    let takes_place = map.shared().takes_place.clone();
    goes_on.notify_one();
    block_on(takes_place.notified());
    assert_eq!(map.shared().status(id(1)), Some(Status::Pending));
}

#[test]
fn an_outcome_survives_its_runtime() {
    let Opened { map, store, .. } = opened();
    let runtime = workers(2);
    let mut under_way = Vec::new();
    for n in 0..4 {
        under_way.push((on(&runtime, &store, n), store.changed(id(n))));
    }
    // Two are under way on their callers' tasks and one in a lane, and the fourth waits.
    let (hangs, _) = map.hang(3);
    let requested = Arc::new(Notify::new());
    for (place, (token, _)) in under_way.iter().enumerate() {
        let (store, token, notify) = (store.clone(), *token, requested.clone());
        runtime.spawn(async move {
            let completion = store.complete(&token, success());
            notify.notify_one();
            completion.await
        });
        block_on(requested.notified());
        if place < 3 {
            block_on(hangs.notified());
        }
    }
    runtime.shutdown_background();
    for (_, changed) in under_way {
        block_on(changed);
    }
    let shared = map.shared();
    for n in 0..4 {
        assert_eq!(shared.status(id(n)), Some(Status::Success));
    }
}

#[test]
fn an_outcome_survives_its_runtime_and_its_store() {
    let Opened { map, store, .. } = opened();
    let runtime = workers(1);
    let token = on(&runtime, &store, 1);
    let (hangs, _) = map.hang(1);
    let changed = store.changed(id(1));
    let task = runtime.spawn(async move { store.complete(&token, success()).await });
    block_on(hangs.notified());
    // The last handle goes with the task, whose operation is still under way.
    task.abort();
    runtime.shutdown_background();
    block_on(changed);
    assert_eq!(map.shared().status(id(1)), Some(Status::Success));
}

#[test]
fn a_caller_may_block_the_last_thread_of_its_runtime() {
    let Opened { map, store, own } = opened();
    let runtime = workers(1);
    let (called, later) = (store.clone(), map.clone());
    let task = runtime.spawn(async move {
        let token = won(&called, 1).await;
        called.complete(&token, success()).await.expect("complete");
        later.shared().time += 1_000_000_000_000;
        // Its removals wait for lanes on the only thread.
        block_on(called.purge(Duration::ZERO))
    });
    let removed = runtime.block_on(task).expect("no panic");
    assert_eq!(removed.expect("purge"), 1);
    assert_eq!(map.shared().threads.last(), Some(&own));
}

#[test]
fn a_few_runtimes_have_lanes_and_leave_them_to_others() {
    let Opened { map, store, own } = opened();
    let mut runtimes: Vec<Runtime> = (0..16).map(|_| workers(1)).collect();
    let claim = |runtime: &Runtime, n: u32| {
        let called = store.clone();
        let task = runtime.spawn(async move { won(&called, n).await });
        runtime.block_on(task).expect("no panic");
        map.shared().threads.last() == Some(&own)
    };
    let is_own: Vec<bool> = (0..16).map(|n| claim(&runtimes[n as usize], n)).collect();
    assert_eq!(is_own[..2], [false; 2]);
    assert_eq!(is_own[2..], [true; 14]);
    assert!(!claim(&runtimes[0], 16));
    drop(runtimes.remove(0));
    assert!(!claim(&runtimes[14], 17));
    assert!(claim(&runtimes[13], 18));
}

#[test]
fn another_executor_on_the_last_thread_is_served_elsewhere() {
    let Opened { map, store, own } = opened();
    let runtime = workers(1);
    let called = store.clone();
    let task = runtime.spawn(async move { block_on(won(&called, 1)) });
    runtime.block_on(task).expect("no panic");
    assert_eq!(map.shared().threads, [own]);
    // Its lanes have not ended.
    on(&runtime, &store, 2);
    assert_ne!(map.shared().threads.last(), Some(&own));
}

#[test]
fn a_job_in_a_pause_survives_its_lanes() {
    let Opened { map, store, .. } = opened();
    let runtime = workers(2);
    let token = on(&runtime, &store, 1);
    map.shared().faults.extend([Fault::Locked; 8]);
    let called = store.clone();
    let task = runtime.spawn(async move { called.complete(&token, success()).await });
    // It is in one of its pauses when its lanes end.
    while map.shared().faults.len() > 2 {
        thread::yield_now();
    }
    map.shared().faults.push_front(Fault::Panic);
    on(&runtime, &store, 2);
    let done = runtime.block_on(task).expect("no panic");
    done.expect("complete");
    assert_eq!(map.shared().status(id(1)), Some(Status::Success));
}

#[test]
fn a_request_that_is_not_polled_any_more_holds_up_no_other() {
    let Opened { map, store, .. } = opened();
    let runtime = workers(1);
    let (hangs, _) = map.hang(2);
    let task = runtime.spawn(async move {
        // Begun, and then held.
        let mut held: Vec<_> = (0..2).map(|n| Box::pin(won(&store, n))).collect();
        for claim in &mut held {
            let polled = poll_fn(|context| Poll::Ready(claim.as_mut().poll(context))).await;
            assert!(polled.is_pending());
        }
        won(&store, 2).await;
        won(&store, 3).await;
        drop(held);
    });
    block_on(hangs.notified());
    runtime.block_on(task).expect("no panic");
}

#[test]
fn a_runtime_that_stood_still_does_not_blame_the_server() {
    let Opened { map, store, own } = opened();
    let runtime = workers(1);
    map.shared().faults.push_back(Fault::StandStill);
    on(&runtime, &store, 1);
    assert_eq!(map.shared().threads[1..], [own]);
}
