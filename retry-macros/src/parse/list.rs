//! The list between the parentheses: `key = value` and `key(name, ..)`, separated by commas.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Expr, Ident, Token, token};

use crate::parse::fault::Faults;
use crate::parse::names::Names;

/// One argument as written.
pub(crate) struct Argument {
    pub(crate) key: Ident,
    pub(super) value: Given,
    /// Where its name comes from.
    pub(super) names: &'static Names,
}

/// What stands after the key.
pub(super) enum Given {
    Expression(Expr),
    /// What stands in parentheses.
    List(TokenStream),
    /// Something that was refused already.
    Unread,
    Nothing,
}

impl Argument {
    /// Its value, unwrapped from the invisible group that a literal comes in from `macro_rules!`.
    pub(crate) fn expression(&self, faults: &mut Faults) -> Option<Expr> {
        match &self.value {
            Given::Expression(expression) => Some(ungrouped(expression.clone())),
            Given::Unread => None,
            Given::List(_) | Given::Nothing => {
                let key = &self.key;
                let message = format!("`{key}` needs a value: `{}`", self.names.example(key));
                faults.at(key.span(), message);
                None
            }
        }
    }

    /// The names in its parentheses.
    pub(crate) fn names(&self, faults: &mut Faults) -> Vec<Ident> {
        let key = &self.key;
        let message = format!("`{key}` needs a list of parameters: `{key}(x, y)`");
        match &self.value {
            Given::List(list) => {
                let names = Punctuated::<Ident, Token![,]>::parse_terminated;
                match names.parse2(list.clone()) {
                    Ok(names) if !names.is_empty() => return names.into_iter().collect(),
                    Ok(_) => faults.at(key.span(), message),
                    Err(_) => faults.on(list, message),
                }
            }
            Given::Unread => {}
            Given::Expression(_) | Given::Nothing => faults.at(key.span(), message),
        }
        Vec::new()
    }
}

fn ungrouped(expression: Expr) -> Expr {
    match expression {
        Expr::Group(group) => ungrouped(*group.expr),
        other => other,
    }
}

/// All arguments that can be made out.
pub(super) fn parse(
    tokens: TokenStream,
    names: &'static Names,
    faults: &mut Faults,
) -> Vec<Argument> {
    let mut arguments = Vec::new();
    let parser = |input: ParseStream<'_>| {
        while !input.is_empty() {
            match argument(input, names) {
                Ok(argument) => arguments.push(argument),
                Err(error) => {
                    faults.add(error);
                    skip_to_comma(input);
                }
            }
            separator(input, faults);
        }
        Ok(())
    };
    if let Err(error) = parser.parse2(tokens) {
        faults.add(error);
    }
    arguments
}

fn argument(input: ParseStream<'_>, names: &'static Names) -> syn::Result<Argument> {
    if !input.peek(Ident::peek_any) {
        let example = names.any_example();
        return Err(input.error(format!("expected an argument like `{example}`")));
    }
    let key = input.call(Ident::parse_any)?;
    // One that is refused by its name need not be understood.
    let is_unread = !names.is_known(&key.to_string());
    let value = if input.peek(Token![=]) {
        let equals = input.parse::<Token![=]>()?;
        if input.is_empty() || input.peek(Token![,]) {
            let message = format!("`{key}` needs a value: `{}`", names.example(&key));
            return Err(syn::Error::new(equals.span, message));
        }
        value(input, is_unread)?
    } else if input.peek(token::Paren) {
        let content;
        syn::parenthesized!(content in input);
        let list = content.parse()?;
        if is_unread {
            Given::Unread
        } else {
            Given::List(list)
        }
    } else if input.is_empty() || input.peek(Token![,]) || is_unread {
        Given::Nothing
    } else {
        let message = format!("expected `=` after `{key}`: `{}`", names.example(&key));
        return Err(input.error(message));
    };
    Ok(Argument { key, value, names })
}

fn value(input: ParseStream<'_>, is_unread: bool) -> syn::Result<Given> {
    if is_unread {
        skip_to_comma(input);
        return Ok(Given::Unread);
    }
    input.parse().map(Given::Expression)
}

/// A comma, the end, or a fault that says where the comma is missing.
fn separator(input: ParseStream<'_>, faults: &mut Faults) {
    if input.is_empty() {
        return;
    }
    if input.parse::<Token![,]>().is_err() {
        faults.at(input.span(), "expected `,` between arguments");
        if !input.peek(Ident::peek_any) {
            skip_to_comma(input);
            let _ = input.parse::<Option<Token![,]>>();
        }
    }
}

fn skip_to_comma(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        let _ = input.parse::<proc_macro2::TokenTree>();
    }
}

/// Both places are shown.
pub(super) fn refuse_duplicates(arguments: &[Argument], faults: &mut Faults) {
    for (at, argument) in arguments.iter().enumerate() {
        let key = &argument.key;
        if let Some(first) = arguments[..at].iter().find(|earlier| earlier.key == *key) {
            faults.both(
                (key.span(), format!("`{key}` is given twice")),
                (first.key.span(), format!("`{key}` is first given here")),
            );
        }
    }
}
