use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::InMemoryEffectStore;
use crate::identity::action_id::{ActionId, compute_action_id};
use crate::protocol::claim::{Claim, ClaimRequest, Silent};
use crate::protocol::filter::Filter;
use crate::protocol::ids::Token;
use crate::protocol::outcome::Outcome;
use crate::protocol::payload::Payload;
use crate::protocol::record::Status;
use crate::protocol::store::{EffectStore, StoreFuture};
use crate::protocol::store_error::StoreError;

fn id(n: u32) -> ActionId {
    compute_action_id("op", &n, "").expect("a number has a JSON form")
}

/// Returns the result of a future that is ready.
fn now<T: Unpin>(future: StoreFuture<'_, T>) -> Result<T, StoreError> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("the in-memory store answers at once"),
    }
}

fn won(store: &InMemoryEffectStore, n: u32) -> Token {
    match now(store.pending(&ClaimRequest::new(id(n), "op"))) {
        Ok(Claim::Won(token)) => token,
        other => panic!("{other:?}"),
    }
}

#[test]
fn clones_are_one_store() {
    let store = InMemoryEffectStore::default();
    let token = won(&store, 1);
    let other = store.clone();
    now(other.complete(&token, Outcome::Success(Payload::new("1")))).expect("its own claim");
    assert_eq!(now(store.counts()).expect("counts").total(), 1);
}

#[test]
fn a_waiter_is_registered_before_its_first_poll_and_woken_once() {
    let store = InMemoryEffectStore::new();
    let token = won(&store, 1);
    let mut context = Context::from_waker(Waker::noop());
    let (woken, other) = (store.changed(id(1)), store.changed(id(2)));
    let (mut woken, mut other) = (pin!(woken), pin!(other));
    now(store.release(&token)).expect("its own claim");
    assert_eq!(woken.as_mut().poll(&mut context), Poll::Ready(()));
    assert_eq!(other.as_mut().poll(&mut context), Poll::Pending);
}

#[test]
fn the_last_waiter_takes_its_entry_away() {
    let store = InMemoryEffectStore::new();
    let (one, two) = (store.changed(id(1)), store.changed(id(1)));
    assert_eq!(format!("{:?}", store.0.waiters), "Waiters(1 actions)");
    drop(one);
    assert_eq!(format!("{:?}", store.0.waiters), "Waiters(1 actions)");
    drop(two);
    assert_eq!(format!("{:?}", store.0.waiters), "Waiters(0 actions)");
}

#[test]
fn a_page_is_cut_out_of_all_shards() {
    let store = InMemoryEffectStore::new();
    let mut ids: Vec<_> = (0..500).map(id).collect();
    for n in 0..500 {
        let token = won(&store, n);
        if n % 2 == 0 {
            now(store.release(&token)).expect("its own claim");
        }
    }
    ids.sort_unstable();
    let all = now(store.list(&Filter::all())).expect("list");
    assert!(all.iter().map(|record| record.id).eq(ids.iter().copied()));

    let mut paged = Vec::new();
    let mut filter = Filter::all().status(Status::Released).limit(7);
    loop {
        let page = now(store.list(&filter)).expect("list");
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 7);
        filter = filter.after(last.id);
        paged.extend(page);
    }
    let released = all
        .into_iter()
        .filter(|record| record.status == Status::Released);
    assert!(
        paged
            .into_iter()
            .map(|record| record.id)
            .eq(released.map(|record| record.id))
    );
}

#[cfg(feature = "conformance")]
mod with_a_clock {
    use std::time::Duration;

    use super::*;
    use crate::stores::memory::clock::ManualClock;

    const MINUTE: Duration = Duration::from_secs(60);

    fn retained(store: &InMemoryEffectStore, n: u32) -> Token {
        let mut request = ClaimRequest::new(id(n), "op");
        request.retain = Some(MINUTE);
        match now(store.pending(&request)) {
            Ok(Claim::Won(token)) => token,
            other => panic!("{other:?}"),
        }
    }

