//! The type of an attempt's outcome.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{GenericArgument, GenericParam, Path, PathArguments, Signature, Type, TypeParamBound};

use crate::parse::fault::Faults;

/// Names of types that are no `Result`, whatever is in scope; only the compiler knows other types.
const INFALLIBLE: [&str; 22] = [
    "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32",
    "u64", "u128", "usize", "str", "String", "Option", "Vec", "Box", "Poll",
];

/// Refuses a type that is certainly no `Result`.
pub(super) fn refuse_infallible(outcome: &Type, faults: &mut Faults) {
    if is_infallible(outcome) {
        let message = "a retry attribute needs a function that returns a `Result`: a \
                       retried function must be able to fail";
        faults.add_on(outcome, message);
    }
}

/// Refuses a result that is certainly no owned value, which a gate could not replay.
pub(super) fn refuse_borrowed(outcome: &Type, faults: &mut Faults) {
    let Type::Path(path) = outcome else {
        return;
    };
    let Some(last) = path.path.segments.last() else {
        return;
    };
    if let Some(result) = type_arguments(&last.arguments).first()
        && (contains(result.to_token_stream(), &|ident| ident == "impl")
            || borrows(result.to_token_stream()))
    {
        let message = "the result of an `idempotent` function is recorded and replayed, so it must \
                       outlive this call and have a name: return an owned value";
        faults.add_on(result, message);
    }
}

/// Whether a type's tokens have a reference, or a lifetime other than that of a `Cow`, which may own.
fn borrows(tokens: TokenStream) -> bool {
    let tokens: Vec<_> = tokens.into_iter().collect();
    tokens.iter().enumerate().any(|(at, token)| match token {
        TokenTree::Group(group) => borrows(group.stream()),
        TokenTree::Punct(punct) if punct.as_char() == '&' => true,
        TokenTree::Punct(punct) if punct.as_char() == '\'' => {
            let is = |at: Option<usize>, name: &str| {
                at.and_then(|at| tokens.get(at))
                    .is_some_and(|token| token.to_string() == name)
            };
            !is(at.checked_sub(2), "Cow") && !is(Some(at + 1), "static")
        }
        _ => false,
    })
}

/// Refuses a function that writes into a formatter.
pub(super) fn refuse_formatter(signature: &Signature, outcome: &Type, faults: &mut Faults) {
    let Type::Path(path) = outcome else {
        return;
    };
    let Some(last) = path.path.segments.last() else {
        return;
    };
    let takes_formatter = || {
        let mut inputs = signature.inputs.iter();
        inputs.any(|input| contains(input.to_token_stream(), &|ident| ident == "Formatter"))
    };
    let formats = match type_arguments(&last.arguments).get(1) {
        Some(Type::Path(error)) => ends_with(&error.path, ["fmt", "Error"]),
        Some(_) => false,
        None => {
            ends_with(&path.path, ["fmt", "Result"])
                || (path.path.is_ident("Result") && last.arguments.is_none() && takes_formatter())
        }
    };
    if formats {
        let message = "a formatter keeps what a failed attempt has written, and the next attempt \
                       would write it again: remove the attribute, format into a `String`, and retry \
                       the function that sends it";
        faults.add_on(outcome, message);
    }
}

fn ends_with(path: &Path, end: [&str; 2]) -> bool {
    let mut segments = path.segments.iter().rev();
    let mut end = end.iter().rev();
    end.all(|name| segments.next().is_some_and(|it| it.ident == name))
}

fn is_infallible(ty: &Type) -> bool {
    match ty {
        Type::Group(group) => is_infallible(&group.elem),
        Type::Paren(paren) => is_infallible(&paren.elem),
        Type::Path(path) => path.path.segments.last().is_some_and(|last| {
            let name = last.ident.to_string();
            path.qself.is_none() && INFALLIBLE.contains(&name.as_str())
        }),
        Type::Infer(_) | Type::Macro(_) | Type::Verbatim(_) => false,
        _ => true,
    }
}

/// Returns `Some` for a type that is a future, with its output if that is written out.
pub(super) fn of_future(ty: &Type) -> Option<Option<Type>> {
    match ty {
        Type::Group(group) => of_future(&group.elem),
        Type::Paren(paren) => of_future(&paren.elem),
        Type::ImplTrait(it) => output_of(it.bounds.iter()),
        Type::TraitObject(it) => output_of(it.bounds.iter()),
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            if last.ident == "BoxFuture" || last.ident == "LocalBoxFuture" {
                return Some(type_arguments(&last.arguments).last().cloned());
            }
            if last.ident == "Pin" || last.ident == "Box" {
                return of_future(type_arguments(&last.arguments).first()?);
            }
            None
        }
        _ => None,
    }
}

fn output_of<'a>(bounds: impl Iterator<Item = &'a TypeParamBound>) -> Option<Option<Type>> {
    for bound in bounds {
        if let TypeParamBound::Trait(bound) = bound
            && let Some(last) = bound.path.segments.last()
            && last.ident == "Future"
        {
            let PathArguments::AngleBracketed(arguments) = &last.arguments else {
                return Some(None);
            };
            return Some(arguments.args.iter().find_map(|argument| match argument {
                GenericArgument::AssocType(output) if output.ident == "Output" => {
                    Some(output.ty.clone())
                }
                _ => None,
            }));
        }
    }
    None
}

pub(super) fn type_arguments(arguments: &PathArguments) -> Vec<Type> {
    let PathArguments::AngleBracketed(arguments) = arguments else {
        return Vec::new();
    };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    });
    types.collect()
}

/// Returns the type with `impl Trait` left to inference, as neither a `let` nor a closure may name
/// it.
pub(super) fn without_impl(ty: &Type) -> TokenStream {
    let has_impl = |tokens: TokenStream| contains(tokens, &|ident| ident == "impl");
    if !has_impl(ty.to_token_stream()) {
        return ty.to_token_stream();
    }
    if let Type::Path(path) = ty
        && let Some(last) = path.path.segments.last()
    {
        let mut path = path.clone();
        let arguments = type_arguments(&last.arguments).into_iter().map(|argument| {
            if has_impl(argument.to_token_stream()) {
                quote!(_)
            } else {
                quote!(#argument)
            }
        });
        let arguments = quote!(<#(#arguments),*>);
        if let Some(last) = path.path.segments.last_mut() {
            last.arguments = PathArguments::None;
        }
        return quote!(#path #arguments);
    }
    quote!(_)
}

fn contains(tokens: TokenStream, is: &dyn Fn(&Ident) -> bool) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => is(&ident),
        TokenTree::Group(group) => contains(group.stream(), is),
        _ => false,
    })
}

/// Whether the error's type is a type parameter of the function.
pub(super) fn error_is_parameter(signature: &Signature, outcome: &Type) -> bool {
    let Type::Path(path) = outcome else {
        return false;
    };
    let Some(last) = path.path.segments.last() else {
        return false;
    };
    let arguments = type_arguments(&last.arguments);
    let Some(Type::Path(error)) = arguments.get(1) else {
        return false;
    };
    let Some(error) = error.path.get_ident() else {
        return false;
    };
    signature
        .generics
        .params
        .iter()
        .any(|parameter| match parameter {
            GenericParam::Type(parameter) => parameter.ident == *error,
            _ => false,
        })
}
