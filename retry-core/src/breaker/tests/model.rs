//! The circuit beside a plain model of it, through whatever may happen.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

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
