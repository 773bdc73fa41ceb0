//! The bucket against tables, against a model that deposits at once, and in every interleaving.

mod interleavings;
mod model;

use std::time::Duration;

use std::sync::Arc;

use tokio::time::Instant;

use super::bucket::Bucket;
use super::limits::{BudgetError, BudgetLimits};
use super::retry_budget::{RetryBudget, take};
use super::token::Tokens;

fn drain(budget: &RetryBudget, now: Instant) -> usize {
    (0..).take_while(|_| budget.withdraw_at(now)).count()
}

#[test]
fn a_burst_then_the_floor() {
    let budget = RetryBudget::new(0.1).with_burst(3).with_floor(2);
    let start = Instant::now();
    for (millis, admitted) in [
        (0, 3),
        (0, 0),
        (499, 0),
        (500, 1),
        (999, 0),
        (1_500, 2),
        // An hour earns at most the burst.
        (3_600_000, 3),
        (3_600_000, 0),
    ] {
        let now = start + Duration::from_millis(millis);
        assert_eq!(drain(&budget, now), admitted, "at {millis}");
    }
}

#[test]
fn a_share_of_calls_is_that_share() {
    let now = Instant::now();
    // 60 % cut to whole tokens would be 100 %, or none.
    for (ratio, earned) in [
        (0.0, 0),
        (0.001, 1),
        (0.1, 100),
        (0.29, 290),
        (0.6, 600),
        (1.0, 1_000),
    ] {
        let budget = RetryBudget::new(ratio).with_burst(1_000).with_floor(0);
        assert_eq!(drain(&budget, now), 1_000, "full at first");
        (0..1_000).for_each(|_| budget.deposit());
        assert_eq!(drain(&budget, now), earned, "{ratio}");
    }
}

#[test]
fn each_is_asked_and_each_is_paid_or_none() {
    let now = Instant::now();
    let of = |burst| RetryBudget::new(0.0).with_burst(burst).with_floor(0);
    let held = |budget: &RetryBudget| budget.bucket().tokens(now);
    let (one, two) = (of(1), of(2));

    take([Some(&one), Some(&two)], now).expect("both").spend();
    assert_eq!((held(&one), held(&two)), (0.0, 1.0));
    for order in [[Some(&one), Some(&two)], [Some(&two), Some(&one)]] {
        assert!(take(order, now).is_none(), "one is empty");
        assert_eq!(
            (held(&one), held(&two)),
            (0.0, 1.0),
            "the other is not asked for it"
        );
    }
    take([None, Some(&two)], now).expect("one left").spend();
    assert!(take([Some(&two), None], now).is_none());
    take([None, None], now).expect("nobody to ask").spend();
}

#[test]
fn one_bucket_by_two_names_is_paid_once() {
    let now = Instant::now();
    let budget = RetryBudget::new(0.0).with_burst(1).with_floor(0);
    take([Some(&budget), Some(&budget.clone())], now)
        .expect("one token is enough")
        .spend();
    assert!(!budget.clone().withdraw_at(now), "clones share the bucket");
}

#[test]
fn what_bought_nothing_goes_back() {
    let now = Instant::now();
    let budget = RetryBudget::new(0.0).with_burst(2).with_floor(0);
    let taken = take([Some(&budget), None], now).expect("full");
    assert_eq!(budget.bucket().tokens(now), 1.0);
    drop(taken);
    assert_eq!(drain(&budget, now), 2, "and no more than there was");
}

#[test]
fn a_clock_that_went_back_finds_a_full_bucket() {
    let budget = RetryBudget::new(0.0).with_burst(5);
    let start = Instant::now();
    let late = start + Duration::from_secs(7_200);
    assert_eq!(drain(&budget, start), 5);
    assert_eq!(drain(&budget, late), 5);
    // Two hours back, also to before the first call: as another test's clock would do.
    for earlier in [start, start - Duration::from_secs(60)] {
        assert_eq!(drain(&budget, earlier), 5);
        assert_eq!(drain(&budget, earlier + Duration::from_secs(3)), 3);
    }
}

#[test]
fn a_thread_that_was_held_up_gives_nothing_away() {
    let budget = RetryBudget::new(0.0).with_burst(5).with_floor(2);
    let start = Instant::now();
    let now = start + Duration::from_secs(60);
    assert_eq!(drain(&budget, start) + drain(&budget, now), 10);
    assert_eq!(drain(&budget, now - Duration::from_millis(900)), 0);
    assert_eq!(drain(&budget, now), 0, "the late one made no room");
    assert_eq!(drain(&budget, now + Duration::from_millis(500)), 1);
}

#[test]
fn threads_spend_exactly_what_threads_earn() {
    use std::sync::atomic::{AtomicUsize, Ordering};

    let (now, each) = (Instant::now(), 500);
    // Never full during the refill, so that nothing overflows.
    let budget = RetryBudget::new(1.0).with_burst(4 * each).with_floor(0);
    assert_eq!(drain(&budget, now), 2_000);
    let spent = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..each {
                    budget.deposit();
                    spent.fetch_add(usize::from(budget.withdraw_at(now)), Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(spent.into_inner() + drain(&budget, now), 2_000);
}

#[test]
fn a_setter_on_a_budget_in_use_begins_a_bucket() {
    let now = Instant::now();
    let used = RetryBudget::new(0.1).with_burst(1).with_floor(0);
    assert_eq!(drain(&used, now), 1);
    let other = used.clone().with_burst(2);
    assert_eq!((drain(&other, now), drain(&used, now)), (2, 0));
    let other = used.clone().try_with_floor(5).expect("in range");
    assert_eq!((drain(&other, now), drain(&used, now)), (1, 0));
    assert_eq!((other.ratio(), other.burst(), other.floor()), (0.1, 1, 5));
    assert_eq!(
        used.try_with_burst(0).unwrap_err(),
        BudgetError::Burst { value: 0 }
    );
}

#[test]
fn it_prints_its_settings() {
    assert_eq!(
        format!("{:?}", RetryBudget::default()),
        "RetryBudget { ratio: 0.1, burst: 10, floor: 1, .. }"
    );
}
