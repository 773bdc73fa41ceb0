//! [`Entry`]: the position of an object's entry in the buffer; entries are compared and sorted by it.

use std::cmp::Ordering;

use super::text;

/// Position of an entry in the buffer: `"key":value`, without the comma.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) start: usize,
    pub(super) key_end: usize,
    pub(super) end: usize,
    /// Whether the key is written with escapes.
    pub(super) escaped: bool,
}

impl Entry {
    /// Returns the key as written, without its quotes.
    pub(super) fn key<'b>(&self, out: &'b [u8]) -> &'b [u8] {
        &out[self.start + 1..self.key_end - 1]
    }

    pub(super) fn compare(&self, other: &Self, out: &[u8]) -> Ordering {
        let (left, right) = (self.key(out), other.key(out));
        if self.escaped || other.escaped {
            text::compare_escaped(left, right)
        } else {
            left.cmp(right)
        }
    }
}
