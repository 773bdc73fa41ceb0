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
    let id = compute_action_id("op", &1, "").expect("a number");
    let claim = store.pending(&ClaimRequest::new(id, "op")).await;
    assert!(matches!(claim, Ok(Claim::Won(_))), "{claim:?}");
    assert_ne!(map.shared().threads[0], thread::current().id());
}
