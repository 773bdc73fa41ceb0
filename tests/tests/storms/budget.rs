use std::cell::Cell;

use retry_core::testing::{Recorder, VirtualClock};
use retry_core::{Retry, RetryBudget};

use super::{POLICY, dropped_at_its_first_wait};

#[test]
fn every_first_attempt_goes_and_only_paid_retries_follow() {
    let clock = VirtualClock::install();
    let budget = RetryBudget::new(0.1).with_burst(3).with_floor(0);
    let mut attempts = 0;
    for _ in 0..100 {
        let outcome = Retry::new(POLICY).budget(&budget).run(|| {
            attempts += 1;
            Err::<(), _>("connection refused")
        });
        assert_eq!(outcome, Err("connection refused"), "the call's own error");
    }
    // The bucket was full when the first deposit came, and holds whole tokens as long as it pays.
    assert_eq!(attempts, 100 + 3 + 9);
    assert_eq!(clock.slept().len(), 12, "a refusal never sleeps");
    assert!(budget.tokens() < 1.0);
}

#[test]
fn a_refusal_is_told_with_the_last_error() {
    let _clock = VirtualClock::install();
    let recorder = Recorder::install();
    let budget = RetryBudget::new(0.0).with_burst(1).with_floor(0);
    let call = || {
        Retry::new(POLICY)
            .name("load")
            .budget(&budget)
            .run(|| Err::<(), _>("busy"))
    };
    assert_eq!(call(), Err("busy"));
    assert_eq!(
        recorder.messages(),
        [
            "WARN Retry attempt 1/3 for load failed: busy",
            "INFO Waiting 1.0s before retry attempt 2/3",
            "WARN Retry stopped on attempt 2/3 for load (budget): busy",
        ]
    );
    let stopped = recorder.events().pop().expect("told of");
    assert_eq!(stopped.fields["outcome"], "budget");
}

#[test]
fn what_is_not_retried_costs_nothing() {
    let _clock = VirtualClock::install();
    let budget = RetryBudget::new(0.0).with_burst(2).with_floor(0);
    for _ in 0..10 {
        let _ = Retry::new(POLICY)
            .budget(&budget)
            .run(|| Err::<(), _>("permission denied"));
    }
    let full = budget.tokens();
    assert!((full - 2.0).abs() < 1e-9, "{full}");
}

#[tokio::test(start_paused = true)]
async fn a_call_dropped_in_its_wait_gives_its_token_back() {
    let budget = RetryBudget::new(0.0).with_burst(1).with_floor(0);
    let attempts = Cell::new(0);
    let call = || {
        Retry::new(POLICY).budget(&budget).run_async(|| {
            attempts.set(attempts.get() + 1);
            async { Err::<(), _>("busy") }
        })
    };
    dropped_at_its_first_wait(call()).await;
    assert_eq!(attempts.get(), 1);
    let full = budget.tokens();
    assert!((full - 1.0).abs() < 1e-9, "{full}");

    // Slept to its end, the token is spent.
    assert_eq!(call().await, Err("busy"));
    assert_eq!(attempts.get(), 3);
    assert!(budget.tokens() < 1.0);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_wait_gives_its_token_back() {
    let budget = RetryBudget::new(0.0).with_burst(1).with_floor(0);
    let scope = retry_core::RetryScope::new();
    let call = scope.clone().run_async(
        Retry::new(POLICY)
            .budget(&budget)
            .run_async(|| async { Err::<(), _>("busy") }),
    );
    let cancelled = async {
        tokio::task::yield_now().await;
        scope.cancel();
    };
    let (outcome, ()) = tokio::join!(call, cancelled);
    assert_eq!(outcome, Err("busy"));
    let full = budget.tokens();
    assert!((full - 1.0).abs() < 1e-9, "{full}");
}

#[test]
fn calls_that_share_a_budget_share_its_tokens() {
    let _clock = VirtualClock::install();
    let shared = RetryBudget::new(0.0).with_burst(4).with_floor(0);
    let attempts = Cell::new(0);
    for name in ["load", "save", "load"] {
        let _ = Retry::new(POLICY)
            .name(name)
            .budget(&shared.clone())
            .run(|| {
                attempts.set(attempts.get() + 1);
                Err::<(), _>("busy")
            });
    }
    assert_eq!(attempts.get(), 3 + 4);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_went_back_leaves_a_full_bucket() {
    let budget = RetryBudget::new(0.0).with_burst(2);
    tokio::time::advance(std::time::Duration::from_secs(3_600)).await;
    assert!(budget.withdraw());
    // Another test's clock, as it were: the system's own, an hour behind.
    let again = std::thread::spawn({
        let budget = budget.clone();
        move || (budget.withdraw(), budget.withdraw(), budget.withdraw())
    });
    assert_eq!(again.join().expect("no panic"), (true, true, false));
}
