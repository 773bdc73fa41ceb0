//! Parameters: each attempt gets its own copy of what is taken by value, and borrows the rest.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Attribute, FnArg, Pat, PatIdent, PatType, Type};

use crate::check::identity;
use crate::expand::attribute::located;
use crate::parse::fault::Faults;
use crate::parse::function::Function;

/// The parameters as the outer function declares them, and how each attempt binds them.
#[derive(Default)]
pub(crate) struct Parameters {
    pub(crate) declared: Vec<TokenStream>,
    pub(crate) bound: Vec<TokenStream>,
}

/// Splits the function's parameters; `krate` is the path of the runtime crate. With `all_named` even
/// a `_` has a variable that holds it.
pub(crate) fn split(
    function: &Function,
    (borrowed, all_named): (&[Ident], bool),
    krate: &TokenStream,
    faults: &mut Faults,
) -> Parameters {
    let mut parameters = Parameters::default();
    let mut unknown: Vec<&Ident> = borrowed.iter().collect();
    for (at, input) in function.signature.inputs.iter().enumerate() {
        let FnArg::Typed(typed) = input else {
            parameters.declared.push(quote!(#input));
            continue;
        };
        if let Pat::Ident(PatIdent { ident, .. }) = typed.pat.as_ref() {
            let is_borrowed = borrowed.contains(ident);
            unknown.retain(|name| *name != ident);
            // No attempt needs what no body knows, though the attribute's expressions may.
            let is_pattern = all_named && identity::name(&typed.pat).is_none();
            if is_borrowed || !(is_pattern || mentions(&function.body.stream(), ident)) {
                parameters.declared.push(quote!(#input));
                continue;
            }
        }
        if all_named && matches!(typed.pat.as_ref(), Pat::Wild(_)) {
            parameters.hold(typed, at);
            continue;
        }
        parameters.add(typed, at, krate);
    }
    for name in unknown {
        let message = format!(
            "`borrow({name})` names no parameter of this function{}",
            known(function)
        );
        faults.at(name.span(), message);
    }
    parameters
}

/// Whether a body may name a variable, in a text like `"{key}"` too.
pub(crate) fn mentions(body: &TokenStream, name: &Ident) -> bool {
    body.clone().into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == *name,
        TokenTree::Group(group) => mentions(&group.stream(), name),
        TokenTree::Literal(literal) => captures(&literal.to_string(), &name.unraw().to_string()),
        TokenTree::Punct(_) => false,
    })
}

/// Whether a literal may be a format string that captures `name`: `"{name}"`, `"{name:?}"`, or as a
/// width `"{:name$}"`.
fn captures(literal: &str, name: &str) -> bool {
    let is_part = |char: char| char.is_alphanumeric() || char == '_';
    literal.match_indices(name).any(|(at, _)| {
        let before = literal[..at].chars().next_back();
        let after = literal[at + name.len()..].chars().next();
        let opened = literal[..at].contains('{') && literal[at..].contains('}');
        opened && !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

/// The variable that holds a parameter whose pattern is taken apart in each attempt.
pub(crate) fn placeholder(at: usize) -> Ident {
    Ident::new(&format!("__retry_argument_{at}"), Span::mixed_site())
}

/// What could be named instead.
pub(crate) fn known(function: &Function) -> String {
    let names = function
        .signature
        .inputs
        .iter()
        .filter_map(|input| match input {
            FnArg::Typed(typed) => match typed.pat.as_ref() {
                Pat::Ident(name) => Some(format!("`{}`", name.ident)),
                _ => None,
            },
            FnArg::Receiver(_) => None,
        });
    let names: Vec<_> = names.collect();
    if names.is_empty() {
        return String::new();
    }
    format!("; it has {}", names.join(", "))
}

impl Parameters {
    /// Holds what no attempt binds.
    fn hold(&mut self, PatType { attrs, ty, .. }: &PatType, at: usize) {
        let name = placeholder(at);
        self.declared.push(quote!(#(#attrs)* #name: #ty));
    }

    fn add(&mut self, typed: &PatType, at: usize, krate: &TokenStream) {
        let PatType { attrs, pat, ty, .. } = typed;
        let Some((binding, reference)) = binding(typed) else {
            self.declared.push(quote!(#typed));
            return;
        };
        // Conditions hold for both; lints belong to the name that the body uses.
        let conditions: Vec<&Attribute> = attrs
            .iter()
            .filter(|attribute| attribute.path().is_ident("cfg"))
            .collect();
        // A name that the body knows stays: the attribute's expressions may use it.
        let name = match binding {
            Binding::Name(ident) => ident.clone(),
            Binding::Pattern => placeholder(at),
        };
        let value = match reference {
            Some(false) => quote!(#name),
            Some(true) => quote!(&mut *#name),
            None => own(&name, ty, krate),
        };
        let mutability = reference.is_none().then(|| quote!(mut));
        self.declared
            .push(quote!(#(#conditions)* #mutability #name: #ty));
        self.bound.push(quote!(#(#attrs)* let #pat = #value;));
    }
}

/// A copy of the argument for one attempt.
fn own(name: &Ident, ty: &Type, krate: &TokenStream) -> TokenStream {
    // Where it is not `Clone`, the compiler points at what is passed, from its first token to its
    // last: these stand where the type does.
    let mut tokens = ty.to_token_stream().into_iter().map(|token| token.span());
    let first = tokens.next().unwrap_or_else(|| name.span());
    let last = tokens.last().unwrap_or(first);
    let lent = quote_spanned!(name.span().located_at(first)=> &mut);
    let mut argument = name.clone();
    argument.set_span(name.span().located_at(last));
    let own = located(quote!(#krate::__private::own), first);
    quote!(#own(#lent #argument))
}

enum Binding<'a> {
    /// `x` or `mut x`.
    Name(&'a Ident),
    /// Anything else.
    Pattern,
}

/// How each attempt must bind a parameter, and whether it is a reference (`true`: a `&mut`, which
/// each attempt borrows anew by name, as a body may move it: `for row in rows`).
/// `None` where there is nothing to bind: nobody can tell attempts apart by it.
fn binding(typed: &PatType) -> Option<(Binding<'_>, Option<bool>)> {
    let reference = reference(&typed.ty);
    match typed.pat.as_ref() {
        Pat::Wild(_) => None,
        Pat::Ident(PatIdent {
            by_ref: None,
            mutability: None,
            subpat: None,
            ..
        }) if reference == Some(false) => None,
        Pat::Ident(PatIdent {
            by_ref: None,
            subpat: None,
            ident,
            ..
        }) => Some((Binding::Name(ident), reference)),
        _ => Some((Binding::Pattern, reference)),
    }
}

/// Whether a type is a reference, and to what it lends exclusively: `true` for a `&mut`.
pub(crate) fn reference(ty: &Type) -> Option<bool> {
    match ty {
        Type::Reference(reference) => Some(reference.mutability.is_some()),
        Type::Group(group) => reference(&group.elem),
        Type::Paren(paren) => reference(&paren.elem),
        _ => None,
    }
}
