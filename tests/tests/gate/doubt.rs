//! Unknown outcomes: timeouts and panics, by `in_doubt`.

use std::cell::Cell;
use std::io;
use std::time::Duration;

use retry_core::testing::{Script, no_wait};
use retry_core::{Classify, retry_api, retry_worker};
use retry_effects::{EffectError, OnDoubt};
use retry_tests::sendable;

use super::{Store, gate_error, refused, store, timed_out};

fn scripted(outcomes: impl IntoIterator<Item = io::Result<u32>>) -> Script<u32, io::Error> {
    Script::new(outcomes)
}

#[retry_api(idempotent = true, skip(script), store = store)]
async fn halting(store: &Store, script: &Script<u32, io::Error>) -> io::Result<u32> {
    script.next()
}

#[retry_api(idempotent = true, skip(script), store = store, in_doubt = "halt", retry_if = |_| true)]
fn halting_sync(store: &Store, script: &Script<u32, io::Error>) -> io::Result<u32> {
    script.next()
}

#[tokio::test(start_paused = true)]
async fn an_unknown_outcome_halts_by_default() {
    let (store, script) = (store(), scripted([Err(refused()), Err(timed_out())]));
    let ended = sendable(halting(&store, &script)).await;
    assert_eq!(
        ended.map_err(|error| error.kind()),
        Err(io::ErrorKind::TimedOut)
    );
    let refused = gate_error(halting(&store, &script).await);
    assert!(matches!(refused, EffectError::InDoubt { .. }), "{refused}");
}

#[test]
fn an_unknown_outcome_halts_whatever_a_predicate_says() {
    let (_no_wait, store) = (no_wait(), store());
    let script = scripted([Err(timed_out())]);
    let ended = halting_sync(&store, &script);
    assert_eq!(
        ended.map_err(|error| error.kind()),
        Err(io::ErrorKind::TimedOut)
    );
    let refused = gate_error(halting_sync(&store, &script));
    assert!(matches!(refused, EffectError::InDoubt { .. }), "{refused}");
}

#[retry_api(idempotent = true, skip(script), store = store, in_doubt = "reexecute")]
async fn again(store: &Store, script: &Script<u32, io::Error>) -> io::Result<u32> {
    script.next()
}

#[retry_api(
    idempotent = true,
    skip(script, safe),
    store = store,
    in_doubt = if safe { OnDoubt::Reexecute } else { OnDoubt::Halt },
)]
fn again_sync(store: &Store, script: &Script<u32, io::Error>, safe: bool) -> io::Result<u32> {
    script.next()
}

#[tokio::test(start_paused = true)]
async fn an_unknown_outcome_is_tried_again_where_that_is_safe() -> io::Result<()> {
    let (store, script) = (store(), scripted([Err(timed_out()), Ok(7)]));
    for _ in 0..2 {
        assert_eq!(sendable(again(&store, &script)).await?, 7);
    }
    Ok(())
}

#[test]
fn by_an_expression() -> io::Result<()> {
    let (_no_wait, store) = (no_wait(), store());
    let script = scripted([Err(timed_out()), Ok(7)]);
    assert!(again_sync(&store, &script, false).is_err());
    assert!(again_sync(&store, &script, false).is_err());
    assert_eq!(again_sync(&store, &script, true)?, 7);
    assert_eq!(again_sync(&store, &script, false)?, 7);
    Ok(())
}

#[retry_api(idempotent = true, skip(log), store = store, timeout = "1s")]
async fn cut(store: &Store, log: &mut Vec<u32>) -> io::Result<u32> {
    log.push(1);
    std::future::pending().await
}

#[retry_api(
    idempotent = true,
    skip(log),
    store = store,
    timeout = "1s",
    max_total_time = "10s",
    max_attempts = 3,
    in_doubt = "reexecute",
    retry_if = |_| true,
)]
async fn cut_again(store: &Store, log: &mut Vec<u32>) -> io::Result<u32> {
    log.push(1);
    if log.len() < 3 {
        std::future::pending::<()>().await;
    }
    Ok(7)
}

#[retry_api(idempotent = true, skip(log), store = store, max_total_time = limit)]
async fn cut_at_last(store: &Store, log: &mut Vec<u32>, limit: Duration) -> io::Result<u32> {
    log.push(1);
    std::future::pending().await
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_was_cut_is_unknown() -> io::Result<()> {
    let (store, mut log) = (store(), Vec::new());
    let ended = sendable(cut(&store, &mut log)).await;
    assert!(ended.is_err());
    let refused = gate_error(cut(&store, &mut log).await);
    assert!(matches!(refused, EffectError::InDoubt { .. }), "{refused}");
    // The record says what cut it.
    let shown = refused.to_string();
    assert!(
        shown.ends_with(": attempt 1 of cut timed out after 1.0s"),
        "{shown}"
    );
    assert_eq!(log, [1]);
    for _ in 0..2 {
        let call = cut_again(&store, &mut log);
        assert_eq!(sendable(call).await?, 7);
        assert_eq!(log.len(), 3);
    }
    log.clear();
    let limit = Duration::from_secs(2);
    assert!(
        sendable(cut_at_last(&store, &mut log, limit))
            .await
            .is_err()
    );
    let refused = gate_error(cut_at_last(&store, &mut log, limit).await);
    assert!(matches!(refused, EffectError::InDoubt { .. }), "{refused}");
    let (shown, limit) = (
        refused.to_string(),
        ": time limit of 2.0s for cut_at_last ran out",
    );
    assert!(shown.contains(limit), "{shown}");
    assert_eq!(log, [1]);
    Ok(())
}

#[retry_api(idempotent = true, store = store)]
fn panicking(store: &Store) -> io::Result<()> {
    panic!("expected");
}

#[test]
fn a_panic_is_unknown() {
    let store = store();
    let panicked = std::panic::catch_unwind(|| panicking(&store));
    assert!(panicked.is_err());
    // The record is written by a thread of the store's own, in its own time; until then it is
    // held, and after that it is in doubt. It never runs again.
    let refused = gate_error(panicking(&store));
    assert!(matches!(refused, EffectError::InDoubt { .. }), "{refused}");
    assert!(
        refused.to_string().ends_with(": the body panicked"),
        "{refused}"
    );
}

/// Its texts begin as those of pools, which prove that nothing was sent.
#[derive(Debug, thiserror::Error, Classify)]
enum JobError {
    #[error("Pool has been closed while the job was running")]
    Closed,
    #[error("pool timed out while waiting for an open connection's answer")]
    PoolTimedOut,
    #[error("Timed out in bb8x after the request was sent")]
    TimedOut,
    #[error("Pool has been closed")]
    Exact,
    #[error(transparent)]
    Gate(#[from] EffectError),
}

#[test]
fn an_error_whose_text_begins_as_a_librarys_proves_nothing() {
    #[retry_worker(idempotent = true, name = "job", key = 1, skip(error, runs), store = store)]
    fn job(store: &Store, error: fn() -> JobError, runs: &Cell<u32>) -> Result<(), JobError> {
        runs.set(runs.get() + 1);
        Err(error())
    }
    let errors: [fn() -> JobError; 4] = [
        || JobError::Closed,
        || JobError::PoolTimedOut,
        || JobError::TimedOut,
        || JobError::Exact,
    ];
    for error in errors {
        let (store, runs) = (store(), Cell::new(0));
        for _ in 0..2 {
            assert!(job(&store, error, &runs).is_err());
        }
        assert_eq!(runs.get(), 1, "{}", error());
    }
}
