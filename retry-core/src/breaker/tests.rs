//! The breaker as a whole, with a `now` that is handed in.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;
use crate::random::Random;

const SECOND: Duration = Duration::from_secs(1);
const DEFAULT: BreakerConfig = BreakerConfig::DEFAULT;

fn breaker(config: BreakerConfig) -> CircuitBreaker {
    config.validate().expect("numbers in their ranges");
    CircuitBreaker::unchecked(None, "test", config)
}

impl CircuitBreaker {
    fn acquire_at(&self, now: Instant) -> Result<Permit<'_>, CircuitOpen> {
        self.acquire(|| now)
    }

    fn call_at(&self, now: Instant, failed: bool) {
        let permit = self.acquire_at(now).expect("the call may pass");
        permit.end_at(now, failed);
    }

    /// Opens it as its calls would.
    fn open_at(&self, now: Instant) -> Duration {
        for _ in 0..self.config.failure_threshold {
            self.call_at(now, true);
        }
        assert_eq!(self.state(), CircuitState::Open);
        self.opens_again_in(now).expect("it has just opened")
    }
}

impl Permit<'_> {
    fn end_at(self, now: Instant, failed: bool) {
        self.end(failed, || now);
    }
}

#[test]
fn failures_in_a_row_open_and_a_success_between_them_does_not() {
    for (threshold, verdicts, state) in [
        (3, "FFF", CircuitState::Open),
        (3, "FFSFF", CircuitState::Closed),
        (3, "FFSFFF", CircuitState::Open),
        (3, "SSSSFF", CircuitState::Closed),
        (3, "FF-F", CircuitState::Open),
        (3, "FF---", CircuitState::Closed),
        (1, "SF", CircuitState::Open),
    ] {
        let breaker = breaker(BreakerConfig {
            failure_threshold: threshold,
            ..DEFAULT
        });
        let now = Instant::now();
        for verdict in verdicts.chars() {
            let permit = breaker.acquire_at(now).expect("closed so far");
            match verdict {
                'F' => permit.end_at(now, true),
                'S' => permit.end_at(now, false),
                _ => drop(permit),
            }
        }
        assert_eq!(breaker.state(), state, "{threshold} {verdicts}");
    }
}

#[test]
fn the_open_time_is_spread_by_a_tenth_to_either_side() {
    let breaker = breaker(DEFAULT);
    let now = Instant::now();
    let mut drawn: Vec<Duration> = (0..500)
        .map(|_| {
            breaker.reset();
            breaker.open_at(now)
        })
        .collect();
    drawn.sort();
    assert!(drawn[0] >= SECOND * 54 && drawn[499] <= SECOND * 66 + Duration::from_millis(2));
    assert!(drawn[50] < SECOND * 57 && drawn[449] > SECOND * 63);
}

#[test]
fn it_rejects_until_its_time_is_over_and_says_so() {
    let breaker = breaker(DEFAULT);
    let began = Instant::now();
    let open = breaker.open_at(began);
    let rejected = |now| breaker.acquire_at(now).expect_err("open");
    assert_eq!(
        rejected(began),
        CircuitOpen {
            name: "test",
            retry_after: Some(open)
        }
    );
    let later = began + open - SECOND;
    let left = rejected(later).retry_after.expect("a time");
    assert_eq!(breaker.opens_again_in(later), Some(left));
    assert!(left <= SECOND + Duration::from_millis(1) && left >= SECOND);
    // What it says is enough to wait.
    let after = later + left;
    assert_eq!(breaker.opens_again_in(after), None);
    assert_eq!(breaker.state(), CircuitState::Open);
    let trial = breaker.acquire_at(after).expect("the time is over");
    assert_eq!(breaker.state(), CircuitState::HalfOpen);
    assert_eq!(rejected(after).retry_after, Some(Duration::ZERO));
    trial.end_at(after, false);
    assert_eq!(breaker.state(), CircuitState::Closed);
}

