//! The arguments of the policy: the readers of their values, and the check that no two of them contradict
//! each other.

use quote::quote;
use syn::{Expr, ExprLit, Lit, Path};

use crate::parse::argument::Argument;
use crate::parse::fault::Faults;
use crate::parse::value::{Constant, Conversion, Literal, Value, constant, is_unquoted, one_of};

/// The policy's arguments, by their names. A missing one is `None`.
#[derive(Default)]
pub(crate) struct PolicyArguments {
    pub(crate) policy: Option<Value>,
    pub(crate) max_attempts: Option<Value>,
    pub(crate) min_wait: Option<Value>,
    pub(crate) max_wait: Option<Value>,
    pub(crate) throttled_min_wait: Option<Value>,
    pub(crate) backoff: Option<Value>,
    pub(crate) multiplier: Option<Value>,
    pub(crate) jitter: Option<Value>,
}

pub(super) fn attempts(argument: &Argument, faults: &mut Faults) -> Option<Value> {
    const ALLOWED: &str = "it must be a whole number of at least 1, or \"unlimited\"";
    let expression = argument.expression(faults)?;
    let Some(literal) = constant(&expression) else {
        if is_unquoted(argument, &expression, std::iter::once("unlimited"), faults) {
            return None;
        }
        return Some(Value::Expression(expression, Conversion::Attempts));
    };
    if let Literal::Plain(Lit::Int(number)) = literal
        && let Ok(count @ 1..) = number.base10_parse::<u32>()
    {
        return Some(Value::item(quote!(__private::AttemptLimit::Count(#count))));
    }
    if matches!(literal, Literal::Plain(Lit::Str(text)) if text.value() == "unlimited") {
        return Some(Value::item(quote!(__private::AttemptLimit::Unlimited)));
    }
    let shown = quote!(#expression).to_string().replace("- ", "-");
    faults.add_on(&expression, format!("max_attempts is {shown}; {ALLOWED}"));
    None
}

pub(super) fn multiplier(argument: &Argument, faults: &mut Faults) -> Option<Value> {
    let expression = argument.expression(faults)?;
    let number = match constant(&expression) {
        None => return Some(Value::Expression(expression, Conversion::Multiplier)),
        Some(Literal::Plain(Lit::Int(number))) => number.base10_parse::<f64>().ok(),
        Some(Literal::Plain(Lit::Float(number))) => number.base10_parse::<f64>().ok(),
        Some(_) => None,
    };
    if let Some(number) = number.filter(|number| *number >= 1.0 && number.is_finite()) {
        return Some(Value::item(quote!(Growth::Exponential(#number))));
    }
    let shown = quote!(#expression).to_string().replace("- ", "-");
    faults.add_on(
        &expression,
        format!("multiplier is {shown}; it must be a finite number of at least 1"),
    );
    None
}

/// Whether `backoff` is the text that a multiplier may accompany.
fn is_exponential(backoff: &Argument) -> bool {
    matches!(
        backoff.expression(&mut Faults::default()),
        Some(Expr::Lit(ExprLit { lit: Lit::Str(text), .. })) if text.value() == "exponential"
    )
}

/// Reads a named policy, or a path to one.
pub(super) fn named(argument: &Argument, faults: &mut Faults) -> Option<Value> {
    if let Some(Expr::Path(path)) = argument.expression(&mut Faults::default())
        && is_constant(&path.path)
    {
        return Some(Value::Constant(Constant::Named(path.path)));
    }
    one_of(
        argument,
        faults,
        &[
            ("FLOW_NODE_DEFAULT", "FLOW_NODE_DEFAULT"),
            ("AGENT_LOW_MEDIUM", "AGENT_LOW_MEDIUM"),
            ("AGENT_HIGH_RISK", "AGENT_HIGH_RISK"),
            ("ASYNC_JOB_DEFAULT", "ASYNC_JOB_DEFAULT"),
            ("NODUS_SCHEDULED_DEFAULT", "NODUS_SCHEDULED_DEFAULT"),
            ("NO_RETRY", "NO_RETRY"),
        ],
        "for a policy of your own write a path: `policy = MY_POLICY`",
    )
}

/// Whether a path ends in capitals and so names a constant, which the call's static part can hold.
/// Not `T::NAME` or `Self::NAME`: a static cannot name `Self` or a type parameter.
fn is_constant(path: &Path) -> bool {
    let names: Vec<String> = path
        .segments
        .iter()
        .map(|it| it.ident.to_string())
        .collect();
    let Some((last, before)) = names.split_last() else {
        return false;
    };
    let is_lower = |name: &String| !name.starts_with(char::is_uppercase);
    last.len() > 1 && !last.contains(char::is_lowercase) && before.iter().all(is_lower)
}

/// Refuses arguments that contradict each other.
pub(super) fn refuse_contradictions(
    policy: &PolicyArguments,
    given: &[Argument],
    faults: &mut Faults,
) {
    let find = |key: &str| given.iter().find(|argument| argument.key == key);
    for (name, argument, min) in [
        ("min_wait", "min_wait", &policy.min_wait),
        (
            "min_wait of throttled",
            "throttled",
            &policy.throttled_min_wait,
        ),
    ] {
        if let (Some(Value::Wait(min)), Some(Value::Wait(max))) = (min, &policy.max_wait)
            && max < min
            && let (Some(lower), Some(upper)) = (find(argument), find("max_wait"))
        {
            let message = format!("max_wait is {max:?}; it must be at least {name}, {min:?}");
            let beside = format!("`{argument}` is given here");
            faults.add_contradiction(upper.value_span(), message, lower.value_span(), &beside);
        }
    }
    if let (Some(Value::Wait(min)), Some(Value::Wait(throttled))) =
        (&policy.min_wait, &policy.throttled_min_wait)
        && throttled < min
        && let (Some(min_wait), Some(argument)) = (find("min_wait"), find("throttled"))
    {
        let message = format!(
            "min_wait of throttled is {throttled:?}; it must be at least min_wait, {min:?}"
        );
        let beside = "`min_wait` is given here";
        faults.add_contradiction(
            argument.value_span(),
            message,
            min_wait.value_span(),
            beside,
        );
    }
    if let (Some(backoff), Some(multiplier)) = (find("backoff"), find("multiplier"))
        && policy.backoff.is_some()
        && !is_exponential(backoff)
    {
        faults.add_contradiction(
            multiplier.key.span(),
            "`multiplier` belongs to `backoff = \"exponential\"`; remove one of the two",
            backoff.key.span(),
            "`backoff` is given here",
        );
    }
}
