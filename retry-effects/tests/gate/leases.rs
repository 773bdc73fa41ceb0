//! Leases: renewed by the keeper, lost to other owners, and the owner's reaction.

use super::odd_store::{Fault, Method, OddStore, Pace};
use super::*;
use retry_core::Classify;
use retry_effects::store::{Claim, ClaimRequest, Payload, Settlement};
use retry_effects::{ManualClock, OnBusy, OnDoubt, Outcome, Probe};
use std::future::pending;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(60);

fn on_a_clock() -> (ManualClock, Arc<InMemoryEffectStore>) {
    let clock = ManualClock::new();
    let store = Arc::new(InMemoryEffectStore::with_clock(clock.clone()));
    (clock, store)
}

#[test]
fn a_lease_that_runs_out_leaves_doubt_and_a_late_success_is_accepted() {
    let (clock, store) = on_a_clock();
    let outcome = charge(&store).run(|| {
        clock.advance(LONG);
        let other = thread::scope(|scope| {
            let other = scope.spawn(|| charge(&store).run(|| io::Result::Ok(2)));
            other.join().expect("no panic")
        });
        assert!(is_in_doubt(other));
        io::Result::Ok(1)
    });
    assert_eq!(outcome.expect("accepted"), 1);
    assert_eq!(status(&*store), Some(Status::Success));
    assert_eq!(
        charge(&store).run(|| io::Result::Ok(3)).expect("a replay"),
        1
    );
}

#[test]
fn after_a_takeover_the_late_owner_changes_nothing() {
    let ends: [fn() -> io::Result<u32>; 3] = [|| Ok(1), refused, timed_out];
    for end in ends {
        let (clock, store) = on_a_clock();
        let outcome = charge(&store).run(|| {
            clock.advance(LONG);
            let other = thread::scope(|scope| {
                let again = || {
                    charge(&store)
                        .in_doubt(OnDoubt::Reexecute)
                        .run(|| io::Result::Ok(2))
                };
                scope.spawn(again).join().expect("no panic")
            });
            assert_eq!(other.expect("it took over"), 2);
            end()
        });
        match end() {
            Ok(_) => assert!(matches!(word(outcome), EffectError::LeaseLost { .. })),
            Err(own) => assert_eq!(outcome.expect_err("its own").kind(), own.kind()),
        }
        let record = record(&*store).expect("a record");
        assert_eq!((record.status, record.fence.number()), (Status::Success, 2));
        assert_eq!(
            charge(&store).run(|| io::Result::Ok(3)).expect("a replay"),
            2
        );
    }
}

#[test]
fn a_settlement_stands_against_the_late_owner() {
    let (clock, store) = on_a_clock();
    let outcome = charge(&store).run(|| {
        clock.advance(LONG);
        let fence = record(&*store).expect("a record").fence;
        let settled = wait_for(store.settle(id(), fence, Settlement::NotApplied));
        settled.expect("the lease is over");
        io::Result::Ok(1)
    });
    assert!(matches!(word(outcome), EffectError::LeaseLost { .. }));
    assert_eq!(status(&*store), Some(Status::Released));
}

#[test]
fn what_a_body_recorded_itself_is_its_result() {
    for end in [|| io::Result::Ok(1), || refused(), || timed_out()] {
        let store = store();
        let outcome = charge(&store).run(|| {
            let token = retry_effects::current_action().expect("a body").token();
            let recorded = Outcome::Success(Payload::new("7"));
            wait_for(store.complete(&token, recorded)).expect("recorded");
            end()
        });
        assert_eq!(outcome.expect("what is recorded"), 7);
    }
}

/// Renewals go on while the only runtime is blocked.
#[tokio::test]
async fn the_keeper_renews_while_the_runtime_is_blocked() {
    let store = OddStore::new(Pace::AtOnce);
    let outcome = charge(&store)
        .lease(Duration::from_millis(300))
        .run_async(|| async {
            store.wait_for(Method::Renew, 3);
            io::Result::Ok(record(&*store).expect("a record").renewals)
        })
        .await;
    assert!(outcome.expect("it ran") >= 3);
    // They end with the call: the store has no other user any more.
    while Arc::strong_count(&store) > 1 {
        thread::yield_now();
    }
}

/// Counts when it is dropped.
struct Dropped<'a>(&'a Effects);

impl Drop for Dropped<'_> {
    fn drop(&mut self) {
        self.0.happen();
    }
}

