//! [`CircuitName`]: a name fixed in the program's text, or one made at run time.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

#[cfg(feature = "metrics")]
use crate::text::redaction::redacted;

/// The name of a circuit in logs, metrics and errors. A clone shares the text.
///
/// ```
/// use retry_core::CircuitName;
///
/// const FIXED: CircuitName = CircuitName::new("payments");
/// let made = CircuitName::from(format!("pay{}", "ments"));
/// assert_eq!(FIXED, made);
/// assert_eq!(made, "payments");
/// assert!(made.starts_with("pay"), "it is a `str` otherwise");
/// ```
#[derive(Clone)]
pub struct CircuitName(Text);

#[derive(Clone)]
enum Text {
    Static(&'static str),
    Shared(Arc<str>),
}

impl CircuitName {
    /// Makes a name from the program's text.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self(Text::Static(name))
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Text::Static(name) => name,
            Text::Shared(name) => name,
        }
    }

    /// Returns the name as a metric label, redacted; where something is removed, with a number in its
    /// place that distinguishes it from other names. It shares the text if there is nothing to remove.
    #[cfg(feature = "metrics")]
    pub(crate) fn label(&self) -> ::metrics::SharedString {
        let redacted = redacted(self.as_str());
        if *redacted != *self.as_str() {
            let mut hasher = std::hash::DefaultHasher::new();
            self.as_str().hash(&mut hasher);
            let number = hasher.finish() & 0xffff_ffff;
            return ::metrics::SharedString::from_owned(format!("{redacted} #{number:08x}"));
        }
        match &self.0 {
            Text::Static(name) => ::metrics::SharedString::const_str(name),
            Text::Shared(name) => ::metrics::SharedString::from_shared(Arc::clone(name)),
        }
    }
}

impl From<&'static str> for CircuitName {
    fn from(name: &'static str) -> Self {
        Self::new(name)
    }
}

impl From<String> for CircuitName {
    fn from(name: String) -> Self {
        Self(Text::Shared(name.into()))
    }
}

impl From<Arc<str>> for CircuitName {
    fn from(name: Arc<str>) -> Self {
        Self(Text::Shared(name))
    }
}

impl Deref for CircuitName {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for CircuitName {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for CircuitName {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq for CircuitName {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for CircuitName {}

impl PartialOrd for CircuitName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for CircuitName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl PartialEq<str> for CircuitName {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for CircuitName {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl Hash for CircuitName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Display for CircuitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for CircuitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(all(test, feature = "metrics"))]
mod tests {
    use super::CircuitName;

    #[test]
    fn a_metric_label_has_no_secrets_and_stays_apart_from_others() {
        let label = |name: &str| CircuitName::from(name.to_owned()).label().to_string();
        assert_eq!(label("payments"), "payments");
        assert_eq!(&*CircuitName::new("payments").label(), "payments");
        let (one, two) = (
            label("https://u:SECRET@h/?t=1"),
            label("https://u:SECRET@h/?t=2"),
        );
        assert!(one.starts_with("https://…@h/?… #"), "{one}");
        assert!(!one.contains("SECRET"), "{one}");
        assert_ne!(one, two);
        assert_eq!(one, label("https://u:SECRET@h/?t=1"));
    }
}
