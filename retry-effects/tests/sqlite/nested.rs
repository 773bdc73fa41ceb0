//! A call of an action from inside itself, by another handle of its store.

use std::io;
use std::time::Duration;

use retry_effects::{Effect, EffectError, SqliteEffectStore};
use tokio::time::Instant;

/// Calls itself `depth` times, each time with a handle of its own.
async fn charge(store: &SqliteEffectStore, depth: u32) -> io::Result<u32> {
    Effect::new("charge", &7)
        .store(store.clone())
        .lease(Duration::from_secs(1))
        .run_async(async || match depth {
            0 => Ok(7),
            _ => Box::pin(charge(store, depth - 1)).await,
        })
        .await
}

#[tokio::test(start_paused = true)]
async fn it_does_not_wait_for_itself() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteEffectStore::open(folder.path().join("effects.db")).unwrap();
    let began = Instant::now();
    let refused = charge(&store, 1).await.expect_err("it is inside itself");
    let word = refused.get_ref().and_then(|error| error.downcast_ref());
    assert!(
        matches!(word, Some(EffectError::InProgress { .. })),
        "{refused}"
    );
    // Tokio's clock moves only where a task waits by it.
    assert_eq!(began.elapsed(), Duration::ZERO);
}
