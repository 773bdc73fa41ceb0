//! The circuit against a plain model of it, through arbitrary events.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

/// The model of a circuit: a list and numbers.
struct Model {
    config: BreakerConfig,
    state: CircuitState,
    epoch: u32,
    verdicts: VecDeque<bool>,
    /// Trial calls of this round, and successes of all rounds, while half open.
    trying: u32,
    succeeded: u32,
    /// Rounds of trials over all stretches, and the start of the youngest trial.
    round: u32,
    tried_at: Instant,
}

impl Model {
    fn goes(&mut self, state: CircuitState) {
        self.state = state;
        self.epoch += 1;
        self.verdicts.clear();
        (self.trying, self.succeeded) = (0, 0);
        self.round += 1;
    }

    /// Whether a call may pass at `now`; `None` if it depends on a fraction of a millisecond.
    fn passes(&self, now: Instant, until: Instant) -> Option<bool> {
        match self.state {
            CircuitState::Closed => Some(true),
            CircuitState::Open => Some(now >= until),
            CircuitState::HalfOpen if self.trying < self.config.half_open_permits => Some(true),
            CircuitState::HalfOpen => {
                let age = now - self.tried_at;
                let is_over = age > self.config.recovery_timeout;
                (age != self.config.recovery_timeout).then_some(is_over)
            }
            CircuitState::ForcedOpen => Some(false),
        }
    }

    /// Records a call that passed.
    fn passed(&mut self, now: Instant) {
        if self.state == CircuitState::Open {
            self.goes(CircuitState::HalfOpen);
        }
        if self.state == CircuitState::HalfOpen {
            if self.trying == self.config.half_open_permits {
                (self.round, self.trying) = (self.round + 1, 0);
            }
            self.trying += 1;
            self.tried_at = now;
        }
    }

    fn ends(&mut self, (epoch, round): (u32, u32), failed: Option<bool>) {
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
                self.trying -= u32::from(round == self.round);
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
    /// Ends the permit at this place among those given; `None` drops it.
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
        let mut now = Instant::now();
        let mut model = Model {
            config,
            state: CircuitState::Closed,
            epoch: 0,
            verdicts: VecDeque::new(),
            trying: 0,
            succeeded: 0,
            round: 0,
            tried_at: now,
        };
        let mut until = now;
        let mut out = VecDeque::new();
        for event in events {
            let was = model.epoch;
            match event {
                Event::Acquire => {
                    let passes = model.passes(now, until);
                    let permit = breaker.acquire_at(now);
                    prop_assert_eq!(permit.is_ok(), passes.unwrap_or(permit.is_ok()));
                    match permit {
                        Ok(permit) => {
                            model.passed(now);
                            out.push_back((permit, (model.epoch, model.round)));
                        }
                        Err(open) => {
                            let left = open.retry_after.unwrap_or(SECOND);
                            prop_assert!(left > Duration::ZERO && left <= 2 * SECOND);
                            prop_assert_eq!(open.retry_after, breaker.retry_at(now));
                        }
                    }
                }
                Event::End(which, failed) => {
                    if let Some((permit, of)) = out.remove(which) {
                        match failed {
                            Some(failed) => permit.end_at(now, failed),
                            None => drop(permit),
                        }
                        model.ends(of, failed);
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
                let left = breaker.rejects_for(now).expect("it has just opened");
                prop_assert!((899..=1_102).contains(&left.as_millis()), "{left:?}");
                until = now + left;
                prop_assert!(breaker.rejects_for(until).is_none());
            }
            let of = (model.epoch, model.round);
            let trying = out.iter().filter(|(_, its)| *its == of).count();
            if model.state == CircuitState::HalfOpen {
                prop_assert!(trying <= config.half_open_permits as usize);
            }
        }
    }
}
