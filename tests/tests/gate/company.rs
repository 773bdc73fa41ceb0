//! Calls in company: `on_busy`, `lease`, `retain`, `store`, and calls inside calls.

use std::io;
use std::time::Duration;

use retry_core::retry_api;
use retry_effects::store::Status;
use retry_effects::{EffectError, EffectStore, OnBusy};
use retry_tests::sendable;
use tokio::sync::Notify;

use super::{Store, gate_error, store};

#[retry_api(idempotent = true, name = "slow", skip(go), store = store)]
async fn waiting(store: &Store, go: &Notify) -> io::Result<u32> {
    go.notified().await;
    Ok(7)
}

#[retry_api(idempotent = true, name = "slow", skip(go), store = store, on_busy = "fail")]
async fn failing(store: &Store, go: &Notify) -> io::Result<u32> {
    go.notified().await;
    Ok(8)
}

#[retry_api(idempotent = true, name = "slow", skip(go), store = store, on_busy = OnBusy::Fail, lease = "5s")]
fn failing_sync(store: &Store, go: &Notify) -> io::Result<u32> {
    let _ = go;
    Ok(9)
}

#[tokio::test]
async fn a_duplicate_joins_or_fails() -> io::Result<()> {
    let (store, go) = (store(), Notify::new());
    let mut first = Box::pin(waiting(&store, &go));
    tokio::select! {
        biased;
        _ = &mut first => panic!("nobody has let it go"),
        refused = failing(&store, &go) => {
            let refused = gate_error(refused);
            assert!(matches!(refused, EffectError::InProgress { .. }), "{refused}");
        }
    }
    let refused = gate_error(failing_sync(&store, &go));
    assert!(
        matches!(refused, EffectError::InProgress { .. }),
        "{refused}"
    );
    go.notify_one();
    let (first, second) = tokio::join!(first, waiting(&store, &go));
    assert_eq!((first?, second?), (7, 7));
    assert_eq!(sendable(failing(&store, &go)).await?, 7);
    assert_eq!(failing_sync(&store, &go)?, 7);
    Ok(())
}

#[retry_api(idempotent = true, name = "nested", store = store, lease = "1m")]
async fn nested(store: &Store, depth: u32, key: u32) -> io::Result<u32> {
    if depth == 0 {
        return Ok(key);
    }
    Box::pin(nested(store, depth - 1, key)).await
}

#[retry_api(
    idempotent = true,
    name = "nested in itself",
    key(key),
    skip(depth),
    store = store,
    max_attempts = 1,
)]
async fn in_itself(store: &Store, depth: u32, key: u32) -> io::Result<u32> {
    Box::pin(in_itself(store, depth + 1, key)).await
}

#[tokio::test]
async fn a_call_inside_another() -> io::Result<()> {
    let store = store();
    assert_eq!(nested(&store, 3, 7).await?, 7);
    assert_eq!(store.counts().await.map_err(io::Error::other)?.total(), 4);
    let refused = gate_error(in_itself(&store, 0, 1).await);
    assert!(
        matches!(refused, EffectError::InProgress { .. }),
        "{refused}"
    );
    Ok(())
}

const LEASE: Duration = Duration::from_secs(90);

#[retry_api(idempotent = true, store = store, lease = LEASE, retain = LEASE * 2)]
async fn looks(store: &Store, key: u32) -> io::Result<(String, bool)> {
    let action = retry_effects::current_action().expect("a gated body");
    let record = store.get(action.id()).await.map_err(io::Error::other)?;
    let record = record.expect("its own record");
    assert_eq!((record.status, key), (Status::Pending, 1));
    let left = record.lease_left.unwrap_or_default();
    Ok((record.action_type, left > LEASE / 2 && left <= LEASE))
}

#[tokio::test]
async fn the_record_tells_what_was_asked_for() -> io::Result<()> {
    let name = concat!(module_path!(), "::looks").to_owned();
    assert_eq!(sendable(looks(&store(), 1)).await?, (name, true));
    Ok(())
}
