//! The metrics of circuits: calls, changes of state, and the state as a number.

use std::sync::{Arc, Weak};
use std::time::Duration;

use retry_core::testing::VirtualClock;
use retry_core::{CircuitBreaker, CircuitBreakers};

use super::seen::Seen;

#[test]
fn through_all_four_states() {
    let clock = VirtualClock::install();
    let breaker = CircuitBreaker::new("dependency").with_failure_threshold(2);
    let told_by = |step: &dyn Fn()| {
        let seen = Seen::install();
        step();
        let lines = seen.lines("circuit", "dependency").into_iter();
        lines
            .map(|line| line.replace("circuit_breaker_", ""))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        told_by(&|| breaker.try_acquire().expect("closed").succeed()),
        ["calls_total{result=success} 1", "state{} 0"]
    );
    assert_eq!(
        told_by(&|| {
            for _ in 0..2 {
                breaker.try_acquire().expect("closed").fail();
            }
            assert!(breaker.try_acquire().is_err());
        }),
        [
            "calls_total{result=failure} 2",
            "calls_total{result=rejected} 1",
            "state{} 1",
            "transitions_total{from=closed,to=open} 1",
        ]
    );
    clock.advance(Duration::from_secs(70));
    assert_eq!(
        told_by(&|| drop(breaker.try_acquire().expect("half open"))),
        [
            "calls_total{result=dropped} 1",
            "state{} 2",
            "transitions_total{from=open,to=half_open} 1",
        ]
    );
    assert_eq!(
        told_by(&|| breaker.try_acquire().expect("half open").succeed()),
        [
            "calls_total{result=success} 1",
            "state{} 0",
            "transitions_total{from=half_open,to=closed} 1",
        ]
    );
    assert_eq!(
        told_by(&|| breaker.force_open()),
        [
            "state{} 3",
            "transitions_total{from=closed,to=forced_open} 1"
        ]
    );
    assert_eq!(
        told_by(&|| breaker.reset()),
        [
            "state{} 0",
            "transitions_total{from=forced_open,to=closed} 1"
        ]
    );
}

#[test]
fn a_recorder_that_comes_late_learns_the_state_by_the_next_call() {
    let breaker = CircuitBreaker::new("late").with_failure_threshold(1);
    breaker.try_acquire().expect("closed").fail();
    let seen = Seen::install();
    assert!(breaker.try_acquire().is_err());
    assert_eq!(
        seen.lines("circuit", "late"),
        [
            "circuit_breaker_calls_total{result=rejected} 1",
            "circuit_breaker_state{} 1",
        ]
    );
}

#[test]
fn a_name_that_comes_at_run_time_is_a_label_like_others() {
    let seen = Seen::install();
    let breaker = CircuitBreaker::named(format!("region {}", 7)).with_failure_threshold(1);
    breaker.try_acquire().expect("closed").fail();
    drop(breaker);
    // A recorder keeps the values that it has received.
    assert_eq!(
        seen.lines("circuit", "region 7"),
        [
            "circuit_breaker_calls_total{result=failure} 1",
            "circuit_breaker_state{} 1",
            "circuit_breaker_transitions_total{from=closed,to=open} 1",
        ]
    );
}

#[test]
fn a_permit_that_is_given_back_is_counted_as_dropped_and_as_nothing_else() {
    let breaker = CircuitBreaker::new("given back").with_failure_threshold(3);
    let seen = Seen::install();
    for verdict in [Some(true), Some(true), None, None, Some(true)] {
        let permit = breaker.try_acquire().expect("closed so far");
        match verdict {
            Some(_) => permit.fail(),
            None => drop(permit),
        }
    }
    assert_eq!(
        seen.lines("circuit", "given back"),
        [
            "circuit_breaker_calls_total{result=dropped} 2",
            "circuit_breaker_calls_total{result=failure} 3",
            "circuit_breaker_state{} 1",
            "circuit_breaker_transitions_total{from=closed,to=open} 1",
        ]
    );
}

/// Bounded in what lives and in what a recorder is told of.
#[test]
fn three_hundred_thousand_hosts_make_five_series_and_ten_thousand_breakers() {
    const KEYS: usize = 300_000;
    let set = CircuitBreakers::new(CircuitBreaker::new("hosts").with_failure_threshold(1));
    let seen = Seen::install();
    let mut sample = Vec::new();
    for key in 0..KEYS {
        let breaker = set.of(&key.to_string());
        let permit = breaker.try_acquire().expect("closed");
        match key % 100 {
            0 => permit.fail(),
            1 => drop(permit),
            _ => permit.succeed(),
        }
        // A reset circuit is as closed as the others.
        breaker.reset();
        if key % 50 == 0 {
            sample.push(Arc::downgrade(&breaker));
        }
    }
    assert_eq!((set.len(), set.all().len()), (10_000, 10_000));
    let alive = sample.iter().filter(|one| one.strong_count() > 0).count();
    assert!((150..250).contains(&alive), "a fiftieth of those: {alive}");
    assert_eq!(
        seen.lines("circuit", "hosts"),
        [
            "circuit_breaker_calls_total{result=dropped} 3000",
            "circuit_breaker_calls_total{result=failure} 3000",
            "circuit_breaker_calls_total{result=success} 294000",
            "circuit_breaker_transitions_total{from=closed,to=open} 3000",
            "circuit_breaker_transitions_total{from=open,to=closed} 3000",
        ]
    );
    drop(set);
    assert!(sample.iter().all(|one: &Weak<_>| one.strong_count() == 0));
}
