//! [`Entry`]: the place of an object's entry in the buffer, by which entries are compared and sorted.

use std::cmp::Ordering;

use super::text;

/// Where an entry stands in the buffer: `"key":value`, without the comma.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) start: usize,
    pub(super) key_end: usize,
    pub(super) end: usize,
    /// The key's text is not the key itself.
    pub(super) escaped: bool,
}

impl Entry {
    /// The key as it is written, without its quotes.
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
