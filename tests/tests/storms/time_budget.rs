use std::cell::Cell;
use std::time::Duration;

use retry_core::testing::{Recorder, VirtualClock};
use retry_core::{Nested, Retry, RetryPolicy, RetryScope};

use super::{POLICY, SECOND};

#[test]
fn waits_and_retries_are_spent_and_first_attempts_are_free() {
    let clock = VirtualClock::install();
    let recorder = Recorder::install();
    let attempts = Cell::new(0);
    let outcome = Retry::new(POLICY.with_max_attempts(9))
        .name("load")
        .time_budget(6 * SECOND)
        .run(|| {
            attempts.set(attempts.get() + 1);
            clock.advance(2 * SECOND);
            Err::<(), _>("busy")
        });
    assert_eq!(outcome, Err("busy"));
    // 1 + 2 and 1 + 2 seconds are 6; the first attempt's 2 are not counted.
    assert_eq!(attempts.get(), 3);
    let last = recorder.messages().pop().expect("told of");
    assert_eq!(
        last,
        "WARN Retry stopped on attempt 3/9 for load (time budget): busy"
    );
}

#[tokio::test(start_paused = true)]
async fn calls_of_one_scope_share_it_across_operations() {
    let scope = RetryScope::new().with_time_budget(3 * SECOND);
    let attempts = Cell::new(0);
    let call = |name: &'static str| {
        Retry::new(POLICY).name(name).run_async(|| {
            attempts.set(attempts.get() + 1);
            async { Err::<(), _>("busy") }
        })
    };
    let work = async {
        assert!(call("load").await.is_err());
        assert!(call("save").await.is_err());
        assert!(call("send").await.is_err());
    };
    scope.clone().run_async(work).await;
    // Two seconds for the first, and one of two for the second: a wait must leave some time.
    assert_eq!(attempts.get(), 3 + 1 + 1);
    assert_eq!(scope.time_left(), Some(SECOND));
}

#[test]
fn time_of_a_call_inside_a_retry_counts_once() {
    let clock = VirtualClock::install();
    let scope = RetryScope::new().with_time_budget(60 * SECOND);
    let inner_attempts = Cell::new(0);
    let outcome = scope.run(|| {
        Retry::new(POLICY.with_max_attempts(2))
            .name("outer")
            .nested(Nested::Multiply)
            .run(|| {
                Retry::new(POLICY).name("inner").run(|| {
                    inner_attempts.set(inner_attempts.get() + 1);
                    clock.advance(SECOND);
                    Err::<(), _>("busy")
                })
            })
    });
    assert!(outcome.is_err());
    assert_eq!(inner_attempts.get(), 6);
    // Twice two waits and two retries of a second each inside; outside one wait, and of the second
    // attempt's five seconds the one that was no retry of the inner call's.
    let spent = 60 * SECOND - scope.time_left().expect("it has a budget");
    assert_eq!(spent, 4 * SECOND + SECOND + 5 * SECOND);
}

#[test]
fn the_smaller_of_two_budgets_holds() {
    let _clock = VirtualClock::install();
    let policy = RetryPolicy::new(100).with_backoff_ms(1_000);
    for (outer, inner) in [(2, 5), (5, 2)] {
        let scope = RetryScope::new().with_time_budget(outer * SECOND + Duration::from_millis(1));
        let attempts = Cell::new(0);
        let _ = scope.run(|| {
            Retry::new(policy.with_jitter(retry_core::Jitter::None))
                .time_budget(inner * SECOND + Duration::from_millis(1))
                .run(|| {
                    attempts.set(attempts.get() + 1);
                    Err::<(), _>("busy")
                })
        });
        assert_eq!(attempts.get(), 3, "{outer} {inner}");
    }
}
