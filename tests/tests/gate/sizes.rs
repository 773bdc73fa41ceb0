//! The size that the gate adds to the future of an async function, which is moved into a task, and allocated
//! there.

use super::*;
use retry_core::retry_storage;

/// At most this much over the body's own future.
const MOST: usize = 1024;

/// A body that holds nothing across its await: the gate's own state shares no room with it.
async fn body(filler: usize) -> io::Result<usize> {
    tokio::task::yield_now().await;
    Ok(filler)
}

#[retry_storage(idempotent = true, name = "sized", skip(store), store = store)]
async fn gated(store: &Store, filler: usize) -> io::Result<usize> {
    body(filler).await
}

#[retry_storage(idempotent = true, name = "sized.limited", skip(store), store = store, max_total_time = 60.0)]
async fn limited(store: &Store, filler: usize) -> io::Result<usize> {
    body(filler).await
}

#[retry_storage]
async fn retried(filler: usize) -> io::Result<usize> {
    body(filler).await
}

#[tokio::test(start_paused = true)]
async fn a_gated_future_is_little_larger_than_its_body() {
    let store = store();
    let own = size_of_val(&body(1));
    let sizes = [
        ("retried", size_of_val(&retried(1))),
        ("gated", size_of_val(&gated(&store, 1))),
        ("gated with a limit", size_of_val(&limited(&store, 1))),
    ];
    println!("body {own}, {sizes:?}");
    for (what, size) in sizes {
        assert!(
            size <= own + MOST,
            "{what}: {size} bytes over a body of {own}"
        );
    }
    // They are the futures that run.
    assert_eq!(gated(&store, 1).await.unwrap(), 1);
    assert_eq!(limited(&store, 1).await.unwrap(), 1);
    assert_eq!(retried(1).await.unwrap(), 1);
}
