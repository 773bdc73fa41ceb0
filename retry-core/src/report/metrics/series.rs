//! Keys of series, and what recorders are told beside them.

use ::metrics::{Key, Label, Level, Metadata};

/// What recorders are told beside a key.
pub(super) const METADATA: Metadata<'static> = Metadata::new("retry", Level::INFO, None);

/// A key that is made once, for something that there is one of in the program.
pub(super) fn key(name: &'static str, labels: &[(&'static str, &'static str)]) -> Key {
    let labels = labels.iter();
    let labels: Vec<_> = labels
        .map(|(key, value)| Label::from_static_parts(key, value))
        .collect();
    Key::from_static_parts(name, labels.leak())
}
