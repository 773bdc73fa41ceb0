//! Reports of a circuit.

use super::*;
use crate::testing;
use crate::testing::{Recorder, VirtualClock};

/// Returns a time as the reports print it.
fn report_of(drawn: Duration) -> String {
    crate::text::duration::DisplayDuration(drawn).to_string()
}

#[test]
fn every_transition_is_told_once_with_its_reason() {
    let clock = VirtualClock::install();
    let recorder = Recorder::install();
    let _seed = testing::seed(1);
    let breaker = CircuitBreaker::new("payments").with_half_open_permits(2);
    let fail = || breaker.try_acquire().expect("it may pass").fail();
    let succeed = || breaker.try_acquire().expect("it may pass").succeed();
    succeed();
    breaker.reset();
    assert!(recorder.messages().is_empty());
    (0..5).for_each(|_| fail());
    let first = breaker.retry_after().expect("open");
    assert!(breaker.try_acquire().is_err());
    clock.advance(first);
    fail();
    let second = breaker.retry_after().expect("open");
    clock.advance(second);
    succeed();
    breaker.force_open();
    breaker.force_open();
    breaker.reset();
    assert_eq!(
        recorder.messages(),
        [
            format!(
                "WARN Circuit payments opened after 5 failures in a row: calls are rejected \
                 for {}",
                report_of(first)
            ),
            "INFO Circuit payments half open: 2 calls may try".to_owned(),
            format!(
                "WARN Circuit payments opened again after a trial call failed: calls are \
                 rejected for {}",
                report_of(second)
            ),
            "INFO Circuit payments half open: 2 calls may try".to_owned(),
            "INFO Circuit payments closed".to_owned(),
            "WARN Circuit payments forced open: calls are rejected until it is reset".to_owned(),
            "INFO Circuit payments closed".to_owned(),
        ]
    );
    let ways: Vec<_> = recorder
        .events()
        .iter()
        .map(|event| {
            assert_eq!(event.fields["circuit"], "payments");
            format!("{} {}", event.fields["from"], event.fields["to"])
        })
        .collect();
    assert_eq!(
        ways,
        [
            "closed open",
            "open half_open",
            "half_open open",
            "open half_open",
            "half_open closed",
            "closed forced_open",
            "forced_open closed",
        ]
    );
}

#[test]
fn windows_say_what_they_hold() {
    let clock = VirtualClock::install();
    let recorder = Recorder::install();
    let make = || {
        CircuitBreaker::new("search")
            .with_time_window(SECOND * 60, 0.5)
            .with_minimum_calls(3)
            .with_slow_call(SECOND, 0.6)
    };
    let (failing, slow) = (make(), make());
    for failed in [false, true, true] {
        let permit = failing.try_acquire().expect("closed");
        if failed {
            permit.fail();
        } else {
            permit.succeed();
        }
    }
    for seconds in [2, 1, 2] {
        let permit = slow.try_acquire().expect("closed");
        clock.advance(SECOND * seconds);
        permit.succeed();
    }
    clock.advance(slow.retry_after().expect("open"));
    let permit = slow.try_acquire().expect("half open");
    clock.advance(SECOND * 2);
    permit.succeed();
    let texts = recorder.messages();
    for (text, start) in texts.iter().zip([
        "WARN Circuit search opened after 2 of 3 calls failed: calls are rejected for",
        "WARN Circuit search opened after 2 of 3 calls were slow: calls are rejected for",
        "INFO Circuit search half open: 1 call may try",
        "WARN Circuit search opened again after a trial call was slow: calls are rejected",
    ]) {
        assert!(text.starts_with(start), "{text}");
    }
    assert_eq!(texts.len(), 4);
}
