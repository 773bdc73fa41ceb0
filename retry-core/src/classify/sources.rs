//! An error and its sources, one after the other.

use std::error::Error;

/// A longer chain is taken for a cycle.
const LONGEST_CHAIN: usize = 64;

/// Returns `first` and its sources, outermost first.
pub(crate) fn layers<'a>(
    first: Option<&'a (dyn Error + 'static)>,
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(first, |error| (**error).source()).take(LONGEST_CHAIN)
}
