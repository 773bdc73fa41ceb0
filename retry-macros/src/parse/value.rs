//! Values of arguments: constants, which the compiler can check, and expressions.

use std::time::Duration;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Expr, ExprLit, ExprUnary, Ident, Lit, Path, UnOp};

use crate::parse::fault::Faults;
use crate::parse::list::Argument;
use crate::parse::wait;

/// What an argument of the policy is set to. The tokens of all but `Wait` are an expression of the
/// field's own type, in which `krate` stands for the runtime crate.
pub(crate) enum Value {
    /// A wait, known now.
    Wait(Duration),
    /// A constant.
    Constant(Constant),
    /// An expression to evaluate in each call.
    Expression(Expr, Form),
}

/// A constant, to be written with the path of the runtime crate.
pub(crate) enum Constant {
    /// A path below the runtime crate, and what follows it.
    Item(TokenStream),
    /// An expression of the user's that is a constant by its name.
    Named(Path),
}

/// How an expression becomes the field's value.
#[derive(Clone, Copy)]
pub(crate) enum Form {
    /// It is the value.
    Plain,
    /// It is a number of attempts.
    Attempts,
    /// It is a multiplier.
    Multiplier,
}

pub(super) fn wait(argument: &Argument, faults: &mut Faults) -> Option<Value> {
    let expression = argument.expression(faults)?;
    match constant(&expression) {
        Some(Literal::Negative) => {
            let key = &argument.key;
            faults.on(
                &expression,
                format!("{key} is negative; it must be at least 0"),
            );
            None
        }
        Some(Literal::Plain(literal)) => match wait::read(literal) {
            Ok(wait) => Some(Value::Wait(wait)),
            Err(message) => {
                faults.on(&expression, format!("{}: {message}", argument.key));
                None
            }
        },
        None => Some(Value::Expression(expression, Form::Plain)),
    }
}

