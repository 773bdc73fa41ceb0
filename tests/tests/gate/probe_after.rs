//! `probe_after`: from when on the other side's *no* is final.

use std::future::pending;
use std::io;
use std::sync::Mutex;
use std::time::Duration;

use retry_core::testing::{Recorder, VirtualClock};
use retry_core::{Jitter, Retry, RetryPolicy, RetryScope, retry_api};
use retry_effects::store::Status;
use retry_effects::{
    Effect, EffectError, EffectStore, InMemoryEffectStore, ManualClock, Probe, Record,
    current_action,
};
use retry_tests::sendable;
use tokio::time::Instant;

use super::{Store, gate_error, store, timed_out};

const AT_ONCE: RetryPolicy = RetryPolicy::new(3).with_jitter(Jitter::None);
const FIVE: Duration = Duration::from_secs(5);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Books three seconds after it was asked to, whether somebody still waits for it or not.
struct Bank {
    store: Store,
    asked: Mutex<Vec<Instant>>,
    /// When the probe came, since the first request.
    probed: Mutex<Vec<Duration>>,
}

impl Bank {
    fn new() -> Self {
        Self::with(store())
    }

    fn with(store: Store) -> Self {
        Self {
            store,
            asked: Mutex::default(),
            probed: Mutex::default(),
        }
    }

    async fn book(&self) -> io::Result<u32> {
        self.asked.lock().expect("no panic").push(Instant::now());
        tokio::time::sleep(seconds(3)).await;
        Ok(1)
    }

    fn requests(&self) -> usize {
        self.asked.lock().expect("no panic").len()
    }

    fn probed(&self) -> Vec<Duration> {
        self.probed.lock().expect("no panic").clone()
    }

    fn find(&self) -> Probe<u32> {
        let asked = self.asked.lock().expect("no panic");
        let now = Instant::now();
        let first = asked.first().copied().unwrap_or(now);
        self.probed.lock().expect("no panic").push(now - first);
        if asked.iter().any(|at| now - *at >= seconds(3)) {
            Probe::Applied(1)
        } else {
            Probe::NotApplied
        }
    }

    async fn record(&self) -> Record {
        let all = self.store.list(&retry_effects::store::Filter::all()).await;
        all.expect("it answers").pop().expect("a record")
    }
}

#[retry_api(
    idempotent = true,
    key(order_id),
    skip(bank),
    store = &bank.store,
    policy = AT_ONCE,
    timeout = "1s",
    probe = || async { bank.find() },
)]
async fn charge_and_ask_at_once(bank: &Bank, order_id: u64) -> io::Result<u32> {
    let _ = order_id;
    bank.book().await
}

#[retry_api(
    idempotent = true,
    key(order_id),
    skip(bank),
    store = &bank.store,
    policy = AT_ONCE,
    timeout = "1s",
    probe = || async { bank.find() },
    probe_after = "5s",
)]
async fn charge(bank: &Bank, order_id: u64) -> io::Result<u32> {
    let _ = order_id;
    bank.book().await
}

/// A known limit: a *no* that is not final yet, and each attempt is a charge.
#[tokio::test(start_paused = true)]
async fn a_probe_at_once_charges_three_times() -> io::Result<()> {
    let bank = Bank::new();
    assert_eq!(sendable(charge_and_ask_at_once(&bank, 1)).await?, 1);
    assert_eq!(bank.requests(), 3);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_waits_charges_once() -> io::Result<()> {
    let bank = Bank::new();
    for _ in 0..2 {
        assert_eq!(sendable(charge(&bank, 1)).await?, 1);
    }
    assert_eq!(bank.requests(), 1);
    assert_eq!(bank.probed(), [seconds(6)]);
    Ok(())
}

/// The builder's call, which is the attribute's.
fn effect(
    bank: &Bank,
) -> Effect<retry_core::choice::ByClassify, retry_core::choice::NoHook, retry_core::choice::Timeout>
{
    let retry = Retry::new(AT_ONCE).timeout(seconds(1));
    Effect::new("charge", &1).store(&bank.store).retry(retry)
}

#[tokio::test(start_paused = true)]
async fn the_builder_does_the_same() -> io::Result<()> {
    let bank = Bank::new();
    let once = effect(&bank)
        .probe(|| async { bank.find() })
        .probe_after(FIVE);
    assert_eq!(sendable(once.run_async(|| bank.book())).await?, 1);
    // The wait is longer than the timeout of an attempt, and no part of one.
    assert_eq!((bank.requests(), bank.probed()), (1, vec![seconds(6)]));

    let bank = Bank::new();
    let thrice = effect(&bank).probe(|| async { bank.find() });
    assert_eq!(thrice.run_async(|| bank.book()).await?, 1);
    assert_eq!(bank.requests(), 3);
    Ok(())
}

#[retry_api(
    idempotent = true,
    skip(store, asked),
    store = store,
    policy = AT_ONCE,
    probe = |_, asked, _| {
        asked.set(asked.get() + 1);
        if asked.get() == 1 { Probe::NotApplied } else { Probe::Applied(9) }
    },
    probe_after = FIVE,
)]
fn charge_sync(store: &Store, asked: &std::cell::Cell<u32>, order_id: u64) -> io::Result<u32> {
    let _ = (asked, order_id);
    Err(timed_out())
}

