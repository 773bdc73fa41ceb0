//! The point of a payment at which its process is killed.

/// A point of a payment, or none.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Point {
    Begun,
    Written,
    Committed,
    Nowhere,
}

/// The points at which a process is killed.
pub(crate) const POINTS: [Point; 3] = [Point::Begun, Point::Written, Point::Committed];

impl Point {
    /// Whether the process waits here for the kill; if so, prints the point.
    pub(crate) fn is_at(self, here: Self) -> bool {
        if self == here {
            println!("{} …", self.name());
        }
        self == here
    }

    fn name(self) -> &'static str {
        match self {
            Self::Begun => "nothing is written yet",
            Self::Written => "row and record are written, not committed",
            Self::Committed => "committed, and nobody has been told",
            Self::Nowhere => "done",
        }
    }

    /// Returns the order that is cut at this point.
    pub(crate) fn order(self) -> &'static str {
        match self {
            Self::Begun => "order-1",
            Self::Written => "order-2",
            Self::Committed => "order-3",
            Self::Nowhere => "order-4",
        }
    }
}