#[test]
fn a_trial_that_is_dropped_closes_nothing_and_leaves_its_place() {
    let breaker = breaker(DEFAULT);
    let mut now = Instant::now();
    now += breaker.open_at(now);
    for _ in 0..3 {
        let trial = breaker.acquire_at(now).expect("one may try");
        assert!(breaker.acquire_at(now).is_err());
        drop(trial);
        assert_eq!(breaker.state(), CircuitState::HalfOpen);
    }
    breaker.call_at(now, true);
    assert_eq!(breaker.state(), CircuitState::Open);
    now += breaker.opens_again_in(now).expect("open again");
    breaker.call_at(now, false);
    assert_eq!(breaker.state(), CircuitState::Closed);
}

#[test]
fn it_closes_after_as_many_successes_as_it_is_told() {
    let breaker = breaker(BreakerConfig {
        half_open_permits: 2,
        success_threshold: 3,
        ..DEFAULT
    });
    let mut now = Instant::now();
    now += breaker.open_at(now);
    let (one, two) = (breaker.acquire_at(now), breaker.acquire_at(now));
    assert!(breaker.acquire_at(now).is_err());
    one.expect("one").end_at(now, false);
    two.expect("two").end_at(now, false);
    assert_eq!(breaker.state(), CircuitState::HalfOpen);
    let (last, late) = (breaker.acquire_at(now), breaker.acquire_at(now));
    last.expect("a place came free").end_at(now, false);
    assert_eq!(breaker.state(), CircuitState::Closed);
    // It was of the half-open stretch, which is over.
    late.expect("and another").end_at(now, true);
    breaker.call_at(now, false);
    assert_eq!(breaker.state(), CircuitState::Closed);
}

#[test]
fn verdicts_from_before_a_transition_are_discarded() {
    let breaker = breaker(BreakerConfig {
        failure_threshold: 1,
        ..DEFAULT
    });
    let mut now = Instant::now();
    let permits: Vec<_> = (0..4).map(|_| breaker.acquire_at(now)).collect();
    let mut old = permits.into_iter().map(|permit| permit.expect("closed"));
    let mut verdict = |failed| old.next().expect("four").end_at(now, failed);
    verdict(true);
    let open = breaker.opens_again_in(now);
    verdict(true);
    assert_eq!(breaker.opens_again_in(now), open);
    let later = now + open.expect("open");
    let trial = breaker.acquire_at(later).expect("half open");
    verdict(false);
    assert_eq!(breaker.state(), CircuitState::HalfOpen);
    trial.end_at(later, false);
    verdict(true);
    assert_eq!(breaker.state(), CircuitState::Closed);
    now = later;
    let before = breaker.acquire_at(now).expect("closed");
    breaker.reset();
    before.end_at(now, true);
    assert_eq!(breaker.state(), CircuitState::Closed);
}

#[test]
fn forced_open_until_reset() {
    let breaker = breaker(DEFAULT);
    let now = Instant::now();
    let before = breaker.acquire_at(now).expect("closed");
    breaker.force_open();
    before.end_at(now, false);
    let much_later = now + SECOND * 86_400;
    let rejected = breaker.acquire_at(much_later).expect_err("forced open");
    assert_eq!(rejected.retry_after, None);
    assert_eq!(
        rejected.to_string(),
        "circuit test is open until it is reset"
    );
    assert_eq!(breaker.opens_again_in(now), Some(Duration::MAX));
    assert_eq!(breaker.retry_after(), None);
    breaker.reset();
    assert_eq!(breaker.state(), CircuitState::Closed);
    assert!(breaker.acquire_at(now).is_ok());
}

#[test]
fn a_clock_that_went_back_does_not_keep_it_open() {
    let breaker = breaker(DEFAULT);
    let early = Instant::now();
    breaker.open_at(early + SECOND * 3_600);
    assert_eq!(breaker.opens_again_in(early), None);
    assert!(breaker.acquire_at(early).is_ok());
}

