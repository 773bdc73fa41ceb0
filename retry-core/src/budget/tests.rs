use std::time::Duration;

use super::*;

#[test]
fn a_burst_then_the_floor() {
    let budget = RetryBudget::new(0.1).with_burst(3);
    let start = Instant::now();
    let at = |millis| start + Duration::from_millis(millis);
    for (millis, admitted) in [
        (0, true),
        (0, true),
        (0, true),
        (0, false),
        (999, false),
        (1_000, true),
        (1_999, false),
        (2_000, true),
        // An hour earns no more than the burst.
        (3_600_000, true),
        (3_600_000, true),
        (3_600_000, true),
        (3_600_000, false),
    ] {
        assert_eq!(budget.withdraw_at(at(millis)), admitted, "at {millis}");
    }
}
