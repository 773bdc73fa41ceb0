//! Clocks that are moved: the wall's, and the store's own.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use retry_effects::store::{Claim, ClaimRequest};
use retry_effects::{Effect, EffectError, EffectStore, InMemoryEffectStore, ManualClock, OnBusy};

use super::failure::Failure;
use super::place::sqlite;
use super::recovery::id;
use super::site::Site;
use super::{on_each_store, runtime, short_or_full};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// Seconds.
const MOVES: [i64; 4] = [HOUR, -HOUR, DAY, -DAY];

/// The state that another caller finds while the first one runs the action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Met {
    InProgress,
    InDoubt,
}

/// Calls an action from inside its own run, as another caller would, once the clock is moved.
/// Checks that it runs once, and that its end is recorded.
async fn run_and_move(store: Arc<dyn EffectStore>, number: u64, turn: impl AsyncFnOnce()) -> Met {
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
        turn().await;
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

on_each_store!(a_clock_that_is_moved_runs_nothing_twice);

fn a_clock_that_is_moved_runs_nothing_twice(site: &Site) {
    let moves = short_or_full(10, 100);
    let in_doubt = runtime().block_on(async {
        let (store, hands) = site.by_clock().await;
        let mut in_doubt = 0;
        for turn in 0..moves {
            let by = MOVES[turn as usize % MOVES.len()];
            hands.set(0).await;
            let met = run_and_move(store.clone(), turn, async || hands.set(by).await).await;
            assert_eq!(met, met_after(by), "moved by {by} s");
            in_doubt += u64::from(met == Met::InDoubt);
        }
        in_doubt
    });
    println!(
        "clock, {}: {moves} moves of the store's, {in_doubt} found in doubt, duplicates: 0",
        site.kind()
    );
}

/// To a wall clock that is moved, what was written before is of another time.
#[test]
fn a_wall_clock_that_is_moved_runs_nothing_twice() {
    let moves = short_or_full(10, 100);
    let site = Site::sqlite();
    let store = site.open().store;
    let path = sqlite::path(site.folder());
    runtime().block_on(async {
        for turn in 0..moves {
            let by = MOVES[turn as usize % MOVES.len()];
            let met = run_and_move(store.clone(), turn, async || move_rows(&path, -by)).await;
            assert_eq!(met, Met::InProgress, "moved by {by} s");
        }
    });
    println!("clock, sqlite: {moves} moves of the wall's, duplicates: 0");
}

#[test]
fn clocks_that_are_moved_run_nothing_twice_in_memory() {
    let moves = short_or_full(10, 100);
    runtime().block_on(async {
        for turn in 0..moves {
            let by = MOVES[turn as usize % MOVES.len()];
            let clock = ManualClock::new();
            let memory = Arc::new(InMemoryEffectStore::with_clock(clock.clone()));
            // The machine's monotonic clock goes forward or not at all.
            let forward = Duration::from_secs(by.max(0).unsigned_abs());
            let advance = async || clock.advance(forward);
            let met = run_and_move(memory.clone(), 0, advance).await;
            assert_eq!(met, met_after(by.max(0)), "moved by {by} s");
            let turn = async || clock.move_wall(by * 1000);
            let met = run_and_move(memory, 1, turn).await;
            assert_eq!(met, Met::InProgress, "moved by {by} s");
        }
    });
    println!("clock, memory: {moves} moves of both clocks, duplicates: 0");
}

on_each_store!(a_waiter_outwaits_an_owner_that_died_before_the_clock_went_back);

/// A store's clock that goes back by an hour makes a dead owner's lease an hour longer; who waits
/// for it goes by a clock of its own.
fn a_waiter_outwaits_an_owner_that_died_before_the_clock_went_back(site: &Site) {
    runtime().block_on(async {
        let (store, hands) = site.by_clock().await;
        let mut request = ClaimRequest::new(id(1), "act");
        request.lease = Duration::from_millis(50);
        let claim = store.pending(&request).await.expect("claimed");
        assert!(matches!(claim, Claim::Won(_)));
        hands.set(-HOUR).await;
        let call = Effect::new("act", &1_u64).store(&store);
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
    let moved =
        sqlite::connection(path).execute("UPDATE effects SET created = created + 1000 * ?1", [by]);
    assert!(moved.expect("written") > 0);
}
