//! Bodies that another attribute above has wrapped in code of its own.
//!
//! `#[async_trait]` makes a sync function that returns `Box::pin(async move { .. })`;
//! `#[tracing::instrument]` makes the body the future of a span, or runs it with the span entered.
//! The retry loop goes around the original body, inside the wrapper, so that one span covers all
//! attempts. If both attributes are used, one wrapper is inside the other.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};

use crate::parse::function::Function;

/// The original body, found.
pub(crate) struct FoundBody {
    /// Whether a sync function returns its body as a future.
    pub(crate) is_boxed: bool,
    /// The body's tokens, with the braces.
    pub(crate) body: Group,
    /// Statements that must run once and not in each attempt: `let __self = self;`.
    pub(crate) hoisted: TokenStream,
    /// The path from the function's body to the original one: the index of a token at each level.
    path: Vec<usize>,
}

/// Finds the original body.
pub(crate) fn find(function: &Function) -> FoundBody {
    let mut found = FoundBody {
        is_boxed: false,
        body: function.body.clone(),
        hoisted: TokenStream::new(),
        path: Vec::new(),
    };
    if function.signature.asyncness.is_none() {
        found.is_boxed = found.descend(boxed);
    }
    if function.signature.asyncness.is_some() || found.is_boxed {
        if found.descend(instrumented) {
            found.descend(observed);
        }
    } else {
        found.descend(entered);
    }
    if found.is_boxed {
        found.hoist(|name, value| name == "__self" && value == "self");
    }
    found
}

impl FoundBody {
    /// Descends to the block that `step` finds in the present one. Returns whether it found one.
    fn descend(&mut self, step: fn(&[TokenTree]) -> Option<Vec<usize>>) -> bool {
        let Some(steps) = step(&tokens(&self.body)) else {
            return false;
        };
        for at in steps {
            self.body = group(&tokens(&self.body)[at]);
            self.path.push(at);
        }
        true
    }

    /// Moves the bindings of shared parameters out of the body: all attempts use the same ones.
    pub(crate) fn share(&mut self, borrowed: &[Ident]) {
        if self.is_boxed {
            self.hoist(|name, value| name == value && borrowed.contains(name));
        }
    }

    /// Returns the attribute's arguments, with `self` replaced by its name inside the wrapper.
    pub(crate) fn renamed(&self, arguments: TokenStream) -> TokenStream {
        if self.hoisted.is_empty() {
            return arguments;
        }
        let renamed = arguments.into_iter().map(|token| match token {
            TokenTree::Ident(name) if name == "self" => {
                TokenTree::Ident(Ident::new("__self", name.span()))
            }
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), self.renamed(group.stream()));
                inner.set_span(group.span());
                TokenTree::Group(inner)
            }
            other => other,
        });
        renamed.collect()
    }

    /// Moves each matching `let name = value;` out of the body: a value can be moved only once.
    fn hoist(&mut self, matches: impl Fn(&Ident, &Ident) -> bool) {
        let mut rest = Vec::new();
        for token in tokens(&self.body) {
            let ends = is_punct(&token, ';');
            rest.push(token);
            if ends && let Some(length) = binding(&rest, &matches) {
                self.hoisted.extend(rest.split_off(rest.len() - length));
            }
        }
        let mut body = Group::new(Delimiter::Brace, rest.into_iter().collect());
        body.set_span(self.body.span());
        self.body = body;
    }

    /// Returns the content of the function's body, with `replacement` in the original body's place.
    pub(crate) fn replace(&self, function: &Function, replacement: TokenStream) -> TokenStream {
        let mut content = self.hoisted.clone();
        content.extend(replacement);
        refilled(&function.body, &self.path, content).stream()
    }
}

fn refilled(block: &Group, path: &[usize], content: TokenStream) -> Group {
    let content = match path {
        [] => content,
        [at, rest @ ..] => {
            let mut tokens = tokens(block);
            let inner = refilled(&group(&tokens[*at]), rest, content);
            tokens[*at] = TokenTree::Group(inner);
            tokens.into_iter().collect()
        }
    };
    let mut refilled = Group::new(block.delimiter(), content);
    refilled.set_span(block.span());
    refilled
}

