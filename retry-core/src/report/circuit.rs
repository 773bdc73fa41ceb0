//! What a circuit reports when it goes from one state into another.

use std::fmt;
use std::time::Duration;

use tracing::{error, info, warn};

use crate::text::duration::Wait;

pub(crate) fn circuit_opened(name: &str, from: &str, cause: &dyn fmt::Display, left: Duration) {
    warn!(
        target: "retry",
        circuit = name,
        from,
        to = "open",
        "Circuit {name} opened {cause}: calls are rejected for {}",
        Wait(left)
    );
}

pub(crate) fn circuit_forced_open(name: &str, from: &str) {
    warn!(
        target: "retry",
        circuit = name,
        from,
        to = "forced_open",
        "Circuit {name} forced open: calls are rejected until it is reset"
    );
}

pub(crate) fn circuit_half_open(name: &str, from: &str, permits: u32) {
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
    info!(
        target: "retry",
        circuit = name,
        from,
        to = "closed",
        "Circuit {name} closed"
    );
}

/// Two places mean different things by one name.
pub(crate) fn circuit_disputed(name: &str) {
    error!(
        target: "retry",
        circuit = name,
        "Circuit {name} was asked for again with another configuration: the first one counts"
    );
}
