//! Values of arguments: constants, which the compiler can check, and expressions.

use std::time::Duration;

use proc_macro2::TokenStream;
use syn::{Expr, ExprLit, ExprUnary, Ident, Lit, Path, UnOp};

use crate::parse::argument::Argument;
use crate::parse::fault::Faults;
use crate::parse::wait;

/// The value of an argument. `expand/value.rs` writes it as an expression of the field's type.
pub(crate) enum Value {
    /// A wait, known at compile time.
    Wait(Duration),
    /// A constant.
    Constant(Constant),
    /// An expression to evaluate in each call.
    Expression(Expr, Conversion),
}

/// A constant, to be written with the path of the runtime crate.
pub(crate) enum Constant {
    /// A path below the runtime crate, and the tokens after it.
    Item(TokenStream),
    /// A path of the user's, which its name shows to be a constant.
    Named(Path),
}

/// The conversion of an expression's value to the field's.
#[derive(Clone, Copy)]
pub(crate) enum Conversion {
    /// None: it is the field's value.
    Plain,
    /// From a number of attempts.
    Attempts,
    /// From a multiplier.
    Multiplier,
}

/// Reads the value of an argument.
pub(super) type ValueReader = fn(&Argument, &mut Faults) -> Option<Value>;

pub(super) fn wait(argument: &Argument, faults: &mut Faults) -> Option<Value> {
    let expression = argument.expression(faults)?;
    match constant(&expression) {
        Some(Literal::Negative) => {
            let key = &argument.key;
            faults.add_on(
                &expression,
                format!("{key} is negative; it must be at least 0"),
            );
            None
        }
        Some(Literal::Plain(literal)) => match wait::read(literal) {
            Ok(wait) => Some(Value::Wait(wait)),
            Err(message) => {
                faults.add_on(&expression, format!("{}: {message}", argument.key));
                None
            }
        },
        None => Some(Value::Expression(expression, Conversion::Plain)),
    }
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
    faults.add_on(&expression, "nested must be \"stop\" or \"multiply\"");
    None
}

/// Reads `true` or `false`. An expression is refused, because the expansion depends on the value.
pub(super) fn switch(argument: &Argument, faults: &mut Faults) -> Option<bool> {
    let expression = argument.expression(faults)?;
    if let Some(Literal::Plain(Lit::Bool(switch))) = constant(&expression) {
        return Some(switch.value());
    }
    let key = &argument.key;
    faults.add_on(&expression, format!("{key} must be `true` or `false`"));
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
    faults.add_on(
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
    faults.add_on(
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
    faults.add_on(&expression, "crate must be a path, like `::retry_core`");
    None
}

pub(super) enum Literal<'a> {
    Plain(&'a Lit),
    Negative,
}

/// Returns the literal that an expression is, if it is one.
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

/// Whether the expression is one of the texts without its quotes, which is a fault: the compiler would
/// only miss a variable of that name.
pub(super) fn is_unquoted<'a>(
    argument: &Argument,
    expression: &Expr,
    mut choices: impl Iterator<Item = &'a str>,
    faults: &mut Faults,
) -> bool {
    let Expr::Path(path) = expression else {
        return false;
    };
    let Some(name) = path.path.get_ident() else {
        return false;
    };
    let is_choice = choices.any(|choice| name == choice);
    if is_choice {
        let key = &argument.key;
        let message = format!(
            "`{name}` without quotes is a variable: write `{key} = \"{name}\"`, or \
             `{key} = {{ {name} }}` for a variable of that name"
        );
        faults.add_on(expression, message);
    }
    is_choice
}

/// Reads one of a few texts, or an expression.
pub(super) fn one_of(
    argument: &Argument,
    faults: &mut Faults,
    choices: &[(&str, &str)],
    otherwise: &str,
) -> Option<Value> {
    let expression = argument.expression(faults)?;
    let Some(literal) = constant(&expression) else {
        let choices = choices.iter().map(|(choice, _)| *choice);
        if is_unquoted(argument, &expression, choices, faults) {
            return None;
        }
        return Some(Value::Expression(expression, Conversion::Plain));
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
    faults.add_on(
        &expression,
        format!("{key} must be one of {names}; {otherwise}"),
    );
    None
}

impl Value {
    /// Makes a path below the runtime crate, with the tokens after it.
    pub(super) fn item(tokens: TokenStream) -> Self {
        Self::Constant(Constant::Item(tokens))
    }
}
