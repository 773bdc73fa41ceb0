//! Parameters: each attempt gets its own copy of what is taken by value, and borrows the rest.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, FnArg, Pat, PatIdent, PatType, Type};

use crate::fault::Faults;
use crate::function::Function;

/// The parameters as the outer function declares them, and how each attempt binds them.
#[derive(Default)]
pub(crate) struct Parameters {
    pub(crate) declared: Vec<TokenStream>,
    pub(crate) bound: Vec<TokenStream>,
}

/// Splits the function's parameters; `krate` is the path of the runtime crate.
pub(crate) fn split(
    function: &Function,
    borrowed: &[Ident],
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
        if let Pat::Ident(PatIdent { ident, .. }) = typed.pat.as_ref()
            && borrowed.contains(ident)
        {
            unknown.retain(|name| *name != ident);
            parameters.declared.push(quote!(#input));
            continue;
        }
        parameters.add(typed, at, krate);
    }
    for name in unknown {
        faults.at(
            name.span(),
            format!("`borrow({name})` names no parameter of this function"),
        );
    }
    parameters
}

impl Parameters {
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
            Binding::Pattern => Ident::new(&format!("__retry_argument_{at}"), Span::mixed_site()),
        };
        let value = match reference {
            Some(false) => quote!(#name),
            Some(true) => quote!(&mut *#name),
            None => {
                // Where it is not `Clone`, the compiler points at the argument's type.
                let span = Span::mixed_site().located_at(ty.span());
                quote_spanned!(span=> #krate::__private::own(&mut #name))
            }
        };
        let mutability = reference.is_none().then(|| quote!(mut));
        self.declared
            .push(quote!(#(#conditions)* #mutability #name: #ty));
        self.bound.push(quote!(#(#attrs)* let #pat = #value;));
    }
}

enum Binding<'a> {
    /// `x` or `mut x`.
    Name(&'a Ident),
    /// Anything else.
    Pattern,
}

/// How each attempt must bind a parameter, and whether it is a reference (`true`: a `&mut`).
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
        }) if reference.is_some() => None,
        Pat::Ident(PatIdent {
            by_ref: None,
            subpat: None,
            ident,
            ..
        }) => Some((Binding::Name(ident), reference)),
        _ => Some((Binding::Pattern, reference)),
    }
}

fn reference(ty: &Type) -> Option<bool> {
    match ty {
        Type::Reference(reference) => Some(reference.mutability.is_some()),
        Type::Group(group) => reference(&group.elem),
        Type::Paren(paren) => reference(&paren.elem),
        _ => None,
    }
}
