//! Tables of the states, and the mean time until a run of failures.

use super::*;
use crate::policy::random::Random;

#[test]
fn failures_in_a_row_open_and_a_success_between_them_does_not() {
    for (threshold, verdicts, state) in [
        (3, "FFF", CircuitState::Open),
        (3, "FFSFF", CircuitState::Closed),
        (3, "FFSFFF", CircuitState::Open),
        (3, "SSSSFF", CircuitState::Closed),
        (3, "FF-F", CircuitState::Open),
        (3, "FF---", CircuitState::Closed),
        (1, "SF", CircuitState::Open),
    ] {
        let breaker = breaker(BreakerConfig {
            failure_threshold: threshold,
            ..DEFAULT
        });
        let now = Instant::now();
        for verdict in verdicts.chars() {
            let permit = breaker.acquire_at(now).expect("closed so far");
            match verdict {
                'F' => permit.end_at(now, true),
                'S' => permit.end_at(now, false),
                _ => drop(permit),
            }
        }
        assert_eq!(breaker.state(), state, "{threshold} {verdicts}");
    }
}

#[test]
fn the_open_time_is_spread_by_a_tenth_to_either_side() {
    let breaker = breaker(DEFAULT);
    let now = Instant::now();
    let mut drawn: Vec<Duration> = (0..500)
        .map(|_| {
            breaker.reset();
            breaker.open_at(now)
        })
        .collect();
    drawn.sort();
    assert!(drawn[0] >= SECOND * 54 && drawn[499] <= SECOND * 66 + Duration::from_millis(2));
    assert!(drawn[50] < SECOND * 57 && drawn[449] > SECOND * 63);
}

#[test]
fn it_rejects_until_its_time_is_over_and_says_so() {
    let breaker = breaker(DEFAULT);
    let began = Instant::now();
    let open = breaker.open_at(began);
    let rejected = |now| breaker.acquire_at(now).expect_err("open");
    assert_eq!(
        rejected(began),
        CircuitOpen {
            name: "test".into(),
            retry_after: Some(open)
        }
    );
    let later = began + open - SECOND;
    let left = rejected(later).retry_after.expect("a time");
    assert_eq!(breaker.rejects_for(later), Some(left));
    assert!(left <= SECOND + Duration::from_millis(1) && left >= SECOND);
    // Waiting for the returned time is enough.
    let after = later + left;
    assert_eq!(breaker.rejects_for(after), None);
    assert_eq!(breaker.state(), CircuitState::Open);
    let trial = breaker.acquire_at(after).expect("the time is over");
    assert_eq!(breaker.state(), CircuitState::HalfOpen);
    let left = rejected(after).retry_after.expect("a time");
    assert!(left >= SECOND * 60 && left <= SECOND * 60 + Duration::from_millis(1));
    trial.end_at(after, false);
    assert_eq!(breaker.state(), CircuitState::Closed);
}

#[test]
fn a_trial_that_is_dropped_closes_nothing_and_leaves_its_place() {
    let breaker = breaker(DEFAULT);
    let mut now = Instant::now();
    now += breaker.open_at(now);
    for _ in 0..3 {
        let trial = breaker.acquire_at(now).expect("one may try");
        assert!(breaker.acquire_at(now).is_err());
        drop(trial);
        assert_eq!(breaker.state(), CircuitState::HalfOpen);
    }
    breaker.call_at(now, true);
    assert_eq!(breaker.state(), CircuitState::Open);
    now += breaker.rejects_for(now).expect("open again");
    breaker.call_at(now, false);
    assert_eq!(breaker.state(), CircuitState::Closed);
}

#[test]
fn whoever_is_rejected_beside_a_trial_is_told_when_another_may_try() {
    for millis in [0, 1, 500, 999] {
        let breaker = breaker(BreakerConfig {
            recovery_timeout: SECOND,
            ..DEFAULT
        });
        let mut now = Instant::now();
        now += breaker.open_at(now);
        let _hangs = breaker.acquire_at(now).expect("one may try");
        now += Duration::from_millis(millis);
        let rejected = breaker.acquire_at(now).expect_err("one tries");
        let left = rejected.retry_after.expect("a time");
        let rest = SECOND - Duration::from_millis(millis);
        assert!(left >= rest && left <= rest + Duration::from_millis(1));
        // No rejection is certain: the trial may end at any moment.
        assert_eq!(breaker.rejects_for(now), None);
        assert!(
            breaker.acquire_at(now + left).is_ok(),
            "it is enough to wait"
        );
    }
}