/// Takes the action from its owner as soon as its lease is over.
fn take_over(clock: &ManualClock, store: &InMemoryEffectStore) {
    loop {
        clock.advance(LONG);
        let fence = record(store).expect("a record").fence;
        let mut request = ClaimRequest::new(id(), "charge");
        request.takeover = Some(fence);
        let claim = wait_for(store.pending(&request)).expect("a store that answers");
        if let Claim::Won(token) = claim {
            let done = Outcome::Success(Payload::new("7"));
            wait_for(store.complete(&token, done)).expect("its own");
            return;
        }
    }
}

#[tokio::test]
async fn an_async_owner_that_loses_its_lease_drops_its_attempt() {
    for probes in [false, true] {
        let (clock, store) = on_a_clock();
        let dropped = Effects::default();
        let body = || async {
            let _guard = Dropped(&dropped);
            take_over(&clock, &store);
            pending::<io::Result<u32>>().await
        };
        let short = Duration::from_millis(300);
        let outcome = if probes {
            let asks = || std::future::ready(Probe::NotApplied);
            charge(&store)
                .lease(short)
                .retry(thrice())
                .probe(asks)
                .run_async(body)
                .await
        } else {
            let again = charge(&store).in_doubt(OnDoubt::Reexecute);
            again.lease(short).retry(thrice()).run_async(body).await
        };
        assert!(
            matches!(word(outcome), EffectError::LeaseLost { .. }),
            "{probes}"
        );
        assert_eq!(dropped.count(), 1, "{probes}");
        assert_eq!(record(&*store).expect("a record").status, Status::Success);
    }
}

/// A store that takes a renewal and never answers keeps no lease.
#[tokio::test]
async fn an_async_owner_whose_renewals_hang_drops_its_attempt() {
    let store = OddStore::new(Pace::AtOnce);
    store.fail(Method::Renew, &[Fault::Hangs; 64]);
    let outcome = charge(&store)
        .lease(Duration::from_millis(300))
        .in_doubt(OnDoubt::Reexecute)
        .retry(thrice())
        .run_async(pending::<io::Result<u32>>)
        .await;
    assert!(matches!(word(outcome), EffectError::LeaseLost { .. }));
    assert_eq!(status(&*store), Some(Status::InDoubt));
}

#[tokio::test]
async fn under_halt_it_runs_on() {
    let (clock, store) = on_a_clock();
    let store = OddStore::around((*store).clone(), Pace::AtOnce);
    let outcome = charge(&store)
        .lease(Duration::from_millis(300))
        .run_async(|| async {
            store.fail(Method::Renew, &[Fault::Before; 64]);
            clock.advance(LONG);
            store.wait_for(Method::Renew, 4);
            tokio::task::yield_now().await;
            io::Result::Ok(1)
        })
        .await;
    assert_eq!(outcome.expect("accepted late"), 1);
}

/// A lease that ends before the second attempt.
const BRIEF: Duration = Duration::from_millis(300);

/// Returns a store that renews no lease, and three attempts with waits that are longer than
/// [`BRIEF`].
fn without_renewals(inner: InMemoryEffectStore) -> (Arc<OddStore>, RetryPolicy) {
    let store = OddStore::around(inner, Pace::AtOnce);
    store.fail(Method::Renew, &[Fault::Before; 1000]);
    let policy = RetryPolicy::new(3)
        .with_min_wait(BRIEF + Duration::from_millis(50))
        .with_jitter(Jitter::None);
    (store, policy)
}

/// Between two attempts the lease runs out, and an operator states that nothing has happened.
#[test]
fn no_attempt_begins_after_the_lease() {
    let (clock, store) = on_a_clock();
    let (store, policy) = without_renewals((*store).clone());
    let effects = Effects::default();
    let settle = |_: retry_core::RetryEvent<'_, io::Error>| {
        clock.advance(LONG);
        let fence = record(&*store).expect("a record").fence;
        let settled = wait_for(store.settle(id(), fence, Settlement::NotApplied));
        settled.expect("the lease is over");
    };
    let outcome = charge(&store)
        .lease(BRIEF)
        .retry(Retry::new(policy).on_retry(settle))
        .run(|| {
            effects.happen();
            refused::<u32>()
        });
    assert!(matches!(word(outcome), EffectError::ClaimExpired { .. }));
    assert_eq!(effects.count(), 1);
    assert_eq!(status(&*store), Some(Status::Released));
}

/// The same without a takeover meanwhile: all attempts reported that they did nothing.
#[test]
fn an_attempt_that_was_not_begun_is_no_doubt() {
    let (store, policy) = without_renewals(InMemoryEffectStore::new());
    let outcome = charge(&store)
        .lease(BRIEF)
        .retry(Retry::new(policy))
        .run(refused::<u32>);
    assert!(matches!(word(outcome), EffectError::ClaimExpired { .. }));
    assert_eq!(status(&*store), Some(Status::Released));
}

