//! `retry_success_rate`: over five minutes, and told again as time passes.

use std::time::Duration;

use retry_core::Retry;
use retry_core::testing::{Script, VirtualClock};

use super::SECONDS;
use super::seen::Seen;

fn call(outcomes: &[Result<(), &'static str>]) {
    let script = Script::new(outcomes.iter().copied());
    let _ = Retry::new(SECONDS).name("rated").run(|| script.next());
}

#[test]
fn the_share_of_five_minutes() {
    let seen = Seen::install();
    let clock = VirtualClock::install();
    let rate = || {
        let lines = seen.operation("rated").into_iter();
        let mut rates = lines.filter_map(|line| {
            let rate = line.strip_prefix("retry_success_rate{} ")?;
            Some(rate.parse::<f64>().expect("a number"))
        });
        rates.next()
    };
    call(&[Ok(())]);
    assert_eq!(rate(), None, "no call was retried");
    // Retried calls of 1 s and of 3 s: one recovers, one does not.
    call(&[Err("busy"), Ok(())]);
    call(&[Err("busy"), Err("busy"), Err("busy")]);
    assert_eq!(rate(), Some(0.5));
    clock.advance(Duration::from_secs(60));
    call(&[Err("busy"), Ok(())]);
    assert_eq!(rate(), Some(2.0 / 3.0));
    // The first two are over: a call that succeeds at once tells so.
    clock.advance(Duration::from_secs(250));
    call(&[Ok(())]);
    assert_eq!(rate(), Some(1.0));
    clock.advance(Duration::from_secs(300));
    call(&[Ok(())]);
    assert!(rate().expect("it was told").is_nan(), "nothing was retried");
}
