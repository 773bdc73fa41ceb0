//! Keys of series, and the metadata that recorders receive with them.

use ::metrics::{Key, Label, Level, Metadata};

/// Metadata that recorders receive with a key.
pub(super) const METADATA: Metadata<'static> = Metadata::new("retry", Level::INFO, None);

/// Makes the key of a series that exists once in the program.
pub(super) fn key(name: &'static str, labels: &[(&'static str, &'static str)]) -> Key {
    let labels = labels.iter();
    let labels: Vec<_> = labels
        .map(|(key, value)| Label::from_static_parts(key, value))
        .collect();
    Key::from_static_parts(name, labels.leak())
}
