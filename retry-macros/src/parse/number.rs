//! Numbers and times of a guard: literals, checked here, or constants, which the compiler checks
//! when it makes the function's static part.

use std::ops::RangeInclusive;
use std::time::Duration;

use quote::quote;
use syn::{Expr, Lit, parse_quote};

use crate::parse::argument::Argument;
use crate::parse::fault::Faults;
use crate::parse::value::{self, Conversion, Literal, Value, constant};
use crate::parse::wait;

/// Reads a whole number in `range`.
pub(super) fn count(
    argument: &Argument,
    range: RangeInclusive<u32>,
    faults: &mut Faults,
) -> Option<Value> {
    let read = |literal: &Lit| {
        let count = whole(literal).filter(|count| range.contains(count))?;
        Some(plain(parse_quote!(#count)))
    };
    let (least, most) = (range.start(), range.end());
    let allowed = if *most == u32::MAX {
        format!("it must be a whole number of at least {least}")
    } else {
        format!("it must be a whole number from {least} to {most}")
    };
    checked(argument, &allowed, read, faults)
}

/// Reads the income of a first attempt: 0, or from 0.001 to 1.
pub(super) fn ratio(argument: &Argument, faults: &mut Faults) -> Option<Value> {
    let is_ratio = |ratio: f64| ratio == 0.0 || (0.001..=1.0).contains(&ratio);
    let allowed = "it must be 0, or a number from 0.001 to 1";
    fraction(argument, allowed, is_ratio, faults)
}

/// Reads a share of calls: over 0, and up to 1.
pub(super) fn rate(argument: &Argument, faults: &mut Faults) -> Option<Value> {
    let is_rate = |rate: f64| rate > 0.0 && rate <= 1.0;
    let allowed = "it must be a number over 0 and up to 1";
    fraction(argument, allowed, is_rate, faults)
}

/// Reads a time of at least `least`; zero is refused.
pub(super) fn time(argument: &Argument, least: Duration, faults: &mut Faults) -> Option<Value> {
    let value = value::wait(argument, faults)?;
    if let Value::Wait(time) = &value
        && (*time < least || time.is_zero())
    {
        let key = &argument.key;
        let allowed = if least.is_zero() {
            "more".to_owned()
        } else {
            format!("at least {least:?}")
        };
        let shown = if time.is_zero() {
            "0".to_owned()
        } else {
            format!("{time:?}")
        };
        let message = format!("{key} is {shown}; it must be {allowed}");
        faults.add_at(argument.value_span(), message);
        return None;
    }
    Some(value)
}

/// Reads a window: `100` is calls, `"30s"` is time.
pub(super) fn window(argument: &Argument, faults: &mut Faults) -> Option<Value> {
    const MOST_CALLS: u32 = 10_000;
    const SHORTEST: Duration = Duration::from_millis(10);
    let expression = argument.expression(faults)?;
    let literal = match constant(&expression) {
        Some(Literal::Plain(literal)) => Some(literal),
        _ => None,
    };
    if let Some(text @ Lit::Str(_)) = literal {
        match wait::read(text) {
            Ok(time) if time >= SHORTEST => {
                let (seconds, nanos) = (time.as_secs(), time.subsec_nanos());
                let time = quote!(::core::time::Duration::new(#seconds, #nanos));
                return Some(Value::item(quote!(__private::Window::Time(#time))));
            }
            Ok(time) => faults.add_on(
                &expression,
                format!("window is {time:?}; a time must be at least {SHORTEST:?}"),
            ),
            Err(message) => faults.add_on(&expression, format!("window: {message}")),
        }
        return None;
    }
    let calls = literal.and_then(whole);
    if let Some(calls @ 1..=MOST_CALLS) = calls {
        return Some(Value::item(quote!(__private::Window::Calls(#calls))));
    }
    let message = format!(
        "window must be a number of calls from 1 to {MOST_CALLS}, or a time with a unit, like \
         \"30s\""
    );
    faults.add_on(&expression, message);
    None
}

/// Returns the whole number that is written as a literal, if there is one.
pub(super) fn written(argument: &Argument) -> Option<u32> {
    let expression = argument.expression(&mut Faults::default())?;
    match constant(&expression)? {
        Literal::Plain(literal) => whole(literal),
        Literal::Negative => None,
    }
}

/// Whether the expression is a literal number, valid or not.
pub(super) fn is_written(expression: &Expr) -> bool {
    matches!(
        constant(expression),
        Some(Literal::Negative | Literal::Plain(Lit::Int(_) | Lit::Float(_)))
    )
}

fn whole(literal: &Lit) -> Option<u32> {
    match literal {
        Lit::Int(number) => number.base10_parse().ok(),
        _ => None,
    }
}

fn fraction(
    argument: &Argument,
    allowed: &str,
    is_allowed: impl Fn(f64) -> bool,
    faults: &mut Faults,
) -> Option<Value> {
    let read = |literal: &Lit| {
        let number: f64 = match literal {
            Lit::Int(number) => number.base10_parse().ok()?,
            Lit::Float(number) => number.base10_parse().ok()?,
            _ => return None,
        };
        is_allowed(number).then(|| plain(parse_quote!(#number)))
    };
    checked(argument, allowed, read, faults)
}

fn checked(
    argument: &Argument,
    allowed: &str,
    read: impl Fn(&Lit) -> Option<Value>,
    faults: &mut Faults,
) -> Option<Value> {
    let expression = argument.expression(faults)?;
    let value = match constant(&expression) {
        None => return Some(plain(expression)),
        Some(Literal::Plain(literal)) => read(literal),
        Some(Literal::Negative) => None,
    };
    if value.is_none() {
        let shown = quote!(#expression).to_string().replace("- ", "-");
        faults.add_on(
            &expression,
            format!("{} is {shown}; {allowed}", argument.key),
        );
    }
    value
}

fn plain(expression: Expr) -> Value {
    Value::Expression(expression, Conversion::Plain)
}
