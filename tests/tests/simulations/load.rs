//! B: load and success are what the formulas say.

use retry_core::{NO_RETRY, RetryPolicy};
use retry_tests::simulation::client::{Allowance, Conduct, THREE_ATTEMPTS};
use retry_tests::simulation::load::{expected, run};

fn retries(retries: u32) -> Conduct {
    Conduct::new(match retries {
        0 => NO_RETRY,
        _ => RetryPolicy::with_max_attempts(THREE_ATTEMPTS, retries + 1),
    })
}

/// About 10,000 calls: three deviations of the mean of attempts, of which there are up to four.
const NEAR: f64 = 0.05;

#[test]
fn load_and_success_follow_the_formulas() {
    for (count, p) in [(0, 0.5), (1, 0.1), (1, 0.9), (2, 0.5), (3, 0.5), (3, 0.9)] {
        let load = run(retries(count), p, 1);
        let (attempts, success) = expected(count.cast_signed(), p);
        assert!((9_700.0..=10_300.0).contains(&load.calls), "{load:?}");
        assert!(
            (load.attempts - attempts).abs() < NEAR,
            "{count} at {p}: {load:?}, not {attempts}"
        );
        assert!(
            (load.success - success).abs() < 0.015,
            "{count} at {p}: {load:?}, not {success}"
        );
    }
}

#[test]
fn without_success_every_attempt_is_made() {
    let load = run(retries(2), 1.0, 1);
    assert!((load.attempts - 3.0).abs() < f64::EPSILON, "{load:?}");
    assert!(load.success.abs() < f64::EPSILON, "{load:?}");
}

/// A tenth, and the ten tokens that the bucket began with, and the token a second.
#[test]
fn a_budget_of_a_tenth_bounds_the_load_at_one_and_a_tenth() {
    let allowance = Allowance {
        ratio: 0.1,
        floor: 1,
        is_shared: true,
    };
    for p in [0.5, 1.0] {
        let load = run(retries(3).with_budget(allowance), p, 1);
        let most = 1.1 + (10.0 + 10.0 + 1.0) / load.calls;
        assert!(load.attempts <= most, "{p}: {load:?} over {most}");
        assert!(
            load.attempts > 1.099,
            "{p}: {load:?}: the budget was there to be used"
        );
    }
    let load = run(retries(3).with_budget(allowance), 0.01, 1);
    assert!(
        load.success > 0.9999,
        "rare failures are all retried: {load:?}"
    );
}

/// Each client's bucket has a burst of its own: a hundred of them are a tenth more, once.
#[test]
fn buckets_of_their_own_add_a_burst_each() {
    let allowance = Allowance {
        ratio: 0.1,
        floor: 0,
        is_shared: false,
    };
    let load = run(retries(3).with_budget(allowance), 1.0, 1);
    let expected = 1.1 + 100.0 * 10.0 / load.calls;
    assert!(
        (load.attempts - expected).abs() < 0.01,
        "{load:?}, not {expected}"
    );
}
