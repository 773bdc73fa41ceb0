//! A guard that calls share: its origin, and the list that configures an operation's own guard.

use proc_macro2::TokenStream;
use syn::{Expr, Ident, Lit};

use crate::parse::argument::{Argument, Given};
use crate::parse::fault::Faults;
use crate::parse::list;
use crate::parse::settings::Settings;
use crate::parse::table::Table;
use crate::parse::value::{self, Literal, Read, constant};

/// One guard, with its argument's key.
pub(crate) struct Guard {
    pub(crate) key: Ident,
    pub(crate) lent_by: LentBy,
}

/// The origin of a guard.
pub(crate) enum LentBy {
    /// Made for the operation alone.
    Operation,
    /// Shared by all calls that give this name.
    Name(String),
    /// Given by the user's expression.
    Expression(Expr),
}

/// The meaning of an argument in a guard's list.
pub(super) enum Part {
    /// The name by which calls share the guard.
    Name,
    /// A field of the runtime crate's layer of guards.
    Setting(&'static str, Read),
}

impl Guard {
    pub(super) fn new(argument: &Argument, lent_by: LentBy) -> Self {
        Self {
            key: argument.key.clone(),
            lent_by,
        }
    }
}

/// Reads a guard's list; stores its values in `settings`.
pub(super) fn list(
    tokens: &TokenStream,
    table: &Table<Part>,
    settings: &mut Settings,
    faults: &mut Faults,
) -> (Vec<Argument>, LentBy) {
    let given = list::parse(tokens.clone(), table, faults);
    list::refuse_duplicates(&given, faults);
    let mut name = None;
    for argument in &given {
        let key = argument.key.to_string();
        match table.row(&key).map(|row| &row.takes) {
            Some(Part::Name) => name = value::name(argument, faults),
            Some(Part::Setting(field, read)) => settings.set(field, read(argument, faults)),
            None => faults.at(argument.key.span(), table.unknown(&key)),
        }
    }
    (given, name.map_or(LentBy::Operation, LentBy::Name))
}

/// Reads `true` or no value, a name, or an expression.
pub(super) fn lent_by(argument: &Argument, allowed: &str, faults: &mut Faults) -> Option<LentBy> {
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
