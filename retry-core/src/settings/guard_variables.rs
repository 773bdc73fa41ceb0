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
            let (_, _, read) = find_field(field)?;
            let layer = self.operations.entry(name.to_owned()).or_default();
            return Some(read(layer, value));
        }
        let (layer, field) = if rest.starts_with("BUDGET") {
            (&mut self.process, rest)
        } else {
            let (class, field) = rest.split_once('_')?;
            (&mut self.classes[class_named(class)?.index()], field)
        };
        let (_, _, read) = FIELDS.iter().find(|(known, ..)| *known == field)?;
        Some(read(layer, value))
    }
}

/// A guard that variables tune where an attribute requests it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TunedGuard {
    Budget,
    Breaker,
    TimeBudget,
    Hedge,
}

impl TunedGuard {
    /// Returns the guard that a variable tunes, by the last part of its name.
    pub(super) fn of_field(field: &str) -> Option<Self> {
        find_field(field)?.1
    }

    /// Returns the argument that requests it.
    pub(super) const fn argument(self) -> &'static str {
        match self {
            Self::Budget => "budget",
            Self::Breaker => "circuit_breaker",
            Self::TimeBudget => "time_budget",
            Self::Hedge => "hedge",
        }
    }
}

/// Reads a field's value into its layer; an error states what is allowed.
type FieldReader = fn(&mut GuardLayer, &str) -> Result<(), String>;

/// A field's name, the guard that it tunes, and its reader. The first field of a budget makes one itself.
type Field = (&'static str, Option<TunedGuard>, FieldReader);

fn find_field(name: &str) -> Option<&'static Field> {
    let mut fields = FIELDS.iter().chain(&OPERATION_FIELDS);
    fields.find(|(known, ..)| *known == name)
}

const MOST_TOKENS: u32 = 1_000_000;

const BUDGET: Option<TunedGuard> = Some(TunedGuard::Budget);
const BREAKER: Option<TunedGuard> = Some(TunedGuard::Breaker);

/// Fields that a class and an operation share.
const FIELDS: [Field; 12] = [
    ("BUDGET", None, |layer, value| {
        set(&mut layer.budget_ratio, ratio(value))
    }),
    ("BUDGET_BURST", BUDGET, |layer, value| {
        set(&mut layer.budget_burst, count(value, 1, MOST_TOKENS))
    }),
    ("BUDGET_FLOOR", BUDGET, |layer, value| {
        set(&mut layer.budget_floor, count(value, 0, MOST_TOKENS))
    }),
    ("CIRCUIT_FAILURE_THRESHOLD", BREAKER, |layer, value| {
        set(&mut layer.failure_threshold, count(value, 1, u32::MAX))
    }),
    ("CIRCUIT_RECOVERY_TIMEOUT", BREAKER, |layer, value| {
        let timeout = duration(value, Duration::from_nanos(1));
        set(&mut layer.recovery_timeout, timeout)
    }),
    ("CIRCUIT_WINDOW", BREAKER, |layer, value| {
        set(&mut layer.window, window(value))
    }),
    ("CIRCUIT_FAILURE_RATE", BREAKER, |layer, value| {
        set(&mut layer.failure_rate, rate(value))
    }),
    ("CIRCUIT_MINIMUM_CALLS", BREAKER, |layer, value| {
        set(&mut layer.minimum_calls, count(value, 1, u32::MAX))
    }),
    ("CIRCUIT_SLOW_CALL", BREAKER, |layer, value| {
        let slow = duration(value, ranges::MIN_SLOW_CALL);
        set(&mut layer.slow_call, slow)
    }),
    ("CIRCUIT_SLOW_CALL_RATE", BREAKER, |layer, value| {
        set(&mut layer.slow_call_rate, rate(value))
    }),
    ("CIRCUIT_HALF_OPEN_PERMITS", BREAKER, |layer, value| {
        let permits = count(value, 1, ranges::MAX_TRIALS);
        set(&mut layer.half_open_permits, permits)
    }),
    ("CIRCUIT_SUCCESS_THRESHOLD", BREAKER, |layer, value| {
        let successes = count(value, 1, ranges::MAX_TRIALS);
        set(&mut layer.success_threshold, successes)
    }),
];

/// Fields of an operation only.
const OPERATION_FIELDS: [Field; 2] = [
    (
        "TIME_BUDGET",
        Some(TunedGuard::TimeBudget),
        |layer, value| {
            let time = duration(value, Duration::from_nanos(1));
            set(&mut layer.time_budget, time)
        },
    ),
    ("HEDGE_AFTER", Some(TunedGuard::Hedge), |layer, value| {
        let after = duration(value, Duration::from_nanos(1));
        set(&mut layer.hedge_after, after)
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
