//! Clocks that are moved: the wall's, and the store's own.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use retry_effects::{
    Claim, ClaimRequest, Effect, EffectError, EffectStore, InMemoryEffectStore, ManualClock,
    OnBusy, SqliteEffectStore,
};
use tokio::runtime::{Builder, Runtime};

use super::callee;
use super::failure::Failure;
use super::recovery::id;
use super::short_or_full;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// Seconds.
const MOVES: [i64; 4] = [HOUR, -HOUR, DAY, -DAY];

/// What a caller meets while the first one is at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Met {
    InProgress,
    InDoubt,
}

/// Calls an action from inside its own run, as another caller would, once the clock is moved.
/// Checks that it runs once, and that its end is recorded.
async fn run_and_move(store: Arc<dyn EffectStore>, number: u64, turn: impl Fn()) -> Met {
    let ran = AtomicU64::new(0);
    let effect = || {
        Effect::new("act", &number)
            .store(&store)
            .on_busy(OnBusy::Fail)
    };
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let (end, may_end) = tokio::sync::oneshot::channel();
    let mut parts = Some((begun, may_end));
    let first = effect().run_async(|| {
        let (begun, may_end) = parts.take().expect("one attempt");
        let ran = &ran;
        async move {
            ran.fetch_add(1, Ordering::SeqCst);
            begun.send(()).expect("heard");
            may_end.await.expect("told");
            Ok::<_, Failure>(number)
        }
    });
    let second = async {
        has_begun.await.expect("it begins");
        turn();
        let met = effect()
            .run_async(|| async {
                ran.fetch_add(1, Ordering::SeqCst);
                Ok::<u64, Failure>(0)
            })
            .await;
        end.send(()).expect("heard");
        match met {
            Err(Failure::Effect(EffectError::InProgress { .. })) => Met::InProgress,
            Err(Failure::Effect(EffectError::InDoubt { .. })) => Met::InDoubt,
            other => panic!("{other:?}"),
        }
    };
    let (first, met) = tokio::join!(first, second);
    assert_eq!(first.expect("it completes, late or not"), number);
    let again = effect().run_async(|| async { Err::<u64, _>(Failure::Refused) });
    assert_eq!(again.await.expect("it is done"), number);
    assert_eq!(ran.load(Ordering::SeqCst), 1);
    met
}

#[test]
fn a_clock_that_is_moved_runs_nothing_twice() {
    let moves = short_or_full(10, 100);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("effects.db");
    // Some days after its start, so that it can go back.
    let hands = Arc::new(AtomicU64::new(nanos(10 * DAY)));
    let sqlite = SqliteEffectStore::open_with_clock(&path, hands.clone()).expect("it opens");
    let runtime = runtime();
    let mut in_doubt = 0;
    for turn in 0..moves {
        let by = MOVES[turn as usize % MOVES.len()];
        let number = 2 * turn;
        hands.store(nanos(10 * DAY), Ordering::SeqCst);
        // The store's clock, and the wall clock with it.
        let met = runtime.block_on(run_and_move(Arc::new(sqlite.clone()), number, || {
            hands.store(nanos(10 * DAY + by), Ordering::SeqCst);
        }));
        assert_eq!(met, met_after(by), "moved by {by} s");
        in_doubt += u64::from(met == Met::InDoubt);
        // The wall clock alone: to it, what was written before is of another time.
        let met = runtime.block_on(run_and_move(Arc::new(sqlite.clone()), number + 1, || {
            move_rows(&path, -by);
        }));
        assert_eq!(met, Met::InProgress, "moved by {by} s");

        // The machine's monotonic clock goes forward or not at all.
        let clock = ManualClock::new();
        let memory = Arc::new(InMemoryEffectStore::with_clock(clock.clone()));
        let met = runtime.block_on(run_and_move(memory.clone(), 0, || {
            clock.advance(Duration::from_secs(by.max(0).unsigned_abs()));
        }));
        assert_eq!(met, met_after(by.max(0)), "moved by {by} s");
        in_doubt += u64::from(met == Met::InDoubt);
        let met = runtime.block_on(run_and_move(memory, 1, || clock.move_wall(by * 1000)));
        assert_eq!(met, Met::InProgress, "moved by {by} s");
    }
    println!("clock: {moves} moves of 4 clocks, {in_doubt} found in doubt, duplicates: 0");
}

/// A store's clock that goes back by an hour makes a dead owner's lease an hour longer; who waits
/// for it goes by a clock of its own.
#[test]
fn a_waiter_outwaits_an_owner_that_died_before_the_clock_went_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let hands = Arc::new(AtomicU64::new(nanos(DAY)));
    let path = folder.path().join("effects.db");
    let sqlite = SqliteEffectStore::open_with_clock(path, hands.clone()).expect("it opens");
    runtime().block_on(async {
        let mut request = ClaimRequest::new(id(1), "act");
        request.lease = Duration::from_millis(50);
        let claim = sqlite.pending(&request).await.expect("claimed");
        assert!(matches!(claim, Claim::Won(_)));
        hands.store(nanos(DAY - HOUR), Ordering::SeqCst);
        let call = Effect::new("act", &1_u64).store(sqlite.clone());
        let outcome = call.run_async(|| async { Ok::<u64, Failure>(0) }).await;
        let in_doubt = matches!(outcome, Err(Failure::Effect(EffectError::InDoubt { .. })));
        assert!(in_doubt, "{outcome:?}");
    });
}

/// A lease that a moved clock calls over is in doubt, and nothing else.
fn met_after(by: i64) -> Met {
    if by > 0 {
        Met::InDoubt
    } else {
        Met::InProgress
    }
}

/// Makes all records older, or younger, by so many seconds.
fn move_rows(path: &Path, by: i64) {
    let moved = callee::open(path).execute(
        "UPDATE effect_records SET revision = revision + 1, created_at = \
         strftime('%Y-%m-%dT%H:%M:%S+00:00', unixepoch(created_at) + ?1, 'unixepoch')",
        [by],
    );
    assert!(moved.expect("written") > 0);
}

fn nanos(seconds: i64) -> u64 {
    seconds.unsigned_abs() * 1_000_000_000
}

fn runtime() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.enable_all().build().expect("a runtime")
}
