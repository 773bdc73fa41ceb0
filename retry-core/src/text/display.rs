//! `Display` output as owned text.

use std::fmt;

/// Returns the `Display` output of `text`, up to the point where it fails: `to_string` would panic
/// there.
pub(crate) fn text_of(text: &dyn fmt::Display) -> String {
    use fmt::Write as _;
    let mut written = String::new();
    let _ = write!(written, "{text}");
    written
}

/// Joins names for a message.
pub(crate) fn list(names: &[&str]) -> String {
    if names.is_empty() {
        return "none yet".to_owned();
    }
    names.join(", ")
}