    fn done(store: &InMemoryEffectStore, token: &Token) {
        now(store.complete(token, Outcome::Success(Payload::new("1")))).expect("its own claim");
    }

    /// A purge of most records moves the others, and their places are taken again.
    #[test]
    fn each_id_finds_its_own_record_after_purges() {
        let clock = ManualClock::new();
        let store = InMemoryEffectStore::with_clock(clock.clone());
        let mut tokens = Vec::new();
        for round in 0..3 {
            for n in round * 1_000..(round + 1) * 1_000 {
                let token = won(&store, n);
                if n % 10 == 0 {
                    tokens.push(token);
                } else {
                    now(store.release(&token)).expect("its own claim");
                }
            }
            clock.advance(MINUTE);
            assert_eq!(now(store.purge(Duration::ZERO)).expect("purge"), 900);
            for token in &tokens {
                let record = now(store.get(token.id()))
                    .expect("get")
                    .expect("it is kept");
                assert_eq!(record.fence, token.fence());
                assert_eq!(record.claim_id, Some(token.claim_id()));
            }
        }
        assert_eq!(now(store.counts()).expect("counts").total(), 300);
    }

    #[test]
    fn a_full_store_lets_go_only_of_what_is_over() {
        let clock = ManualClock::new();
        let store = InMemoryEffectStore::bounded_with_clock(3, clock.clone());
        done(&store, &retained(&store, 1));
        done(&store, &won(&store, 2));
        let pending = retained(&store, 3);
        let refused = now(store.pending(&ClaimRequest::new(id(4), "op")));
        assert!(
            matches!(refused, Err(StoreError::Full { limit: 3, .. })),
            "{refused:?}"
        );
        // Records that it holds are still served.
        assert!(matches!(
            now(store.pending(&ClaimRequest::new(id(2), "op"))),
            Ok(Claim::Done(_))
        ));

        clock.advance(MINUTE);
        won(&store, 4);
        let refused = now(store.pending(&ClaimRequest::new(id(5), "op")));
        assert!(
            matches!(refused, Err(StoreError::Full { .. })),
            "{refused:?}"
        );
        done(&store, &pending);
        now(store.purge(Duration::ZERO)).expect("purge");
        assert_eq!(
            now(store.counts()).expect("counts").total(),
            2,
            "3 is younger than its keep"
        );
        clock.advance(MINUTE);
        assert_eq!(now(store.counts()).expect("counts").total(), 1);
    }

    #[test]
    fn claims_remove_by_the_way_what_is_over() {
        let clock = ManualClock::new();
        let store = InMemoryEffectStore::with_clock(clock.clone());
        for n in 0..1_000 {
            done(&store, &retained(&store, n));
        }
        clock.advance(MINUTE);
        for n in 1_000..5_000 {
            won(&store, n);
        }
        let shards = store.0.shards.iter();
        let held: usize = shards
            .map(|part| crate::stores::sync::lock(&part.0).all_held())
            .sum();
        assert_eq!(held, 4_000);
    }

    #[test]
    fn a_wall_clock_that_is_set_ends_no_lease() {
        let clock = ManualClock::new();
        let store = InMemoryEffectStore::with_clock(clock.clone());
        won(&store, 1);
        for hours in [1, -2, 24, -48] {
            clock.move_wall(hours * 3_600_000);
            let again = now(store.pending(&ClaimRequest::new(id(1), "op")));
            assert!(matches!(again, Ok(Claim::Busy(_))), "{again:?}");
        }
    }
}

/// A call with `dedupe_for` decides by it whether to take the record over.
#[test]
fn the_record_of_a_silent_owner_states_its_age() {
    let store = InMemoryEffectStore::new();
    let token = won(&store, 1);
    let mut request = ClaimRequest::new(id(1), "op");
    request.silent = Some(Silent {
        fence: token.fence(),
        renewals: 0,
    });
    let Ok(Claim::InDoubt(record)) = now(store.pending(&request)) else {
        panic!("its owner is silent");
    };
    assert!(record.age.is_some(), "{record:?}");
}
