//! Bodies that another attribute above has put into an async block of its own.
//!
//! `#[async_trait]` makes a sync function that returns `Box::pin(async move { .. })`;
//! `#[tracing::instrument]` keeps the `async fn` and makes its body the future of a span. In both
//! the retry loop belongs inside that block: there the original body is, and there the span counts
//! all attempts as one call.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;

use crate::function::Function;

/// Where the original body is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// In plain sight.
    Plain,
    /// In `Box::pin(async move { .. })`.
    Boxed,
    /// In the future that a span is put around.
    Instrumented,
}

/// The original body, found.
pub(crate) struct Found {
    pub(crate) shape: Shape,
    /// The body's tokens, braces and all.
    pub(crate) body: Group,
    /// A statement that must run once and not in each attempt: `let __self = self;`.
    pub(crate) once: TokenStream,
}

/// Finds the original body.
pub(crate) fn find(function: &Function) -> Found {
    let tokens: Vec<TokenTree> = function.body.stream().into_iter().collect();
    let mut found = Found {
        shape: Shape::Plain,
        body: function.body.clone(),
        once: TokenStream::new(),
    };
    if function.signature.asyncness.is_some() {
        if let Some(at) = instrumented(&tokens) {
            found.shape = Shape::Instrumented;
            found.body = innermost(&group(&tokens[at]));
        }
    } else if let Some(block) = boxed(&tokens) {
        found.shape = Shape::Boxed;
        (found.once, found.body) = without_self_binding(&block);
    }
    found
}

/// Puts `replacement`, a block's content, where the original body was found.
pub(crate) fn replace(
    function: &Function,
    found: &Found,
    replacement: &TokenStream,
) -> TokenStream {
    let once = &found.once;
    match found.shape {
        Shape::Plain => replacement.clone(),
        Shape::Boxed => quote!(::std::boxed::Box::pin(async move { #once #replacement })),
        Shape::Instrumented => {
            let mut tokens: Vec<TokenTree> = function.body.stream().into_iter().collect();
            if let Some(at) = instrumented(&tokens) {
                tokens[at] = TokenTree::Group(refilled(&group(&tokens[at]), replacement));
            }
            tokens.into_iter().collect()
        }
    }
}

/// The index of the block in `let __tracing_instrument_future = async move { .. };`.
fn instrumented(tokens: &[TokenTree]) -> Option<usize> {
    let at = tokens.windows(4).position(|window| {
        is_ident(&window[0], "__tracing_instrument_future")
            && is_punct(&window[1], '=')
            && is_ident(&window[2], "async")
            && is_ident(&window[3], "move")
    })?;
    is_block(tokens.get(at + 4)?).then_some(at + 4)
}

/// With `err` or `ret` the body is one block further in.
fn innermost(block: &Group) -> Group {
    let tokens: Vec<TokenTree> = block.stream().into_iter().collect();
    nested(&tokens).map_or_else(|| block.clone(), |at| group(&tokens[at]))
}

fn refilled(block: &Group, replacement: &TokenStream) -> Group {
    let mut tokens: Vec<TokenTree> = block.stream().into_iter().collect();
    let content = match nested(&tokens) {
        None => replacement.clone(),
        Some(at) => {
            tokens[at] = TokenTree::Group(Group::new(Delimiter::Brace, replacement.clone()));
            tokens.into_iter().collect()
        }
    };
    let mut refilled = Group::new(Delimiter::Brace, content);
    refilled.set_span(block.span());
    refilled
}

/// The index of the block in a leading `match async move { .. }.await` or
/// `let __match_scrutinee = async move { .. }.await`, as `err` and `ret` write them.
fn nested(tokens: &[TokenTree]) -> Option<usize> {
    let at = if is_ident(tokens.first()?, "match") {
        1
    } else {
        let named = |name| tokens.get(1).is_some_and(|token| is_ident(token, name));
        let bound = is_ident(&tokens[0], "let") && (named("__match_scrutinee") || named("x"));
        if !bound || !is_punct(tokens.get(2)?, '=') {
            return None;
        }
        3
    };
    let is_async = is_ident(tokens.get(at)?, "async") && is_ident(tokens.get(at + 1)?, "move");
    let awaited = is_punct(tokens.get(at + 3)?, '.') && is_ident(tokens.get(at + 4)?, "await");
    (is_async && is_block(&tokens[at + 2]) && awaited).then_some(at + 2)
}

/// The block in a body that is `Box::pin(async move { .. })` and nothing else.
fn boxed(tokens: &[TokenTree]) -> Option<Group> {
    let (call, path) = tokens.split_last()?;
    let path: String = path.iter().map(ToString::to_string).collect();
    let call = group(call);
    if !path.ends_with("Box::pin") || call.delimiter() != Delimiter::Parenthesis {
        return None;
    }
    let inside: Vec<TokenTree> = call.stream().into_iter().collect();
    match inside.as_slice() {
        [first, second, block] | [first, second, block, _] => {
            let matches = is_ident(first, "async") && is_ident(second, "move") && is_block(block);
            matches.then(|| group(block))
        }
        _ => None,
    }
}

/// Takes `let __self = self;` out of a block: `&mut self` can be moved out of it only once.
fn without_self_binding(block: &Group) -> (TokenStream, Group) {
    let mut tokens: Vec<TokenTree> = block.stream().into_iter().collect();
    let binding = (0..tokens.len()).find_map(|at| {
        let name = if is_ident(tokens.get(at + 1)?, "mut") {
            at + 2
        } else {
            at + 1
        };
        let matches = is_ident(&tokens[at], "let")
            && is_ident(tokens.get(name)?, "__self")
            && is_punct(tokens.get(name + 1)?, '=')
            && is_ident(tokens.get(name + 2)?, "self")
            && is_punct(tokens.get(name + 3)?, ';');
        matches.then_some(at..=name + 3)
    });
    let once = binding
        .map(|range| tokens.drain(range).collect())
        .unwrap_or_default();
    let mut rest = Group::new(Delimiter::Brace, tokens.into_iter().collect());
    rest.set_span(block.span());
    (once, rest)
}

fn is_ident(token: &TokenTree, name: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == name)
}

fn is_punct(token: &TokenTree, char: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == char)
}

fn is_block(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

/// The group that a token is; an empty one for any other.
fn group(token: &TokenTree) -> Group {
    match token {
        TokenTree::Group(group) => group.clone(),
        _ => Group::new(Delimiter::None, TokenStream::new()),
    }
}
