//! The waits after an attempt that the other side throttled.

use crate::parse::argument::{Argument, ArgumentValue};
use crate::parse::fault::Faults;
use crate::parse::list;
use crate::parse::table::{ArgumentRow, ArgumentTable};
use crate::parse::value::{self, Value};

/// The arguments of `throttled(..)`.
const THROTTLED: ArgumentTable<()> = ArgumentTable {
    of: Some("throttled"),
    rows: &[ArgumentRow::new(
        "min_wait",
        (),
        "min_wait = \"5s\"",
        &["delay", "wait", "min_delay", "initial_delay"],
    )],
};

pub(super) fn read(argument: &Argument, faults: &mut Faults) -> Option<Value> {
    let key = &argument.key;
    let ArgumentValue::List(tokens) = &argument.value else {
        let message = "`throttled` takes a list: `throttled(min_wait = \"5s\")`";
        faults.add_at(key.span(), message);
        return None;
    };
    let given = list::parse(tokens.clone(), &THROTTLED, faults);
    list::refuse_duplicates(&given, faults);
    for argument in &given {
        let name = argument.key.to_string();
        if THROTTLED.row(&name).is_none() {
            faults.add_at(argument.key.span(), THROTTLED.unknown(&name));
        }
    }
    let Some(min_wait) = given.iter().find(|it| it.key == "min_wait") else {
        let message = "`throttled` needs the first wait after an attempt that was throttled: \
                       `throttled(min_wait = \"5s\")`";
        faults.add_at(key.span(), message);
        return None;
    };
    value::wait(min_wait, faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sound() {
        THROTTLED.check();
        assert_eq!(
            THROTTLED.unknown("budget"),
            "unknown argument `budget` of `throttled`; the arguments are min_wait"
        );
    }
}
