//! The states of a circuit, and the report of a change of state.
//!
//! The name of a circuit of a keyed set ends with the key, which may be a URL: reports show it redacted.

use std::fmt;
use std::time::Duration;

use tracing::{error, info, warn};

use crate::text::duration::DisplayDuration;
use crate::text::redaction::redacted;

/// The state of a [`CircuitBreaker`](crate::CircuitBreaker).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CircuitState {
    /// Calls pass, and their verdicts are counted.
    Closed,
    /// Calls are rejected until the recovery time is over and a call requests a permit.
    Open,
    /// A few trial calls test whether the other side has recovered; all others are rejected.
    HalfOpen,
    /// Calls are rejected until the circuit is reset.
    ForcedOpen,
}

impl CircuitState {
    /// Returns the name in logs and metrics: `closed`, `open`, `half_open`, `forced_open`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
            Self::ForcedOpen => "forced_open",
        }
    }
}

impl fmt::Display for CircuitState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

pub(crate) fn circuit_opened(name: &str, from: &str, cause: &dyn fmt::Display, left: Duration) {
    let name = &*redacted(name);
    warn!(
        target: "retry",
        circuit = name,
        from,
        to = "open",
        "Circuit {name} opened {cause}: calls are rejected for {}",
        DisplayDuration(left)
    );
}

pub(crate) fn circuit_forced_open(name: &str, from: &str) {
    let name = &*redacted(name);
    warn!(
        target: "retry",
        circuit = name,
        from,
        to = "forced_open",
        "Circuit {name} forced open: calls are rejected until it is reset"
    );
}

pub(crate) fn circuit_half_open(name: &str, from: &str, permits: u32) {
    let name = &*redacted(name);
    let calls = if permits == 1 { "call" } else { "calls" };
    info!(
        target: "retry",
        circuit = name,
        from,
        to = "half_open",
        "Circuit {name} half open: {permits} {calls} may try"
    );
}

pub(crate) fn circuit_closed(name: &str, from: &str) {
    let name = &*redacted(name);
    info!(
        target: "retry",
        circuit = name,
        from,
        to = "closed",
        "Circuit {name} closed"
    );
}

/// Reports two different circuits under one name.
pub(crate) fn circuit_disputed(name: &str) {
    let name = &*redacted(name);
    error!(
        target: "retry",
        circuit = name,
        "Circuit {name} is configured twice, differently: the first configuration counts"
    );
}
