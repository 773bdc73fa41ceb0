//! The list between the parentheses: `key = value` and `key(name, ..)`, separated by commas.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, Token, token};

use crate::parse::argument::{Argument, ArgumentValue};
use crate::parse::fault::Faults;
use crate::parse::table::ArgumentTable;

/// Returns all arguments that can be parsed.
pub(super) fn parse<T>(
    tokens: TokenStream,
    table: &ArgumentTable<T>,
    faults: &mut Faults,
) -> Vec<Argument> {
    let mut arguments = Vec::new();
    let parser = |input: ParseStream<'_>| {
        while !input.is_empty() {
            match argument(input, table) {
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

fn argument<T>(input: ParseStream<'_>, table: &ArgumentTable<T>) -> syn::Result<Argument> {
    if !input.peek(Ident::peek_any) {
        let example = table.any_example();
        return Err(input.error(format!("expected an argument like `{example}`")));
    }
    let key = input.call(Ident::parse_any)?;
    // The value of an unknown argument is skipped, so that it gets one error and not two.
    let row = table.row(&key.to_string());
    let is_unread = row.is_none();
    let example = row.map_or("key = value", |row| row.example);
    let value = if input.peek(Token![=]) {
        let equals = input.parse::<Token![=]>()?;
        if input.is_empty() || input.peek(Token![,]) {
            let message = format!("`{key}` needs a value: `{example}`");
            return Err(syn::Error::new(equals.span, message));
        }
        value(input, is_unread)?
    } else if input.peek(token::Paren) {
        let content;
        syn::parenthesized!(content in input);
        let list = content.parse()?;
        if is_unread {
            ArgumentValue::Unread
        } else {
            ArgumentValue::List(list)
        }
    } else if input.is_empty() || input.peek(Token![,]) || is_unread {
        ArgumentValue::Nothing
    } else {
        let message = format!("expected `=` after `{key}`: `{example}`");
        return Err(input.error(message));
    };
    Ok(Argument {
        key,
        value,
        example,
    })
}

fn value(input: ParseStream<'_>, is_unread: bool) -> syn::Result<ArgumentValue> {
    if is_unread {
        skip_to_comma(input);
        return Ok(ArgumentValue::Unread);
    }
    input.parse().map(ArgumentValue::Expression)
}

/// Reads a comma or the end; else reports that a comma is missing.
fn separator(input: ParseStream<'_>, faults: &mut Faults) {
    if input.is_empty() {
        return;
    }
    if input.parse::<Token![,]>().is_err() {
        faults.add_at(input.span(), "expected `,` between arguments");
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

/// Refuses an argument that is given twice; the error shows both places.
pub(super) fn refuse_duplicates(arguments: &[Argument], faults: &mut Faults) {
    for (at, argument) in arguments.iter().enumerate() {
        let key = &argument.key;
        if let Some(first) = arguments[..at].iter().find(|earlier| earlier.key == *key) {
            faults.add_contradiction(
                key.span(),
                format!("`{key}` is given twice"),
                first.key.span(),
                format!("`{key}` is first given here"),
            );
        }
    }
}
