//! The receiver of a method: its type.

use syn::{Receiver, ReceiverKind, Type, parse_quote};

/// Returns the type of a receiver, also for the short forms `self` and `&mut self`.
pub(super) fn type_of(receiver: &Receiver) -> Type {
    match &receiver.kind {
        ReceiverKind::Typed(_, ty) => ty.as_ref().clone(),
        ReceiverKind::Reference(and, lifetime, mutability) => {
            parse_quote!(#and #lifetime #mutability Self)
        }
        // A form that syn does not know yet would be taken for a value, and refused.
        _ => parse_quote!(Self),
    }
}
