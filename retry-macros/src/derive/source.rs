//! The field that holds the source error, by the rules of `thiserror`.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Attribute, Field, Fields, GenericArgument, PathArguments, Type};

use crate::parse::fault::Faults;

/// A field that holds an error.
pub(super) struct Source<'a> {
    /// Its place among the fields.
    pub(super) at: usize,
    /// The error's type, without an `Option` around it.
    pub(super) ty: &'a Type,
    pub(super) is_optional: bool,
}

impl Source<'_> {
    /// Returns the field with `#[source]` or `#[from]`, else the one named `source` (and not
    /// `r#source`), else the only field of a transparent error.
    pub(super) fn find<'a>(
        fields: &'a Fields,
        display: &[Attribute],
        faults: &mut Faults,
    ) -> Option<Source<'a>> {
        let mut marked = fields
            .iter()
            .enumerate()
            .filter(|(_, it)| mark(it).is_some());
        let first = marked.next();
        if let (Some((_, first)), Some((_, second))) = (first, marked.next())
            && let (Some(first), Some(second)) = (mark(first), mark(second))
        {
            faults.add_contradiction(
                second,
                "an error has one source: remove one of the two",
                first,
                "the first source is marked here",
            );
        }
        let named = || {
            let mut fields = fields.iter().enumerate();
            fields.find(|(_, it)| it.ident.as_ref().is_some_and(|name| name == "source"))
        };
        let transparent = || {
            let mut fields = fields.iter().enumerate();
            let only = fields.next().filter(|_| fields.next().is_none());
            only.filter(|_| display.iter().any(is_transparent))
        };
        let (at, field) = first.or_else(named).or_else(transparent)?;
        let inside = optional(&field.ty);
        Some(Source {
            at,
            ty: inside.unwrap_or(&field.ty),
            is_optional: inside.is_some(),
        })
    }
}

/// Returns the attributes that determine a variant's display: its own, else the enum's.
pub(super) fn display_attributes<'a>(
    of_enum: &'a [Attribute],
    of_variant: &'a [Attribute],
) -> &'a [Attribute] {
    let own = of_variant.iter().any(|it| it.path().is_ident("error"));
    if own { of_variant } else { of_enum }
}

/// Returns the place of the attribute that makes a field a source.
fn mark(field: &Field) -> Option<Span> {
    let is_mark = |it: &&Attribute| {
        let path = it.path();
        path.is_ident("source") || path.is_ident("from")
    };
    field.attrs.iter().find(is_mark).map(Spanned::span)
}

fn is_transparent(attribute: &Attribute) -> bool {
    attribute.path().is_ident("error")
        && attribute
            .parse_args::<syn::Ident>()
            .is_ok_and(|word| word == "transparent")
}

/// Returns the type inside an `Option`, recognised by its name as `thiserror` does.
fn optional(ty: &Type) -> Option<&Type> {
    let ty = match ty {
        Type::Group(group) => &group.elem,
        other => other,
    };
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match (
        last.ident == "Option",
        arguments.args.first(),
        arguments.args.len(),
    ) {
        (true, Some(GenericArgument::Type(inside)), 1) => Some(inside),
        _ => None,
    }
}
