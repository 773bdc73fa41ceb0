//! The budget of retries: `budget = 0.1`, or `budget(..)` with more settings.

use crate::parse::argument::{Argument, ArgumentValue};
use crate::parse::fault::Faults;
use crate::parse::guard_settings::GuardSettings;
use crate::parse::number;
use crate::parse::shared_guard::{GuardArgument, GuardField, GuardOrigin, list, origin};
use crate::parse::table::{ArgumentRow, ArgumentTable};

/// The largest burst, and the largest floor.
const MOST: u32 = 1_000_000;

/// The arguments of `budget(..)`.
const BUDGET: ArgumentTable<GuardField> = ArgumentTable {
    of: Some("budget"),
    rows: &[
        ArgumentRow::new(
            "ratio",
            GuardField::Setting("budget_ratio", number::ratio),
            "ratio = 0.2",
            &["percent", "retry_ratio"],
        ),
        ArgumentRow::new(
            "burst",
            GuardField::Setting("budget_burst", |it, faults| {
                number::count(it, 1..=MOST, faults)
            }),
            "burst = 20",
            &["capacity", "max_tokens"],
        ),
        ArgumentRow::new(
            "floor",
            GuardField::Setting("budget_floor", |it, faults| {
                number::count(it, 0..=MOST, faults)
            }),
            "floor = 0",
            &["min_per_sec", "min_retries_per_second"],
        ),
        ArgumentRow::new("name", GuardField::Name, "name = \"payments\"", &[]),
    ],
};

pub(super) fn read(
    argument: &Argument,
    settings: &mut GuardSettings,
    faults: &mut Faults,
) -> Option<GuardArgument> {
    const ALLOWED: &str = "budget must be a ratio like 0.1, `true`, the name of one that others \
                           share, or an expression for a `RetryBudget`";
    let origin = match &argument.value {
        ArgumentValue::List(tokens) => list(tokens, &BUDGET, settings, faults).1,
        ArgumentValue::Expression(expression) if number::is_written(expression) => {
            settings.set("budget_ratio", Some(number::ratio(argument, faults)?));
            GuardOrigin::Operation
        }
        _ => origin(argument, ALLOWED, faults)?,
    };
    Some(GuardArgument::new(argument, origin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sound() {
        BUDGET.check();
        assert_eq!(
            BUDGET.unknown("zzz"),
            "unknown argument `zzz` of `budget`; the arguments are ratio, burst, floor, name"
        );
    }
}
