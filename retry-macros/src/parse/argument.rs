//! One argument as written: a key, and a value or a list.

use proc_macro2::{Span, TokenStream};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, Ident, Token};

use crate::parse::fault::Faults;

/// One argument as written.
pub(crate) struct Argument {
    pub(crate) key: Ident,
    pub(super) value: ArgumentValue,
    /// An example of the argument.
    pub(super) example: &'static str,
}

/// The part after the key.
pub(super) enum ArgumentValue {
    Expression(Expr),
    /// The tokens in parentheses.
    List(TokenStream),
    /// A value that was refused already.
    Unread,
    Nothing,
}

impl Argument {
    /// Returns the argument's value, without the invisible group around a literal of
    /// `macro_rules!`.
    pub(crate) fn expression(&self, faults: &mut Faults) -> Option<Expr> {
        match &self.value {
            ArgumentValue::Expression(expression) => Some(ungrouped(expression.clone())),
            ArgumentValue::Unread => None,
            ArgumentValue::List(_) | ArgumentValue::Nothing => {
                let key = &self.key;
                let message = format!("`{key}` needs a value: `{}`", self.example);
                faults.add_at(key.span(), message);
                None
            }
        }
    }

    /// Returns the names in the argument's parentheses.
    pub(crate) fn names(&self, faults: &mut Faults) -> Vec<Ident> {
        let key = &self.key;
        let message = format!("`{key}` needs a list of parameters: `{key}(x, y)`");
        match &self.value {
            ArgumentValue::List(list) => {
                let names = Punctuated::<Ident, Token![,]>::parse_terminated;
                match names.parse2(list.clone()) {
                    Ok(names) if !names.is_empty() => return names.into_iter().collect(),
                    Ok(_) => faults.add_at(key.span(), message),
                    Err(_) => faults.add_on(list, message),
                }
            }
            ArgumentValue::Unread => {}
            ArgumentValue::Expression(_) | ArgumentValue::Nothing => {
                faults.add_at(key.span(), message);
            }
        }
        Vec::new()
    }

    /// Returns the place of the argument's value, else of its key.
    pub(super) fn value_span(&self) -> Span {
        match &self.value {
            ArgumentValue::Expression(expression) => expression.span(),
            _ => self.key.span(),
        }
    }
}

fn ungrouped(expression: Expr) -> Expr {
    match expression {
        Expr::Group(group) => ungrouped(*group.expr),
        other => other,
    }
}
