//! Every interleaving of the steps, by loom.

use loom::sync::Arc;
use loom::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use loom::thread;

use super::*;
use crate::report::circuit::CircuitState;

const CONFIG: BreakerConfig = BreakerConfig {
    failure_threshold: 2,
    ..BreakerConfig::DEFAULT
};

fn machine() -> Arc<Machine<AtomicU64>> {
    Arc::new(Machine::new(AtomicU64::new(0), AtomicU64::new(0)))
}

fn never() -> Tick {
    Tick::after(now(), CONFIG.recovery_timeout)
}

fn over() -> Tick {
    Tick::from_bits(0)
}

/// The same in all schedules: loom requires a deterministic model.
fn now() -> Instant {
    static NOW: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    *NOW.get_or_init(Instant::now)
}

/// Returns a time when all trials begun by now are overdue.
fn later() -> Instant {
    now() + 2 * CONFIG.recovery_timeout
}

/// Returns a half-open machine, and the epoch of the permit that made it so.
fn half_open(config: &BreakerConfig) -> (Arc<Machine<AtomicU64>>, Epoch) {
    let machine = machine();
    machine.trip(machine.state().epoch, over);
    let change = machine.acquire(config, now).expect("its time is over");
    (machine, change.after.epoch)
}

#[test]
fn concurrent_failures_open_once() {
    loom::model(|| {
        let machine = machine();
        let epoch = machine.state().epoch;
        let opened = Arc::new(AtomicU32::new(0));
        let fail = move |machine: &Machine<AtomicU64>, opened: &AtomicU32| {
            for _ in 0..2 {
                let change = machine.fail(epoch, &CONFIG, never);
                opened.fetch_add(change.is_transition().into(), Ordering::Relaxed);
            }
        };
        let (other, count) = (Arc::clone(&machine), Arc::clone(&opened));
        let thread = thread::spawn(move || fail(&other, &count));
        fail(&machine, &opened);
        thread.join().expect("it does not panic");
        assert_eq!(opened.load(Ordering::Relaxed), 1);
        assert_eq!(machine.state().name(), CircuitState::Open);
        assert_eq!(machine.state().epoch, epoch.next());
    });
}

#[test]
fn half_open_never_lets_more_through_than_its_permits() {
    loom::model(|| {
        let (machine, epoch) = half_open(&CONFIG);
        machine.give_back(epoch);
        let inside = Arc::new(AtomicU32::new(0));
        let call = |machine: &Machine<AtomicU64>, inside: &AtomicU32| {
            for _ in 0..2 {
                if let Ok(change) = machine.acquire(&CONFIG, now) {
                    assert_eq!(inside.fetch_add(1, Ordering::Relaxed), 0);
                    inside.fetch_sub(1, Ordering::Relaxed);
                    machine.give_back(change.after.epoch);
                }
            }
        };
        let (other, count) = (Arc::clone(&machine), Arc::clone(&inside));
        let thread = thread::spawn(move || call(&other, &count));
        call(&machine, &inside);
        thread.join().expect("it does not panic");
        let idle = Phase::HalfOpen {
            trying: 0,
            succeeded: 0,
        };
        assert_eq!(machine.state().phase, idle);
        assert_eq!(machine.state().epoch, epoch);
    });
}

#[test]
fn one_of_those_who_ask_after_the_open_time_gets_the_permit() {
    loom::model(|| {
        let machine = machine();
        machine.trip(machine.state().epoch, over);
        let other = Arc::clone(&machine);
        let thread = thread::spawn(move || other.acquire(&CONFIG, now));
        let mine = machine.acquire(&CONFIG, now);
        let theirs = thread.join().expect("it does not panic");
        assert!(mine.is_ok() != theirs.is_ok());
        assert!(mine.or(theirs).is_ok_and(|change| change.is_transition()));
    });
}

