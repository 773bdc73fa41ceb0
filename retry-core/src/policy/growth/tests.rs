use proptest::prelude::*;

use super::*;
use crate::policy::backoff::draw;
use crate::policy::jitter::Jitter;
use crate::policy::random::Random;
use crate::policy::retry_policy::RetryPolicy;

const MS: u64 = 1_000_000;

#[test]
fn steps_of_each_growth() {
    const GIVEN: &[Duration] = &[Duration::from_millis(5), Duration::from_millis(1)];
    for (growth, expected) in [
        (Growth::Constant, [10, 10, 10, 10, 10, 10]),
        (Growth::Linear, [10, 20, 30, 40, 50, 60]),
        (Growth::Exponential(1.0), [10, 10, 10, 10, 10, 10]),
        (Growth::Exponential(2.0), [10, 20, 40, 80, 160, 320]),
        (Growth::Exponential(3.0), [10, 30, 90, 270, 810, 2430]),
        (Growth::Exponential(1.5), [10, 15, 22, 33, 50, 75]),
        (Growth::Fibonacci, [10, 10, 20, 30, 50, 80]),
        (Growth::Schedule(GIVEN), [5, 1, 1, 1, 1, 1]),
    ] {
        let steps: Vec<u64> = (0..6).map(|n| growth.step(10 * MS, n) / MS).collect();
        assert_eq!(steps, expected, "{growth:?}");
    }
}

#[test]
fn extremes_saturate() {
    for growth in [
        Growth::Linear,
        Growth::Exponential(2.0),
        Growth::Exponential(1e300),
        Growth::Fibonacci,
    ] {
        assert_eq!(growth.step(u64::MAX, u32::MAX), u64::MAX, "{growth:?}");
        assert_eq!(growth.step(0, u32::MAX), 0, "{growth:?}");
    }
    assert_eq!(Growth::Exponential(f64::MAX).step(1, 1), u64::MAX);
    assert_eq!(Growth::Exponential(2.0).step(1, 63), 1 << 63);
    assert_eq!(Growth::Exponential(2.0).step(1, 64), u64::MAX);
    assert_eq!(Growth::Exponential(2.0).step(3, 62), 3 << 62);
    assert_eq!(Growth::Exponential(2.0).step(3, 63), u64::MAX);
}

#[test]
fn a_slow_multiplier_is_exact_after_a_billion_retries() {
    // (1 + 1e-9)^1e9 → e, to the precision of the f64 multiplier itself.
    let step = Growth::Exponential(1.0 + 1e-9).step(1_000_000_000, 1_000_000_000);
    assert!((2_718_281_000..2_718_283_000).contains(&step), "{step}");
}

#[test]
fn doubling_agrees_with_the_general_power() {
    for first in [1, 3, 10 * MS, u64::MAX / 3, u64::MAX] {
        for n in 0..130 {
            let general = Scaled::new(2.0).power(n).times(first);
            assert_eq!(doubled(first, n), general, "{first} × 2^{n}");
        }
    }
}

fn any_policy() -> impl Strategy<Value = RetryPolicy> {
    const GIVEN: &[Duration] = &[Duration::ZERO, Duration::MAX, Duration::from_millis(3)];
    let wait = prop_oneof![
        Just(Duration::ZERO),
        Just(Duration::MAX),
        any::<Duration>(),
        (0_u64..10_000).prop_map(Duration::from_millis),
    ];
    let growth = prop_oneof![
        Just(Growth::Constant),
        Just(Growth::Linear),
        prop_oneof![
            Just(1.0),
            Just(2.0),
            Just(1e300),
            Just(f64::MAX),
            1.0..100.0
        ]
        .prop_map(Growth::Exponential),
        Just(Growth::Fibonacci),
        Just(Growth::Schedule(GIVEN)),
    ];
    let jitter = prop_oneof![
        Just(Jitter::None),
        wait.clone().prop_map(Jitter::Additive),
        Just(Jitter::Equal),
        Just(Jitter::Full),
        Just(Jitter::Decorrelated),
    ];
    (
        1..=u32::MAX,
        wait.clone(),
        wait,
        growth,
        jitter,
        any::<bool>(),
    )
        .prop_map(|(attempts, min, max, growth, jitter, unlimited)| {
            let policy = RetryPolicy::new(attempts)
                .with_max_wait(max)
                .with_min_wait(min)
                .with_growth(growth)
                .with_jitter(jitter);
            if unlimited {
                policy.with_unlimited_attempts()
            } else {
                policy
            }
        })
}

proptest! {
    #[test]
    fn no_policy_panics_and_no_wait_passes_the_cap(
        policy in any_policy(), seed: u64, n: u32, previous: u64,
    ) {
        for wait in policy.waits(seed).take(50) {
            prop_assert!(wait <= policy.max_wait());
        }
        for n in [0, 1, n, u32::MAX] {
            let wait = draw(&policy, policy.min_wait(), n, previous, &mut Random::seeded(seed));
            prop_assert!(wait <= nanos(policy.max_wait()));
        }
    }

    #[test]
    fn equal_jitter_keeps_its_floor(policy in any_policy(), seed: u64) {
        let policy = policy.with_jitter(Jitter::Equal);
        let scheduled = matches!(policy.growth(), Growth::Schedule(_));
        for wait in policy.waits(seed).take(50) {
            prop_assert!(scheduled || nanos(wait) >= nanos(policy.min_wait()));
        }
    }

    #[test]
    fn one_seed_one_schedule(policy in any_policy(), seed: u64) {
        let first: Vec<_> = policy.waits(seed).take(20).collect();
        prop_assert_eq!(&first, &policy.waits(seed).take(20).collect::<Vec<_>>());
        if !policy.is_unlimited() {
            prop_assert_eq!(first.len(), policy.max_attempts().saturating_sub(1).min(20) as usize);
        } else {
            prop_assert_eq!(first.len(), 20);
        }
    }
}
