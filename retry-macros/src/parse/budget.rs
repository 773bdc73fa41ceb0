//! The budget of retries: `budget = 0.1`, or `budget(..)` with more settings.

use crate::parse::argument::{Argument, Given};
use crate::parse::fault::Faults;
use crate::parse::number;
use crate::parse::settings::Settings;
use crate::parse::shared_guard::{Guard, LentBy, Part, lent_by, list};
use crate::parse::table::{Row, Table};

/// The largest burst, and the largest floor.
const MOST: u32 = 1_000_000;

/// The arguments of `budget(..)`.
const BUDGET: Table<Part> = Table {
    of: Some("budget"),
    rows: &[
        Row::new(
            "ratio",
            Part::Setting("budget_ratio", number::ratio),
            "ratio = 0.2",
            &["percent", "retry_ratio"],
        ),
        Row::new(
            "burst",
            Part::Setting("budget_burst", |it, faults| {
                number::count(it, 1..=MOST, faults)
            }),
            "burst = 20",
            &["capacity", "max_tokens"],
        ),
        Row::new(
            "floor",
            Part::Setting("budget_floor", |it, faults| {
                number::count(it, 0..=MOST, faults)
            }),
            "floor = 0",
            &["min_per_sec", "min_retries_per_second"],
        ),
        Row::new("name", Part::Name, "name = \"payments\"", &[]),
    ],
};

pub(super) fn read(
    argument: &Argument,
    settings: &mut Settings,
    faults: &mut Faults,
) -> Option<Guard> {
    const ALLOWED: &str = "budget must be a ratio like 0.1, `true`, the name of one that others \
                           share, or an expression for a `RetryBudget`";
    let lent_by = match &argument.value {
        Given::List(tokens) => list(tokens, &BUDGET, settings, faults).1,
        Given::Expression(expression) if number::is_written(expression) => {
            settings.set("budget_ratio", Some(number::ratio(argument, faults)?));
            LentBy::Operation
        }
        _ => lent_by(argument, ALLOWED, faults)?,
    };
    Some(Guard::new(argument, lent_by))
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
