//! Metrics of a circuit: calls that request a permit, and changes of state.

use std::sync::{Arc, OnceLock};

use ::metrics::{Key, Label, with_recorder};

use super::descriptions;
use super::labels::{Circuit, CircuitCall};
use super::series::METADATA;
use crate::report::circuit::CircuitState;

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

/// Returns the value of the gauge.
const fn number(state: CircuitState) -> u8 {
    match state {
        CircuitState::Closed => 0,
        CircuitState::Open => 1,
        CircuitState::HalfOpen => 2,
        CircuitState::ForcedOpen => 3,
    }
}

/// Metrics state of one circuit, dropped with it; the circuits of a set share one.
#[derive(Debug)]
pub(crate) struct CircuitMetrics(OnceLock<Arc<Keys>>);

/// Keys that calls need. A change of state is rare and makes its own key.
#[derive(Debug)]
struct Keys {
    labels: Vec<Label>,
    calls: [Key; CircuitCall::ALL.len()],
    /// None for a set: its circuits have no common state.
    state: Option<Key>,
}

impl CircuitMetrics {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// Returns the state for a circuit of the `set` that owns this one. The circuit counts under
    /// the set's name, so that there are no more series than sets.
    pub(crate) fn of_member(&self, set: Circuit<'_>) -> Self {
        let keys = self.0.get_or_init(|| {
            Arc::new(Keys {
                state: None,
                ..Keys::new(set)
            })
        });
        Self(Arc::clone(keys).into())
    }

    fn keys(&self, circuit: Circuit<'_>) -> &Keys {
        self.0.get_or_init(|| Arc::new(Keys::new(circuit)))
    }
}

impl Keys {
    #[cold]
    fn new(of: Circuit<'_>) -> Self {
        descriptions::describe();
        let circuit = Label::new("circuit", of.name.label());
        let class = of
            .class
            .map(|class| Label::from_static_parts("class", class));
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

/// Makes a key that is freed, unlike those of operations.
fn key(name: &'static str, labels: &[Label], more: &[Label]) -> Key {
    Key::from_parts(name, [labels, more].concat())
}

impl CircuitMetrics {
    /// Records a call's request for a permit and its result.
    pub(crate) fn count_call(
        &self,
        circuit: Circuit<'_>,
        call: CircuitCall,
        state: impl Fn() -> CircuitState,
    ) {
        let keys = self.keys(circuit);
        with_recorder(|recorder| {
            let calls = &keys.calls[call as usize];
            recorder.register_counter(calls, &METADATA).increment(1);
        });
        // Set even if the state is unchanged: the recorder may be new.
        show_state(keys, state);
    }

    /// Records a change of state.
    pub(crate) fn changed(
        &self,
        circuit: Circuit<'_>,
        from: CircuitState,
        to: CircuitState,
        state: impl Fn() -> CircuitState,
    ) {
        let keys = self.keys(circuit);
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
        show_state(keys, state);
    }
}

/// Sets the gauge. `state` reads the circuit's current state.
fn show_state(keys: &Keys, state: impl Fn() -> CircuitState) {
    let Some(key) = &keys.state else {
        return;
    };
    with_recorder(|recorder| {
        let gauge = recorder.register_gauge(key, &METADATA);
        loop {
            let shown = state();
            gauge.set(f64::from(number(shown)));
            // Another thread may have changed the state and set the gauge in between. The thread that
            // sets the gauge last has read the newer state.
            if state() == shown {
                break;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::circuit_name::CircuitName;

    fn counted(name: &CircuitName, circuit: &CircuitMetrics) -> std::sync::Weak<Keys> {
        let state = || CircuitState::Closed;
        circuit.count_call(Circuit { name, class: None }, CircuitCall::Rejected, state);
        Arc::downgrade(circuit.0.get().expect("made by the first call"))
    }

    #[test]
    fn what_is_kept_goes_with_its_circuit() {
        let name = CircuitName::from("metrics of one".to_owned());
        let circuit = CircuitMetrics::new();
        let keys = counted(&name, &circuit);
        assert_eq!(keys.strong_count(), 1);
        drop(circuit);
        assert_eq!(keys.strong_count(), 0);
    }

    #[test]
    fn circuits_of_a_set_have_it_together() {
        let name = CircuitName::new("metrics of a set");
        let set = CircuitMetrics::new();
        let class = None;
        let members: Vec<_> = (0..9)
            .map(|_| set.of_member(Circuit { name: &name, class }))
            .collect();
        let keys = counted(&name, &members[0]);
        assert_eq!(keys.strong_count(), 10);
        drop(members);
        assert_eq!(keys.strong_count(), 1);
    }
}