#[test]
fn a_sync_call_waits_as_well() -> io::Result<()> {
    let asked = std::cell::Cell::new(0);
    let clock = VirtualClock::install();
    assert_eq!(charge_sync(&store(), &asked, 1)?, 9);
    assert_eq!(
        (asked.get(), clock.slept()),
        (2, vec![FIVE, Duration::ZERO, FIVE])
    );

    let clock = VirtualClock::install();
    let found = Effect::new("charge", &1)
        .store(store())
        .probe(|| Probe::Applied(7))
        .probe_after(FIVE)
        .run(|| {
            clock.advance(seconds(2));
            Err(timed_out())
        });
    assert_eq!((found?, clock.slept()), (7, vec![FIVE]));
    Ok(())
}

#[retry_api(
    idempotent = true,
    skip(bank),
    store = &bank.store,
    policy = AT_ONCE,
    probe = || async { bank.find(); Probe::NotApplied },
    probe_after = "5s",
    max_total_time = "8s",
)]
async fn charge_in_time(bank: &Bank, order_id: u64) -> io::Result<u32> {
    let _ = order_id;
    let _ = tokio::time::timeout(seconds(1), bank.book()).await;
    Err(timed_out())
}

#[tokio::test(start_paused = true)]
async fn without_time_for_it_the_call_ends_in_doubt_and_nothing_runs() {
    let bank = Bank::new();
    let began = Instant::now();
    let ended = charge_in_time(&bank, 1).await.expect_err("no time");
    assert_eq!(ended.kind(), io::ErrorKind::TimedOut);
    // The second attempt ends after seven seconds: the question would be asked after twelve.
    assert_eq!((began.elapsed(), bank.requests()), (seconds(7), 2));
    assert_eq!(bank.probed(), [seconds(6)]);
    assert_eq!(bank.record().await.status, Status::InDoubt);
}