#[test]
fn a_rate_opens_once_there_are_enough_calls() {
    for (calls, rate, minimum, verdicts, opens_after) in [
        (10, 0.5, 4, "FFFF", Some(4)),
        (10, 0.5, 4, "FFFS", Some(4)),
        (10, 0.5, 4, "SSSFFF", Some(6)),
        (10, 0.5, 4, "SSSSFFF", None),
        (4, 0.5, 100, "FFF", None),
        (4, 0.5, 100, "SSSSFSSSFF", Some(10)),
        (4, 1.0, 1, "SFFFF", Some(5)),
        (100, 0.07, 100, &("S".repeat(93) + "FFFFFFF"), Some(100)),
    ] {
        let breaker = breaker(BreakerConfig {
            window: Some(Window::Calls(calls)),
            failure_rate: rate,
            minimum_calls: minimum,
            ..DEFAULT
        });
        let now = Instant::now();
        let opened = verdicts.chars().position(|verdict| {
            breaker.call_at(now, verdict == 'F');
            breaker.state() == CircuitState::Open
        });
        assert_eq!(
            opened.map(|at| at + 1),
            opens_after,
            "{calls} {rate} {verdicts}"
        );
    }
}

#[test]
fn a_window_begins_anew_when_the_circuit_closes() {
    for window in [Window::Calls(4), Window::Time(SECOND * 600)] {
        let breaker = breaker(BreakerConfig {
            window: Some(window),
            minimum_calls: 4,
            ..DEFAULT
        });
        let mut now = Instant::now();
        for _ in 0..4 {
            breaker.call_at(now, true);
        }
        assert_eq!(breaker.state(), CircuitState::Open);
        now += breaker.opens_again_in(now).expect("open");
        breaker.call_at(now, false);
        for _ in 0..3 {
            breaker.call_at(now, true);
        }
        assert_eq!(breaker.state(), CircuitState::Closed, "{window:?}");
        breaker.call_at(now, true);
        assert_eq!(breaker.state(), CircuitState::Open, "{window:?}");
    }
}

#[test]
fn failures_leave_a_time_window() {
    let breaker = breaker(BreakerConfig {
        window: Some(Window::Time(SECOND * 10)),
        minimum_calls: 3,
        ..DEFAULT
    });
    let began = Instant::now();
    for seconds in [0, 1, 11, 12, 22, 23] {
        breaker.call_at(began + SECOND * seconds, true);
    }
    assert_eq!(breaker.state(), CircuitState::Closed);
    breaker.call_at(began + SECOND * 24, true);
    assert_eq!(breaker.state(), CircuitState::Open);
}

#[test]
fn slow_calls_open_and_a_slow_trial_does_not_close() {
    let breaker = breaker(BreakerConfig {
        window: Some(Window::Calls(10)),
        minimum_calls: 4,
        slow_call: Some(SECOND),
        slow_call_rate: 0.5,
        ..DEFAULT
    });
    let mut now = Instant::now();
    let call = |now: &mut Instant, takes: Duration| {
        let permit = breaker.acquire_at(*now).expect("it may pass");
        *now += takes;
        permit.end_at(*now, false);
        breaker.state()
    };
    let slow = SECOND + Duration::from_millis(1);
    for (takes, state) in [
        (SECOND, CircuitState::Closed),
        (slow, CircuitState::Closed),
        (SECOND, CircuitState::Closed),
        (slow, CircuitState::Open),
    ] {
        assert_eq!(call(&mut now, takes), state, "{takes:?}");
    }
    now += breaker.opens_again_in(now).expect("open");
    assert_eq!(call(&mut now, slow), CircuitState::Open);
    now += breaker.opens_again_in(now).expect("open");
    assert_eq!(call(&mut now, SECOND), CircuitState::Closed);
}

/// (1 − pᵏ) / (pᵏ (1 − p)) calls until a run of k failures: 62 at p = 0.5 and k = 5.
#[test]
fn mean_calls_until_it_opens() {
    const RUNS: u32 = 20_000;
    let breaker = breaker(DEFAULT);
    let mut random = Random::seeded(62);
    let now = Instant::now();
    let mut calls = 0_u32;
    for _ in 0..RUNS {
        breaker.reset();
        while breaker.state() == CircuitState::Closed {
            breaker.call_at(now, random.between(0, 1) == 1);
            calls += 1;
        }
    }
    let mean = f64::from(calls) / f64::from(RUNS);
    assert!((mean / 62.0 - 1.0).abs() < 0.03, "{mean}");
}

/// What a circuit is, told with a list and numbers.
struct Model {
    config: BreakerConfig,
    state: CircuitState,
    epoch: u32,
    verdicts: VecDeque<bool>,
    /// Calls that try, and successes, while half open.
    trying: u32,
    succeeded: u32,
}

