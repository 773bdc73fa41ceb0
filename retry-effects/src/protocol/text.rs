//! [`Text`]: a text that many records have.

use std::ops::Deref;
use std::sync::Arc;

/// An action type or a scope, as a record holds it: few of them name many records.
#[derive(Clone, Debug)]
pub(crate) enum Text {
    /// From the program's source: no count of its users to keep.
    Fixed(&'static str),
    Shared(Arc<str>),
}

impl Text {
    pub(crate) const EMPTY: Self = Self::Fixed("");
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Fixed(text) => text,
            Self::Shared(text) => text,
        }
    }
}

impl<T: Into<Arc<str>>> From<T> for Text {
    fn from(text: T) -> Self {
        Self::Shared(text.into())
    }
}