#[test]
fn a_late_verdict_does_not_outlive_a_reset() {
    loom::model(|| {
        let (machine, epoch) = half_open(&CONFIG);
        let other = Arc::clone(&machine);
        let late = thread::spawn(move || other.fail(epoch, &CONFIG, never));
        machine.reset();
        let change = late.join().expect("it does not panic");
        // The verdict may have come first; in every order, the reset decides.
        assert_eq!(machine.state().phase, Phase::Closed { failures: 0 });
        let moved = if change.is_transition() { 2 } else { 1 };
        let ahead = (0..moved).fold(epoch, |epoch, _| epoch.next());
        assert_eq!(machine.state().epoch, ahead);
    });
}

#[test]
fn what_is_acquired_beside_a_forced_opening_leaves_nothing() {
    loom::model(|| {
        let (machine, epoch) = half_open(&CONFIG);
        machine.give_back(epoch);
        let other = Arc::clone(&machine);
        let caller = thread::spawn(move || {
            let change = other.acquire(&CONFIG, now)?;
            Ok::<_, Option<Duration>>(other.succeed(change.after.epoch, &CONFIG))
        });
        machine.force_open();
        assert_eq!(machine.state().phase, Phase::ForcedOpen);
        assert_eq!(machine.acquire(&CONFIG, now), Err(None));
        if let Err(retry_after) = caller.join().expect("it does not panic") {
            assert_eq!(retry_after, None);
        }
        assert_eq!(machine.state().phase, Phase::ForcedOpen);
    });
}
#[test]
fn one_of_those_who_ask_takes_the_place_of_an_overdue_trial() {
    loom::model(|| {
        let (machine, epoch) = half_open(&CONFIG);
        let later = later();
        let other = Arc::clone(&machine);
        let thread = thread::spawn(move || other.acquire(&CONFIG, || later));
        let mine = machine.acquire(&CONFIG, || later);
        let theirs = thread.join().expect("it does not panic");
        assert!(mine.is_ok() != theirs.is_ok());
        let trial = mine.or(theirs).expect("one of them");
        assert_eq!(trial.after.epoch, epoch.next());
        // The overdue trial frees no place; the other one does.
        machine.give_back(epoch);
        assert!(machine.acquire(&CONFIG, || later).is_err());
        machine.give_back(trial.after.epoch);
        assert!(machine.acquire(&CONFIG, || later).is_ok());
    });
}

#[test]
fn a_late_verdict_counts_beside_the_trial_that_took_its_place() {
    loom::model(|| {
        let (machine, epoch) = half_open(&CONFIG);
        let later = later();
        let other = Arc::clone(&machine);
        let late = thread::spawn(move || other.succeed(epoch, &CONFIG));
        if let Ok(change) = machine.acquire(&CONFIG, || later) {
            machine.give_back(change.after.epoch);
        }
        let change = late.join().expect("it does not panic");
        assert!(change.is_transition());
        assert_eq!(machine.state().phase, Phase::Closed { failures: 0 });
    });
}

#[test]
fn a_late_verdict_and_a_timely_one_close_once() {
    let config = BreakerConfig {
        success_threshold: 2,
        ..CONFIG
    };
    loom::model(move || {
        let (machine, first) = half_open(&config);
        let second = machine.acquire(&config, later).expect("it is overdue");
        let other = Arc::clone(&machine);
        let late = thread::spawn(move || other.succeed(first, &config));
        let timely = machine.succeed(second.after.epoch, &config);
        let late = late.join().expect("it does not panic");
        assert!(timely.is_transition() != late.is_transition());
        assert_eq!(machine.state().phase, Phase::Closed { failures: 0 });
    });
}

#[test]
fn a_verdict_of_an_earlier_stretch_does_not_count_in_the_next() {
    loom::model(|| {
        let (machine, old) = half_open(&CONFIG);
        machine.trip(old, over);
        let other = Arc::clone(&machine);
        let late = thread::spawn(move || other.succeed(old, &CONFIG));
        let trial = machine.acquire(&CONFIG, now).expect("its time is over");
        assert!(!late.join().expect("it does not panic").is_transition());
        let tries = Phase::HalfOpen {
            trying: 1,
            succeeded: 0,
        };
        assert_eq!(
            (machine.state().phase, machine.state().epoch),
            (tries, trial.after.epoch)
        );
    });
}