pub(super) fn attempts(argument: &Argument, faults: &mut Faults) -> Option<Value> {
    const ALLOWED: &str = "it must be a whole number of at least 1, or \"unlimited\"";
    let expression = argument.expression(faults)?;
    let Some(literal) = constant(&expression) else {
        return Some(Value::Expression(expression, Form::Attempts));
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
    faults.on(&expression, format!("max_attempts is {shown}; {ALLOWED}"));
    None
}

pub(super) fn backoff(argument: &Argument, faults: &mut Faults) -> Option<Value> {
    one_of(
        argument,
        faults,
        &[
            ("constant", "Growth::Constant"),
            ("linear", "Growth::Linear"),
            ("exponential", "Growth::Exponential(2.0)"),
            ("fibonacci", "Growth::Fibonacci"),
        ],
        "for given waits write an expression: `backoff = Growth::Schedule(&[..])`",
    )
}

/// Whether `backoff` is the one that a multiplier goes with, as far as can be told.
pub(super) fn is_exponential(backoff: &Argument) -> bool {
    matches!(
        backoff.expression(&mut Faults::default()),
        Some(Expr::Lit(ExprLit { lit: Lit::Str(text), .. })) if text.value() == "exponential"
    )
}

pub(super) fn multiplier(argument: &Argument, faults: &mut Faults) -> Option<Value> {
    let expression = argument.expression(faults)?;
    let number = match constant(&expression) {
        None => return Some(Value::Expression(expression, Form::Multiplier)),
        Some(Literal::Plain(Lit::Int(number))) => number.base10_parse::<f64>().ok(),
        Some(Literal::Plain(Lit::Float(number))) => number.base10_parse::<f64>().ok(),
        Some(_) => None,
    };
    if let Some(number) = number.filter(|number| *number >= 1.0 && number.is_finite()) {
        return Some(Value::item(quote!(Growth::Exponential(#number))));
    }
    let shown = quote!(#expression).to_string().replace("- ", "-");
    faults.on(
        &expression,
        format!("multiplier is {shown}; it must be a finite number of at least 1"),
    );
    None
}

pub(super) fn jitter(argument: &Argument, faults: &mut Faults) -> Option<Value> {
    one_of(
        argument,
        faults,
        &[
            ("none", "Jitter::None"),
            ("equal", "Jitter::Equal"),
            ("full", "Jitter::Full"),
            ("decorrelated", "Jitter::Decorrelated"),
        ],
        "for an additive one write an expression: `jitter = Jitter::Additive(..)`",
    )
}

pub(super) fn policy(argument: &Argument, faults: &mut Faults) -> Option<Value> {
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

pub(super) fn nested(argument: &Argument, faults: &mut Faults) -> Option<&'static str> {
    let expression = argument.expression(faults)?;
    if let Some(Literal::Plain(Lit::Str(text))) = constant(&expression) {
        match text.value().as_str() {
            "stop" => return Some("Stop"),
            "multiply" => return Some("Multiply"),
            _ => {}
        }
    }
    faults.on(&expression, "nested must be \"stop\" or \"multiply\"");
    None
}

pub(super) fn in_doubt(argument: &Argument, faults: &mut Faults) -> Option<Value> {
    one_of(
        argument,
        faults,
        &[
            ("halt", "InDoubt::Halt"),
            ("reexecute", "InDoubt::Reexecute"),
        ],
        "to ask the other side whether it happened write `probe = ..` instead",
    )
}

pub(super) fn on_busy(argument: &Argument, faults: &mut Faults) -> Option<Value> {
    one_of(
        argument,
        faults,
        &[("wait", "OnBusy::Wait"), ("fail", "OnBusy::Fail")],
        "or an expression of type `retry_effects::OnBusy`",
    )
}

/// `true` or `false`: what the expansion is depends on it, so that it cannot be an expression.
pub(super) fn switch(argument: &Argument, faults: &mut Faults) -> Option<bool> {
    let expression = argument.expression(faults)?;
    if let Some(Literal::Plain(Lit::Bool(switch))) = constant(&expression) {
        return Some(switch.value());
    }
    let key = &argument.key;
    faults.on(&expression, format!("{key} must be `true` or `false`"));
    None
}

pub(super) fn name(argument: &Argument, faults: &mut Faults) -> Option<String> {
    let expression = argument.expression(faults)?;
    if let Some(Literal::Plain(Lit::Str(text))) = constant(&expression) {
        let text = text.value();
        if !text.trim().is_empty() {
            return Some(text);
        }
    }
    faults.on(
        &expression,
        "name must be a text that is not empty, like \"load_task\"",
    );
    None
}

pub(super) fn variable(argument: &Argument, faults: &mut Faults) -> Option<Ident> {
    let expression = argument.expression(faults)?;
    if let Expr::Path(path) = &expression
        && let Some(ident) = path.path.get_ident()
    {
        return Some(ident.clone());
    }
    faults.on(
        &expression,
        "attempt names the variable that the body reads: `attempt = n`",
    );
    None
}

pub(super) fn path(argument: &Argument, faults: &mut Faults) -> Option<Path> {
    let expression = argument.expression(faults)?;
    if let Expr::Path(path) = expression {
        return Some(path.path);
    }
    faults.on(&expression, "crate must be a path, like `::retry_core`");
    None
}

pub(super) enum Literal<'a> {
    Plain(&'a Lit),
    Negative,
}

/// The literal that an expression is, if it is one.
pub(super) fn constant(expression: &Expr) -> Option<Literal<'_>> {
    match expression {
        Expr::Lit(ExprLit { lit, .. }) => Some(Literal::Plain(lit)),
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_),
            expr,
            ..
        }) => constant(expr).map(|_| Literal::Negative),
        Expr::Group(group) => constant(&group.expr),
        _ => None,
    }
}

/// A path whose last word is in capitals names a constant, which the call's static part can hold:
/// unless it belongs to a type, which may be `Self` or a parameter, and these a static cannot name.
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

/// One of a few texts, or an expression.
fn one_of(
    argument: &Argument,
    faults: &mut Faults,
    choices: &[(&str, &str)],
    otherwise: &str,
) -> Option<Value> {
    let expression = argument.expression(faults)?;
    let Some(literal) = constant(&expression) else {
        return Some(Value::Expression(expression, Form::Plain));
    };
    if let Literal::Plain(Lit::Str(text)) = literal {
        let text = text.value();
        if let Some((_, path)) = choices.iter().find(|(choice, _)| *choice == text) {
            return path.parse().ok().map(Value::item);
        }
    }
    let names: Vec<_> = choices
        .iter()
        .map(|(name, _)| format!("\"{name}\""))
        .collect();
    let (key, names) = (&argument.key, names.join(", "));
    faults.on(
        &expression,
        format!("{key} must be one of {names}; {otherwise}"),
    );
    None
}

impl Value {
    /// A path below the runtime crate, and what follows it.
    pub(super) fn item(tokens: TokenStream) -> Self {
        Self::Constant(Constant::Item(tokens))
    }
}
