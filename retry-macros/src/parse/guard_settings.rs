//! [`GuardSettings`]: values for fields of the runtime crate's `GuardLayer`.

use crate::parse::value::Value;

/// The fields of a `GuardLayer` that an attribute sets, with their values. The expansion writes all of them.
#[derive(Default)]
pub(crate) struct GuardSettings {
    all: Vec<(&'static str, Value)>,
}

impl GuardSettings {
    /// Sets a value in place of an earlier one.
    pub(super) fn set(&mut self, name: &'static str, value: Option<Value>) {
        self.all.retain(|(set, _)| *set != name);
        self.all.extend(value.map(|value| (name, value)));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Returns the values in the order in which they were written.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.all.iter().map(|(name, value)| (*name, value))
    }
}
