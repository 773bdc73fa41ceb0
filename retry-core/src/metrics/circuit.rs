//! What a circuit tells: the calls that ask, and its changes of state.

use std::sync::OnceLock;

use ::metrics::{Key, with_recorder};

use super::words::CircuitCall;
use super::{METADATA, descriptions, key};
use crate::breaker::{CircuitBreaker, CircuitState};

impl CircuitCall {
    const ALL: [Self; 4] = [Self::Success, Self::Failure, Self::Rejected, Self::Dropped];

    const fn label(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Rejected => "rejected",
            Self::Dropped => "dropped",
        }
    }
}

const STATES: [CircuitState; 4] = [
    CircuitState::Closed,
    CircuitState::Open,
    CircuitState::HalfOpen,
    CircuitState::ForcedOpen,
];

/// Its number in [`STATES`], which is what the gauge shows.
const fn number(state: CircuitState) -> u8 {
    match state {
        CircuitState::Closed => 0,
        CircuitState::Open => 1,
        CircuitState::HalfOpen => 2,
        CircuitState::ForcedOpen => 3,
    }
}

/// What is kept for one circuit.
#[derive(Debug)]
pub(crate) struct OfCircuit(OnceLock<Box<Keys>>);

#[derive(Debug)]
struct Keys {
    state: Key,
    calls: [Key; CircuitCall::ALL.len()],
    /// By the number of the state before, and after.
    transitions: [[Key; STATES.len()]; STATES.len()],
}

impl OfCircuit {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }

    fn keys(&self, breaker: &CircuitBreaker) -> &Keys {
        self.0.get_or_init(|| Keys::new(breaker))
    }
}

impl Keys {
    #[cold]
    fn new(breaker: &CircuitBreaker) -> Box<Self> {
        descriptions::describe();
        let circuit = [("circuit", breaker.name())];
        let class = breaker.class().map(|class| ("class", class));
        let key = |name, more: &[(&'static str, &'static str)]| {
            let more = more.iter().copied();
            let labels: Vec<_> = circuit.into_iter().chain(class).chain(more).collect();
            key(name, &labels)
        };
        Box::new(Self {
            state: key("circuit_breaker_state", &[]),
            calls: CircuitCall::ALL
                .map(|call| key("circuit_breaker_calls_total", &[("result", call.label())])),
            transitions: STATES.map(|from| {
                STATES.map(|to| {
                    let (from, to) = (("from", from.as_str()), ("to", to.as_str()));
                    key("circuit_breaker_transitions_total", &[from, to])
                })
            }),
        })
    }
}

impl OfCircuit {
    /// A call asked for a permit, and this became of it.
    pub(crate) fn asked(&self, breaker: &CircuitBreaker, call: CircuitCall) {
        let keys = self.keys(breaker);
        with_recorder(|recorder| {
            let calls = &keys.calls[call as usize];
            recorder.register_counter(calls, &METADATA).increment(1);
        });
        // Also where it stays as it was: the recorder may be new.
        show_state(breaker, keys);
    }

    /// It went from one state into another.
    pub(crate) fn changed(&self, breaker: &CircuitBreaker, from: CircuitState, to: CircuitState) {
        let keys = self.keys(breaker);
        with_recorder(|recorder| {
            let key = &keys.transitions[usize::from(number(from))][usize::from(number(to))];
            recorder.register_counter(key, &METADATA).increment(1);
        });
        show_state(breaker, keys);
    }
}

fn show_state(breaker: &CircuitBreaker, keys: &Keys) {
    with_recorder(|recorder| {
        let gauge = recorder.register_gauge(&keys.state, &METADATA);
        loop {
            let state = breaker.state();
            gauge.set(f64::from(number(state)));
            // Another thread may have changed it and told the gauge in between: whoever tells the
            // gauge last has then seen the state after that.
            if breaker.state() == state {
                break;
            }
        }
    });
}
