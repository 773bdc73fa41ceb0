//! The circuit breaker: its numbers, and the contradictions among them.

use std::time::Duration;

use crate::parse::argument::{Argument, ArgumentValue};
use crate::parse::fault::Faults;
use crate::parse::guard_settings::GuardSettings;
use crate::parse::number;
use crate::parse::shared_guard::{GuardArgument, GuardField, list, origin};
use crate::parse::table::{ArgumentRow, ArgumentTable};
use crate::parse::value::Value;

const SHORTEST_SLOW_CALL: Duration = Duration::from_millis(1);

/// The arguments of `circuit_breaker(..)`.
const CIRCUIT_BREAKER: ArgumentTable<GuardField> = ArgumentTable {
    of: Some("circuit_breaker"),
    rows: &[
        ArgumentRow::new(
            "failure_threshold",
            GuardField::Setting("failure_threshold", at_least_one),
            "failure_threshold = 5",
            &["threshold", "failures", "fail_max"],
        ),
        ArgumentRow::new(
            "recovery_timeout",
            GuardField::Setting("recovery_timeout", |it, faults| {
                number::time(it, Duration::ZERO, faults)
            }),
            "recovery_timeout = \"60s\"",
            &["reset", "reset_timeout", "open_for", "timeout"],
        ),
        ArgumentRow::new(
            "window",
            GuardField::Setting("window", number::window),
            "window = 100",
            &["window_size", "sliding_window_size"],
        ),
        ArgumentRow::new(
            "failure_rate",
            GuardField::Setting("failure_rate", number::rate),
            "failure_rate = 0.5",
            &["failure_rate_threshold"],
        ),
        ArgumentRow::new(
            "minimum_calls",
            GuardField::Setting("minimum_calls", at_least_one),
            "minimum_calls = 20",
            &["minimum_number_of_calls"],
        ),
        ArgumentRow::new(
            "slow_call",
            GuardField::Setting("slow_call", |it, faults| {
                number::time(it, SHORTEST_SLOW_CALL, faults)
            }),
            "slow_call = \"2s\"",
            &["slow_call_duration", "slow_call_duration_threshold"],
        ),
        ArgumentRow::new(
            "slow_call_rate",
            GuardField::Setting("slow_call_rate", number::rate),
            "slow_call_rate = 0.5",
            &["slow_call_rate_threshold"],
        ),
        ArgumentRow::new(
            "half_open_permits",
            GuardField::Setting("half_open_permits", trials),
            "half_open_permits = 1",
            &["half_open_max_calls", "permitted_calls"],
        ),
        ArgumentRow::new(
            "success_threshold",
            GuardField::Setting("success_threshold", trials),
            "success_threshold = 1",
            &[],
        ),
        ArgumentRow::new("name", GuardField::Name, "name = \"payments\"", &[]),
    ],
};

/// Arguments that only a breaker with a window has.
const OF_WINDOWS: [&str; 4] = [
    "failure_rate",
    "minimum_calls",
    "slow_call",
    "slow_call_rate",
];

pub(super) fn read(
    argument: &Argument,
    settings: &mut GuardSettings,
    faults: &mut Faults,
) -> Option<GuardArgument> {
    const ALLOWED: &str = "circuit_breaker must be `true`, the name of one that others share, or an \
                           expression for a `CircuitBreaker`; numbers go in parentheses: \
                           `circuit_breaker(failure_threshold = 5)`";
    let origin = match &argument.value {
        ArgumentValue::List(tokens) => {
            let (given, origin) = list(tokens, &CIRCUIT_BREAKER, settings, faults);
            check_together(&given, faults);
            origin
        }
        _ => origin(argument, ALLOWED, faults)?,
    };
    Some(GuardArgument::new(argument, origin))
}

fn at_least_one(argument: &Argument, faults: &mut Faults) -> Option<Value> {
    number::count(argument, 1..=u32::MAX, faults)
}

fn trials(argument: &Argument, faults: &mut Faults) -> Option<Value> {
    const MOST: u32 = 1_000_000;
    number::count(argument, 1..=MOST, faults)
}

/// Refuses arguments that contradict each other.
fn check_together(given: &[Argument], faults: &mut Faults) {
    let find = |key: &str| given.iter().find(|argument| argument.key == key);
    let window = find("window");
    if let (Some(threshold), Some(window)) = (find("failure_threshold"), window) {
        faults.add_contradiction(
            threshold.key.span(),
            "`failure_threshold` counts failures in a row, and with a `window` the share of \
                 them counts: remove it, or say `failure_rate` instead",
            window.key.span(),
            "`window` is given here",
        );
    }
    if window.is_none() {
        for argument in OF_WINDOWS.iter().filter_map(|key| find(key)) {
            let key = &argument.key;
            let message = format!(
                "`{key}` is of a window, and without one failures in a row count: add `window = \
                 100` (calls) or `window = \"30s\"`"
            );
            faults.add_at(key.span(), message);
        }
    }
    if let (Some(rate), None) = (find("slow_call_rate"), find("slow_call")) {
        let message = "`slow_call_rate` needs to know what is slow: add `slow_call = \"2s\"`";
        faults.add_at(rate.key.span(), message);
    }
    if let (Some(minimum), Some(window)) = (find("minimum_calls"), window)
        && let (Some(least), Some(calls)) = (number::written(minimum), number::written(window))
        && least > calls
    {
        let message =
            format!("minimum_calls is {least}, and the window never holds more than {calls}");
        faults.add_contradiction(
            minimum.value_span(),
            message,
            window.value_span(),
            "`window` is given here",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sound() {
        CIRCUIT_BREAKER.check();
        for (name, message) in [
            (
                "reset",
                "unknown argument `reset` of `circuit_breaker`; here it is called `recovery_timeout`",
            ),
            (
                "failure_treshold",
                "unknown argument `failure_treshold` of `circuit_breaker`; did you mean \
                 `failure_threshold`?",
            ),
        ] {
            assert_eq!(CIRCUIT_BREAKER.unknown(name), message);
        }
    }
}
