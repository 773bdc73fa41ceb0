use proptest::prelude::*;

use super::*;

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// A limiter that was throttled after ten seconds of ten calls a second, and the time of that.
fn throttled() -> (AdaptiveLimiter, Instant) {
    let (limiter, start) = (AdaptiveLimiter::new(), Instant::now());
    for call in 0..100 {
        limiter.on_success_at(start + Duration::from_millis(call * 100));
    }
    let now = start + Duration::from_secs(10);
    limiter.on_throttle_at(now);
    (limiter, now)
}

#[test]
fn nothing_is_limited_before_the_first_throttling() {
    let (limiter, now) = (AdaptiveLimiter::new(), Instant::now());
    for _ in 0..1_000 {
        assert_eq!(limiter.delay_at(now), None);
        limiter.on_success_at(now);
    }
    assert_eq!((limiter.rate(), limiter.is_throttling()), (None, false));
    assert_eq!(format!("{limiter:?}"), "AdaptiveLimiter { rate: None, .. }");
}

#[test]
fn the_first_throttling_takes_the_measured_rate_down() {
    let (limiter, now) = throttled();
    let rate = limiter.rate().expect("on");
    assert!((rate - 7.0).abs() < 1e-3, "{rate}");
    // The bucket held one second of tokens; further calls pass one by one, at the rate.
    let at_once = (0..).take_while(|_| limiter.delay_at(now).is_none());
    assert_eq!(at_once.count(), 7);
    let wait = limiter.delay_at(now).expect("no token is left");
    assert!(wait <= seconds(1.0 / rate) + Duration::from_nanos(2));
    assert_eq!(
        limiter.delay_at(now),
        Some(wait),
        "nothing is taken by asking"
    );
    assert_eq!(
        limiter.delay_at(now + wait),
        None,
        "after the wait there is one"
    );
    assert!(limiter.delay_at(now + wait).is_some(), "and one alone");
}

#[test]
fn a_very_first_call_that_is_throttled_leaves_one_call_in_two_seconds() {
    let (limiter, now) = (AdaptiveLimiter::new(), Instant::now());
    limiter.on_throttle_at(now);
    assert_eq!(limiter.rate(), Some(0.5));
    let wait = limiter.delay_at(now).expect("empty");
    assert_eq!(wait, Duration::new(2, 1));
    assert_eq!(limiter.delay_at(now + wait), None);
}

#[test]
fn whoever_waits_as_told_goes_on() {
    let (limiter, mut now) = throttled();
    for _ in 0..10_000 {
        if let Some(wait) = limiter.delay_at(now) {
            now += wait;
            assert_eq!(limiter.delay_at(now), None);
        }
        limiter.on_success_at(now);
    }
}

#[test]
fn a_clock_that_went_back_is_followed() {
    let (limiter, now) = throttled();
    while limiter.delay_at(now).is_none() {}
    // A thread that was held up gains nothing.
    assert!(limiter.delay_at(now - seconds(0.5)).is_some());
    assert!(limiter.delay_at(now).is_some());
    // The clock goes back by two hours and continues from there.
    let back = now - Duration::from_secs(7_200);
    let wait = limiter.delay_at(back).expect("no time has passed");
    assert_eq!(limiter.delay_at(back + wait), None);
}

#[test]
fn calls_of_all_threads_are_measured() {
    let (limiter, start) = (AdaptiveLimiter::new(), Instant::now());
    limiter.on_success_at(start);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                (0..250).for_each(|_| limiter.on_success_at(start + Duration::from_millis(1)));
            });
        }
    });
    limiter.on_throttle_at(start + Duration::from_millis(500));
    // 1002 calls in half a second, weighted 0.8 against none before.
    let rate = limiter.rate().expect("on");
    assert!((rate - 1_002.0 * 2.0 * 0.8 * 0.7).abs() < 1e-9, "{rate}");
}

proptest! {
    /// Before the first throttling most calls are only counted. The measured and allowed rates are
    /// later the same as with an update for each call.
    #[test]
    fn what_is_looked_at_twice_a_second_is_not_missed(
        calls in prop::collection::vec((0..400_u64, prop::bool::weighted(0.05)), 1..200),
    ) {
        let (limiter, mut pace) = (AdaptiveLimiter::new(), Pace::new());
        let start = Instant::now();
        let mut now = start;
        for (call, (millis, throttled)) in calls.into_iter().enumerate() {
            // The limiter's time begins at the first call.
            now += Duration::from_millis(if call == 0 { 0 } else { millis });
            pace.ended(1, throttled, (now - start).as_secs_f64());
            if throttled {
                limiter.on_throttle_at(now);
            } else {
                limiter.on_success_at(now);
            }
            if let Some(rate) = limiter.rate() {
                prop_assert_eq!(rate.to_bits(), pace.rate().to_bits());
            }
        }
    }
}
