//! The function below an attribute: its parts, with the body left as tokens, so that editors can
//! complete half-written code.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::parse::discouraged::Speculative;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Attribute, Signature, Token, Visibility};

use crate::parse::class::ATTRIBUTES;
use crate::parse::fault::Faults;

/// A function's parts.
pub(crate) struct Function {
    /// Outer attributes, and those at the head of the body.
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    /// The body with its braces, without the attributes at its head.
    pub(crate) body: Group,
}

const WRONG_ITEM: &str = "a retry attribute goes on a function: write it on each function that is \
                          to be retried";

impl Function {
    /// Returns the function; for any other item, `faults` names its kind.
    pub(crate) fn parse(item: TokenStream, faults: &mut Faults) -> Option<Self> {
        match syn::parse2::<Self>(item) {
            Ok(function) => {
                function.refuse_second_attribute(faults);
                Some(function)
            }
            Err(error) => {
                faults.add(error);
                None
            }
        }
    }

    fn refuse_second_attribute(&self, faults: &mut Faults) {
        for attribute in &self.attributes {
            let last = attribute
                .path()
                .segments
                .last()
                .map(|last| last.ident.to_string());
            if last.is_some_and(|last| ATTRIBUTES.contains(&last.as_str())) {
                let message = "a function takes one retry attribute: remove one of the two";
                faults.add_on(attribute, message);
            }
        }
    }
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut attributes = Attribute::parse_outer(input)?;
        let visibility: Visibility = input.parse()?;
        let ahead = input.fork();
        let Ok(signature) = ahead.parse::<Signature>() else {
            if is_function(&input.fork()) {
                // The compiler's own error describes a wrong signature.
                return Err(input
                    .parse::<Signature>()
                    .err()
                    .unwrap_or_else(|| input.error(WRONG_ITEM)));
            }
            return Err(input.error(WRONG_ITEM));
        };
        input.advance_to(&ahead);
        if input.peek(Token![;]) {
            let message = "a function without a body has nothing to retry: write the attribute on \
                           the implementation, or give a default body";
            return Err(syn::Error::new_spanned(&signature, message));
        }
        let body = match ungrouped(input.parse()?) {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => group,
            other => {
                return Err(syn::Error::new(
                    other.span(),
                    "expected the function's body",
                ));
            }
        };
        let (inner, rest) = inner_attributes.parse2(body.stream())?;
        attributes.extend(inner);
        let mut stripped = Group::new(Delimiter::Brace, rest);
        stripped.set_span(body.span());
        Ok(Self {
            attributes,
            visibility,
            signature,
            body: stripped,
        })
    }
}

/// Returns the content of the invisible group in which a `$body:block` of `macro_rules!` arrives.
fn ungrouped(token: TokenTree) -> TokenTree {
    if let TokenTree::Group(group) = &token
        && group.delimiter() == Delimiter::None
    {
        let mut inside = group.stream().into_iter();
        if let (Some(only), None) = (inside.next(), inside.next()) {
            return ungrouped(only);
        }
    }
    token
}

fn is_function(input: ParseStream<'_>) -> bool {
    loop {
        if input.peek(Token![fn]) {
            return true;
        }
        let qualifier = input.peek(Token![const])
            || input.peek(Token![async])
            || input.peek(Token![unsafe])
            || input.peek(Token![extern])
            || input.peek(syn::LitStr);
        if !qualifier || input.parse::<TokenTree>().is_err() {
            return false;
        }
    }
}

/// Returns the attributes at the head of a body, as outer ones, and the rest of the body.
fn inner_attributes(input: ParseStream<'_>) -> syn::Result<(Vec<Attribute>, TokenStream)> {
    let mut attributes = input.call(Attribute::parse_inner)?;
    for attribute in &mut attributes {
        attribute.style = syn::AttrStyle::Outer;
    }
    Ok((attributes, input.parse()?))
}