/// The error of an attempt that was not begun does not cover an earlier attempt of unknown effect.
#[test]
fn an_attempt_that_was_not_begun_does_not_tell_of_an_earlier_one() {
    let (store, policy) = without_renewals(InMemoryEffectStore::new());
    let outcome = charge(&store)
        .lease(BRIEF)
        .in_doubt(OnDoubt::Reexecute)
        .retry(Retry::new(policy))
        .run(|| Err::<u32, _>(io::Error::from(io::ErrorKind::ConnectionReset)));
    let error = word(outcome);
    assert!(matches!(error, EffectError::LeaseLost { .. }), "{error:?}");
    assert!(!error.classify().is_not_applied());
    assert_eq!(status(&*store), Some(Status::InDoubt));
}

/// The lease begins with the claim, not with the call: a caller that waited long has a whole one.
#[tokio::test]
async fn a_waiters_lease_begins_with_its_claim() {
    let store = store();
    let lease = Duration::from_millis(400);
    let first = charge(&store).run_async(|| async {
        // Longer than the other's lease, shorter than its patience.
        tokio::time::sleep(lease + Duration::from_millis(100)).await;
        refused::<u32>()
    });
    let second = async {
        tokio::task::yield_now().await;
        charge(&store)
            .lease(lease)
            .retry(thrice().max_total_time(LONG))
            .run_async(|| async {
                match retry_effects::current_action().map(|it| it.attempt()) {
                    Some(3) => Ok(3),
                    _ => refused(),
                }
            })
            .await
    };
    let (first, second) = tokio::join!(first, second);
    assert!(first.is_err());
    assert_eq!(second.expect("the third attempt"), 3);
}

#[test]
fn a_silent_owner_is_found_out_by_the_waiters_own_clock() {
    // The store's clock stands still, as after a restart of its machine.
    let (_clock, store) = on_a_clock();
    let mut request = ClaimRequest::new(id(), "charge");
    request.lease = Duration::from_millis(20);
    let claim = wait_for(store.pending(&request)).expect("a store that answers");
    assert!(matches!(claim, Claim::Won(_)));
    let halts = charge(&store).run(|| io::Result::Ok(1));
    assert!(is_in_doubt(halts));
    let runs = charge(&store)
        .in_doubt(OnDoubt::Reexecute)
        .run(|| io::Result::Ok(2));
    assert_eq!(runs.expect("it took over"), 2);
    assert!(
        charge(&store)
            .on_busy(OnBusy::Fail)
            .run(refused::<u32>)
            .is_ok()
    );
}

/// Nobody waits any more for what the owner, which may be slow, would lose.
#[tokio::test]
async fn a_dropped_takeover_that_was_not_made_leaves_a_silent_owner_its_claim() {
    let (_clock, inner) = on_a_clock();
    let mut request = ClaimRequest::new(id(), "charge");
    request.lease = Duration::from_millis(20);
    let Ok(Claim::Won(owner)) = inner.pending(&request).await else {
        panic!("the first claim is won");
    };
    let store = OddStore::around((*inner).clone(), Pace::AtOnce);
    // The waiter learns that its owner is silent; its takeover never arrives.
    store.fail(Method::Pending, &[Fault::No, Fault::Hangs]);
    let call = charge(&store)
        .in_doubt(OnDoubt::Reexecute)
        .run_async(|| async { io::Result::Ok(2) });
    tokio::select! {
        biased;
        _ = call => panic!("the takeover hangs"),
        () = async {
            while store.faults_left(Method::Pending) > 0 {
                tokio::task::yield_now().await;
            }
        } => {}
    }
    // The keeper sends the claim again, to release what it may have made.
    store.wait_for(Method::Pending, 2);
    let late = Outcome::success(&1).expect("a number");
    inner.complete(&owner, late).await.expect("its own claim");
}

#[test]
fn a_wall_clock_that_is_set_forward_makes_no_record_older() {
    let (clock, store) = on_a_clock();
    let hour = Duration::from_secs(3600);
    let run = |result| charge(&store).retain(hour).run(|| io::Result::Ok(result));
    assert_eq!(run(1).expect("it runs"), 1);
    clock.move_wall(86_400_000);
    assert_eq!(run(2).expect("it is replayed"), 1);
    assert_eq!(wait_for(store.purge(hour)).expect("it answers"), 0);
    clock.advance(hour);
    assert_eq!(run(3).expect("it runs anew"), 3);
}
