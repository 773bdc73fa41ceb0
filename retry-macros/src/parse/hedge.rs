//! The hedge: the time after which another attempt begins beside a slow one, and their number.

use std::time::Duration;

use syn::Ident;

use crate::parse::argument::{Argument, ArgumentValue};
use crate::parse::fault::Faults;
use crate::parse::table::{ArgumentRow, ArgumentTable};
use crate::parse::value::{self, Value};
use crate::parse::{list, number};

/// The largest number of copies.
const MAX_HEDGES: u32 = 16;

/// The meaning of an argument in the list.
#[derive(Clone, Copy)]
enum HedgeField {
    After,
    Max,
    Safe,
}

/// The arguments of `hedge(..)`.
const HEDGE: ArgumentTable<HedgeField> = ArgumentTable {
    of: Some("hedge"),
    rows: &[
        ArgumentRow::new(
            "after",
            HedgeField::After,
            "after = \"95ms\"",
            &["delay", "wait"],
        ),
        ArgumentRow::new(
            "max",
            HedgeField::Max,
            "max = 1",
            &["copies", "max_hedges", "max_hedged_attempts"],
        ),
        ArgumentRow::new("safe", HedgeField::Safe, "safe = true", &["harmless"]),
    ],
};

/// Other attempts beside a slow one.
pub(crate) struct HedgeArguments {
    pub(crate) key: Ident,
    pub(crate) after: Value,
    pub(crate) max: Option<Value>,
    /// Whether the user states that a second run does no harm.
    pub(crate) is_safe: bool,
}

pub(super) fn read(argument: &Argument, faults: &mut Faults) -> Option<HedgeArguments> {
    let key = argument.key.clone();
    let ArgumentValue::List(tokens) = &argument.value else {
        let message = "`hedge` takes a list: `hedge(after = \"95ms\", safe = true)`";
        faults.add_at(key.span(), message);
        return None;
    };
    let given = list::parse(tokens.clone(), &HEDGE, faults);
    list::refuse_duplicates(&given, faults);
    let (mut after, mut max, mut is_safe) = (None, None, false);
    for argument in &given {
        let key = argument.key.to_string();
        match HEDGE.row(&key).map(|row| row.takes) {
            Some(HedgeField::After) => after = Some(number::time(argument, Duration::ZERO, faults)),
            Some(HedgeField::Max) => max = number::count(argument, 1..=MAX_HEDGES, faults),
            Some(HedgeField::Safe) => is_safe = value::switch(argument, faults).unwrap_or(true),
            None => faults.add_at(argument.key.span(), HEDGE.unknown(&key)),
        }
    }
    if after.is_none() {
        let message = "`hedge` needs to know when: `hedge(after = \"95ms\")`, a little more than most \
                       calls take";
        faults.add_at(key.span(), message);
    }
    Some(HedgeArguments {
        key,
        after: after??,
        max,
        is_safe,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sound() {
        HEDGE.check();
        assert_eq!(
            HEDGE.unknown("budget"),
            "unknown argument `budget` of `hedge`; the arguments are after, max, safe"
        );
    }
}
