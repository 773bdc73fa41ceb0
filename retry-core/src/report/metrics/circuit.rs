//! What a circuit tells: the calls that ask, and its changes of state.

use std::sync::{Arc, OnceLock};

use ::metrics::{Key, Label, with_recorder};

use super::words::CircuitCall;
use super::{METADATA, descriptions};
use crate::guard::breaker::circuit_breaker::CircuitBreaker;
use crate::guard::breaker::state::CircuitState;

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

/// What the gauge shows.
const fn number(state: CircuitState) -> u8 {
    match state {
        CircuitState::Closed => 0,
        CircuitState::Open => 1,
        CircuitState::HalfOpen => 2,
        CircuitState::ForcedOpen => 3,
    }
}

/// What is kept for one circuit, which goes with it; those of one set have it together.
#[derive(Debug)]
pub(crate) struct OfCircuit(OnceLock<Arc<Keys>>);

/// The keys that calls need. A change of state is seldom, and makes its own.
#[derive(Debug)]
struct Keys {
    labels: Vec<Label>,
    calls: [Key; CircuitCall::ALL.len()],
    /// None for a set: its circuits have no state in common.
    state: Option<Key>,
}

impl OfCircuit {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// For a circuit of a set, `set` being the breaker that all of it are made after: it is counted by
    /// the set's name, so that there are no more series than sets.
    pub(crate) fn of_member(&self, set: &CircuitBreaker) -> Self {
        let keys = self.0.get_or_init(|| {
            Arc::new(Keys {
                state: None,
                ..Keys::new(set)
            })
        });
        Self(Arc::clone(keys).into())
    }

    fn keys(&self, breaker: &CircuitBreaker) -> &Keys {
        self.0.get_or_init(|| Arc::new(Keys::new(breaker)))
    }
}

impl Keys {
    #[cold]
    fn new(breaker: &CircuitBreaker) -> Self {
        descriptions::describe();
        let circuit = Label::new("circuit", breaker.label());
        let class = breaker.class();
        let class = class.map(|class| Label::from_static_parts("class", class));
        let labels: Vec<_> = [circuit].into_iter().chain(class).collect();
        Self {
            calls: CircuitCall::ALL.map(|call| {
                let result = Label::from_static_parts("result", call.label());
                key("circuit_breaker_calls_total", &labels, &[result])
            }),
            state: Some(key("circuit_breaker_state", &labels, &[])),
            labels,
        }
    }
}

/// A key that is not for good, as those of operations are.
fn key(name: &'static str, labels: &[Label], more: &[Label]) -> Key {
    Key::from_parts(name, [labels, more].concat())
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
            let from = Label::from_static_parts("from", from.as_str());
            let to = Label::from_static_parts("to", to.as_str());
            let key = key(
                "circuit_breaker_transitions_total",
                &keys.labels,
                &[from, to],
            );
            recorder.register_counter(&key, &METADATA).increment(1);
        });
        show_state(breaker, keys);
    }
}

fn show_state(breaker: &CircuitBreaker, keys: &Keys) {
    let Some(key) = &keys.state else {
        return;
    };
    with_recorder(|recorder| {
        let gauge = recorder.register_gauge(key, &METADATA);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(breaker: &CircuitBreaker, circuit: &OfCircuit) -> std::sync::Weak<Keys> {
        circuit.asked(breaker, CircuitCall::Rejected);
        Arc::downgrade(circuit.0.get().expect("made by the first call"))
    }

    #[test]
    fn what_is_kept_goes_with_its_circuit() {
        let breaker = CircuitBreaker::named("metrics of one".to_owned());
        let circuit = OfCircuit::new();
        let keys = counted(&breaker, &circuit);
        assert_eq!(keys.strong_count(), 1);
        drop(circuit);
        assert_eq!(keys.strong_count(), 0);
    }

    #[test]
    fn circuits_of_a_set_have_it_together() {
        let template = CircuitBreaker::new("metrics of a set");
        let set = OfCircuit::new();
        let members: Vec<_> = (0..9).map(|_| set.of_member(&template)).collect();
        let keys = counted(&template, &members[0]);
        assert_eq!(keys.strong_count(), 10);
        drop(members);
        assert_eq!(keys.strong_count(), 1);
    }
}
