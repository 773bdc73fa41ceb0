//! A guard that calls share: its origin, and the list that configures an operation's own guard.

use proc_macro2::TokenStream;
use syn::{Expr, Ident, Lit};

use crate::parse::argument::{Argument, ArgumentValue};
use crate::parse::fault::Faults;
use crate::parse::guard_settings::GuardSettings;
use crate::parse::list;
use crate::parse::table::ArgumentTable;
use crate::parse::value::{self, Literal, ValueReader, constant};

/// One guard, with its argument's key.
pub(crate) struct GuardArgument {
    pub(crate) key: Ident,
    pub(crate) origin: GuardOrigin,
}

/// The origin of a guard.
pub(crate) enum GuardOrigin {
    /// Made for the operation alone.
    Operation,
    /// Shared by all calls that give this name.
    Name(String),
    /// Given by the user's expression.
    Expression(Expr),
}

/// The meaning of an argument in a guard's list.
pub(super) enum GuardField {
    /// The name by which calls share the guard.
    Name,
    /// A field of the runtime crate's layer of guards.
    Setting(&'static str, ValueReader),
}

impl GuardArgument {
    pub(super) fn new(argument: &Argument, origin: GuardOrigin) -> Self {
        Self {
            key: argument.key.clone(),
            origin,
        }
    }
}

/// Reads a guard's list; stores its values in `settings`.
pub(super) fn list(
    tokens: &TokenStream,
    table: &ArgumentTable<GuardField>,
    settings: &mut GuardSettings,
    faults: &mut Faults,
) -> (Vec<Argument>, GuardOrigin) {
    let given = list::parse(tokens.clone(), table, faults);
    list::refuse_duplicates(&given, faults);
    let mut name = None;
    for argument in &given {
        let key = argument.key.to_string();
        match table.row(&key).map(|row| &row.takes) {
            Some(GuardField::Name) => name = value::name(argument, faults),
            Some(GuardField::Setting(field, read)) => settings.set(field, read(argument, faults)),
            None => faults.add_at(argument.key.span(), table.unknown(&key)),
        }
    }
    (
        given,
        name.map_or(GuardOrigin::Operation, GuardOrigin::Name),
    )
}

/// Reads `true` or no value, a name, or an expression.
pub(super) fn origin(
    argument: &Argument,
    allowed: &str,
    faults: &mut Faults,
) -> Option<GuardOrigin> {
    if matches!(argument.value, ArgumentValue::Nothing) {
        return Some(GuardOrigin::Operation);
    }
    let expression = argument.expression(faults)?;
    match constant(&expression) {
        None => return Some(GuardOrigin::Expression(expression)),
        Some(Literal::Plain(Lit::Bool(switch))) if switch.value() => {
            return Some(GuardOrigin::Operation);
        }
        Some(Literal::Plain(Lit::Bool(_))) => {
            let key = &argument.key;
            let message = format!("`{key} = false` asks for nothing: remove it");
            faults.add_on(&expression, message);
        }
        Some(Literal::Plain(Lit::Str(name))) if !name.value().trim().is_empty() => {
            return Some(GuardOrigin::Name(name.value()));
        }
        Some(_) => faults.add_on(&expression, allowed),
    }
    None
}
