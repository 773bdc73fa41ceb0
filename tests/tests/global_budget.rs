//! The budget of the whole process: in a program of its own, as it is installed for good.

use retry_core::testing::VirtualClock;
use retry_core::{Jitter, Retry, RetryBudget, RetryPolicy};

static SHARED: RetryBudget = RetryBudget::new(0.1).with_burst(10).with_floor(0);

const POLICY: RetryPolicy = RetryPolicy::new(3)
    .with_backoff_ms(1)
    .with_jitter(Jitter::None);

#[test]
fn every_call_pays_it_and_one_that_names_it_pays_once() {
    let _clock = VirtualClock::install();
    SHARED.clone().install_global().expect("the first");
    assert!(SHARED.clone().install_global().is_err(), "there is one");

    let mut attempts = 0;
    for _ in 0..20 {
        let _ = Retry::new(POLICY).run(|| {
            attempts += 1;
            Err::<(), _>("connection refused")
        });
    }
    // The first call's deposit found the bucket full.
    assert_eq!(attempts, 20 + 10 + 1);
    while SHARED.withdraw() {}

    // Beside a budget of its own a call needs a token of both.
    let own = RetryBudget::new(0.0).with_burst(5).with_floor(0);
    for _ in 0..3 {
        let outcome = Retry::new(POLICY).budget(&own).run(|| Err::<(), _>("busy"));
        assert_eq!(outcome, Err("busy"));
    }
    // Nine tenths were left, and the first of these deposited the last one.
    assert!((own.tokens() - 4.0).abs() < 1e-9, "{}", own.tokens());

    // The global one named: neither two deposits nor two tokens.
    let before = SHARED.tokens();
    for _ in 0..50 {
        assert_eq!(
            Retry::new(POLICY)
                .budget(&SHARED)
                .run(|| Ok::<_, String>(())),
            Ok(())
        );
    }
    let earned = SHARED.tokens() - before;
    assert!((earned - 5.0).abs() < 1e-6, "{earned}");
}