/// Returns a half-open circuit's permits: of its overdue trial, and of the call that took its place.
fn overtaken(breaker: &CircuitBreaker) -> (Instant, Permit<'_>, Permit<'_>) {
    let mut now = Instant::now();
    now += breaker.open_at(now);
    let old = breaker.acquire_at(now).expect("one may try");
    now += breaker
        .acquire_at(now)
        .expect_err("one tries")
        .retry_after
        .expect("a time");
    let new = breaker.acquire_at(now).expect("the trial is overdue");
    assert_eq!(breaker.state(), CircuitState::HalfOpen);
    assert!(breaker.acquire_at(now).is_err(), "and this one is not");
    (now, old, new)
}

#[test]
fn the_late_verdict_of_an_overtaken_trial_counts() {
    for (failed, state) in [(false, CircuitState::Closed), (true, CircuitState::Open)] {
        for window in [None, Some(Window::Calls(10))] {
            let breaker = breaker(BreakerConfig {
                window,
                minimum_calls: 5,
                ..DEFAULT
            });
            let (now, old, new) = overtaken(&breaker);
            old.end_at(now, failed);
            assert_eq!(breaker.state(), state);
            // The circuit has moved on: the other verdict is about a past stretch.
            new.end_at(now, !failed);
            assert_eq!(breaker.state(), state);
        }
    }
}

#[test]
fn an_overtaken_trial_frees_no_place_that_another_has() {
    let breaker = breaker(BreakerConfig {
        success_threshold: 3,
        ..DEFAULT
    });
    let (now, old, new) = overtaken(&breaker);
    old.end_at(now, false);
    assert!(
        breaker.acquire_at(now).is_err(),
        "the younger trial is under way"
    );
    new.end_at(now, false);
    breaker.call_at(now, false);
    assert_eq!(
        breaker.state(),
        CircuitState::Closed,
        "three have succeeded"
    );

    let (now, old, new) = overtaken(&breaker);
    drop(old);
    assert!(breaker.acquire_at(now).is_err());
    drop(new);
    assert!(breaker.acquire_at(now).is_ok());
}

#[test]
fn trials_that_hang_one_after_the_other_are_each_overtaken_and_counted() {
    let breaker = breaker(BreakerConfig {
        success_threshold: 4,
        ..DEFAULT
    });
    let (mut now, first, second) = overtaken(&breaker);
    let mut hang = vec![first, second];
    for _ in 0..2 {
        now += breaker.retry_at(now).expect("a trial runs");
        hang.push(breaker.acquire_at(now).expect("it is overdue"));
    }
    for (closed, trial) in hang.into_iter().enumerate() {
        assert_eq!(breaker.state(), CircuitState::HalfOpen, "{closed}");
        trial.end_at(now, false);
    }
    assert_eq!(breaker.state(), CircuitState::Closed);
}

#[test]
fn a_trial_that_outlasts_its_stretch_says_nothing_of_the_next() {
    let breaker = breaker(DEFAULT);
    let (mut now, old, new) = overtaken(&breaker);
    new.end_at(now, true);
    now += breaker.rejects_for(now).expect("open again");
    let trial = breaker.acquire_at(now).expect("half open again");
    old.end_at(now, false);
    assert_eq!(breaker.state(), CircuitState::HalfOpen);
    assert!(breaker.acquire_at(now).is_err(), "nor does it free a place");
    trial.end_at(now, false);
    assert_eq!(breaker.state(), CircuitState::Closed);
}

#[test]
fn it_closes_after_as_many_successes_as_it_is_told() {
    let breaker = breaker(BreakerConfig {
        half_open_permits: 2,
        success_threshold: 3,
        ..DEFAULT
    });
    let mut now = Instant::now();
    now += breaker.open_at(now);
    let (one, two) = (breaker.acquire_at(now), breaker.acquire_at(now));
    assert!(breaker.acquire_at(now).is_err());
    one.expect("one").end_at(now, false);
    two.expect("two").end_at(now, false);
    assert_eq!(breaker.state(), CircuitState::HalfOpen);
    let (last, late) = (breaker.acquire_at(now), breaker.acquire_at(now));
    last.expect("a place came free").end_at(now, false);
    assert_eq!(breaker.state(), CircuitState::Closed);
    // This permit is of the half-open stretch, which is over.
    late.expect("and another").end_at(now, true);
    breaker.call_at(now, false);
    assert_eq!(breaker.state(), CircuitState::Closed);
}

