//! The sizes of tests.

/// Returns the number of a test's short form, or of its full one with `RETRY_EFFECTS_FULL=1`.
#[must_use]
pub fn short_or_full(short: u64, full: u64) -> u64 {
    let is_full = std::env::var_os("RETRY_EFFECTS_FULL").is_some_and(|value| value == "1");
    if is_full { full } else { short }
}
