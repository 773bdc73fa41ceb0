//! The list of `circuit_breaker(..)`: its numbers, and what contradicts what.

use std::time::Duration;

use proc_macro2::TokenStream;

use crate::parse::fault::Faults;
use crate::parse::guards::{LentBy, Settings};
use crate::parse::list::{self, Argument};
use crate::parse::value::Value;
use crate::parse::{names, number, value};

/// What only a window's breaker has.
const OF_WINDOWS: [&str; 4] = [
    "failure_rate",
    "minimum_calls",
    "slow_call",
    "slow_call_rate",
];

/// Reads the list; what it sets goes to `settings`.
pub(super) fn list(list: &TokenStream, settings: &mut Settings, faults: &mut Faults) -> LentBy {
    let given = list::parse(list.clone(), &names::CIRCUIT_BREAKER, faults);
    list::refuse_duplicates(&given, faults);
    let mut name = None;
    for argument in &given {
        if argument.key == "name" {
            name = value::name(argument, faults);
        } else {
            settings.extend(setting(argument, faults));
        }
    }
    check_together(&given, faults);
    name.map_or(LentBy::Operation, LentBy::Name)
}

fn setting(argument: &Argument, faults: &mut Faults) -> Option<(&'static str, Value)> {
    const MOST_TRIALS: u32 = 1_000_000;
    const SHORTEST_SLOW_CALL: Duration = Duration::from_millis(1);
    let key = argument.key.to_string();
    let mut count = |most| number::count(argument, 1..=most, faults);
    Some(match key.as_str() {
        "failure_threshold" => ("failure_threshold", count(u32::MAX)?),
        "minimum_calls" => ("minimum_calls", count(u32::MAX)?),
        "half_open_permits" => ("half_open_permits", count(MOST_TRIALS)?),
        "success_threshold" => ("success_threshold", count(MOST_TRIALS)?),
        "recovery_timeout" => {
            let timeout = number::time(argument, Duration::ZERO, faults)?;
            ("recovery_timeout", timeout)
        }
        "slow_call" => {
            let slow = number::time(argument, SHORTEST_SLOW_CALL, faults)?;
            ("slow_call", slow)
        }
        "window" => ("window", number::window(argument, faults)?),
        "failure_rate" => ("failure_rate", number::rate(argument, faults)?),
        "slow_call_rate" => ("slow_call_rate", number::rate(argument, faults)?),
        unknown => {
            let message = names::CIRCUIT_BREAKER.unknown(unknown);
            faults.at(argument.key.span(), message);
            return None;
        }
    })
}

/// What no argument alone can tell.
fn check_together(given: &[Argument], faults: &mut Faults) {
    let find = |key: &str| given.iter().find(|argument| argument.key == key);
    let window = find("window");
    if let (Some(threshold), Some(window)) = (find("failure_threshold"), window) {
        faults.both(
            (
                threshold.key.span(),
                "`failure_threshold` counts failures in a row, and with a `window` the share of \
                 them counts: remove it, or say `failure_rate` instead",
            ),
            (window.key.span(), "`window` is given here"),
        );
    }
    if window.is_none() {
        for argument in OF_WINDOWS.iter().filter_map(|key| find(key)) {
            let key = &argument.key;
            let message = format!(
                "`{key}` is of a window, and without one failures in a row count: add `window = \
                 100` (calls) or `window = \"30s\"`"
            );
            faults.at(key.span(), message);
        }
    }
    if let (Some(rate), None) = (find("slow_call_rate"), find("slow_call")) {
        let message = "`slow_call_rate` needs to know what is slow: add `slow_call = \"2s\"`";
        faults.at(rate.key.span(), message);
    }
    if let (Some(minimum), Some(window)) = (find("minimum_calls"), window)
        && let (Some(least), Some(calls)) = (number::written(minimum), number::written(window))
        && least > calls
    {
        let message =
            format!("minimum_calls is {least}, and the window never holds more than {calls}");
        faults.both(
            (minimum.value_span(), message),
            (window.value_span(), "`window` is given here"),
        );
    }
}
