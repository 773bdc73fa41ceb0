//! A store that fails: before anything ran, after it ran, and with its answer lost.

use super::odd_store::{Fault, Method, OddStore, Pace};
use super::*;
use retry_effects::StoreError;
use retry_effects::store::{Claim, ClaimRequest, Resolved, StoreFuture};

#[test]
fn one_that_is_not_reached_runs_nothing() {
    for method in [Method::Resolve, Method::Pending] {
        let (store, effects) = (OddStore::new(Pace::AtOnce), Effects::default());
        store.fail(method, &[Fault::Before; 9]);
        let outcome = charge(&store).run(|| io::Result::Ok(effects.happen()));
        assert!(
            matches!(word(outcome), EffectError::Store { .. }),
            "{method:?}"
        );
        assert_eq!((effects.count(), status(&*store)), (0, None), "{method:?}");
    }
}

#[test]
fn a_claim_whose_answer_was_lost_is_found_again() {
    let (store, effects) = (OddStore::new(Pace::AtOnce), Effects::default());
    store.fail(Method::Pending, &[Fault::After, Fault::Before]);
    let outcome = charge(&store).run(|| io::Result::Ok(effects.happen()));
    assert_eq!(outcome.expect("it ran"), 1);
    let record = record(&*store).expect("a record");
    assert_eq!((record.status, record.fence.number()), (Status::Success, 1));
}

#[test]
fn a_result_that_cannot_be_recorded_is_unrecorded_and_in_doubt() {
    let clock = retry_effects::ManualClock::new();
    let inner = InMemoryEffectStore::with_clock(clock.clone());
    let store = OddStore::around(inner, Pace::AtOnce);
    store.fail(Method::Complete, &[Fault::Before; 9]);
    let outcome = charge(&store).run(|| io::Result::Ok(1));
    assert!(matches!(word(outcome), EffectError::Unrecorded { .. }));
    clock.advance(retry_effects::store::DEFAULT_LEASE);
    assert_eq!(status(&*store), Some(Status::InDoubt));
    assert!(is_in_doubt(charge(&store).run(|| io::Result::Ok(2))));
}

#[test]
fn a_completion_whose_answer_was_lost_is_accepted_again() {
    let store = OddStore::new(Pace::AtOnce);
    store.fail(Method::Complete, &[Fault::After, Fault::Before]);
    assert_eq!(
        charge(&store).run(|| io::Result::Ok(1)).expect("accepted"),
        1
    );
    assert_eq!(store.count(Method::Complete), 3);
    assert_eq!(status(&*store), Some(Status::Success));
}

#[test]
fn so_is_a_release() {
    let store = OddStore::new(Pace::AtOnce);
    store.fail(Method::Release, &[Fault::Before, Fault::After]);
    let outcome = charge(&store).run(refused::<()>);
    assert_eq!(
        outcome.expect_err("its own").kind(),
        io::ErrorKind::ConnectionRefused
    );
    assert_eq!(status(&*store), Some(Status::Released));
}

#[test]
fn the_callers_own_error_is_not_lost_with_the_store() {
    let store = OddStore::new(Pace::AtOnce);
    store.fail(Method::Release, &[Fault::Before; 9]);
    store.fail(Method::Complete, &[Fault::Before; 9]);
    let known = charge(&store).run(refused::<()>);
    assert_eq!(
        known.expect_err("its own").kind(),
        io::ErrorKind::ConnectionRefused
    );
    let store = OddStore::new(Pace::AtOnce);
    store.fail(Method::Complete, &[Fault::Before; 9]);
    let unknown = charge(&store).run(timed_out::<()>);
    assert_eq!(
        unknown.expect_err("its own").kind(),
        io::ErrorKind::TimedOut
    );
}