#[test]
fn verdicts_from_before_a_transition_are_discarded() {
    let breaker = breaker(BreakerConfig {
        failure_threshold: 1,
        ..DEFAULT
    });
    let mut now = Instant::now();
    let permits: Vec<_> = (0..4).map(|_| breaker.acquire_at(now)).collect();
    let mut old = permits.into_iter().map(|permit| permit.expect("closed"));
    let mut verdict = |failed| old.next().expect("four").end_at(now, failed);
    verdict(true);
    let open = breaker.rejects_for(now);
    verdict(true);
    assert_eq!(breaker.rejects_for(now), open);
    let later = now + open.expect("open");
    let trial = breaker.acquire_at(later).expect("half open");
    verdict(false);
    assert_eq!(breaker.state(), CircuitState::HalfOpen);
    trial.end_at(later, false);
    verdict(true);
    assert_eq!(breaker.state(), CircuitState::Closed);
    now = later;
    let before = breaker.acquire_at(now).expect("closed");
    breaker.reset();
    before.end_at(now, true);
    assert_eq!(breaker.state(), CircuitState::Closed);
}

#[test]
fn forced_open_until_reset() {
    let breaker = breaker(DEFAULT);
    let now = Instant::now();
    let before = breaker.acquire_at(now).expect("closed");
    breaker.force_open();
    before.end_at(now, false);
    let much_later = now + SECOND * 86_400;
    let rejected = breaker.acquire_at(much_later).expect_err("forced open");
    assert_eq!(rejected.retry_after, None);
    assert_eq!(
        rejected.to_string(),
        "circuit test is open until it is reset"
    );
    assert_eq!(breaker.rejects_for(now), Some(Duration::MAX));
    assert_eq!(breaker.retry_after(), None);
    breaker.reset();
    assert_eq!(breaker.state(), CircuitState::Closed);
    assert!(breaker.acquire_at(now).is_ok());
}

#[test]
fn a_clock_that_went_back_does_not_keep_it_open() {
    let breaker = breaker(DEFAULT);
    let early = Instant::now();
    breaker.open_at(early + SECOND * 3_600);
    assert_eq!(breaker.rejects_for(early), None);
    assert!(breaker.acquire_at(early).is_ok());
}

#[test]
fn a_clock_that_went_back_does_not_keep_a_trials_place() {
    let breaker = breaker(DEFAULT);
    let early = Instant::now();
    let late = early + SECOND * 3_600;
    let late = late + breaker.open_at(late);
    let _hangs = breaker.acquire_at(late).expect("one may try");
    assert!(breaker.acquire_at(late).is_err());
    assert!(breaker.acquire_at(early).is_ok());
}

/// (1 − pᵏ) / (pᵏ (1 − p)) calls until a run of k failures: 62 at p = 0.5 and k = 5.
#[test]
fn mean_calls_until_it_opens() {
    const RUNS: u32 = 20_000;
    let breaker = breaker(DEFAULT);
    let mut random = Random::seeded(62);
    let now = Instant::now();
    let mut calls = 0_u32;
    for _ in 0..RUNS {
        breaker.reset();
        while breaker.state() == CircuitState::Closed {
            breaker.call_at(now, random.between(0, 1) == 1);
            calls += 1;
        }
    }
    let mean = f64::from(calls) / f64::from(RUNS);
    assert!((mean / 62.0 - 1.0).abs() < 0.03, "{mean}");
}

/// Each run of a simulation begins at another fraction of a millisecond, and shall have the same outcome.
#[cfg(feature = "testing")]
#[test]
fn a_seed_decides_how_long_it_is_open_at_any_fraction_of_a_tick() {
    let config = BreakerConfig {
        failure_threshold: 1,
        ..DEFAULT
    };
    let base = Instant::now();
    let fractions = (0..1_000)
        .step_by(50)
        .map(|micros| base + Duration::from_micros(micros));
    let waits: std::collections::BTreeSet<_> = fractions
        .filter(|now| Tick::at(*now) != Tick::after(*now, Duration::ZERO))
        .map(|now| {
            let _seeded = crate::testing::seed(7);
            let breaker = breaker(config);
            breaker.call_at(now, true);
            breaker.retry_at(now)
        })
        .collect();
    assert_eq!(waits.len(), 1, "{waits:?}");
}