impl Model {
    fn goes(&mut self, state: CircuitState) {
        self.state = state;
        self.epoch += 1;
        self.verdicts.clear();
        (self.trying, self.succeeded) = (0, 0);
    }

    fn ends(&mut self, epoch: u32, failed: Option<bool>) {
        if epoch != self.epoch {
            return;
        }
        match (self.state, failed) {
            (CircuitState::Closed, Some(failed)) => {
                self.verdicts.push_back(failed);
                if self.opens() {
                    self.goes(CircuitState::Open);
                }
            }
            (CircuitState::HalfOpen, Some(true)) => self.goes(CircuitState::Open),
            (CircuitState::HalfOpen, failed) => {
                self.trying -= 1;
                self.succeeded += u32::from(failed.is_some());
                if self.succeeded == self.config.success_threshold {
                    self.goes(CircuitState::Closed);
                }
            }
            _ => {}
        }
    }

    fn opens(&mut self) -> bool {
        let Some(Window::Calls(size)) = self.config.window else {
            let row = self.verdicts.iter().rev().take_while(|failed| **failed);
            return row.count() >= self.config.failure_threshold as usize;
        };
        if self.verdicts.len() > size as usize {
            self.verdicts.pop_front();
        }
        let (calls, failed) = (
            self.verdicts.len(),
            self.verdicts.iter().filter(|failed| **failed).count(),
        );
        // The rate of the strategy below is a half.
        calls >= self.config.minimum_calls.min(size) as usize && 2 * failed >= calls
    }
}

#[derive(Clone, Debug)]
enum Event {
    Acquire,
    /// Of the permit that has been out for so many others; `None` drops it.
    End(usize, Option<bool>),
    Wait(u64),
    ForceOpen,
    Reset,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        8 => Just(Event::Acquire),
        4 => (0..6_usize).prop_map(|which| Event::End(which, Some(true))),
        3 => (0..6_usize).prop_map(|which| Event::End(which, Some(false))),
        1 => (0..6_usize).prop_map(|which| Event::End(which, None)),
        3 => (0..800_u64).prop_map(Event::Wait),
        1 => Just(Event::Reset),
    ];
    let rare = prop_oneof![60 => event, 1 => Just(Event::ForceOpen)];
    prop::collection::vec(rare, 0..250)
}

prop_compose! {
    fn configs()(
        failure_threshold in 1..4_u32,
        window in prop::option::of(1..30_u32),
        minimum_calls in 1..12_u32,
        half_open_permits in 1..4_u32,
        success_threshold in 1..5_u32,
    ) -> BreakerConfig {
        BreakerConfig {
            failure_threshold,
            recovery_timeout: SECOND,
            window: window.map(Window::Calls),
            minimum_calls,
            half_open_permits,
            success_threshold,
            ..DEFAULT
        }
    }
}

proptest! {
    #[test]
    fn does_what_the_model_does(config in configs(), events in events()) {
        let breaker = breaker(config);
        let mut model = Model {
            config,
            state: CircuitState::Closed,
            epoch: 0,
            verdicts: VecDeque::new(),
            trying: 0,
            succeeded: 0,
        };
        let mut now = Instant::now();
        let mut until = now;
        let mut out = VecDeque::new();
        for event in events {
            let was = model.epoch;
            match event {
                Event::Acquire => {
                    let passes = match model.state {
                        CircuitState::Closed => true,
                        CircuitState::Open => now >= until,
                        CircuitState::HalfOpen => model.trying < config.half_open_permits,
                        _ => false,
                    };
                    let permit = breaker.acquire_at(now);
                    prop_assert_eq!(permit.is_ok(), passes);
                    if let Ok(permit) = permit {
                        if model.state == CircuitState::Open {
                            model.goes(CircuitState::HalfOpen);
                        }
                        if model.state == CircuitState::HalfOpen {
                            model.trying += 1;
                        }
                        out.push_back((permit, model.epoch));
                    }
                }
                Event::End(which, failed) => {
                    if let Some((permit, epoch)) = out.remove(which) {
                        match failed {
                            Some(failed) => permit.end_at(now, failed),
                            None => drop(permit),
                        }
                        model.ends(epoch, failed);
                    }
                }
                Event::Wait(millis) => now += Duration::from_millis(millis),
                Event::ForceOpen => {
                    breaker.force_open();
                    if model.state != CircuitState::ForcedOpen {
                        model.goes(CircuitState::ForcedOpen);
                    }
                }
                Event::Reset => {
                    breaker.reset();
                    model.goes(CircuitState::Closed);
                }
            }
            prop_assert_eq!(breaker.state(), model.state);
            if model.epoch != was && model.state == CircuitState::Open {
                let left = breaker.opens_again_in(now).expect("it has just opened");
                prop_assert!((899..=1_102).contains(&left.as_millis()), "{left:?}");
                until = now + left;
                prop_assert!(breaker.opens_again_in(until).is_none());
            }
            let trying = out.iter().filter(|(_, epoch)| *epoch == model.epoch).count();
            if model.state == CircuitState::HalfOpen {
                prop_assert!(trying <= config.half_open_permits as usize);
            }
        }
    }
}

