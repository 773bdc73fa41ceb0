//! A row of the table of figures, and the contenders in it.

/// The contender that most rows compare the others with.
pub const FLOOR: &str = "hand-written loop";

/// A situation, and the ways to make a call in it.
#[derive(Debug)]
pub struct Row {
    /// The short name, in the committed table and on the command line.
    pub id: &'static str,
    /// The name for readers.
    pub title: &'static str,
    /// The others are compared with the first.
    pub contenders: &'static [Contender],
}

/// One way of making a call.
#[derive(Debug)]
pub struct Contender {
    /// The name, unique in its row.
    pub name: &'static str,
    /// Makes so many calls.
    pub run: fn(u64),
    /// Does a part of that work alone, which does not count.
    pub taken_off: Option<fn(u64)>,
    /// Whether it is this project's, so that its figures are committed.
    pub is_ours: bool,
}

impl Contender {
    /// This project's code.
    #[must_use]
    pub const fn ours(name: &'static str, run: fn(u64)) -> Self {
        Self {
            is_ours: true,
            ..Self::other(name, run)
        }
    }

    /// A loop by hand, or another crate.
    #[must_use]
    pub const fn other(name: &'static str, run: fn(u64)) -> Self {
        Self {
            name,
            run,
            taken_off: None,
            is_ours: false,
        }
    }

    /// The same without a part that does not count.
    #[must_use]
    pub const fn without(self, part: fn(u64)) -> Self {
        Self {
            taken_off: Some(part),
            ..self
        }
    }
}
