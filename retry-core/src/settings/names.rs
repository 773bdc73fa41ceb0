//! Names of operations and classes in variables.

use crate::policy::class::OperationClass;

pub(super) const PREFIX: &str = "RETRY__";
pub(super) const OPERATION: &str = "OP__";

/// Returns a name as variables spell it: upper case, `_` for each character but letters and digits.
pub(crate) fn operation_key(name: &str) -> String {
    let name = name.strip_prefix("r#").unwrap_or(name);
    let key = name
        .chars()
        .map(|char| if char.is_alphanumeric() { char } else { '_' });
    key.flat_map(char::to_uppercase).collect()
}

pub(super) fn class_named(owner: &str) -> Option<OperationClass> {
    OperationClass::ALL
        .iter()
        .copied()
        .find(|class| class.as_str().to_uppercase() == owner)
}
