//! Which thread carries out an operation on a file.

use std::sync::Arc;
use std::thread;

use super::map::Map;
use crate::Effect;
use crate::identity::action_id::compute_action_id;
use crate::protocol::claim::{Claim, ClaimRequest};
use crate::protocol::store::EffectStore;
use crate::stores::durable::store::DurableStore;
use crate::stores::waiters::Waiters;

type File = Map<true>;

fn opened() -> (File, Arc<DurableStore<File>>) {
    let map = File::default();
    let store = DurableStore::on_thread(map.clone(), Waiters::new(), "map").expect("a thread");
    (map, Arc::new(store))
}

#[test]
fn a_sync_call_writes_on_its_own_thread() {
    let (map, store) = opened();
    for n in 0..3 {
        let done = Effect::new("op", &n)
            .store(&store)
            .run(|| Ok::<_, String>(7));
        assert_eq!(done, Ok(7));
    }
    // A claim and a completion each.
    assert_eq!(map.shared().threads, [thread::current().id(); 6]);
}

#[tokio::test]
async fn a_task_does_not_block_its_thread() {
    let (map, store) = opened();
    let claim = store.pending(&request(1)).await;
    assert!(matches!(claim, Ok(Claim::Won(_))), "{claim:?}");
    assert_ne!(map.shared().threads[0], thread::current().id());
}

#[tokio::test]
async fn a_task_carries_out_quick_steps_on_its_own_thread() {
    let (map, store) = opened();
    map.shared().is_quick = true;
    let runs = Effect::new("op", &1)
        .store(&store)
        .run_async(|| async { Ok::<_, String>(7) });
    assert_eq!(runs.await, Ok(7));
    assert_eq!(map.shared().threads, [thread::current().id(); 2]);
}

#[tokio::test]
async fn a_step_that_does_not_suffice_is_carried_out_once_more_by_the_lane() {
    let (map, store) = opened();
    assert!(matches!(
        store.pending(&request(1)).await,
        Ok(Claim::Won(_))
    ));
    map.shared().is_quick = true;
    let claim = store.pending(&request(1)).await;
    assert!(matches!(claim, Ok(Claim::Busy { .. })), "{claim:?}");
    assert!(!map.shared().threads.contains(&thread::current().id()));
}

/// A step that its caller has left may be under way there.
#[tokio::test]
async fn a_quick_step_does_not_pass_by_a_lane_at_work() {
    let (map, store) = opened();
    map.shared().is_quick = true;
    let busy = store.lanes().queue.enter_if_idle().expect("it is idle");
    let claim = store.pending(&request(1)).await;
    assert!(matches!(claim, Ok(Claim::Won(_))), "{claim:?}");
    drop(busy);
    assert_ne!(map.shared().threads, [thread::current().id()]);
}

#[tokio::test]
async fn a_waiter_is_woken_by_a_quick_step() {
    let (map, store) = opened();
    map.shared().is_quick = true;
    let Ok(Claim::Won(token)) = store.pending(&request(1)).await else {
        panic!("the action is new");
    };
    let changed = store.changed(token.id());
    let released = store.release(&token).await;
    assert_eq!(released.expect("it is the owner's"), None);
    changed.await;
}

/// Threads whose commit takes as long as a change of threads wait for the file, not for the lane.
#[test]
fn a_sync_call_does_not_wait_for_the_lane_where_steps_are_quick() {
    let (map, store) = opened();
    map.shared().is_quick = true;
    let busy = store.lanes().queue.enter_if_idle().expect("it is idle");
    let done = Effect::new("op", &1)
        .store(&store)
        .run(|| Ok::<_, String>(7));
    assert_eq!(done, Ok(7));
    drop(busy);
    assert_eq!(map.shared().threads, [thread::current().id(); 2]);
}

fn request(number: u64) -> ClaimRequest {
    let id = compute_action_id("op", &number, "").expect("a number");
    ClaimRequest::new(id, "op")
}
