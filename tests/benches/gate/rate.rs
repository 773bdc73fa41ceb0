//! Rates by the clock, and processor time.

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

/// Nanoseconds that this thread has run, steady on a shared machine; 0 where the system does not tell.
pub(crate) fn on_processor() -> u64 {
    // The system keeps its account when it schedules.
    std::thread::yield_now();
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let ran = told.split(' ').next().and_then(|ran| ran.parse().ok());
    ran.unwrap_or(0)
}
