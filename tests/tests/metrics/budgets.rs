//! `retry_budget_tokens` and `retry_budget_exhausted_total`.

use std::time::Duration;

use retry_core::testing::VirtualClock;
use retry_core::{Retry, RetryBudget};

use super::SECONDS;
use super::seen::Seen;

#[test]
fn tokens_are_told_when_a_retry_asks_and_again_as_time_passes() {
    let clock = VirtualClock::install();
    let budget = RetryBudget::new(0.5).with_burst(3).with_floor(0);
    let told_by_a_call = |outcome: Result<(), &'static str>| {
        let seen = Seen::install();
        let call = Retry::new(SECONDS).name("budgeted").budget(&budget);
        let _ = call.run(|| outcome);
        let lines = seen.operation("budgeted").into_iter();
        let mut tokens = lines.filter_map(|line| {
            let tokens = line.strip_prefix("retry_budget_tokens{} ")?;
            Some(tokens.parse::<f64>().expect("a number"))
        });
        tokens.next()
    };
    assert_eq!(told_by_a_call(Ok(())), None, "no retry has asked");
    // Two retries, of a full bucket.
    assert_eq!(told_by_a_call(Err("busy")), Some(1.0));
    assert_eq!(told_by_a_call(Ok(())), None, "not at every call");
    clock.advance(Duration::from_secs(10));
    // Two calls of a half have come since.
    assert_eq!(told_by_a_call(Ok(())), Some(2.0));
    assert_eq!(told_by_a_call(Ok(())), None, "not at every call");
}

#[test]
fn refusals_count_for_the_operation_that_was_refused() {
    let seen = Seen::install();
    let _clock = VirtualClock::install();
    let shared = RetryBudget::new(0.0).with_burst(1).with_floor(0);
    for name in ["spends", "refused", "refused"] {
        let call = Retry::new(SECONDS).name(name).budget(&shared);
        assert!(call.run(|| Err::<(), _>("busy")).is_err());
    }
    let all = seen.series();
    let refusals = |operation| {
        let mut series = all.iter();
        let found = series.find(|one| {
            one.name == "retry_budget_exhausted_total" && one.label("operation") == operation
        });
        found.map(super::seen::Series::count)
    };
    // The first one's second retry, and the others' first ones.
    assert_eq!(refusals("spends"), Some(1));
    assert_eq!(refusals("refused"), Some(2));
}
