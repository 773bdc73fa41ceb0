//! Where in a payment its process is killed.

/// A point of a payment, or none.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Point {
    Begun,
    Written,
    Committed,
    Nowhere,
}

/// Those where a process is killed.
pub(crate) const POINTS: [Point; 3] = [Point::Begun, Point::Written, Point::Committed];

impl Point {
    /// Whether the process is to stay here, which it says.
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

    /// The order that dies here.
    pub(crate) fn order(self) -> &'static str {
        match self {
            Self::Begun => "order-1",
            Self::Written => "order-2",
            Self::Committed => "order-3",
            Self::Nowhere => "order-4",
        }
    }
}
