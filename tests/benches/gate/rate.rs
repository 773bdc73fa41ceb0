//! Rates by the clock.

use std::time::Instant;

/// The best of three passes, in calls a second. A pass says how many calls it made.
pub(crate) fn best_of_three(mut pass: impl FnMut() -> u64) -> f64 {
    let rates = (0..3).map(|_| rate(&mut pass));
    rates.fold(0.0, f64::max)
}

/// The same with something made for each pass, outside of the measured time, as is its end.
pub(crate) fn best_of_three_with<S>(make: impl Fn() -> S, pass: impl Fn(&S) -> u64) -> f64 {
    let rates = (0..3).map(|_| {
        let made = make();
        rate(|| pass(&made))
    });
    rates.fold(0.0, f64::max)
}

#[expect(clippy::cast_precision_loss, reason = "a rate")]
pub(crate) fn rate(pass: impl FnOnce() -> u64) -> f64 {
    let began = Instant::now();
    let calls = pass();
    calls as f64 / began.elapsed().as_secs_f64()
}
