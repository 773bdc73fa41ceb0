//! Scopes, and what a body can read of its action.

use super::*;
use retry_effects::{
    current_action, current_scope, in_current_scope, with_scope, with_scope_blocking,
};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Returns the id under which a call runs.
fn own(effect: Effect) -> ActionId {
    let mut found = None;
    let outcome = effect.run(|| {
        found = current_action().map(|action| action.id());
        io::Result::Ok(())
    });
    outcome.expect("it ran");
    found.expect("a gated body")
}

fn in_scope(scope: &str) -> ActionId {
    compute_action_id("charge", &42, scope).expect("a number")
}

#[test]
fn the_scope_around_is_taken_and_an_own_one_wins() {
    let own_of = || own(charge(&store()));
    assert_eq!(own_of(), in_scope(""));
    with_scope_blocking("a", || {
        assert_eq!(own_of(), in_scope("a"));
        with_scope_blocking("b", || assert_eq!(own_of(), in_scope("b")));
        assert_eq!(own(charge(&store()).scope("c")), in_scope("c"));
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            with_scope_blocking("d", || panic!("expected"));
        }));
        assert!(panicked.is_err());
        assert_eq!(own_of(), in_scope("a"));
    });
    assert_eq!(own_of(), in_scope(""));
}

#[tokio::test]
async fn async_scopes_follow_their_future_and_no_other() {
    let one = with_scope("a", async {
        tokio::task::yield_now().await;
        own(charge(&store()))
    });
    let other = async {
        tokio::task::yield_now().await;
        own(charge(&store()))
    };
    let (one, other) = tokio::join!(one, other);
    assert_eq!((one, other), (in_scope("a"), in_scope("")));
    with_scope("a", async {
        let plain = tokio::spawn(async { current_scope() });
        let handed = tokio::spawn(in_current_scope(async { current_scope() }));
        assert_eq!(plain.await.expect("no panic"), None);
        assert_eq!(handed.await.expect("no panic").as_deref(), Some("a"));
    })
    .await;
    let panicking = tokio::spawn(with_scope("a", async { panic!("expected") }));
    assert!(panicking.await.is_err());
    assert_eq!(current_scope(), None);
}

#[tokio::test]
async fn a_body_knows_its_action_and_attempt() {
    let (store, effects) = (store(), Effects::default());
    let outcome = charge(&store)
        .retry(thrice())
        .run_async(|| {
            let made_in = current_action().map(|action| action.attempt());
            let effects = &effects;
            async move {
                let now = effects.happen();
                assert_eq!(made_in, Some(now));
                let action = current_action().expect("a gated body");
                assert_eq!((action.id(), action.attempt()), (id(), now));
                assert_eq!(action.token().fence(), action.fence());
                let plain = tokio::spawn(async { current_action().is_none() });
                assert!(plain.await.expect("no panic"));
                let handed = in_current_scope(async { current_action().map(|it| it.attempt()) });
                assert_eq!(tokio::spawn(handed).await.expect("no panic"), Some(now));
                if now == 2 { Ok(now) } else { refused() }
            }
        })
        .await;
    assert_eq!(outcome.expect("the second"), 2);
    assert!(current_action().is_none());
}

#[test]
fn a_panic_takes_the_action_away_too() {
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        charge(&store()).run(|| -> io::Result<()> { panic!("expected") })
    }));
    assert!(panicked.is_err());
    assert!(current_action().is_none());
}
