//! The in-memory store of the library, with ids given.

use std::hint::black_box;
use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use retry_effects::store::{Claim, ClaimId, ClaimRequest, StoreFuture};
use retry_effects::{EffectStore, InMemoryEffectStore, Outcome};

use super::keys::{SEEN, claim_id, id, payload};

pub(crate) type Store = InMemoryEffectStore;

/// Claims and completes so many actions.
pub(crate) fn store(store: &Store, first: u64, calls: u64) {
    let payload = payload();
    let mut request = ClaimRequest::new(id(first), "charge");
    for call in first..first + calls {
        request.id = id(call);
        request.claim_id = ClaimId::from_bits(claim_id(call));
        let Claim::Won(token) = now(store.pending(&request)) else {
            panic!("the key is new");
        };
        now(store.complete(&token, Outcome::Success(payload.clone())));
    }
}

/// Finds the results of actions that are done.
pub(crate) fn replays(calls: u64) {
    static DONE: LazyLock<Store> = LazyLock::new(|| {
        let made = Store::default();
        store(&made, 0, SEEN);
        made
    });
    let made = &*DONE;
    let mut request = ClaimRequest::new(id(0), "charge");
    for call in 0..calls {
        request.id = id(call % SEEN);
        request.claim_id = ClaimId::from_bits(claim_id(SEEN + call));
        let Claim::Done(finished) = now(made.pending(&request)) else {
            panic!("the action is done");
        };
        black_box(finished);
    }
}

/// Returns the answer of a store that answers at once.
pub(crate) fn now<T: Unpin>(future: StoreFuture<'_, T>) -> T {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(future).as_mut().poll(&mut context) {
        Poll::Ready(answer) => answer.expect("it does not fail"),
        Poll::Pending => panic!("it answers at once"),
    }
}
