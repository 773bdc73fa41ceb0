//! Reads an attribute's arguments: each by its row, then the relations among them.

use proc_macro2::TokenStream;

use crate::parse::argument::Argument;
use crate::parse::arguments::Arguments;
use crate::parse::fault::Faults;
use crate::parse::gate::GateArguments;
use crate::parse::rows::{ATTRIBUTE, ArgumentReader};
use crate::parse::{list, policy};

/// Reads all arguments that can be read, and reports the rest in `faults`.
pub(crate) fn parse(tokens: TokenStream, faults: &mut Faults) -> Arguments {
    let mut arguments = Arguments::default();
    let given = list::parse(tokens, &ATTRIBUTE, faults);
    list::refuse_duplicates(&given, faults);
    let mut of_gate = Vec::new();
    let mut others = Vec::new();
    for argument in given {
        let key = argument.key.to_string();
        match ATTRIBUTE.row(&key).map(|row| &row.takes) {
            Some(ArgumentReader::Policy(field, read)) => {
                *field(&mut arguments.policy) = read(&argument, faults);
            }
            Some(ArgumentReader::Field(set)) => set(&mut arguments, &argument, faults),
            Some(ArgumentReader::Gate) => {
                of_gate.push(argument);
                continue;
            }
            None => faults.add_at(argument.key.span(), ATTRIBUTE.unknown(&key)),
        }
        others.push(argument);
    }
    arguments.gate = GateArguments::parse(&of_gate, faults);
    policy::refuse_contradictions(&arguments.policy, &others, faults);
    refuse_beside_judge(&others, faults);
    refuse_beside_gate(&arguments, &others, faults);
    arguments
}

/// Refuses the predicates beside `judge`, which states all that they do.
fn refuse_beside_judge(given: &[Argument], faults: &mut Faults) {
    let find = |key: &str| given.iter().find(|argument| argument.key == key);
    let Some(judge) = find("judge") else {
        return;
    };
    for (name, does) in [
        ("retry_if", "which errors are retried"),
        ("retry_on_ok", "which `Ok` is retried"),
        (
            "not_applied_if",
            "which outcomes prove that nothing happened",
        ),
    ] {
        if let Some(predicate) = find(name) {
            let message = format!(
                "`judge` and `{name}` contradict each other: `judge` decides {does}, too; move the \
                 condition of `{name}` into it, or remove one of the two"
            );
            let beside = "`judge` is given here";
            faults.add_contradiction(predicate.key.span(), message, judge.key.span(), beside);
        }
    }
}

/// Refuses arguments that contradict the gate.
fn refuse_beside_gate(arguments: &Arguments, others: &[Argument], faults: &mut Faults) {
    let Some(gate) = &arguments.gate else {
        return;
    };
    gate.refuse_late_probe(arguments.max_total_time.as_ref(), faults);
    if let Some(argument) = others.iter().find(|it| it.key == "retry_on_ok") {
        let message = "`retry_on_ok` has no place beside `idempotent`: every `Ok` is recorded as \
                       the result; return an error for what is not done yet, or state by `judge` what \
                       an attempt did whose `Ok` is no result";
        faults.add_at(argument.key.span(), message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant() {
        for (name, message) in [
            (
                "retries",
                "unknown argument `retries`; here it is called `max_attempts` (the first attempt counts)",
            ),
            (
                "delay",
                "unknown argument `delay`; here it is called `min_wait`",
            ),
            (
                "stop",
                "unknown argument `stop`; here it is called `max_attempts` (the first attempt counts)",
            ),
            (
                "retry",
                "unknown argument `retry`; here it is called `retry_if`",
            ),
            (
                "retry_if_result",
                "unknown argument `retry_if_result`; here it is called `retry_on_ok`",
            ),
            (
                "before_sleep",
                "unknown argument `before_sleep`; here it is called `on_retry`",
            ),
            (
                "max_att",
                "unknown argument `max_att`; did you mean `max_attempts`?",
            ),
            (
                "max_atempts",
                "unknown argument `max_atempts`; did you mean `max_attempts`?",
            ),
            (
                "timout",
                "unknown argument `timout`; did you mean `timeout`?",
            ),
        ] {
            assert_eq!(ATTRIBUTE.unknown(name), message);
        }
        let all = ATTRIBUTE.unknown("zzz");
        assert!(all.ends_with("on_busy, replay_errors, crate"), "{all}");
    }

    #[test]
    fn the_table_is_sound() {
        ATTRIBUTE.check();
    }
}
