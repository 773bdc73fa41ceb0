//! C: layers multiply, unless they are told not to.

use retry_core::Nested;
use retry_tests::simulation::client::{Allowance, Conduct, THREE_ATTEMPTS};
use retry_tests::simulation::layers::run;

const STOP: Conduct = Conduct::new(THREE_ATTEMPTS);
const MULTIPLY: Conduct = STOP.with_nested(Nested::Multiply);

#[track_caller]
fn assert_near(load: f64, expected: f64) {
    assert!((load - expected).abs() < 1e-9, "{load}, not {expected}");
}

#[test]
fn attempts_multiply_layer_by_layer() {
    for (layers, load) in [(1, 3.0), (2, 9.0), (3, 27.0)] {
        assert_near(run(MULTIPLY, layers, 10, 1), load);
    }
}

#[test]
fn stop_leaves_the_innermost_ones() {
    for layers in 1..=4 {
        assert_near(run(STOP, layers, 10, 1), 3.0);
    }
}

/// The first ten retries are the burst; of the first call a full bucket takes nothing.
#[test]
fn with_a_budget_of_a_tenth_there_is_a_tenth_more() {
    let allowance = Allowance {
        ratio: 0.1,
        floor: 0,
        is_shared: false,
    };
    let load = run(STOP.with_budget(allowance), 3, 1_000, 1);
    assert_near(load, 1.1 + (10.0 - 1.0) / 1_000.0);
}
