//! Variables of guards: budgets, breakers, time budgets and hedges.

use std::collections::BTreeMap;
use std::time::Duration;

use super::guard_layer::GuardLayer;
use crate::guard::breaker::config::Window;
use crate::guard::breaker::ranges;
use crate::settings::names::OPERATION;
use crate::settings::names::class_named;
use crate::settings::names::operation_key;
use crate::text::duration;

/// Guard layers by class, by operation and for the process.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct GuardSettings {
    pub(super) classes: [GuardLayer; 4],
    pub(super) operations: BTreeMap<String, GuardLayer>,
    pub(super) process: GuardLayer,
}

impl GuardSettings {
    /// Reads a variable, given without its prefix. Returns `None` if the name is not a guard's; an error
    /// states what is allowed.
    pub(super) fn read(&mut self, rest: &str, value: &str) -> Option<Result<(), String>> {
        if let Some(operation) = rest.strip_prefix(OPERATION) {
            let (name, field) = operation.rsplit_once("__")?;
            if name.is_empty() || operation_key(name) != name {
                return None;
            }
            let of_operations = [
                ("TIME_BUDGET", Self::time_budget as FieldReader),
                ("HEDGE_AFTER", Self::hedge_after),
            ];
            let (_, read) = FIELDS
                .iter()
                .chain(&of_operations)
                .find(|(known, _)| *known == field)?;
            let layer = self.operations.entry(name.to_owned()).or_default();
            return Some(read(layer, value));
        }
        let (layer, field) = if rest.starts_with("BUDGET") {
            (&mut self.process, rest)
        } else {
            let (class, field) = rest.split_once('_')?;
            (&mut self.classes[class_named(class)?.index()], field)
        };
        let (_, read) = FIELDS.iter().find(|(known, _)| *known == field)?;
        Some(read(layer, value))
    }

    fn time_budget(layer: &mut GuardLayer, value: &str) -> Result<(), String> {
        set(
            &mut layer.time_budget,
            duration(value, Duration::from_nanos(1)),
        )
    }

    fn hedge_after(layer: &mut GuardLayer, value: &str) -> Result<(), String> {
        set(
            &mut layer.hedge_after,
            duration(value, Duration::from_nanos(1)),
        )
    }
}

/// Reads a field's value into its layer; an error states what is allowed.
type FieldReader = fn(&mut GuardLayer, &str) -> Result<(), String>;

const MOST_TOKENS: u32 = 1_000_000;

/// Fields that a class and an operation share.
const FIELDS: [(&str, FieldReader); 12] = [
    ("BUDGET", |layer, value| {
        set(&mut layer.budget_ratio, ratio(value))
    }),
    ("BUDGET_BURST", |layer, value| {
        set(&mut layer.budget_burst, count(value, 1, MOST_TOKENS))
    }),
    ("BUDGET_FLOOR", |layer, value| {
        set(&mut layer.budget_floor, count(value, 0, MOST_TOKENS))
    }),
    ("CIRCUIT_FAILURE_THRESHOLD", |layer, value| {
        set(&mut layer.failure_threshold, count(value, 1, u32::MAX))
    }),
    ("CIRCUIT_RECOVERY_TIMEOUT", |layer, value| {
        let timeout = duration(value, Duration::from_nanos(1));
        set(&mut layer.recovery_timeout, timeout)
    }),
    ("CIRCUIT_WINDOW", |layer, value| {
        set(&mut layer.window, window(value))
    }),
    ("CIRCUIT_FAILURE_RATE", |layer, value| {
        set(&mut layer.failure_rate, rate(value))
    }),
    ("CIRCUIT_MINIMUM_CALLS", |layer, value| {
        set(&mut layer.minimum_calls, count(value, 1, u32::MAX))
    }),
    ("CIRCUIT_SLOW_CALL", |layer, value| {
        let slow = duration(value, ranges::MIN_SLOW_CALL);
        set(&mut layer.slow_call, slow)
    }),
    ("CIRCUIT_SLOW_CALL_RATE", |layer, value| {
        set(&mut layer.slow_call_rate, rate(value))
    }),
    ("CIRCUIT_HALF_OPEN_PERMITS", |layer, value| {
        let permits = count(value, 1, ranges::MAX_TRIALS);
        set(&mut layer.half_open_permits, permits)
    }),
    ("CIRCUIT_SUCCESS_THRESHOLD", |layer, value| {
        let successes = count(value, 1, ranges::MAX_TRIALS);
        set(&mut layer.success_threshold, successes)
    }),
];

fn set<T>(slot: &mut Option<T>, value: Result<T, String>) -> Result<(), String> {
    *slot = Some(value?);
    Ok(())
}

fn number(value: &str) -> Option<f64> {
    // `parse` accepts `inf`, `nan` and a sign; people do not write numbers so.
    let plain = value.starts_with(|first: char| first.is_ascii_digit() || first == '.');
    value.parse().ok().filter(|_| plain)
}

fn ratio(value: &str) -> Result<f64, String> {
    number(value)
        .filter(|ratio| *ratio == 0.0 || (0.001..=1.0).contains(ratio))
        .ok_or_else(|| "it must be 0, or a number from 0.001 to 1".to_owned())
}

fn rate(value: &str) -> Result<f64, String> {
    number(value)
        .filter(|rate| *rate > 0.0 && *rate <= 1.0)
        .ok_or_else(|| "it must be a number over 0 and up to 1".to_owned())
}

fn count(value: &str, least: u32, most: u32) -> Result<u32, String> {
    let plain = value.starts_with(|first: char| first.is_ascii_digit());
    let count = value
        .parse()
        .ok()
        .filter(|count| plain && (least..=most).contains(count));
    count.ok_or_else(|| format!("it must be a whole number from {least} to {most}"))
}

fn duration(value: &str, least: Duration) -> Result<Duration, String> {
    let read = duration::parse(value).ok_or_else(|| duration::ALLOWED.to_owned())?;
    if read < least {
        let least = if least <= Duration::from_nanos(1) {
            "more than 0".to_owned()
        } else {
            format!("at least {}", duration::DisplayDuration(least))
        };
        return Err(format!("it must be {least}"));
    }
    Ok(read)
}

/// Reads `100` as calls, `30s` as time.
fn window(value: &str) -> Result<Window, String> {
    if let Ok(calls) = count(value, 1, ranges::MAX_CALLS) {
        return Ok(Window::Calls(calls));
    }
    let has_unit = value.ends_with(char::is_alphabetic);
    if has_unit && let Ok(time) = duration(value, ranges::MIN_WINDOW) {
        return Ok(Window::Time(time));
    }
    Err(format!(
        "it must be a number of calls from 1 to {}, or a time of at least {} with a unit, like 30s",
        ranges::MAX_CALLS,
        duration::DisplayDuration(ranges::MIN_WINDOW)
    ))
}

#[cfg(test)]
mod tests;
