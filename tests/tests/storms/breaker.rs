use std::cell::Cell;
use std::io;

use retry_core::testing::{Recorder, VirtualClock};
use retry_core::{CircuitBreaker, CircuitState, NO_RETRY, Retry, RetryBudget, RetryError};
use retry_tests::refused;

use super::{POLICY, SECOND, dropped_at_its_first_wait};

fn circuit_error(error: &io::Error) -> Option<&RetryError> {
    error.get_ref()?.downcast_ref()
}

#[test]
fn a_rejected_call_makes_no_attempt_and_says_when_to_come_back() {
    let clock = VirtualClock::install();
    let breaker = CircuitBreaker::new("a").with_failure_threshold(2);
    let attempts = Cell::new(0);
    let call = || {
        Retry::new(NO_RETRY)
            .name("load")
            .circuit_breaker(&breaker)
            .run(|| {
                attempts.set(attempts.get() + 1);
                Err::<(), _>(refused())
            })
    };
    for _ in 0..2 {
        assert_eq!(call().unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    }
    let error = call().unwrap_err();
    let Some(RetryError::CircuitOpen {
        operation,
        circuit,
        retry_after: Some(wait),
        ..
    }) = circuit_error(&error)
    else {
        panic!("{error:?}");
    };
    assert_eq!(
        (*operation, circuit.as_str(), attempts.get()),
        ("load", "a", 2)
    );
    assert!((54 * SECOND..=67 * SECOND).contains(wait), "{wait:?}");

    clock.advance(*wait);
    let _ = call();
    assert_eq!(attempts.get(), 3, "one may try");
    assert_eq!(breaker.state(), CircuitState::Open);
}

#[test]
fn a_retry_that_would_be_rejected_is_not_waited_for() {
    let clock = VirtualClock::install();
    let recorder = Recorder::install();
    let breaker = CircuitBreaker::new("b").with_failure_threshold(2);
    let budget = RetryBudget::new(0.0).with_burst(9).with_floor(0);
    let outcome = Retry::new(POLICY)
        .name("load")
        .budget(&budget)
        .circuit_breaker(&breaker)
        .run(|| Err::<(), _>(refused()));
    assert_eq!(
        outcome.unwrap_err().kind(),
        io::ErrorKind::ConnectionRefused
    );
    assert_eq!(clock.slept(), [SECOND], "after the first failure only");
    assert!((budget.tokens() - 8.0).abs() < 1e-9, "{}", budget.tokens());
    let last = recorder.messages().pop().expect("told of");
    assert_eq!(
        last,
        "WARN Retry stopped on attempt 2/3 for load (circuit open): connection refused"
    );
}

#[test]
fn a_short_open_time_is_waited_out() {
    let clock = VirtualClock::install();
    let breaker = CircuitBreaker::new("c")
        .with_failure_threshold(1)
        .with_recovery_timeout(SECOND / 2);
    let attempts = Cell::new(0);
    let outcome = Retry::new(POLICY).circuit_breaker(&breaker).run(|| {
        attempts.set(attempts.get() + 1);
        if attempts.get() < 3 {
            Err(refused())
        } else {
            Ok(())
        }
    });
    assert!(outcome.is_ok());
    assert_eq!((attempts.get(), clock.slept().len()), (3, 2));
    assert_eq!(breaker.state(), CircuitState::Closed);
}

#[test]
fn final_errors_are_answers() {
    let breaker = CircuitBreaker::new("d").with_failure_threshold(1);
    for _ in 0..5 {
        let outcome = Retry::new(NO_RETRY)
            .circuit_breaker(&breaker)
            .run(|| Err::<(), _>(io::Error::from(io::ErrorKind::NotFound)));
        assert_eq!(outcome.unwrap_err().kind(), io::ErrorKind::NotFound);
    }
    assert_eq!(breaker.state(), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn attempts_that_a_limit_cuts_are_failures() {
    for limited_by_call in [false, true] {
        let breaker = CircuitBreaker::new("e").with_failure_threshold(1);
        let call = Retry::new(NO_RETRY).circuit_breaker(&breaker);
        let hang = || std::future::pending::<io::Result<()>>();
        let outcome = if limited_by_call {
            call.max_total_time(SECOND).run_async(hang).await
        } else {
            call.timeout(SECOND).run_async(hang).await
        };
        assert_eq!(outcome.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(breaker.state(), CircuitState::Open);
    }
}

#[tokio::test(start_paused = true)]
async fn a_dropped_trial_frees_its_permit_and_closes_nothing() {
    let breaker = CircuitBreaker::new("f").with_failure_threshold(1);
    let call = |hangs: bool| {
        Retry::new(NO_RETRY)
            .circuit_breaker(&breaker)
            .run_async(move || async move {
                if hangs {
                    std::future::pending::<()>().await;
                }
                Err::<(), _>(refused())
            })
    };
    let _ = call(false).await;
    tokio::time::advance(67 * SECOND).await;
    dropped_at_its_first_wait(call(true)).await;
    assert_eq!(breaker.state(), CircuitState::HalfOpen);
    let tried = call(false).await.unwrap_err();
    assert!(
        circuit_error(&tried).is_none(),
        "the permit was free: {tried}"
    );
    assert_eq!(breaker.state(), CircuitState::Open);
}

#[test]
fn a_panic_gives_no_verdict() {
    let breaker = CircuitBreaker::new("g").with_failure_threshold(1);
    let panicked = std::panic::catch_unwind(|| {
        Retry::new(NO_RETRY)
            .circuit_breaker(&breaker)
            .run(|| -> io::Result<()> { panic!("expected") })
    });
    assert!(panicked.is_err());
    assert_eq!(breaker.state(), CircuitState::Closed);
}

#[test]
fn an_outer_call_does_not_retry_a_rejection() {
    let clock = VirtualClock::install();
    let breaker = CircuitBreaker::new("h");
    breaker.force_open();
    let outer = Cell::new(0);
    let outcome = Retry::new(POLICY).name("outer").run(|| {
        outer.set(outer.get() + 1);
        Retry::new(POLICY)
            .name("inner")
            .circuit_breaker(&breaker)
            .run(|| Ok::<_, io::Error>(()))
    });
    let error = outcome.unwrap_err();
    assert!(matches!(
        circuit_error(&error),
        Some(RetryError::CircuitOpen {
            retry_after: None,
            ..
        })
    ));
    assert_eq!((outer.get(), clock.slept().len()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_finds_the_circuit_open_after_its_wait_gets_its_token_back() {
    let breaker = CircuitBreaker::new("i");
    let budget = RetryBudget::new(0.0).with_burst(5).with_floor(0);
    let call = Retry::new(POLICY)
        .name("load")
        .budget(&budget)
        .circuit_breaker(&breaker)
        .run_async(|| async { Err::<(), _>(refused()) });
    let opened = async {
        tokio::time::sleep(SECOND / 2).await;
        breaker.force_open();
    };
    let (outcome, ()) = tokio::join!(call, opened);
    let error = outcome.unwrap_err();
    assert!(matches!(
        circuit_error(&error),
        Some(RetryError::CircuitOpen { .. })
    ));
    assert!((budget.tokens() - 5.0).abs() < 1e-9, "{}", budget.tokens());
}

#[test]
fn a_rejection_inside_is_not_retried_whatever_its_text() {
    let clock = VirtualClock::install();
    let breaker = CircuitBreaker::new("j");
    breaker.force_open();
    let outer = Cell::new(0);
    let outcome = Retry::new(POLICY).run(|| {
        outer.set(outer.get() + 1);
        Retry::new(NO_RETRY)
            .circuit_breaker(&breaker)
            .run(|| Ok::<_, String>(()))
    });
    assert!(outcome.unwrap_err().contains("circuit j is open"));
    assert_eq!((outer.get(), clock.slept().len()), (1, 0));
}