/// Finds the block in a body that is only `Box::pin(async move { .. })`.
fn boxed(body: &[TokenTree]) -> Option<Vec<usize>> {
    let (call, path) = body.split_last()?;
    let path: String = path.iter().map(ToString::to_string).collect();
    if !path.ends_with("Box::pin") || !is_group(call, Delimiter::Parenthesis) {
        return None;
    }
    let inside = tokens(&group(call));
    is_async_block(&inside).then(|| vec![body.len() - 1, 2])
}

/// Finds the block in `let __tracing_instrument_future = async move { .. };`.
fn instrumented(body: &[TokenTree]) -> Option<Vec<usize>> {
    let at = body.windows(5).position(|window| {
        is_ident(&window[0], "__tracing_instrument_future")
            && is_punct(&window[1], '=')
            && is_async_block(&window[2..])
    })?;
    Some(vec![at + 4])
}

/// Finds the block in a leading `match async move { .. }.await` or `let x = async move { ..
/// }.await`, by which `err` and `ret` read the body's outcome.
fn observed(block: &[TokenTree]) -> Option<Vec<usize>> {
    let at = match block {
        [first, ..] if is_ident(first, "match") => 1,
        [first, _, equals, ..] if is_ident(first, "let") && is_punct(equals, '=') => 3,
        _ => return None,
    };
    let awaited = matches!(block.get(at + 3..at + 5), Some([dot, name])
        if is_punct(dot, '.') && is_ident(name, "await"));
    (awaited && is_async_block(&block[at..])).then(|| vec![at + 2])
}

/// Finds the block after `let __tracing_attr_span;` in a sync body: with `err` or `ret` in `(move
/// || { .. })()`, else in the last block.
fn entered(body: &[TokenTree]) -> Option<Vec<usize>> {
    if !declares_span(body) {
        let last = body.len().checked_sub(1)?;
        let inside = tokens(&group(&body[last]));
        let innermost = inside.len().checked_sub(1)?;
        let matches = declares_span(&inside) && is_group(&inside[innermost], Delimiter::Brace);
        return matches.then(|| vec![last, innermost]);
    }
    body.iter()
        .enumerate()
        .find_map(|(at, token)| match tokens(&group(token)).as_slice() {
            [first, _, _, block]
                if is_ident(first, "move") && is_group(block, Delimiter::Brace) =>
            {
                Some(vec![at, 3])
            }
            _ => None,
        })
}

fn declares_span(tokens: &[TokenTree]) -> bool {
    tokens.windows(3).any(|window| {
        is_ident(&window[0], "let")
            && is_ident(&window[1], "__tracing_attr_span")
            && is_punct(&window[2], ';')
    })
}

/// Returns the length of the statement at the end of `tokens`, if it is a `let` that matches.
fn binding(tokens: &[TokenTree], matches: impl Fn(&Ident, &Ident) -> bool) -> Option<usize> {
    let [
        before @ ..,
        TokenTree::Ident(name),
        equals,
        TokenTree::Ident(value),
        _,
    ] = tokens
    else {
        return None;
    };
    let length = match before {
        [.., bind, mutability] if is_ident(bind, "let") && is_ident(mutability, "mut") => 6,
        [.., bind] if is_ident(bind, "let") => 5,
        _ => return None,
    };
    (is_punct(equals, '=') && matches(name, value)).then_some(length)
}

/// Whether the tokens begin with `async move { .. }`.
fn is_async_block(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [first, second, block, ..]
        if is_ident(first, "async") && is_ident(second, "move") && is_group(block, Delimiter::Brace))
}

fn is_ident(token: &TokenTree, name: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == name)
}

fn is_punct(token: &TokenTree, char: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == char)
}

fn is_group(token: &TokenTree, delimiter: Delimiter) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == delimiter)
}

/// Returns the group that a token is; for any other token, an empty one.
fn group(token: &TokenTree) -> Group {
    match token {
        TokenTree::Group(group) => group.clone(),
        _ => Group::new(Delimiter::None, TokenStream::new()),
    }
}

fn tokens(group: &Group) -> Vec<TokenTree> {
    group.stream().into_iter().collect()
}
