//! Values by the name of the field that they set.

use crate::parse::value::Value;

/// Fields of a layer of the runtime crate, with their values.
#[derive(Default)]
pub(crate) struct Settings {
    all: Vec<(&'static str, Value)>,
}

impl Settings {
    /// Sets a value in place of an earlier one.
    pub(super) fn set(&mut self, name: &'static str, value: Option<Value>) {
        self.all.retain(|(set, _)| *set != name);
        self.all.extend(value.map(|value| (name, value)));
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        let found = self.all.iter().find(|(set, _)| *set == name);
        found.map(|(_, value)| value)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Returns the values in the order in which they were written.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.all.iter().map(|(name, value)| (*name, value))
    }
}