#[retry_api(
    idempotent = true,
    skip(bank),
    store = &bank.store,
    probe = || async { bank.find() },
    probe_after = FIVE,
    max_total_time = "2s",
)]
async fn cut(bank: &Bank, order_id: u64) -> io::Result<u32> {
    let _ = order_id;
    bank.book().await
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_the_time_limit_cut_is_not_asked_about_too_soon() {
    let bank = Bank::new();
    let began = Instant::now();
    assert!(cut(&bank, 1).await.is_err());
    assert_eq!((began.elapsed(), bank.probed()), (seconds(2), vec![]));
    assert_eq!(bank.record().await.status, Status::InDoubt);
}

/// A bank with a record in doubt, and the clock of its store.
async fn in_doubt() -> (Bank, ManualClock) {
    let clock = ManualClock::new();
    let bank = Bank::with(InMemoryEffectStore::with_clock(clock.clone()).into());
    let ended = Effect::new("charge", &1)
        .store(&bank.store)
        .run_async(|| async { Err::<u32, _>(timed_out()) })
        .await;
    assert!(ended.is_err());
    (bank, clock)
}

#[tokio::test(start_paused = true)]
async fn a_record_in_doubt_is_asked_about_once_its_owners_time_is_over() -> io::Result<()> {
    for (passed, waits) in [(0, 5), (3, 2), (5, 0), (500, 0)] {
        let (bank, clock) = in_doubt().await;
        clock.advance(seconds(passed));
        let began = Instant::now();
        let probe = || {
            let action = current_action().expect("a part of the action");
            assert!(action.last_attempt().is_none(), "another call's");
            assert_eq!(began.elapsed(), seconds(waits));
            async { Probe::Applied(7) }
        };
        let found = Effect::new("charge", &1)
            .store(&bank.store)
            .probe(probe)
            .probe_after(FIVE)
            .run_async(pending::<io::Result<u32>>);
        assert_eq!(found.await?, 7);
        assert_eq!(began.elapsed(), seconds(waits));
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn without_time_for_it_a_record_in_doubt_stays_as_it_is() -> io::Result<()> {
    let (bank, clock) = in_doubt().await;
    let before = bank.record().await;
    let call = || {
        let retry = Retry::new(AT_ONCE).max_total_time(seconds(2));
        Effect::new("charge", &1)
            .store(&bank.store)
            .retry(retry)
            .probe(|| async { Probe::Applied(7) })
            .probe_after(FIVE)
            .run_async(pending::<io::Result<u32>>)
    };
    for passed in [0, 2] {
        let refused = gate_error(call().await);
        assert!(matches!(refused, EffectError::InDoubt { .. }), "{refused}");
        assert_eq!(bank.record().await.fence, before.fence, "not taken over");
        clock.advance(seconds(passed));
    }
    // By now three seconds are left; two more, and there is time.
    clock.advance(seconds(2));
    assert_eq!(call().await?, 7);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_scope_ends_the_wait_in_doubt() {
    let (bank, scope) = (Bank::new(), RetryScope::new());
    let began = Instant::now();
    let (ended, ()) = tokio::join!(scope.clone().run_async(charge(&bank, 1)), async {
        tokio::time::sleep(seconds(3)).await;
        scope.cancel();
    });
    assert!(ended.is_err());
    assert_eq!((began.elapsed(), bank.probed()), (seconds(3), vec![]));
    assert_eq!(bank.record().await.status, Status::InDoubt);
    assert_eq!(bank.requests(), 1);
}

#[test]
fn also_that_of_a_sync_call() {
    let (store, scope) = (store(), RetryScope::new());
    let asked = std::cell::Cell::new(0);
    scope.cancel();
    let _clock = VirtualClock::install();
    assert!(scope.run(|| charge_sync(&store, &asked, 1)).is_err());
    assert_eq!(asked.get(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_meanwhile_leaves_it_in_doubt() {
    let bank = Bank::new();
    let dropped = tokio::time::timeout(seconds(4), charge(&bank, 1)).await;
    assert!(dropped.is_err());
    assert_eq!((bank.requests(), bank.probed()), (1, vec![]));
    // The keeper's thread tells the store.
    let status = loop {
        let id = bank.record().await.id;
        let changed = bank.store.changed(id);
        match bank.record().await.status {
            Status::Pending => changed.await,
            other => break other,
        }
    };
    assert_eq!(status, Status::InDoubt);
}

#[retry_api(
    idempotent = true,
    skip(store),
    store = store,
    policy = AT_ONCE,
    timeout = "1s",
    probe = |_, _| async {
        let action = current_action().expect("a part of the action");
        let attempt = action.last_attempt().expect("this call's own");
        assert_eq!((attempt.number(), attempt.since_began()), (1, seconds(6)));
        assert_eq!(attempt.since_ended(), FIVE);
        let spent = attempt.ended().duration_since(attempt.began()).expect("in order");
        assert!(spent > Duration::from_millis(900) && spent < Duration::from_millis(1100));
        Probe::Applied(7)
    },
    probe_after = "5s",
)]
async fn tells_when(store: &Store, order_id: u64) -> io::Result<u32> {
    let _ = order_id;
    let action = current_action().expect("a gated body");
    assert!(action.last_attempt().is_none(), "in a body");
    pending().await
}

#[tokio::test(start_paused = true)]
async fn the_probe_knows_when_the_attempt_began_and_ended() -> io::Result<()> {
    let recorder = Recorder::install();
    assert_eq!(tells_when(&store(), 1).await?, 7);
    let messages = recorder.messages();
    let name = format!("{}::tells_when", module_path!());
    for expected in [
        format!("INFO Waiting 5s before the probe of {name} runs"),
        format!("INFO Rescued {name}: it had happened, and its answer was lost"),
    ] {
        assert!(messages.contains(&expected), "{messages:#?}");
    }
    Ok(())
}
