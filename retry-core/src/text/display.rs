//! What is displayed, as an owned text.

use std::fmt;

/// What `text` displays, up to where its `Display` fails: `to_string` would panic there.
pub(crate) fn text_of(text: &dyn fmt::Display) -> String {
    use fmt::Write as _;
    let mut written = String::new();
    let _ = write!(written, "{text}");
    written
}

/// Names in a message.
pub(crate) fn list(names: &[&str]) -> String {
    if names.is_empty() {
        return "none yet".to_owned();
    }
    names.join(", ")
}
