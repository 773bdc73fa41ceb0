//! Cases that the signs leave open, or that only one sign decides.

use std::cell::Cell;
use std::error::Error;
use std::io;

use retry_core::testing::no_wait;
use retry_core::{Classify, Retry};

use super::{THREE, case};

type Boxed = Box<dyn Error + Send + Sync>;

// Nothing tells this from an inner error that is returned: only the text is there, and it is equal.
case!(
    an_equal_text_of_nothing_that_is_seen,
    "busy" => &'static str,
    |inner| -> &'static str { inner.or(Err("busy")) },
    3
);

/// Inner attempts of an outer call that keeps the inner error while it waits for something, and then
/// returns it as `map` makes it.
async fn kept<E: Classify, O: Classify>(make: impl Fn() -> E, map: impl Fn(E) -> O) -> u32 {
    let _no_wait = no_wait();
    let attempts = Cell::new(0);
    let inner = || async {
        attempts.set(attempts.get() + 1);
        Err::<(), E>(make())
    };
    let outcome = Retry::new(THREE)
        .run_async(|| async {
            let kept = Retry::new(THREE).run_async(inner).await;
            // To roll back, say, or to write it down.
            tokio::task::yield_now().await;
            Retry::new(THREE)
                .run_async(|| async { Ok::<_, String>(()) })
                .await
                .expect("it succeeds");
            tokio::task::yield_now().await;
            kept.map_err(&map)
        })
        .await;
    assert!(outcome.is_err());
    attempts.get()
}

#[tokio::test]
async fn an_error_that_was_kept_is_known_by_what_it_holds() {
    assert_eq!(kept(|| "busy".to_owned(), |error| error).await, 3);
    assert_eq!(kept(|| Boxed::from("busy"), |error| error).await, 3);
    assert_eq!(kept(|| Boxed::from("busy"), io::Error::other).await, 3);
    assert_eq!(kept(|| anyhow::anyhow!("busy"), |error| error).await, 3);
    let with_context = |error: anyhow::Error| error.context("rolled back");
    assert_eq!(kept(|| anyhow::anyhow!("busy"), with_context).await, 3);
    assert_eq!(kept(|| io::Error::other("busy"), |error| error).await, 3);
    assert_eq!(kept(|| io::Error::other("busy"), Boxed::from).await, 3);
}

#[tokio::test]
async fn an_error_that_holds_nothing_is_not_known_after_a_wait() {
    assert_eq!(kept(|| "busy", |error| error).await, 9);
    let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
    assert_eq!(kept(refused, |error| error).await, 9);
    assert_eq!(
        kept(
            || "busy".to_owned(),
            |error| format!("rolled back: {error}")
        )
        .await,
        9
    );
}

#[test]
fn a_first_failure_that_comes_back_after_a_fallback_failed_too() {
    let _no_wait = no_wait();
    let attempts = Cell::new(0);
    let outcome = Retry::new(THREE).run(|| {
        let first = Retry::new(THREE).run(|| {
            attempts.set(attempts.get() + 1);
            Err::<(), _>("connection reset".to_owned())
        });
        let _ = Retry::new(THREE).run(|| Err::<(), _>("disk full of dust".to_owned()));
        first
    });
    assert!(outcome.is_err());
    assert_eq!(attempts.get(), 3);
}

#[test]
fn the_last_of_two_equal_failures_is_the_one_that_is_carried() {
    let _no_wait = no_wait();
    let attempts = Cell::new(0);
    let inner = || {
        attempts.set(attempts.get() + 1);
        Err::<(), _>(io::Error::from(io::ErrorKind::ConnectionRefused))
    };
    let outcome = Retry::new(THREE).run(|| {
        let _ = Retry::new(THREE).run(inner);
        Retry::new(THREE).run(inner)
    });
    assert!(outcome.is_err());
    assert_eq!(attempts.get(), 6);
}
