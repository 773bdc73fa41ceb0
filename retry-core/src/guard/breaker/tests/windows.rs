//! Circuits that open by a rate.

use super::*;

#[test]
fn a_rate_opens_once_there_are_enough_calls() {
    for (calls, rate, minimum, verdicts, opens_after) in [
        (10, 0.5, 4, "FFFF", Some(4)),
        (10, 0.5, 4, "FFFS", Some(4)),
        (10, 0.5, 4, "SSSFFF", Some(6)),
        (10, 0.5, 4, "SSSSFFF", None),
        (4, 0.5, 100, "FFF", None),
        (4, 0.5, 100, "SSSSFSSSFF", Some(10)),
        (4, 1.0, 1, "SFFFF", Some(5)),
        (100, 0.07, 100, &("S".repeat(93) + "FFFFFFF"), Some(100)),
    ] {
        let breaker = breaker(BreakerConfig {
            window: Some(Window::Calls(calls)),
            failure_rate: rate,
            minimum_calls: minimum,
            ..DEFAULT
        });
        let now = Instant::now();
        let opened = verdicts.chars().position(|verdict| {
            breaker.call_at(now, verdict == 'F');
            breaker.state() == CircuitState::Open
        });
        assert_eq!(
            opened.map(|at| at + 1),
            opens_after,
            "{calls} {rate} {verdicts}"
        );
    }
}

#[test]
fn a_window_begins_anew_when_the_circuit_closes() {
    for window in [Window::Calls(4), Window::Time(SECOND * 600)] {
        let breaker = breaker(BreakerConfig {
            window: Some(window),
            minimum_calls: 4,
            ..DEFAULT
        });
        let mut now = Instant::now();
        for _ in 0..4 {
            breaker.call_at(now, true);
        }
        assert_eq!(breaker.state(), CircuitState::Open);
        now += breaker.rejects_for(now).expect("open");
        breaker.call_at(now, false);
        for _ in 0..3 {
            breaker.call_at(now, true);
        }
        assert_eq!(breaker.state(), CircuitState::Closed, "{window:?}");
        breaker.call_at(now, true);
        assert_eq!(breaker.state(), CircuitState::Open, "{window:?}");
    }
}

#[test]
fn failures_leave_a_time_window() {
    let breaker = breaker(BreakerConfig {
        window: Some(Window::Time(SECOND * 10)),
        minimum_calls: 3,
        ..DEFAULT
    });
    let began = Instant::now();
    for seconds in [0, 1, 11, 12, 22, 23] {
        breaker.call_at(began + SECOND * seconds, true);
    }
    assert_eq!(breaker.state(), CircuitState::Closed);
    breaker.call_at(began + SECOND * 24, true);
    assert_eq!(breaker.state(), CircuitState::Open);
}

#[test]
fn slow_calls_open_and_a_slow_trial_does_not_close() {
    let breaker = breaker(BreakerConfig {
        window: Some(Window::Calls(10)),
        minimum_calls: 4,
        slow_call: Some(SECOND),
        slow_call_rate: 0.5,
        ..DEFAULT
    });
    let mut now = Instant::now();
    let call = |now: &mut Instant, takes: Duration| {
        let permit = breaker.acquire_at(*now).expect("it may pass");
        *now += takes;
        permit.end_at(*now, false);
        breaker.state()
    };
    let slow = SECOND + Duration::from_millis(1);
    for (takes, state) in [
        (SECOND, CircuitState::Closed),
        (slow, CircuitState::Closed),
        (SECOND, CircuitState::Closed),
        (slow, CircuitState::Open),
    ] {
        assert_eq!(call(&mut now, takes), state, "{takes:?}");
    }
    now += breaker.rejects_for(now).expect("open");
    assert_eq!(call(&mut now, slow), CircuitState::Open);
    now += breaker.rejects_for(now).expect("open");
    assert_eq!(call(&mut now, SECOND), CircuitState::Closed);
}

#[test]
fn a_permit_that_is_given_back_enters_no_window() {
    for window in [Window::Calls(10), Window::Time(SECOND * 10)] {
        let breaker = breaker(BreakerConfig {
            window: Some(window),
            failure_rate: 0.6,
            minimum_calls: 5,
            slow_call: Some(SECOND),
            slow_call_rate: 0.1,
            ..DEFAULT
        });
        let mut now = Instant::now();
        let give_back = |now: &mut Instant| {
            let permit = breaker.acquire_at(*now).expect("it may pass");
            // Longer than the limit of a slow call.
            *now += SECOND + Duration::from_millis(500);
            drop(permit);
        };
        for failed in [true, false, true, true] {
            breaker.call_at(now, failed);
        }
        give_back(&mut now);
        give_back(&mut now);
        // Neither a fifth call nor a slow one.
        assert_eq!(breaker.state(), CircuitState::Closed, "{window:?}");
        breaker.call_at(now, true);
        assert_eq!(breaker.state(), CircuitState::Open, "4 of 5: {window:?}");
        now += breaker.rejects_for(now).expect("open");
        give_back(&mut now);
        assert_eq!(breaker.state(), CircuitState::HalfOpen, "{window:?}");
        breaker.call_at(now, false);
        assert_eq!(
            breaker.state(),
            CircuitState::Closed,
            "the next may try at once"
        );
    }
}
