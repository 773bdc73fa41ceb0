//! The metrics of circuits: calls, changes of state, and the state as a number.

use std::time::Duration;

use retry_core::CircuitBreaker;
use retry_core::testing::VirtualClock;

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
