//! [`GaveUp`]: a call that gave up inside another's attempt, and whether that made the attempt fail.

use super::system_code;
use crate::classify::imprint::Imprint;

/// A call that has given up inside another's attempt.
#[derive(Debug)]
pub(crate) struct GaveUp {
    pub(crate) operation: &'static str,
    error: Imprint,
    /// Whether the attempt has done something else since.
    went_on: bool,
    /// The error's code, if another report of it by the system can be noticed.
    code: Option<i32>,
}

impl GaveUp {
    /// Records that `operation` gave up with `error`.
    pub(crate) const fn new(operation: &'static str, error: Imprint) -> Self {
        Self {
            operation,
            error,
            went_on: false,
            code: None,
        }
    }

    /// Passes it on to the enclosing attempt, which has done nothing else yet.
    pub(super) fn returned(mut self) -> Self {
        self.went_on = false;
        self.code = self.error.code().filter(|code| system_code::forget(*code));
        self
    }

    /// Records that the attempt does something else. Returns whether the error can still be recognised:
    /// by what it holds in memory, unless that was dropped.
    pub(super) fn goes_on(&mut self) -> bool {
        self.went_on = true;
        self.error.forget_dropped_parts()
    }

    /// Records that the attempt has ended; `last` is the thread's last system code at that time.
    pub(super) fn attempt_ended(mut self, last: Option<i32>) -> Self {
        self.went_on |= self.code.is_some() && self.code == last;
        self
    }

    /// Whether this made the attempt fail with `outer`: see [the rule](super).
    pub(crate) fn is_carried_by(&self, outer: &Imprint) -> bool {
        let is_replaced = || self.went_on || self.error.has_a_double_in(outer);
        self.error.shares_a_part_with(outer) || (self.error.is_quoted_in(outer) && !is_replaced())
    }
}