#[test]
fn a_full_store_refuses() {
    let store = Arc::new(InMemoryEffectStore::bounded(1));
    let first = Effect::new("first", &1).store(&store);
    assert!(first.run(|| io::Result::Ok(())).is_ok());
    let outcome = charge(&store).run(|| -> io::Result<()> { unreachable!("no claim") });
    let EffectError::Store { source, .. } = word(outcome) else {
        panic!("it is full");
    };
    assert!(matches!(source, StoreError::Full { .. }));
}

/// A store behind a network: it notes the requests that reach it, and may refuse claims.
#[derive(Debug, Default)]
struct Remote {
    inner: InMemoryEffectStore,
    requests: std::sync::Mutex<Vec<&'static str>>,
    refuses_claims: std::sync::atomic::AtomicBool,
    loses_answers: std::sync::atomic::AtomicBool,
}

impl Remote {
    fn note(&self, request: &'static str) {
        self.requests.lock().expect("no panic").push(request);
    }

    fn requests(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.requests.lock().expect("no panic"))
    }
}

impl EffectStore for Remote {
    retry_effects::forward_effect_store!(|this| &this.inner, except resolve, pending, is_remote);

    fn is_remote(&self) -> bool {
        true
    }

    fn resolve(&self, id: ActionId) -> StoreFuture<'_, Resolved> {
        self.note("read");
        self.inner.resolve(id)
    }

    fn pending<'a>(&'a self, request: &'a ClaimRequest) -> StoreFuture<'a, Claim> {
        self.note("claim");
        if self.refuses_claims.load(Ordering::SeqCst) {
            let error = StoreError::unavailable("claim", "the disk is full");
            return StoreFuture::ready(Err(error));
        }
        let claim = self.inner.pending(request);
        if self.loses_answers.load(Ordering::SeqCst) {
            let error = StoreError::unavailable("claim", "the connection is lost");
            return StoreFuture::ready(Err(error));
        }
        claim
    }
}

fn remote_call(store: &Arc<Remote>, key: u32) -> Result<u32, String> {
    Effect::new("remote_call", &key)
        .store(store)
        .run(|| Ok::<_, String>(key))
}

#[test]
fn a_new_action_on_a_server_is_claimed_without_a_read() {
    let store = Arc::new(Remote::default());
    assert_eq!(remote_call(&store, 1), Ok(1));
    assert_eq!(store.requests(), ["claim"]);
    // A replay, by a claim that finds it; the next one is expected to be a replay, too.
    assert_eq!(remote_call(&store, 1), Ok(1));
    assert_eq!(store.requests(), ["claim"]);
    assert_eq!(remote_call(&store, 1), Ok(1));
    assert_eq!(store.requests(), ["read"]);
    assert_eq!(remote_call(&store, 2), Ok(2));
    assert_eq!(store.requests(), ["read", "claim"]);
    assert_eq!(remote_call(&store, 3), Ok(3));
    assert_eq!(store.requests(), ["claim"]);
}

#[test]
fn a_server_that_takes_no_claims_still_answers_with_what_has_run() {
    let store = Arc::new(Remote::default());
    let call = |key: u32| {
        Effect::new("call_of_full_server", &key)
            .store(&store)
            .run(|| Ok::<_, String>(key))
    };
    assert_eq!(call(1), Ok(1));
    store.refuses_claims.store(true, Ordering::SeqCst);
    assert_eq!(call(1), Ok(1), "a replay");
    let error = call(2).expect_err("nothing may be claimed");
    assert!(error.contains("did not run"), "{error}");
}

/// The claim that a read finds is this call's own: nothing is in doubt, since nothing ran.
#[test]
fn a_claim_whose_answer_is_lost_is_no_reason_for_doubt() {
    let store = Arc::new(Remote::default());
    store.loses_answers.store(true, Ordering::SeqCst);
    let (effects, effect) = (Effects::default(), Effect::new("lost_answer", &1));
    let outcome = effect
        .store(&store)
        .run(|| io::Result::Ok(effects.happen()));
    assert!(matches!(word(outcome), EffectError::Store { .. }));
    assert_eq!(effects.count(), 0);
}
