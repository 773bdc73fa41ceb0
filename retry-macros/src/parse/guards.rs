//! The guards: what stands around attempts so that retries make no outage worse.

use std::time::Duration;

use proc_macro2::TokenStream;
use syn::{Expr, Ident, Lit};

use crate::parse::arguments::{Limit, limit};
use crate::parse::fault::Faults;
use crate::parse::list::{self, Argument, Given};
use crate::parse::value::{Literal, Value, constant};
use crate::parse::{breaker, names, number, value};

/// The guards that are asked for. A missing one is `None`.
#[derive(Default)]
pub(crate) struct Guards {
    pub(crate) budget: Option<Guard>,
    pub(crate) circuit_breaker: Option<Guard>,
    pub(crate) adaptive: Option<Guard>,
    pub(crate) time_budget: Option<Limit>,
    pub(crate) hedge: Option<Hedge>,
    /// What is set of the ones that no code declared: fields of the runtime crate's layer.
    pub(crate) settings: Settings,
}

/// Fields of the runtime crate's layer of guards, and what they are set to.
pub(crate) type Settings = Vec<(&'static str, Value)>;

/// One guard, and where it was asked for.
pub(crate) struct Guard {
    pub(crate) key: Ident,
    pub(crate) lent_by: LentBy,
}

/// Where a guard comes from.
pub(crate) enum LentBy {
    /// The operation has one of its own.
    Operation,
    /// All calls that name it share it.
    Name(String),
    /// What the user's expression gives.
    Expression(Expr),
}

/// Other attempts beside a slow one.
pub(crate) struct Hedge {
    pub(crate) key: Ident,
    pub(crate) after: Value,
    pub(crate) max: Option<Value>,
    /// Whether it is said that a second run does no harm.
    pub(crate) is_safe: bool,
}

impl Guards {
    /// Whether a call has any.
    pub(crate) fn are_any(&self) -> bool {
        let shared = [&self.budget, &self.circuit_breaker, &self.adaptive];
        let any_shared = shared.iter().any(|guard| guard.is_some());
        any_shared || self.time_budget.is_some() || self.hedge.is_some()
    }

    /// Reads the argument, if it is a guard's.
    pub(super) fn set(&mut self, argument: &Argument, faults: &mut Faults) -> bool {
        let settings = &mut self.settings;
        match argument.key.to_string().as_str() {
            "budget" => self.budget = budget(argument, settings, faults),
            "circuit_breaker" => self.circuit_breaker = circuit_breaker(argument, settings, faults),
            "adaptive" => self.adaptive = adaptive(argument, faults),
            "time_budget" => self.time_budget = limit(argument, faults),
            "hedge" => self.hedge = hedge(argument, faults),
            _ => return false,
        }
        true
    }
}

fn budget(argument: &Argument, settings: &mut Settings, faults: &mut Faults) -> Option<Guard> {
    const ALLOWED: &str = "budget must be a ratio like 0.1, `true`, the name of one that others \
                           share, or an expression for a `RetryBudget`";
    let lent_by = match &argument.value {
        Given::List(list) => budget_list(list, settings, faults),
        Given::Expression(expression) if number::is_written(expression) => {
            settings.push(("budget_ratio", number::ratio(argument, faults)?));
            LentBy::Operation
        }
        _ => lent_by(argument, ALLOWED, faults)?,
    };
    Some(Guard::new(argument, lent_by))
}

fn budget_list(list: &TokenStream, settings: &mut Settings, faults: &mut Faults) -> LentBy {
    const MOST: u32 = 1_000_000;
    let given = list::parse(list.clone(), &names::BUDGET, faults);
    list::refuse_duplicates(&given, faults);
    let mut name = None;
    for argument in &given {
        let (field, value) = match argument.key.to_string().as_str() {
            "ratio" => ("budget_ratio", number::ratio(argument, faults)),
            "burst" => ("budget_burst", number::count(argument, 1..=MOST, faults)),
            "floor" => ("budget_floor", number::count(argument, 0..=MOST, faults)),
            "name" => {
                name = value::name(argument, faults);
                continue;
            }
            unknown => {
                faults.at(argument.key.span(), names::BUDGET.unknown(unknown));
                continue;
            }
        };
        settings.extend(value.map(|value| (field, value)));
    }
    name.map_or(LentBy::Operation, LentBy::Name)
}

fn circuit_breaker(
    argument: &Argument,
    settings: &mut Settings,
    faults: &mut Faults,
) -> Option<Guard> {
    const ALLOWED: &str = "circuit_breaker must be `true`, the name of one that others share, or an \
                           expression for a `CircuitBreaker`; numbers go in parentheses: \
                           `circuit_breaker(failure_threshold = 5)`";
    let lent_by = match &argument.value {
        Given::List(list) => breaker::list(list, settings, faults),
        _ => lent_by(argument, ALLOWED, faults)?,
    };
    Some(Guard::new(argument, lent_by))
}

fn adaptive(argument: &Argument, faults: &mut Faults) -> Option<Guard> {
    const ALLOWED: &str = "adaptive must be `true`, the name of a limiter that others share, or an \
                           expression for an `AdaptiveLimiter`";
    if matches!(argument.value, Given::List(_)) {
        faults.at(argument.key.span(), ALLOWED);
        return None;
    }
    let lent_by = lent_by(argument, ALLOWED, faults)?;
    Some(Guard::new(argument, lent_by))
}

/// `true`, or nothing at all; a name; or an expression.
fn lent_by(argument: &Argument, allowed: &str, faults: &mut Faults) -> Option<LentBy> {
    if matches!(argument.value, Given::Nothing) {
        return Some(LentBy::Operation);
    }
    let expression = argument.expression(faults)?;
    match constant(&expression) {
        None => return Some(LentBy::Expression(expression)),
        Some(Literal::Plain(Lit::Bool(switch))) if switch.value() => {
            return Some(LentBy::Operation);
        }
        Some(Literal::Plain(Lit::Bool(_))) => {
            let key = &argument.key;
            let message = format!("`{key} = false` asks for nothing: remove it");
            faults.on(&expression, message);
        }
        Some(Literal::Plain(Lit::Str(name))) if !name.value().trim().is_empty() => {
            return Some(LentBy::Name(name.value()));
        }
        Some(_) => faults.on(&expression, allowed),
    }
    None
}

fn hedge(argument: &Argument, faults: &mut Faults) -> Option<Hedge> {
    const MOST: u32 = 16;
    let key = argument.key.clone();
    let Given::List(list) = &argument.value else {
        let message = "`hedge` takes a list: `hedge(after = \"95ms\", safe = true)`";
        faults.at(key.span(), message);
        return None;
    };
    let given = list::parse(list.clone(), &names::HEDGE, faults);
    list::refuse_duplicates(&given, faults);
    let (mut after, mut max, mut is_safe) = (None, None, false);
    for argument in &given {
        match argument.key.to_string().as_str() {
            "after" => after = Some(number::time(argument, Duration::ZERO, faults)),
            "max" => max = number::count(argument, 1..=MOST, faults),
            "safe" => is_safe = value::switch(argument, faults).unwrap_or(true),
            unknown => faults.at(argument.key.span(), names::HEDGE.unknown(unknown)),
        }
    }
    if after.is_none() {
        let message = "`hedge` needs to know when: `hedge(after = \"95ms\")`, a little more than most \
                       calls take";
        faults.at(key.span(), message);
    }
    Some(Hedge {
        key,
        after: after??,
        max,
        is_safe,
    })
}

impl Guard {
    fn new(argument: &Argument, lent_by: LentBy) -> Self {
        Self {
            key: argument.key.clone(),
            lent_by,
        }
    }
}
