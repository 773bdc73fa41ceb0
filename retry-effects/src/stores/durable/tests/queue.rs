//! Which requests are carried out on the tasks of their callers.

use std::sync::Arc;

use super::map::Map;
use crate::stores::durable::backend::Backend;
use crate::stores::durable::queue::{CALM, Queue};

const ALONE: usize = Map::<false>::PACE.alone;

fn queue() -> Arc<Queue> {
    Arc::new(Queue::new(Map::<false>::PACE, None))
}

#[test]
fn few_requests_are_carried_out_by_their_callers() {
    let queue = queue();
    let mut entered = Vec::new();
    for _ in 0..ALONE {
        entered.push(queue.clone().enter(usize::MAX).expect("they are few"));
    }
    assert!(queue.clone().enter(usize::MAX).is_none());
}

/// A moment in which few of many callers happen to be under way does not split them.
#[test]
fn after_a_crowd_requests_are_queued_until_it_is_calm() {
    let queue = queue();
    let crowd: Vec<_> = (0..ALONE)
        .map(|_| queue.clone().enter(usize::MAX))
        .collect();
    assert!(crowd.iter().all(Option::is_some));
    assert!(queue.clone().enter(usize::MAX).is_none());
    drop(crowd);
    for _ in 1..CALM {
        assert!(queue.clone().enter(usize::MAX).is_none());
    }
    assert!(queue.clone().enter(usize::MAX).is_some());
}
