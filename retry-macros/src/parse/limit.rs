//! Limits in time.

use syn::Ident;

use crate::parse::argument::Argument;
use crate::parse::fault::Faults;
use crate::parse::value::{self, Value};

/// A limit in time, with its argument's key.
pub(crate) struct Limit {
    pub(crate) key: Ident,
    pub(crate) value: Value,
}

/// Reads a wait that is more than zero.
pub(super) fn read(argument: &Argument, faults: &mut Faults) -> Option<Limit> {
    let value = value::wait(argument, faults)?;
    if matches!(&value, Value::Wait(wait) if wait.is_zero()) {
        let key = &argument.key;
        faults.add_at(
            argument.value_span(),
            format!("{key} is 0; it must be more"),
        );
        return None;
    }
    Some(Limit {
        key: argument.key.clone(),
        value,
    })
}
