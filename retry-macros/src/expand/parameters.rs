//! The parameters of the outer function, and their binding in each attempt: an attempt gets its own
//! copy of those taken by value, and borrows the rest.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Attribute, FnArg, Pat, PatIdent, PatType, Type};

use crate::check::parameter;
use crate::expand::hygiene::{located, located_at};
use crate::expand::lints;
use crate::parse::function::Function;

/// The parameters as the outer function declares them, and their bindings in each attempt.
#[derive(Default)]
pub(crate) struct Parameters {
    pub(crate) declared: Vec<TokenStream>,
    pub(crate) bound: Vec<TokenStream>,
}

/// Splits the function's parameters; `krate` is the path of the runtime crate. With `all_named` even
/// a `_` has a variable that holds it.
pub(crate) fn split(
    function: &Function,
    borrowed: &[Ident],
    all_named: bool,
    krate: &TokenStream,
) -> Parameters {
    let mut parameters = Parameters::default();
    for (at, input) in function.signature.inputs.iter().enumerate() {
        let FnArg::Typed(typed) = input else {
            parameters.declared.push(quote!(#input));
            continue;
        };
        if let Pat::Ident(PatIdent { ident, .. }) = typed.pat.as_ref() {
            let is_borrowed = borrowed.contains(ident);
            // A parameter that the body never mentions is not copied for each attempt. It stays
            // declared, since the attribute's expressions may use it.
            let is_pattern = all_named && parameter::plain_name(&typed.pat).is_none();
            if is_borrowed || !(is_pattern || parameter::mentions(&function.body.stream(), ident)) {
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
    parameters
}

impl Parameters {
    /// Declares a parameter that no attempt binds.
    fn hold(&mut self, PatType { attrs, ty, .. }: &PatType, at: usize) {
        let name = parameter::placeholder(at);
        let attrs = lints::kept(attrs);
        self.declared.push(quote!(#attrs #name: #ty));
    }

    fn add(&mut self, typed: &PatType, at: usize, krate: &TokenStream) {
        let PatType { attrs, pat, ty, .. } = typed;
        let Some((binding, reference)) = binding(typed) else {
            self.declared.push(quote!(#typed));
            return;
        };
        // Conditions hold for both bindings; lints belong to the name that the body uses.
        let conditions: Vec<&Attribute> = attrs
            .iter()
            .filter(|attribute| attribute.path().is_ident("cfg"))
            .collect();
        // A name that the body uses is kept, because the attribute's expressions may use it too.
        let name = match binding {
            Binding::Name(ident) => ident.clone(),
            Binding::Pattern => parameter::placeholder(at),
        };
        let value = match reference {
            Some(false) => quote!(#name),
            Some(true) => quote!(&mut *#name),
            None => copy(at, &name, ty, krate),
        };
        let mutability = reference.is_none().then(|| quote!(mut));
        self.declared
            .push(quote!(#(#conditions)* #mutability #name: #ty));
        let attrs = lints::kept(attrs);
        self.bound.push(quote!(#attrs let #pat = #value;));
    }
}

/// Returns a copy of the argument for one attempt.
fn copy(at: usize, name: &Ident, ty: &Type, krate: &TokenStream) -> TokenStream {
    if parameter::has_parts(ty) {
        let own = Ident::new("__retry_own", located_at(ty));
        let private = quote!(#krate::__private);
        return quote!({
            use #private::{NotOwnedParts as _, OwnedParts as _};
            (&&#private::Parts::<#at, _>(&mut #name)).#own()
        });
    }
    // For a type that is not `Clone` the compiler's error points at the argument of this call, from
    // first to last token: these get the place of the type.
    let mut tokens = ty.to_token_stream().into_iter().map(|token| token.span());
    let first = tokens.next().unwrap_or_else(|| name.span());
    let last = tokens.last().unwrap_or(first);
    let lent = quote_spanned!(name.span().located_at(first)=> &mut);
    let mut argument = name.clone();
    argument.set_span(name.span().located_at(last));
    let copy = located(quote!(#krate::__private::copy_argument), first);
    quote!(#copy(#lent #argument))
}

enum Binding<'a> {
    /// `x` or `mut x`.
    Name(&'a Ident),
    /// Anything else.
    Pattern,
}

/// Returns the binding of a parameter in each attempt; `None` for `_` and for a plain `x: &T`,
/// which all attempts can use as they are. The second part is `Some(true)` for a `&mut`, which each
/// attempt borrows anew by name, because a body may move it (`for row in rows`); `Some(false)` for
/// a `&`; `None` for a value.
fn binding(typed: &PatType) -> Option<(Binding<'_>, Option<bool>)> {
    let reference = parameter::mutability_of_reference(&typed.ty);
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
