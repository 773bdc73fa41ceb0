//! [`Epoch`]: the stretch to which a permit and its verdict belong.

/// The stretch between two transitions to which a permit or a verdict belongs; a half-open stretch has
/// one epoch for each round of trials. Wraps after four million, which no call outlasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Epoch(u32);

impl Epoch {
    pub(super) const BITS: u32 = 22;
    const MASK: u32 = (1 << Self::BITS) - 1;

    pub(super) const fn next(self) -> Self {
        Self((self.0 + 1) & Self::MASK)
    }

    pub(super) const fn is_after(self, other: Self) -> bool {
        let ahead = self.ahead_of(other);
        ahead != 0 && ahead < 1 << (Self::BITS - 1)
    }

    /// Whether it is `first`, `last` or between them.
    pub(super) const fn is_within(self, first: Self, last: Self) -> bool {
        self.ahead_of(first) <= last.ahead_of(first)
    }

    pub(super) const fn bits(self) -> u64 {
        self.0 as u64
    }

    pub(super) const fn from_bits(bits: u64) -> Self {
        Self((bits & Self::MASK as u64) as u32)
    }

    const fn ahead_of(self, other: Self) -> u32 {
        self.0.wrapping_sub(other.0) & Self::MASK
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epochs_come_round() {
        let (first, last) = (Epoch(0), Epoch(Epoch::MASK));
        assert_eq!(last.next(), first);
        assert!(first.is_after(last) && !last.is_after(first) && !first.is_after(first));
        let second = first.next();
        assert!(last.is_within(last, second) && first.is_within(last, second));
        assert!(second.is_within(last, second) && !second.is_within(last, first));
        assert!(!last.is_within(first, second));
    }
}
