//! A call of an action from inside itself, by another handle of its store.

use std::io;
use std::time::Duration;

use retry_effects::{Effect, EffectError, SqliteEffectStore};

const LEASE: Duration = Duration::from_secs(1);

/// Calls itself once more, each time with a handle of its own.
fn charge(store: &SqliteEffectStore, depth: u32) -> io::Result<u32> {
    Effect::new("charge", &7)
        .store(store.clone())
        .lease(LEASE)
        .run(|| match depth {
            0 => Ok(7),
            _ => charge(store, depth - 1),
        })
}

#[test]
fn it_does_not_wait_for_itself() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteEffectStore::open(folder.path().join("effects.db")).unwrap();
    let refused = charge(&store, 1).expect_err("it is inside itself");
    let word = refused.get_ref().and_then(|error| error.downcast_ref());
    // One that had waited would name what was left of the lease.
    assert!(
        matches!(word, Some(EffectError::InProgress { retry_after, .. }) if *retry_after == LEASE),
        "{refused}"
    );
}