#[test]
fn setters_do_what_their_twins_do() {
    let constant = CircuitBreaker::new("all")
        .with_failure_threshold(7)
        .with_recovery_timeout(SECOND)
        .with_time_window(SECOND * 30, 0.25)
        .with_minimum_calls(20)
        .with_slow_call(SECOND * 2, 0.75)
        .with_half_open_permits(3)
        .with_success_threshold(4);
    let expected = BreakerConfig {
        failure_threshold: 7,
        recovery_timeout: SECOND,
        window: Some(Window::Time(SECOND * 30)),
        failure_rate: 0.25,
        minimum_calls: 20,
        slow_call: Some(SECOND * 2),
        slow_call_rate: 0.75,
        half_open_permits: 3,
        success_threshold: 4,
    };
    assert_eq!(constant.config, expected);
    let tried = CircuitBreaker::new("all")
        .try_with_failure_threshold(7)
        .and_then(|breaker| breaker.try_with_recovery_timeout(SECOND))
        .and_then(|breaker| breaker.try_with_time_window(SECOND * 30, 0.25))
        .and_then(|breaker| breaker.try_with_minimum_calls(20))
        .and_then(|breaker| breaker.try_with_slow_call(SECOND * 2, 0.75))
        .and_then(|breaker| breaker.try_with_half_open_permits(3))
        .and_then(|breaker| breaker.try_with_success_threshold(4))
        .expect("all in range");
    assert_eq!(tried.config, expected);
    let calls = CircuitBreaker::new("calls").with_count_window(50, 0.1);
    let tried = CircuitBreaker::new("calls").try_with_count_window(50, 0.1);
    assert_eq!(calls.config, tried.expect("in range").config);
    assert_eq!(calls.config.window, Some(Window::Calls(50)));
    for early in [
        CircuitBreaker::new("early").try_with_minimum_calls(5),
        CircuitBreaker::new("early").try_with_slow_call(SECOND, 0.5),
    ] {
        assert_eq!(early.expect_err("no window yet"), BreakerError::NoWindow);
    }
}

#[test]
#[should_panic(expected = "slow_call and minimum_calls need a window")]
fn minimum_calls_without_a_window_would_be_ignored() {
    let _ = CircuitBreaker::new("early").with_minimum_calls(5);
}

#[cfg(feature = "testing")]
mod reports {
    use super::*;
    use crate::testing::{self, Recorder, VirtualClock};

    /// A time as the reports print it.
    fn told(drawn: Duration) -> String {
        crate::wait_text::Wait(drawn).to_string()
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
                    told(first)
                ),
                "INFO Circuit payments half open: 2 calls may try".to_owned(),
                format!(
                    "WARN Circuit payments opened again after a trial call failed: calls are \
                     rejected for {}",
                    told(second)
                ),
                "INFO Circuit payments half open: 2 calls may try".to_owned(),
                "INFO Circuit payments closed".to_owned(),
                "WARN Circuit payments forced open: calls are rejected until it is reset"
                    .to_owned(),
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
                permit.fail()
            } else {
                permit.succeed()
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
}
