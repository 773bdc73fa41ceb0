//! An observer that is switched on during a call counts from the call's next failure on, also in a call
//! without waits and guards, whose failures need nothing else. In a program of its own, as each is
//! switched on for the whole process.

use std::time::Duration;

use retry_core::testing::Recorder;
use retry_core::{Retry, RetryBudget, RetryPolicy, enable_stats, stats};

const AT_ONCE: RetryPolicy = RetryPolicy::new(4)
    .with_min_wait(Duration::ZERO)
    .with_max_wait(Duration::ZERO);

static EMPTY: RetryBudget = RetryBudget::new(0.0).with_burst(1).with_floor(0);

/// Makes a call that fails in each attempt, and runs `during` in each. Returns the number of attempts.
fn fail(name: &'static str, mut during: impl FnMut(u32)) -> u32 {
    let mut attempts = 0;
    let outcome = Retry::new(AT_ONCE).name(name).run(|| {
        attempts += 1;
        during(attempts);
        Err::<(), _>("connection refused")
    });
    assert_eq!(outcome, Err("connection refused"));
    attempts
}

#[test]
fn an_observer_that_is_switched_on_during_a_call_sees_its_next_failure() {
    assert_eq!(fail("unobserved", |_| ()), 4);

    let mut recorder = None;
    fail("heard", |attempt| {
        if attempt == 2 {
            recorder = Some(Recorder::install());
        }
    });
    let recorder = recorder.expect("it is installed");
    assert_eq!(
        recorder.messages(),
        [
            "WARN Retry attempt 2/4 for heard failed: connection refused",
            "INFO Waiting 0ms before retry attempt 3/4",
            "WARN Retry attempt 3/4 for heard failed: connection refused",
            "INFO Waiting 0ms before retry attempt 4/4",
            "ERROR Retry exhausted after 4/4 attempts for heard: connection refused",
        ]
    );
    drop(recorder);

    fail("counted", |attempt| {
        if attempt == 2 {
            enable_stats();
        }
    });
    let stats = stats();
    let counted = stats.operation("counted").expect("it is counted");
    let failures: u64 = counted.failures.iter().map(|(_, count)| count).sum();
    assert_eq!((counted.calls, counted.attempts, failures), (1, 4, 3));

    // The budget refuses the retry after the second failure, and none before.
    while EMPTY.withdraw() {}
    let attempts = fail("refused", |attempt| {
        if attempt == 2 {
            EMPTY.clone().install_global().expect("the first");
        }
    });
    assert_eq!(attempts, 2);
}
